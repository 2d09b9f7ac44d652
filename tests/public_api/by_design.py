"""Where the interface is more patient than its description says, and why: what is found there is no finding.

Each reason is one check's, and only for the answers it speaks of; no operation is left out of any check.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pydantic_core.core_schema import ErrorType
from schemathesis import Case, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

from shared import edge

REFUSALS = ["400", "401", "403", "404", "405", "409", "412", "413", "429"]
"""What may be answered to a request that is not valid."""

NO_REFUSAL_OF_THE_FORM = ["2xx", "401", "403", "404", "409", "412", "429"]
"""What may be answered to a request whose form is valid: there may be no such thing, or it may be in another state."""

BATCH = "a batch is answered 200, with each wrong item named by its index"
PATIENT = "what is meant is understood: blank for not given, the last of repeated parameters, '5' for 5"
RULE = "the rule that refused it cannot be said in JSON Schema, such as a check digit, or fields that need each other"
ORDER = "what an order needs depends on its version, its operator and its other fields; each refused field is named"

FORM = frozenset(get_args(ErrorType)) - {
    *("value_error", "assertion_error"),
    # How many digits a decimal may have, and which texts are one, is beyond JSON Schema.
    *("decimal_parsing", "decimal_max_digits", "decimal_max_places", "decimal_whole_digits"),
}
"""Codes of errors that JSON Schema can say, too; all others are found by rules of our own."""

LONGEST = str(2**63 - 1)
"""A bound that schemathesis cannot see: it compares as floats, where a little more is the same."""


def excuse(failure: Failure, case: Case[Any], response: Response) -> str | None:
    """Why an answer that breaks a promise is right all the same. None when it is not."""
    match failure:
        case AcceptedNegativeData() if _names_wrong_items(response):
            return BATCH
        case AcceptedNegativeData() if _is_understood(case, response):
            return PATIENT
        case RejectedPositiveData() if _errors_told(response) and _breaks_rules_only(case, response):
            return RULE
        case RejectedPositiveData() if "/orders" in case.operation.path and _errors_told(response):
            return ORDER
    return None


def _names_wrong_items(response: Response) -> bool:
    told = _json(response)
    return isinstance(told, list) and bool(told) and all("index" in item and "code" in item for item in told)


def _breaks_rules_only(case: Case[Any], response: Response) -> bool:
    return all(
        error["code"] not in FORM
        or LONGEST in error["message"]
        or (error["code"] == "missing" and error["message"] != "is required")
        or (error["code"] in {"missing", "string_too_short"} and _is_blank(case.body, error["field"]))
        for error in _errors_told(response)
    )


def _errors_told(response: Response) -> list[dict[str, str]]:
    told = _json(response)
    return told.get("errors", []) if isinstance(told, dict) else []


def _is_blank(body: Any, field: str) -> bool:
    """Whether a field, such as `rows[0].externalId`, was sent as a blank, which is not given."""
    value = body
    for step in re.findall(r"[^.\[\]]+", field):
        try:
            value = value[int(step) if isinstance(value, list) else step]
        except (KeyError, IndexError, TypeError, ValueError):
            return False
    return value is None or (isinstance(value, str) and not value.strip())


def _json(response: Response) -> Any:
    try:
        return orjson.loads(response.content or b"")
    except orjson.JSONDecodeError:
        return None


def _is_understood(case: Case[Any], response: Response) -> bool:
    """Whether nothing is wrong with a request that cannot be read as something right."""
    document: Mapping[str, Any] = case.operation.schema.raw_schema
    operation = document["paths"][case.operation.path][case.operation.method]
    wrong = [*_wrong_in_path(document, operation, case), *_wrong_in_query(document, operation, response)]
    # What is to go is said by the query, or else by the body; clients send one all the same, and it is not read.
    if case.method != "DELETE" or not case.query:
        wrong += _wrong_in_body(document, operation, case)
    return all(_is_forgiven(error) for error in wrong)


def _wrong_in_path(
    document: Mapping[str, Any], operation: Mapping[str, Any], case: Case[Any]
) -> Iterator[ValidationError]:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            yield from _errors(document, parameter["schema"], unquote(str(case.path_parameters[parameter["name"]])))


def _wrong_in_query(
    document: Mapping[str, Any], operation: Mapping[str, Any], response: Response
) -> Iterator[ValidationError]:
    query = edge.repaired_query(urlsplit(str(response.request.url)).query.encode())
    given = dict(parse_qsl(query.decode()))
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and parameter["name"] in given:
            yield from _errors(document, parameter["schema"], given[parameter["name"]])


def _wrong_in_body(
    document: Mapping[str, Any], operation: Mapping[str, Any], case: Case[Any]
) -> Iterator[ValidationError]:
    media = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if media is not None:
        yield from _errors(document, media["schema"], case.body)


def _errors(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> Iterator[ValidationError]:
    return Draft202012Validator({**schema, "components": document["components"]}).iter_errors(value)


def _is_forgiven(error: ValidationError) -> bool:
    value, choices = error.instance, list(error.context or ())
    if error.validator in ("anyOf", "oneOf"):
        branches = {choice.schema_path[0] for choice in choices}
        return any(all(_is_forgiven(c) for c in choices if c.schema_path[0] == branch) for branch in branches)
    if value in (None, {}, []) or (isinstance(value, str) and not value.strip()):
        return True
    if error.validator != "type":
        return False
    match error.validator_value:
        case "string":
            return isinstance(value, int | float)
        case "integer" | "number":
            return isinstance(value, str | bool) and _is_number(value)
        case "boolean":
            return value in (0, 1) or str(value).lower() in ("true", "false", "yes", "no", "on", "off", "0", "1")
        case _:
            return False


def _is_number(value: str | bool) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
