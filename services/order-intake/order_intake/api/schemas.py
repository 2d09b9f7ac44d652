"""The shapes of bodies that are read raw, for the interface's description."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def json_body(model: type[BaseModel], examples: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An OpenAPI request body of a model, with its parts written out where they stand, and examples by their names."""
    return _body(_schema(model), examples)


def fragment_body(
    model: type[BaseModel], examples: Mapping[str, Any] | None = None, *, required: bool = True
) -> dict[str, Any]:
    """A request body with any part of a model and a status. One that is not `required` may also be `""` or null."""
    fragment = _optional(_schema(model))
    fragment["title"] += "Fragment"
    fragment["properties"]["status"] = {
        "type": ["object", "null"],
        "description": "The status that the order has, or Cancelled to cancel it",
        "properties": {"value": {"type": ["string", "null"], "description": "The status", "examples": ["Cancelled"]}},
    }
    if not required:
        nothing = {"enum": ["", None], "description": "Nothing is different"}
        fragment = {"anyOf": [fragment, nothing]}
    return _body(fragment, examples, required=required)


def _body(schema: Mapping[str, Any], examples: Mapping[str, Any] | None, *, required: bool = True) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if examples:
        content["examples"] = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {"required": required, "content": {"application/json": content}}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    written_out: dict[str, Any] = _written_out(schema, schema.pop("$defs", {}))
    return written_out


def _written_out(part: Any, parts: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_written_out(item, parts) for item in part]
    if not isinstance(part, dict):
        return part
    own = {name: _written_out(value, parts) for name, value in part.items() if name != "$ref"}
    reference = part.get("$ref")
    return own if reference is None else _written_out(parts[reference.rpartition("/")[2]], parts) | own


def _optional(part: Any) -> Any:
    if isinstance(part, list):
        return [_optional(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {name: _optional(value) for name, value in part.items() if name not in ("required", "minItems")}
