"""Puts right what clients of the public interface write wrong and mean well, so that answers have one shape.

A number where a text belongs (`"serviceCode": 2103`) becomes a text, a number or truth value in quotes what it is, a
blank where neither can be null, `FI:18` becomes the country alone, and a misspelt name the right one. What cannot be
read stays for the checks to name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from order_intake.document.order_v3 import OrderOfAny

# The public document spells some names wrong, and clients follow it (glue-api.md A.15, 15).
MISSPELT = {"currecy": "currency", "documentTyepe": "documentType", "addtionalServices": "additionalServices"}

LARGEST = 1e15

_FLAG = TypeAdapter(bool)


@dataclass
class Shape:
    """An object of the document: its fields that hold a single value, and those that hold objects."""

    values: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    parts: dict[str, "Shape"] = field(default_factory=dict)


def mend(document: dict[str, Any]) -> bool:
    """Put an order document right, in place, and tell whether there was anything to do."""
    mended = False
    for part in (document, document.get("metadata"), *_objects(document.get("rows"))):
        if isinstance(part, dict):
            for wrong in MISSPELT.keys() & part.keys():
                part.setdefault(MISSPELT[wrong], part.pop(wrong))
                mended = True
    return _mend(document, _shape_of_orders()) or mended


def _mend(part: dict[str, Any], shape: Shape) -> bool:
    values, parts, mended = shape.values, shape.parts, False
    for name, value in part.items():
        if (read := values.get(name)) is not None:
            if (right := read(value)) is not value:
                part[name], mended = right, True
        elif (inner := parts.get(name)) is not None:
            for item in (value,) if isinstance(value, dict) else _objects(value):
                mended = _mend(item, inner) or mended
    return mended


def _objects(value: object) -> Iterable[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else ()


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _country(value: Any) -> Any:
    # Some shops keep a state behind it (glue-api.md B.15).
    return value.partition(":")[0] if isinstance(value, str) and ":" in value else value


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        number = float(value)
    except ValueError:
        return value
    # Never by way of int(): a short text can stand for a number of millions of digits.
    return (int(number) if number.is_integer() else number) if abs(number) < LARGEST else value


def _flag(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str) and not value.strip():
        return None
    try:
        return _FLAG.validate_python(value)
    except ValidationError:
        return value


@cache
def _shape_of_orders() -> Shape:
    schema = OrderOfAny.model_json_schema(mode="serialization")
    return _shape(schema, schema.get("$defs", {}))


def _shape(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Shape:
    shape = Shape()
    for name, told in schema["properties"].items():
        kinds = [_resolved(kind, parts) for kind in told.get("anyOf", [told])]
        kinds += [_resolved(kind["items"], parts) for kind in kinds if kind.get("type") == "array"]
        types = {kind.get("type") for kind in kinds}
        if "object" in types:
            shape.parts[name] = _shape(next(kind for kind in kinds if kind.get("type") == "object"), parts)
        elif name == "country":
            shape.values[name] = _country
        elif "array" not in types:
            shape.values[name] = _flag if "boolean" in types else _number if "number" in types else _text
    return shape


def _resolved(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return schema if reference is None else parts[reference.rpartition("/")[2]]
