"""No supplier is to send a part of a bundle without the rest of it (docs/decisions/0014)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from shared.contracts import FIRST_FILLED_LOT
from shared.rules import bundles

UNDER_WAY = frozenset({"Shipping", "Error"})
"""Statuses in which a shipment is open, and what is in it is left as it is."""


class Ordered(NamedTuple):
    """A goods row as it was ordered."""

    external_id: str
    parent: str | None
    quantity: Decimal


def problems(decisions: Iterable[Any], shipments: Iterable[Any]) -> Iterator[str]:
    """Open shipments that hold a part of a bundle without the rest, in sentences; from the router's books.

    A bundle is left out once its retailer wants less of a row, or it was torn where nothing is undone any more: by a
    delivery, on its way, or by stock that came for what waited. What is missing of it then follows by itself.
    """
    orders: dict[UUID, list[Ordered]] = defaultdict(list)
    for row in decisions:
        if row["row_id"] is not None and row["stocked"] and row["quantity"] and not row["less_wanted"]:
            orders[row["order_id"]].append(Ordered(row["row_id"], row["parent"], row["quantity"]))
    bundled = {order_id: rows for order_id, rows in orders.items() if any(row.parent is not None for row in rows)}
    shipped: dict[UUID, dict[UUID, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in shipments:
        if row["order_id"] in bundled:
            shipped[row["order_id"]][row["shipment_id"]].append(row)
    for order_id, rows in bundled.items():
        for bundle in bundles.grouped(rows):
            torn = [found for found in shipped[order_id].values() if _is_torn(bundle, found)]
            if all(_is_to_be_whole(found[0]) for found in torn) and not _has_waited(bundle, shipped[order_id].values()):
                for first, *_ in torn:
                    yield f"order {order_id}: shipment {first['shipment_id']} has a part of a bundle without the rest"


def _is_torn(bundle: Sequence[Ordered], shipment: Sequence[Any]) -> bool:
    """Whether a shipment has more of one row of a bundle than of another, measured by what was ordered."""
    there: dict[str, Decimal] = defaultdict(Decimal)
    for row in shipment:
        there[row["row_id"]] += row["delivered"] if row["closed"] else row["quantity"]
    first = bundle[0]
    return any(there[row.external_id] * first.quantity != there[first.external_id] * row.quantity for row in bundle)


def _is_to_be_whole(row: Any) -> bool:
    return not row["closed"] and row["status"] not in UNDER_WAY


def _has_waited(bundle: Sequence[Ordered], shipments: Iterable[Sequence[Any]]) -> bool:
    names = {row.external_id for row in bundle}
    return any(row["lot"] >= FIRST_FILLED_LOT and row["row_id"] in names for rows in shipments for row in rows)
