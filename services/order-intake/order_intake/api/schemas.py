"""The shapes of bodies that are read raw, for the interface's description."""

from typing import Any

from pydantic import BaseModel


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """An OpenAPI request body of a model, with its parts written out where they stand."""
    schema = model.model_json_schema()
    return {
        "required": True,
        "content": {"application/json": {"schema": _written_out(schema, schema.pop("$defs", {}))}},
    }


def _written_out(part: Any, parts: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_written_out(item, parts) for item in part]
    if not isinstance(part, dict):
        return part
    own = {name: _written_out(value, parts) for name, value in part.items() if name != "$ref"}
    reference = part.get("$ref")
    return own if reference is None else _written_out(parts[reference.rpartition("/")[2]], parts) | own
