"""Lists of items in a request: the good ones are applied, each bad one is answered with its index (glue-api.md A.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Response
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from inventory.domain import Refusal
from shared import problems
from shared.wire import WireModel

AnyItem = TypeVar("AnyItem")

A_LIST = TypeAdapter(list[Any])

MOST_ITEMS = 20_000
"""Items of one request. They are applied in one transaction, and what an item becomes takes far more room than it."""

MOST_ERRORS = 100
"""So many errors in the items of one request are told; the others are counted."""


class ItemError(WireModel):
    """Why an item of the list was not applied."""

    index: Annotated[int, Field(description="Which item of the list it is, counted from 0", examples=[0])]
    field: Annotated[str, Field(description="What is wrong, by its path inside the item", examples=["quantity"])]
    code: Annotated[str, Field(description="What kind of mistake it is, for programs", examples=["greater_than_equal"])]
    message: Annotated[str, Field(description="What is wrong, for people", examples=["is required"])]


@dataclass
class Wrong:
    """What is wrong with the items of a list: the first hundred errors, and how many there are beyond."""

    errors: list[ItemError] = field(default_factory=list)
    more: int = 0
    first_beyond: int = 0

    def add(self, index: int, found: ValidationError | Sequence[problems.FieldError]) -> None:
        """Take up the errors of an item as long as there is room, and count the others."""
        room = MOST_ERRORS - len(self.errors)
        count = found.error_count() if isinstance(found, ValidationError) else len(found)
        if room > 0:
            told = problems.field_errors(found) if isinstance(found, ValidationError) else found
            self.errors += (ItemError(index=index, **one.as_json()) for one in told[:room])
        if count > room:
            self.first_beyond = self.first_beyond if self.more else index
            self.more += count - room

    def told(self) -> list[ItemError]:
        """The errors as they are answered: the last one stands for those beyond, from its item on."""
        if not self.more:
            return self.errors
        text = f"there are {self.more} more errors, in this item and those after it"
        return [*self.errors, ItemError(index=self.first_beyond, field="", code="more_errors", message=text)]


def read_items(
    item: TypeAdapter[AnyItem], body: bytes, *, or_one: bool = False
) -> tuple[list[tuple[int, AnyItem]], Wrong]:
    """The items that can be read, with their indices, and what is wrong with the others.

    With `or_one` an item that comes without a list around it is taken as a list of one.
    Raises pydantic's ValidationError when the body is no list, and problems.Refused when it is too long a one.
    """
    try:
        given_at_all = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        text = f"is not valid JSON: {error}"
        raise problems.invalid([problems.FieldError("body", "json_invalid", text)]) from None
    listed = A_LIST.validate_python([given_at_all] if or_one and isinstance(given_at_all, dict) else given_at_all)
    count = len(listed) + sum(_inside(given) for given in listed)
    if count > MOST_ITEMS:
        message = f"has at most {MOST_ITEMS} items with the balances inside them, not {count}; send the rest separately"
        raise problems.invalid([problems.FieldError("body", "too_long", message)])
    good: list[tuple[int, AnyItem]] = []
    wrong = Wrong()
    for index, given in enumerate(listed):
        try:
            good.append((index, item.validate_python(given)))
        except ValidationError as error:
            wrong.add(index, error)
    return good, wrong


def _inside(given: object) -> int:
    balances = given.get("balances") if isinstance(given, dict) else None
    return len(balances) if isinstance(balances, list) else 0


def refused(refusals: Sequence[Refusal]) -> list[ItemError]:
    """Decisions against items, as they are answered."""
    return [ItemError(index=one.index, field=one.field, code=one.code, message=one.message) for one in refusals]


def answer(errors: Sequence[ItemError]) -> Response:
    """The errors as a list, empty when all items were applied."""
    ordered = sorted(errors, key=lambda error: error.index)
    return Response(orjson.dumps([error.model_dump() for error in ordered]), media_type="application/json")


def list_of(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """The part of an OpenAPI description that says that the body is a list of such items."""
    content = {"application/json": {"schema": {"type": "array", "items": schema}}}
    return {"requestBody": {"required": required, "content": content}}
