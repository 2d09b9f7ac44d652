"""What a replay needs of a stored order, read without its texts: a hundred thousand orders are read for one answer.

What was stored was valid when it was written, so it is not checked again: a field that is missing has its default, and
what is not an order at all raises KeyError or ValueError.
"""

from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import TypeAdapter

from router.store.past_orders import PastOrder
from shared.contracts import Outcome
from shared.rules.figures import Got
from shared.rules.plan import Plan
from shared.rules.settled import Promise, Sight

NUMBERS = 50_000
"""So many numbers are kept as they were read: stock and quantities are mostly small."""

DOCUMENT = TypeAdapter(dict[str, Any])

number = lru_cache(NUMBERS)(Decimal)


class PlacedRow(NamedTuple):
    """A row as it was ordered, as far as it matters for who serves it."""

    external_id: str
    quantity: Decimal
    mandatory: bool
    partial_delivery_allowed: bool
    back_order: bool
    parent: str | None


class Placed(NamedTuple):
    """An order as it was placed, as far as it matters for who serves it."""

    order_id: UUID
    retailer_id: str
    external_id: str
    rows: tuple[PlacedRow, ...]


class RowThen(NamedTuple):
    """What a goods row got, and its candidates as inventory saw them."""

    got: Got
    candidates: tuple[Sight, ...]


class DecidedThen(NamedTuple):
    """How an order was decided: the version of the rules, the round it was asked in, and its goods rows."""

    rules: str
    round: int
    outcome: Outcome
    rows: tuple[RowThen, ...]


def placed(order: PastOrder) -> Placed:
    """The order as it was placed."""
    document = DOCUMENT.validate_json(order.placed)
    return Placed(
        order.order_id,
        document["retailer_id"],
        document["external_id"],
        tuple([_placed_row(row) for row in document["rows"]]),
    )


def plan(order: PastOrder) -> Plan:
    """Its candidates."""
    return Plan.model_validate_json(order.plan)


def decided(order: PastOrder) -> DecidedThen:
    """How it was decided."""
    document = DOCUMENT.validate_json(order.record)
    return DecidedThen(
        document["rules"],
        document["round"],
        document["outcome"],
        tuple([_row_then(row) for row in document["rows"] if row["stocked"]]),
    )


# The documents are as JSON is read; what they hold is told by the models they were written from.
def _placed_row(row: dict[str, Any]) -> PlacedRow:
    given = row.get
    return PlacedRow(
        row["external_id"],
        number(row["quantity"]),
        given("mandatory", False),
        given("partial_delivery_allowed", True),
        given("back_order", False),
        given("parent"),
    )


def _row_then(row: dict[str, Any]) -> RowThen:
    got = Got(
        row["external_id"],
        tuple([_promise(one) for one in row["taken"]]),
        tuple([_promise(one) for one in row["waiting"]]),
        number(row["unserved"]),
    )
    return RowThen(got, tuple([_sight(one) for one in row.get("candidates", ())]))


def _promise(one: dict[str, Any]) -> Promise:
    return Promise(one["catalogue_id"], one["product_id"], number(one["quantity"]))


def _sight(one: dict[str, Any]) -> Sight:
    room = one.get("back_order_room", "0")
    return Sight(
        one["catalogue_id"],
        one["product_id"],
        number(one["quantity"]),
        number(one["allocated"]),
        number(one["held"]),
        number(one["safety_stock"]),
        number(one["taken"]),
        number(one.get("waiting", "0")),
        one.get("unlimited", False),
        None if room is None else number(room),
        one["verdict"],
    )
