"""Timed holds. Whoever makes or ends one has locked its balances before."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from inventory.domain import HeldRow, Hold, Key
from shared import postgres
from shared.contracts import Taking
from shared.postgres import Record, Transaction
from shared.rules.ranking import Balance, Catalogue, Sources, sources


async def act_as_inventory(tx: Transaction) -> None:
    """Let the rest of a transaction of an organisation be inventory's own act: stock is nobody else's to promise."""
    await tx.execute("SELECT set_config('role', $1, true)", f"sluice_{tx.schema}")


async def sources_of(tx: Transaction, retailer_id: str, product_ids: Sequence[str], eans: Sequence[str]) -> Sources:
    """All that may serve a retailer's rows: what has these ids or EANs in the catalogues it has."""
    rows = await tx.fetch(
        "SELECT c.external_id AS catalogue_id, c.supplier_id, c.name AS catalogue_name, c.priority, c.route_weight,"
        " c.active AND c.activation = 'active' AS active, b.product_id, b.published, p.ean"
        " FROM (SELECT b.id FROM unnest($2::text[]) AS asked (product_id)"
        " JOIN catalogues c ON c.retailer_id = $1"
        " JOIN balances b ON b.retailer_id = c.retailer_id AND b.catalogue_id = c.external_id"
        " AND b.product_id = asked.product_id"
        " UNION SELECT b.id FROM unnest($3::text[]) AS asked (ean) JOIN products p ON p.ean = asked.ean"
        " JOIN catalogues c ON c.retailer_id = $1 AND c.supplier_id = p.supplier_id"
        " JOIN balances b ON b.retailer_id = c.retailer_id AND b.catalogue_id = c.external_id"
        " AND b.product_id = p.external_id) AS found"
        " JOIN balances b ON b.id = found.id"
        " JOIN catalogues c ON c.retailer_id = b.retailer_id AND c.external_id = b.catalogue_id"
        " JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id ORDER BY b.id",
        retailer_id,
        list(product_ids),
        list(eans),
    )
    return sources((_catalogue(row) for row in rows), (_balance(row) for row in rows))


async def catalogues_called(tx: Transaction, retailer_id: str, names: Iterable[str]) -> set[str]:
    """Those of the names that catalogues of a retailer have, open or closed."""
    rows = await tx.fetch(
        "SELECT external_id FROM catalogues WHERE retailer_id = $1 AND external_id = ANY($2::text[])",
        retailer_id,
        list(names),
    )
    return {row["external_id"] for row in rows}


def _catalogue(row: Record) -> Catalogue:
    return Catalogue(
        row["catalogue_id"],
        row["supplier_id"],
        name=row["catalogue_name"],
        priority=row["priority"],
        route_weight=row["route_weight"],
        active=row["active"],
    )


def _balance(row: Record) -> Balance:
    return Balance(row["catalogue_id"], row["product_id"], ean=row["ean"], published=row["published"])


async def count_holds(tx: Transaction, retailer_id: str) -> int:
    """How many live holds a retailer has."""
    count: int = await tx.fetch_value(
        "SELECT count(*) FROM holds WHERE retailer_id = $1 AND expires_at > now()", retailer_id
    )
    return count


async def insert_hold(tx: Transaction, hold: Hold, balances: dict[Key, int]) -> None:
    """Keep what a hold names of balances, whose ids stand in `balances`."""
    lines = [
        (row.external_id, balances[hold.retailer_id, taking.catalogue_id, taking.product_id], taking.quantity)
        for row in hold.rows
        for taking in row.taken
    ]
    await tx.execute(
        "WITH made AS (INSERT INTO holds (id, retailer_id, expires_at, answer) VALUES ($1, $2, $3, $4) RETURNING id),"
        " lines AS (INSERT INTO hold_lines (hold_id, row_id, balance_id, quantity, expires_at)"
        " SELECT made.id, line.row_id, line.balance_id, line.quantity, $3"
        " FROM made, unnest($5::text[], $6::bigint[], $7::numeric[]) AS line (row_id, balance_id, quantity)"
        " RETURNING balance_id, quantity)"
        " UPDATE balances SET held = balances.held + kept.quantity, updated_at = clock_timestamp()"
        " FROM (SELECT balance_id, sum(quantity) AS quantity FROM lines GROUP BY balance_id) AS kept"
        " WHERE balances.id = kept.balance_id",
        hold.id,
        hold.retailer_id,
        hold.expires_at,
        [_document(row) for row in hold.rows],
        *postgres.columns(lines, 3),
    )


