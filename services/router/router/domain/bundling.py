"""What belongs together after the first decision: a bundle moves in whole sets (routing.md, all-or-nothing groups)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from router.domain.record import ZERO
from shared.contracts import OrderPlaced, OrderRow
from shared.rules import bundles
from shared.rules.plan import needs_stock


def bundles_of(order: OrderPlaced) -> list[list[OrderRow]]:
    """The goods rows of an order that belong together, bundle by bundle. Rows by themselves are in none."""
    if all(row.parent is None for row in order.rows):
        return []
    goods = [row for row in order.rows if needs_stock(row)]
    return [rows for rows in bundles.grouped(goods) if len(rows) > 1]


def with_mates(order: OrderPlaced, rows: Iterable[str]) -> dict[str, None]:
    """These rows, and after them all others of the bundles they are in."""
    found = dict.fromkeys(rows)
    for bundle in bundles_of(order):
        names = [row.external_id for row in bundle]
        if any(name in found for name in names):
            found.update(dict.fromkeys(names))
    return found


def tied(order: OrderPlaced, wanted: Iterable[str]) -> Mapping[str, str | None]:
    """The parents of wanted rows, so that what is wanted of a bundle at one time is still one.

    A row whose own parent is not wanted hangs on the first of its bundle that is.
    """
    names = set(wanted)
    parents: dict[str, str | None] = dict.fromkeys(names)
    for bundle in bundles_of(order):
        lead: str | None = None
        for row in bundle:
            if row.external_id not in names:
                continue
            if row.parent is not None and row.parent in names:
                parents[row.external_id] = row.parent
            else:
                parents[row.external_id] = lead
                lead = lead or row.external_id
    return parents


def broken(held: Mapping[str, Decimal], lost: Mapping[str, Decimal], *, divisible: bool) -> dict[str, Decimal]:
    """How much of each row is left over, in no whole set, when a catalogue that holds so much of a bundle loses this.

    What it holds is as many equal sets as it can be divided into (see `bundles.sets_in`). A row that is there without
    any other of its bundle is a set by itself, however much there is.
    """
    there = {row: quantity for row, quantity in held.items() if quantity > 0}
    if len(there) < 2:
        return {}
    sets = bundles.sets_in(there.values(), divisible=divisible)
    units = {row: quantity / sets for row, quantity in there.items()}
    left = {row: quantity - lost.get(row, ZERO) for row, quantity in there.items()}
    whole = min(left[row] // units[row] for row in there)
    return {row: over for row in there if (over := left[row] - units[row] * whole) > 0}
