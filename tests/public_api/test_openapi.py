"""The description of the HTTP interface: enough to write a client from, true to itself, and kept beside the code."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from schemathesis.specs.openapi.definitions import OPENAPI_31

from deploy.local import documents
from deploy.local.services import SERVICES

Json = dict[str, Any]
Found = Iterator[tuple[str, Any]]

HERE = "urn:sluice"
METHODS = ("get", "put", "post", "delete", "patch")
TELL = """
import sys
from deploy.local import documents
services = [service.described() for service in documents.SERVICES]
sys.stdout.buffer.write(documents.snapshot(documents.openapi(services)))
"""
ERRORS_OF_A_TOKEN = {"401", "403", "429"}


@pytest.fixture(scope="module")
def document() -> Json:
    """The description of all services, as it is served."""
    served: Json = orjson.loads(orjson.dumps(documents.openapi([service.described() for service in SERVICES])))
    return served


@pytest.fixture(scope="module")
def registry(document: Json) -> "Registry[Any]":
    """Where references into the description are looked up."""
    whole: Resource[Any] = DRAFT202012.create_resource(document)
    found: Registry[Any] = Registry().with_resource(HERE, whole)
    return found


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Every operation, by method and path."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield f"{method.upper()} {path}", methods[method]


def inside(part: Any, pointer: str = "") -> Found:
    """Every object inside the description, with the JSON pointer to it."""
    if isinstance(part, dict):
        yield pointer, part
        for name, value in part.items():
            yield from inside(value, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from inside(value, f"{pointer}/{number}")


def resolved(document: Json, part: Json) -> Json:
    """What a reference names, or the part itself."""
    found: Any = part
    while "$ref" in found:
        steps, found = found["$ref"].removeprefix("#/").split("/"), document
        for step in steps:
            found = found[step]
    return dict(found)


def test_what_is_kept_is_what_is_served(document: Json) -> None:
    assert documents.SNAPSHOT.read_bytes() == documents.snapshot(document), (
        "The HTTP interface has changed: `make openapi` writes docs/api/openapi.json again"
    )


def test_every_process_describes_the_same(document: Json) -> None:
    told = subprocess.run([sys.executable, "-c", TELL], env={**os.environ, "PYTHONHASHSEED": "1"}, capture_output=True)
    assert told.stdout == documents.snapshot(document), told.stderr.decode()


def test_it_is_openapi(document: Json) -> None:
    assert [error.message for error in Draft202012Validator(OPENAPI_31).iter_errors(document)] == []


def test_every_schema_is_one_and_every_reference_names_something(document: Json, registry: "Registry[Any]") -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    resolver = registry.resolver(HERE)
    for _, part in inside(document):
        if isinstance(part.get("$ref"), str):
            resolver.lookup(part["$ref"])


def test_bounds_are_said_as_json_schema_says_them(document: Json) -> None:
    own = {"ge", "le", "gt", "lt", "min_length", "max_length", "max_digits", "decimal_places", "multiple_of"}
    assert [f"{pointer}/{word}" for pointer, part in inside(document) for word in own & part.keys()] == []


def test_what_a_service_promises_is_what_the_whole_promises_of_it(document: Json) -> None:
    def written_out(found: Json, part: Any, within: tuple[str, ...] = ()) -> Any:
        if isinstance(part, list):
            return [written_out(found, item, within) for item in part]
        if not isinstance(part, dict):
            return part
        name = part.get("$ref")
        if isinstance(name, str) and name not in within:
            return written_out(found, resolved(found, part), (*within, name))
        return {key: written_out(found, value, within) for key, value in part.items() if key != "$ref"}

    for service in SERVICES:
        own: Json = orjson.loads(orjson.dumps(service.described().app.openapi()))
        for path, methods in own["paths"].items():
            assert written_out(document, document["paths"][path]) == written_out(own, methods), path


def test_every_operation_has_a_summary_and_a_name_of_its_own(document: Json) -> None:
    assert [name for name, operation in operations(document) if not operation.get("summary")] == []
    names = Counter(operation["operationId"] for _, operation in operations(document))
    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name in names if not (name.isalnum() and name[0].islower())] == []


def test_every_operation_tells_every_error_and_its_shape(document: Json) -> None:
    for name, operation in operations(document):
        answers = operation["responses"]
        needed = {"400"}
        if "security" in operation:
            needed |= {"401", "429"} if "/token" in name else ERRORS_OF_A_TOKEN
        if "{" in name:
            needed |= {"404"}
        if any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", ())):
            needed |= {"412"}
        if "requestBody" in operation:
            needed |= {"413"}
        assert needed - answers.keys() == set(), name
        assert "422" not in answers, name
        for status, answer in answers.items():
            if status >= "400":
                told = resolved(document, answer)["content"]["application/json"]["schema"]
                assert told == {"$ref": "#/components/schemas/Problem"}, f"{name} {status}"


def test_only_the_public_keys_are_for_everybody(document: Json) -> None:
    open_to_all = [name for name, operation in operations(document) if "security" not in operation]
    assert open_to_all == ["GET /.well-known/jwks.json"]
    schemes = document["components"]["securitySchemes"]
    assert {name: scheme["scheme"] for name, scheme in schemes.items()} == {"key": "basic", "token": "bearer"}


def test_every_parameter_is_described(document: Json) -> None:
    assert [
        f"{name}: {parameter['name']}"
        for name, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if not parameter.get("description", "").strip()
    ] == []


def test_every_field_is_described(document: Json) -> None:
    assert [
        f"{pointer}/{name}"
        for pointer, part in inside(document)
        if isinstance(part.get("properties"), dict) and not pointer.endswith("/properties")
        for name, field in part["properties"].items()
        if not field.get("description", "").strip()
    ] == []


def examples(document: Json) -> Found:
    """Every example, with the pointer to the schema it is an example of."""
    for pointer, part in inside(document):
        if "schema" in part:
            given = part.get("examples", {})
            values = [resolved(document, one).get("value") for one in given.values()] if given else []
            for value in [*values, *([part["example"]] if "example" in part else [])]:
                yield f"{pointer}/schema", value
        elif isinstance(part.get("examples"), list):
            for value in part["examples"]:
                yield pointer, value


def test_every_example_is_valid(document: Json, registry: "Registry[Any]") -> None:
    wrong = []
    for pointer, value in examples(document):
        validator: Draft202012Validator = Draft202012Validator({"$ref": f"{HERE}#{pointer}"}, registry=registry)
        wrong += [f"{pointer}: {error.message}" for error in validator.iter_errors(value)]
    assert wrong == []
