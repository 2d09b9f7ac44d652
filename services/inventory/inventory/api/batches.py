"""Lists of items in a request: the good ones are applied, each bad one is answered with its index (glue-api.md A.3)."""

from collections.abc import Sequence
from typing import Any, TypeVar

import orjson
from fastapi import Response
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from inventory.domain import Refusal
from shared import problems
from shared.wire import WireModel

AnyItem = TypeVar("AnyItem")


class ItemError(WireModel):
    """What is wrong with an item of the list; `index` counts from 0, `field` is the field's path inside the item."""

    index: int
    field: str
    code: str
    message: str


def read_items(items: TypeAdapter[list[AnyItem]], body: bytes) -> tuple[list[tuple[int, AnyItem]], list[ItemError]]:
    """The items that can be read, with their indices, and the errors of the others.

    Raises pydantic's ValidationError when the body is no list at all.
    """
    try:
        return list(enumerate(items.validate_json(body))), []
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        if not all(one["loc"] and isinstance(one["loc"][0], int) for one in found):
            raise
    errors = [
        ItemError(index=int(one["loc"][0]), **problems.from_pydantic(one["loc"][1:], one["type"], one["msg"]).as_json())
        for one in found
    ]
    bad = {one.index for one in errors}
    good = [(index, item) for index, item in enumerate(from_json(body)) if index not in bad]
    read = items.validate_python([item for _, item in good])
    return [(index, item) for (index, _), item in zip(good, read, strict=True)], errors


def refused(refusals: Sequence[Refusal]) -> list[ItemError]:
    """Decisions against items, as they are answered."""
    return [ItemError(index=one.index, field=one.field, code=one.code, message=one.message) for one in refusals]


def answer(errors: Sequence[ItemError]) -> Response:
    """The errors as a list, empty when all items were applied."""
    ordered = sorted(errors, key=lambda error: error.index)
    return Response(orjson.dumps([error.model_dump() for error in ordered]), media_type="application/json")


def list_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The part of an OpenAPI description that says that the body is a list of such items."""
    content = {"application/json": {"schema": {"type": "array", "items": schema}}}
    return {"requestBody": {"required": True, "content": content}}