async def live_hold(tx: Transaction, retailer_id: str, hold_id: UUID) -> Hold | None:
    """A retailer's hold, unless it has ended or expired."""
    row = await tx.fetch_one(
        "SELECT id, retailer_id, expires_at, answer FROM holds"
        " WHERE id = $2 AND retailer_id = $1 AND expires_at > now()",
        retailer_id,
        hold_id,
    )
    if row is None:
        return None
    return Hold(row["id"], row["retailer_id"], row["expires_at"], tuple(_row(one) for one in row["answer"]))


def _document(row: HeldRow) -> dict[str, object]:
    return {
        "externalId": row.external_id,
        "quantity": str(row.quantity),
        "taken": [(one.catalogue_id, one.product_id, str(one.quantity)) for one in row.taken],
        "short": str(row.short),
    }


def _row(stored: dict[str, object]) -> HeldRow:
    taken = stored["taken"]
    assert isinstance(taken, list)
    return HeldRow(
        str(stored["externalId"]),
        Decimal(str(stored["quantity"])),
        tuple(
            Taking(catalogue_id=catalogue_id, product_id=product_id, quantity=Decimal(quantity))
            for catalogue_id, product_id, quantity in taken
        ),
        Decimal(str(stored["short"])),
    )


async def expired_holds(tx: Transaction, limit: int) -> list[UUID]:
    """Holds whose time is over, the longest over first."""
    rows = await tx.fetch("SELECT id FROM holds WHERE expires_at <= now() ORDER BY expires_at LIMIT $1", limit)
    return [row["id"] for row in rows]


async def lock_held(tx: Transaction, hold_ids: Iterable[UUID]) -> None:
    """Lock the balances of holds, in the one order of their ids."""
    await tx.execute(
        "SELECT FROM balances WHERE id IN (SELECT balance_id FROM hold_lines WHERE hold_id = ANY($1::uuid[]))"
        " ORDER BY id FOR UPDATE",
        list(hold_ids),
    )


async def end_holds(tx: Transaction, hold_ids: Iterable[UUID]) -> dict[int, Decimal]:
    """End holds, as far as nobody else has; how much they kept of which balances, which are locked."""
    rows = await tx.fetch(
        "WITH ended AS (DELETE FROM holds WHERE id = ANY($1::uuid[]) RETURNING id),"
        " kept AS (SELECT l.balance_id, sum(l.quantity) AS quantity"
        " FROM hold_lines l JOIN ended ON ended.id = l.hold_id GROUP BY l.balance_id)"
        " UPDATE balances SET held = balances.held - kept.quantity, updated_at = clock_timestamp()"
        " FROM kept WHERE balances.id = kept.balance_id RETURNING balances.id, kept.quantity",
        list(hold_ids),
    )
    return {row["id"]: row["quantity"] for row in rows}


async def keep_for_waiting(tx: Transaction, units: Mapping[int, Decimal]) -> None:
    """Keep so much of balances, which are locked, for those who wait there, until somebody goes on serving them."""
    await tx.execute(
        "WITH kept AS (SELECT * FROM unnest($1::bigint[], $2::numeric[]) AS kept (id, quantity)),"
        " made AS (INSERT INTO holds (id, expires_at) VALUES (gen_random_uuid(), 'infinity') RETURNING id),"
        " lines AS (INSERT INTO hold_lines (hold_id, row_id, balance_id, quantity, expires_at)"
        " SELECT made.id, '', kept.id, kept.quantity, 'infinity' FROM made, kept)"
        " UPDATE balances SET held = balances.held + kept.quantity, updated_at = clock_timestamp()"
        " FROM kept WHERE balances.id = kept.id",
        list(units.keys()),
        list(units.values()),
    )


async def end_keeping(tx: Transaction, balance_ids: Iterable[int]) -> dict[int, Decimal]:
    """Keep nothing of balances, which are locked, for those who wait there; how much it was."""
    rows = await tx.fetch(
        "WITH ended AS (DELETE FROM hold_lines WHERE balance_id = ANY($1::bigint[]) AND expires_at = 'infinity'"
        " RETURNING balance_id, quantity),"
        " kept AS (SELECT balance_id, sum(quantity) AS quantity FROM ended GROUP BY balance_id)"
        " UPDATE balances SET held = balances.held - kept.quantity, updated_at = clock_timestamp()"
        " FROM kept WHERE balances.id = kept.balance_id RETURNING balances.id, kept.quantity",
        list(balance_ids),
    )
    return {row["id"]: row["quantity"] for row in rows}


async def kept_for_waiting(tx: Transaction) -> list[UUID]:
    """The hold that has kept stock for those who wait for the longest, if there is one."""
    rows = await tx.fetch("SELECT id FROM holds WHERE retailer_id IS NULL ORDER BY created_at LIMIT 1")
    return [row["id"] for row in rows]
