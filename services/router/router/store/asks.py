"""What inventory is asked for later, news that has overtaken its answers, and what nobody could serve."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from router.domain import Ask, Route, unserved
from router.store import amendments
from shared import postgres
from shared.contracts import BalanceChanged, CatalogueChanged, Message
from shared.postgres import Transaction


class Pending(NamedTuple):
    """An ask that is not answered yet, and when it was asked."""

    ask: Ask
    asked_at: datetime


async def save_asks(tx: Transaction, asks: Collection[Ask]) -> None:
    """Note what inventory is asked for now."""
    await tx.execute(
        "INSERT INTO asks (order_id, round, retailer_id, retry, document, asked_at)"
        " SELECT *, now() FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bool[], $5::bytea[])",
        *postgres.columns(
            (
                (
                    ask.request.order_id,
                    ask.request.round,
                    ask.request.retailer_id,
                    ask.retry,
                    ask.model_dump_json(exclude_defaults=True).encode(),
                )
                for ask in asks
            ),
            5,
        ),
    )


async def asks_of(tx: Transaction, order_ids: Collection[UUID]) -> list[Ask]:
    """All that inventory has not answered yet of these orders, in the order in which it was asked."""
    rows = await tx.fetch(
        "SELECT document FROM asks WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, round", list(order_ids)
    )
    return [Ask.model_validate_json(row["document"]) for row in rows]


async def take_asks(tx: Transaction, rounds: Collection[tuple[UUID, int]]) -> Mapping[tuple[UUID, int], Pending]:
    """What was asked for in these rounds of orders, whose routes are locked; it is answered now."""
    rows = await tx.fetch(
        "DELETE FROM asks USING unnest($1::uuid[], $2::int[]) AS answered (order_id, round)"
        " WHERE asks.order_id = answered.order_id AND asks.round = answered.round"
        " RETURNING asks.order_id, asks.round, asks.document, asks.asked_at",
        *postgres.columns(rounds, 2),
    )
    return {
        (row["order_id"], row["round"]): Pending(Ask.model_validate_json(row["document"]), row["asked_at"])
        for row in rows
    }


async def count_asks(tx: Transaction) -> int:
    """How many later rounds inventory has not answered yet."""
    count: int = await tx.fetch_value("SELECT count(*) FROM asks")
    return count


async def count_rerouting(tx: Transaction) -> int:
    """How many rows inventory is asked for again, because who promised them does not send them."""
    count: int = await tx.fetch_value(
        "SELECT coalesce(sum(jsonb_array_length(convert_from(document, 'UTF8')::jsonb -> 'request' -> 'rows')), 0)"
        "::bigint FROM asks WHERE NOT retry"
    )
    return count


async def keep_early_news(tx: Transaction, news: Sequence[tuple[UUID, Message]]) -> None:
    """Keep news of orders, whose routes are locked, until the answer comes that it has overtaken."""
    await tx.execute(
        "WITH noted AS (UPDATE routes SET early = true WHERE order_id = ANY($1::uuid[]))"
        " INSERT INTO early_news (order_id, topic, document)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])",
        [order_id for order_id, _ in news],
        [message.topic for _, message in news],
        [message.model_dump_json(exclude_defaults=True).encode() for _, message in news],
    )


async def take_early_news(tx: Transaction, order_ids: Collection[UUID]) -> list[tuple[str, bytes]]:
    """The news kept of orders, whose routes are locked, as topic and document, in the order in which it came."""
    rows = await tx.fetch(
        "WITH noted AS (UPDATE routes SET early = false WHERE order_id = ANY($1::uuid[])),"
        " taken AS (DELETE FROM early_news WHERE order_id = ANY($1::uuid[]) RETURNING id, topic, document)"
        " SELECT topic, document FROM taken ORDER BY id",
        list(order_ids),
    )
    return [(row["topic"], row["document"]) for row in rows]


async def save_unserved(tx: Transaction, routes: Sequence[tuple[Route, datetime | None]]) -> None:
    """Note what nobody could serve of orders, each with the moment it was asked for, None for when it was placed.

    A row of which there has been news since then is due to be asked for again: the answer may be older.
    """
    await tx.execute(
        "INSERT INTO unserved_rows (order_id, row_id, retailer_id, placed_at, product_id, ean, quantity, barred,"
        " asked_at, back_order, due)"
        " SELECT u.order_id, u.row_id, u.retailer_id, u.placed_at, u.product_id, u.ean, u.quantity,"
        " string_to_array(u.barred, chr(31)), coalesce(u.asked_at, r.asked_at), u.back_order,"
        " EXISTS (SELECT FROM balances b JOIN catalogues c USING (retailer_id, catalogue_id)"
        " WHERE b.retailer_id = u.retailer_id AND (b.product_id = u.product_id OR b.ean = u.ean)"
        " AND greatest(b.heard_at, c.heard_at) > coalesce(u.asked_at, r.asked_at)"
        " AND c.active AND b.published AND b.catalogue_id <> ALL(string_to_array(u.barred, chr(31))))"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::numeric[],"
        " $8::text[], $9::timestamptz[], $10::bool[])"
        " AS u (order_id, row_id, retailer_id, placed_at, product_id, ean, quantity, barred, asked_at, back_order)"
        " JOIN routes r USING (order_id) ORDER BY u.order_id, u.row_id"
        " ON CONFLICT (order_id, row_id) DO UPDATE SET quantity = excluded.quantity, barred = excluded.barred,"
        " asked_at = excluded.asked_at, recheck_at = excluded.recheck_at",
        *postgres.columns(
            (
                (
                    route.order.order_id,
                    row.external_id,
                    route.order.retailer_id,
                    route.order.placed_at,
                    row.product_id or None,
                    None if row.product_id else row.ean,
                    quantities[row.external_id],
                    amendments.SEPARATOR.join(_barred(route, row.external_id)),
                    asked_at,
                    row.back_order and row.external_id not in route.no_waiting,
                )
                for route, asked_at in routes
                for quantities in [unserved(route.standing)]
                for row in route.order.rows
                if row.external_id in quantities
            ),
            10,
        ),
    )


async def recheck_unserved(tx: Transaction) -> None:
    """Make those rows due of which there was news while they were written: neither could see the other then."""
    await tx.execute(
        "UPDATE unserved_rows u SET recheck_at = NULL, due = u.due OR meant.goes_on AND EXISTS ("  # noqa: S608
        "SELECT FROM balances b JOIN catalogues c USING (retailer_id, catalogue_id)"
        " WHERE b.retailer_id = u.retailer_id AND (b.product_id = u.product_id OR b.ean = u.ean)"
        " AND c.active AND b.published AND b.catalogue_id <> ALL(u.barred)"
        " AND greatest(b.heard_at, c.heard_at) > u.asked_at - interval '20 seconds')"
        f" FROM (SELECT order_id, row_id, {GOES_ON} AS goes_on FROM unserved_rows w WHERE recheck_at <= now()"
        " ORDER BY order_id, row_id LIMIT 500 FOR UPDATE SKIP LOCKED) AS meant"
        " WHERE u.order_id = meant.order_id AND u.row_id = meant.row_id"
    )


async def forget_unserved(tx: Transaction, rows: Collection[tuple[UUID, str]]) -> None:
    """Forget rows, by order and row, of which nothing is unserved any more."""
    await tx.execute(
        "DELETE FROM unserved_rows u USING (SELECT order_id, row_id FROM unserved_rows"
        " JOIN unnest($1::uuid[], $2::text[]) AS served (order_id, row_id) USING (order_id, row_id)"
        " ORDER BY order_id, row_id FOR UPDATE OF unserved_rows) AS served"
        " WHERE u.order_id = served.order_id AND u.row_id = served.row_id",
        *postgres.columns(rows, 2),
    )


GOES_ON = (
    "(NOT EXISTS (SELECT FROM shipments s JOIN shipment_rows r ON r.shipment_id = s.id"
    " WHERE s.order_id = w.order_id AND r.row_id = w.row_id AND r.delivered > 0)"
    " OR EXISTS (SELECT FROM shipments s JOIN shipment_rows r ON r.shipment_id = s.id"
    " WHERE s.order_id = w.order_id AND r.row_id = w.row_id AND r.quantity > 0 AND NOT s.closed))"
)
"""Of the rows `w`, those that have not ended: a row of which all that was to come was delivered is not begun again."""


async def ended_rows(tx: Transaction, order_ids: Collection[UUID]) -> set[tuple[UUID, str]]:
    """The unserved rows of orders that have ended with what was delivered of them."""
    rows = await tx.fetch(
        f"SELECT order_id, row_id FROM unserved_rows w WHERE order_id = ANY($1::uuid[]) AND NOT {GOES_ON}",  # noqa: S608
        list(order_ids),
    )
    return {(row["order_id"], row["row_id"]) for row in rows}


async def note_balance_news(tx: Transaction, events: Collection[BalanceChanged]) -> None:
    """Make those unserved rows due that want a product, by product id or by EAN, of which there is some now.

    Rows that may wait are due as well where backorders are allowed. Those are not that were served in part, and have
    ended with that.
    """
    await tx.execute(
        "WITH n AS (SELECT n.*, coalesce(n.allowed, c.back_order_allowed, false) AS waits"  # noqa: S608
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bool[], $6::bool[])"
        " AS n (retailer_id, catalogue_id, product_id, ean, free, allowed)"
        " LEFT JOIN catalogues c USING (retailer_id, catalogue_id)),"
        " wanting AS (SELECT w.order_id, w.row_id FROM n JOIN unserved_rows w USING (retailer_id, product_id)"
        " WHERE n.catalogue_id <> ALL(w.barred) AND (n.free OR (n.waits AND w.back_order))"
        " UNION SELECT w.order_id, w.row_id FROM n JOIN unserved_rows w USING (retailer_id, ean)"
        " WHERE n.catalogue_id <> ALL(w.barred) AND (n.free OR (n.waits AND w.back_order)))"
        " UPDATE unserved_rows u SET due = true FROM (SELECT order_id, row_id FROM unserved_rows w"
        f" WHERE (order_id, row_id) IN (SELECT order_id, row_id FROM wanting) AND {GOES_ON}"
        " ORDER BY order_id, row_id FOR UPDATE) AS meant"
        " WHERE u.order_id = meant.order_id AND u.row_id = meant.row_id",
        *postgres.columns(
            (
                (
                    e.retailer_id,
                    e.catalogue_id,
                    e.product_id,
                    e.ean,
                    e.unlimited or e.quantity > e.safety_stock,
                    e.back_order_allowed,
                )
                for e in events
            ),
            6,
        ),
    )


async def note_catalogue_news(tx: Transaction, events: Collection[CatalogueChanged]) -> None:
    """Make those unserved rows due that want a product of a catalogue of which there is news."""
    await tx.execute(
        "UPDATE unserved_rows u SET due = true FROM (SELECT order_id, row_id FROM unserved_rows w"  # noqa: S608
        " JOIN unnest($1::text[], $2::text[]) AS n (retailer_id, catalogue_id) USING (retailer_id)"
        f" WHERE n.catalogue_id <> ALL(w.barred) AND {GOES_ON}"
        " AND EXISTS (SELECT FROM balances b WHERE b.retailer_id = w.retailer_id AND b.catalogue_id = n.catalogue_id"
        " AND (b.product_id = w.product_id OR b.ean = w.ean))"
        " ORDER BY order_id, row_id FOR UPDATE OF w) AS meant"
        " WHERE u.order_id = meant.order_id AND u.row_id = meant.row_id",
        *postgres.columns(((e.retailer_id, e.catalogue_id) for e in events), 2),
    )


async def clear_due(tx: Transaction, order_ids: Collection[UUID]) -> None:
    """Note that orders, whose routes are locked, are asked for again with all the news there is by now."""
    await tx.execute(
        "UPDATE unserved_rows u SET due = false FROM (SELECT order_id, row_id FROM unserved_rows"
        " WHERE order_id = ANY($1::uuid[]) AND due ORDER BY order_id, row_id FOR UPDATE) AS asked"
        " WHERE u.order_id = asked.order_id AND u.row_id = asked.row_id",
        list(order_ids),
    )


async def count_unserved(tx: Transaction) -> int:
    """How many goods rows have a part that nobody could serve."""
    count: int = await tx.fetch_value("SELECT count(*) FROM unserved_rows")
    return count


def _barred(route: Route, row_id: str) -> Iterable[str]:
    assert route.standing is not None
    row = route.standing.row(row_id)
    return () if row is None else row.barred
