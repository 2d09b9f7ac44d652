"""Stock as orders move it. Balances are locked in the order of their ids, and before anything that hangs on them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from inventory.domain import Balance, Key
from shared import postgres
from shared.contracts import BalanceChanged
from shared.postgres import Record, Transaction


async def balances_for_update(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Balance]:
    """Lock the published balances among these, and say what a decision must know of them."""
    rows = await tx.fetch(
        f"SELECT {DECIDED}"  # noqa: S608
        " FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (retailer_id, catalogue_id, product_id)"
        " JOIN balances b USING (retailer_id, catalogue_id, product_id)"
        f" {OFFERED} ORDER BY b.id FOR UPDATE OF b",
        *postgres.columns(keys, 3),
    )
    return await _read(tx, rows)


async def balances_now(tx: Transaction, ids: Iterable[int]) -> dict[Key, Balance]:
    """What a decision must know of the published balances among these, which are locked."""
    rows = await tx.fetch(
        f"SELECT {DECIDED} FROM balances b {OFFERED} WHERE b.id = ANY($1::bigint[]) ORDER BY b.id",  # noqa: S608
        list(ids),
    )
    return await _read(tx, rows)


DECIDED = (
    "b.id, b.retailer_id, b.catalogue_id, b.product_id, trim_scale(b.quantity) AS quantity,"
    " trim_scale(b.allocated) AS allocated, trim_scale(b.safety_stock) AS safety_stock, b.sellable, b.published,"
    " b.unlimited, b.held, trim_scale(b.back_order_limit) AS back_order_limit,"
    " coalesce(b.back_order_allowed, c.back_order_allowed) AS back_order_allowed,"
    " c.active AND c.activation = 'active' AS active, p.status = 'EOS' AS end_of_sale"
)
OFFERED = (
    "JOIN catalogues c ON c.retailer_id = b.retailer_id AND c.external_id = b.catalogue_id"
    " JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id"
)
"""What decisions read of `balances b`, and what else they read it from."""


async def _read(tx: Transaction, rows: Iterable[Record]) -> dict[Key, Balance]:
    """The published ones. Holds and those who wait are looked at only where there are holds or a limit."""
    published = [row for row in rows if row["published"]]
    # After the locks: what was committed while they were waited for must be seen.
    bound = [row["id"] for row in published if row["held"] > 0 or row["back_order_limit"] is not None]
    taken_up = await _held_and_waiting(tx, bound) if bound else {}
    found: dict[Key, Balance] = {}
    for row in published:
        held, waiting = taken_up.get(row["id"], (Decimal(0), Decimal(0)))
        limit: Decimal | None = row["back_order_limit"]
        found[row["retailer_id"], row["catalogue_id"], row["product_id"]] = Balance(
            row["id"],
            row["quantity"],
            row["allocated"],
            row["safety_stock"],
            held,
            sellable=row["sellable"],
            active=row["active"],
            end_of_sale=row["end_of_sale"],
            unlimited=row["unlimited"],
            back_order_allowed=row["back_order_allowed"],
            back_order_room=None if limit is None else max(Decimal(0), limit - waiting),
        )
    return found


async def _held_and_waiting(tx: Transaction, ids: list[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """What is kept of balances, and how much waits at them.

    Live holds keep, and so does one that has expired, as much as somebody waits for: its end gives it to them first.
    """
    rows = await tx.fetch(
        "SELECT b.id, trim_scale(kept.live + CASE WHEN kept.expired > 0 THEN least(kept.expired,"
        " (SELECT coalesce(sum(w.open), 0) FROM waiting_places p JOIN waiting w ON w.id = p.waiting_id"
        " WHERE p.balance_id = b.id)) ELSE 0 END) AS held,"
        " (SELECT coalesce(trim_scale(sum(w.open)), 0) FROM waiting w WHERE w.balance_id = b.id) AS waiting"
        " FROM unnest($1::bigint[]) AS b (id) CROSS JOIN LATERAL"
        " (SELECT coalesce(sum(l.quantity) FILTER (WHERE l.expires_at > now()), 0) AS live,"
        " coalesce(sum(l.quantity) FILTER (WHERE l.expires_at <= now()), 0) AS expired"
        " FROM hold_lines l WHERE l.balance_id = b.id) AS kept",
        ids,
    )
    return {row["id"]: (row["held"], row["waiting"]) for row in rows}


async def balance_ids_for_update(tx: Transaction, keys: Iterable[Key]) -> dict[Key, int]:
    """Lock these balances, published or not; their ids."""
    rows = await tx.fetch(
        "SELECT b.id, b.retailer_id, b.catalogue_id, b.product_id"
        " FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (retailer_id, catalogue_id, product_id)"
        " JOIN balances b USING (retailer_id, catalogue_id, product_id)"
        " ORDER BY b.id FOR UPDATE OF b",
        *postgres.columns(keys, 3),
    )
    return {(row["retailer_id"], row["catalogue_id"], row["product_id"]): row["id"] for row in rows}


async def take_stock(tx: Transaction, takings: Mapping[int, Decimal]) -> None:
    """Move units from available to allocated, by balance. What never runs out is supplied as it is taken."""
    await tx.execute(
        "UPDATE balances SET"
        " quantity = balances.quantity - CASE WHEN balances.unlimited THEN 0 ELSE taking.quantity END,"
        " supplied = balances.supplied + CASE WHEN balances.unlimited THEN taking.quantity ELSE 0 END,"
        " allocated = balances.allocated + taking.quantity, ever_allocated = true, updated_at = clock_timestamp()"
        " FROM unnest($1::bigint[], $2::numeric[]) AS taking (id, quantity) WHERE balances.id = taking.id",
        list(takings.keys()),
        list(takings.values()),
    )


class Move(NamedTuple):
    """What becomes of a balance when promises from it change.

    So much is allocated no more, so much is available again, and so much was there although it had been given up.
    """

    settled: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    found: Decimal = Decimal(0)


async def return_stock(tx: Transaction, moves: Mapping[int, Move]) -> None:
    """Lower what is allocated and raise what is available, by balance. What never runs out gets nothing back."""
    await tx.execute(
        "UPDATE balances SET allocated = balances.allocated - move.settled,"
        " quantity = balances.quantity + CASE WHEN balances.unlimited THEN 0 ELSE move.returned END,"
        " supplied = balances.supplied + move.found - CASE WHEN balances.unlimited THEN move.returned ELSE 0 END,"
        " updated_at = clock_timestamp()"
        " FROM unnest($1::bigint[], $2::numeric[], $3::numeric[], $4::numeric[])"
        " AS move (id, settled, returned, found) WHERE balances.id = move.id",
        *postgres.columns(((id_, *move) for id_, move in moves.items()), 4),
    )


async def revived(tx: Transaction, raised: Mapping[int, Decimal]) -> list[BalanceChanged]:
    """The next versions of balances that have something free and would have nothing without so much that came.

    Nothing is free at its end of sale. They are locked.
    """
    rows = await tx.fetch(
        "WITH free AS (SELECT b.id, b.quantity - b.safety_stock - CASE WHEN b.held > 0 THEN"
        " (SELECT coalesce(sum(l.quantity), 0) FROM hold_lines l WHERE l.balance_id = b.id AND l.expires_at > now())"
        " ELSE 0 END AS units, raised.units AS came"
        " FROM unnest($1::bigint[], $2::numeric[]) AS raised (id, units) JOIN balances b USING (id)"
        " WHERE b.published AND b.sellable AND NOT b.unlimited)"
        " UPDATE balances b SET version = b.version + 1, updated_at = clock_timestamp() FROM free, products p"
        " WHERE b.id = free.id AND free.units > 0 AND free.units <= free.came"
        " AND p.supplier_id = b.supplier_id AND p.external_id = b.product_id AND p.status <> 'EOS'"
        " RETURNING b.retailer_id, b.catalogue_id, b.supplier_id, b.product_id, p.ean, p.name AS description,"
        " trim_scale(b.quantity) AS quantity, b.published, p.fragile, p.oversized,"
        " trim_scale(b.safety_stock) AS safety_stock, b.sellable, b.unlimited, b.back_order_allowed,"
        " trim_scale(b.wholesale_price) AS wholesale_price, b.currency, b.version",
        list(raised.keys()),
        list(raised.values()),
    )
    return [BalanceChanged(**{name: row[name] for name in BalanceChanged.model_fields}) for row in rows]
