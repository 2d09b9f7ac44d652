"""What comes back: never more than was delivered, shown in the order, and booked as far as it was restocked."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from inventory.store import RestockedBook
from order_intake.store import ReturnBook

ZERO = Decimal(0)

Returned = tuple[UUID, str, UUID]
"""A row of an order as far as it comes back with a return: order id, row, return id."""

Came = tuple[Decimal, Decimal, str]
"""How much was registered, how much was received, and how far the return is."""


def problems(
    returns: Iterable[Mapping[str, Any]], restocked: Iterable[RestockedBook], shown: Iterable[ReturnBook]
) -> Iterator[str]:
    """What does not add up between the router's returns, what inventory booked and what the order book shows."""
    said = list(returns)
    yield from _too_much(said)
    yield from _shown_otherwise(said, shown)
    yield from _booked_otherwise(said, restocked)


def _too_much(returns: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    back: dict[tuple[UUID, str, str], Decimal] = defaultdict(Decimal)
    delivered: dict[tuple[UUID, str, str], Decimal] = {}
    for row in returns:
        if row["status"] != "Cancelled":
            place = (row["shipment_id"], row["row_id"], row["product_id"])
            back[place] += row["received"] if row["status"] == "Received" else row["quantity"]
            delivered[place] = row["delivered"] or ZERO
    for place in sorted(back):
        if back[place] > delivered[place]:
            yield (
                f"shipment {place[0]} row {place[1]}: {back[place]} of {place[2]} came back or do,"
                f" {delivered[place]} were delivered"
            )


def _shown_otherwise(returns: Iterable[Mapping[str, Any]], shown: Iterable[ReturnBook]) -> Iterator[str]:
    said: dict[Returned, Came] = {}
    for row in returns:
        # A row that is served with several products is one in the order book.
        key = (row["order_id"], row["row_id"], row["return_id"])
        before = said.get(key, (ZERO, ZERO, ""))
        said[key] = (before[0] + row["quantity"], before[1] + row["received"], row["status"])
    known = {
        (one.order_id, one.row_external_id, one.return_id): (one.quantity, one.received, one.status) for one in shown
    }
    for key in sorted(said.keys() | known.keys()):
        there, here = said.get(key), known.get(key)
        if there != here:
            yield (
                f"order {key[0]} row {key[1]} return {key[2]}: (quantity, received, status) is {_listed(there)} at the"
                f" router, {_listed(here)} in the order book"
            )


def _booked_otherwise(returns: Iterable[Mapping[str, Any]], restocked: Iterable[RestockedBook]) -> Iterator[str]:
    shelved: dict[tuple[Returned, str], Decimal] = defaultdict(Decimal)
    booked: dict[tuple[Returned, str], Decimal] = defaultdict(Decimal)
    for row in returns:
        if row["restocked"]:
            shelved[(row["order_id"], row["row_id"], row["return_id"]), row["product_id"]] += row["restocked"]
    for one in restocked:
        booked[(one.order_id, one.row_id, one.return_id), one.product_id] += one.quantity
    for place in sorted(shelved.keys() | booked.keys()):
        (order_id, row_id, return_id), product = place
        there, here = shelved.get(place, ZERO), booked.get(place, ZERO)
        if there != here:
            yield (
                f"order {order_id} row {row_id} return {return_id}: {there.normalize():f} of {product} back on the"
                f" shelf at the router, {here.normalize():f} in inventory"
            )


def _listed(came: Came | None) -> str:
    return "nothing" if came is None else f"({came[0].normalize():f}, {came[1].normalize():f}, {came[2]})"
