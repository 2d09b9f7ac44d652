"""What must be true of a run once the ground has come to rest: of its orders one by one, and of all shipments."""

from collections import Counter
from dataclasses import dataclass, field

import asyncpg

from tests.faults.ground import Ground
from tests.faults.load import History

NAMED = 5
"""So many of the things that are wrong are named."""


@dataclass
class Found:
    """What the checks of a run found. All but the last two must be nought, and nothing be wrong besides."""

    lost: int = 0
    doubled: int = 0
    oversold: int = 0
    repeated_mails: int = 0
    taken_untold: int = 0
    """Orders that are there although the shop was told "not now", or nothing: it may send them again."""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        """Count in what another run found."""
        self.lost += other.lost
        self.doubled += other.doubled
        self.oversold += other.oversold
        self.repeated_mails += other.repeated_mails
        self.taken_untold += other.taken_untold
        self.wrong.extend(other.wrong)

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled, oversold or wrong."""
        return not (self.lost or self.doubled or self.oversold or self.wrong)

    def say(self, what: str, those: set[str]) -> int:
        """Name some of those of which something is wrong; returns how many they are."""
        if those:
            few = ", ".join(sorted(those)[:NAMED])
            self.wrong.append(f"{what}: {few}{' …' if len(those) > NAMED else ''}")
        return len(those)


async def look(ground: Ground, history: History) -> Found:
    """Hold the books against what the shop and the suppliers were told."""
    found = Found()
    connection = await asyncpg.connect(ground.dsn)
    try:
        await _orders(connection, history, found)
        await _stock(connection, found)
        await _shipments(connection, ground, found)
        await _parked(connection, ground, found)
    finally:
        await connection.close()
    unforeseen = set(history.statuses) - {0, 200, 503} - ground.fault.refuses
    if unforeseen:
        found.wrong.append(f"orders were answered {sorted(unforeseen)}")
    return found


async def _orders(connection: asyncpg.Connection, history: History, found: Found) -> None:
    rows = await connection.fetch(
        "SELECT o.external_id, o.round > 0 AS told, d.state, d.record IS NOT NULL AS decided,"
        " (SELECT count(*) FROM order_intake.order_rows r WHERE r.order_id = o.id) AS rows"
        " FROM order_intake.orders o LEFT JOIN router.routes d ON d.order_id = o.id"
        " WHERE o.external_id LIKE $1 || '-%'",
        history.window,
    )
    there = {row["external_id"] for row in rows}
    found.lost += found.say("answered 200 and not there", history.those("taken") - there)
    found.lost += found.say(
        "there, and not routed or nobody told",
        {row["external_id"] for row in rows if not row["decided"] or row["state"] != "routed" or not row["told"]},
    )
    found.say("refused, and there", history.those("refused") & there)
    found.say("not whole", {row["external_id"] for row in rows if row["rows"] != history.rows[row["external_id"]]})
    found.taken_untold += len((history.those("not now") | history.those("nothing")) & there)


async def _stock(connection: asyncpg.Connection, found: Found) -> None:
    oversold = await connection.fetch(
        "SELECT b.catalogue_id || '/' || b.product_id AS name FROM inventory.balances b JOIN"
        " (SELECT balance_id, sum(quantity - returned) AS promised FROM inventory.allocations WHERE counted"
        " GROUP BY balance_id) AS a ON a.balance_id = b.id WHERE a.promised > b.supplied OR b.quantity < 0"
    )
    found.oversold += found.say("promised more than there is", {row["name"] for row in oversold})


async def _shipments(connection: asyncpg.Connection, ground: Ground, found: Found) -> None:
    doubled = await connection.fetch(
        "SELECT o.external_id || ' row ' || r.external_id AS name FROM order_intake.orders o"
        " JOIN order_intake.order_rows r ON r.order_id = o.id JOIN router.shipments s ON s.order_id = o.id"
        " JOIN router.shipment_rows g ON g.shipment_id = s.id AND g.row_id = r.external_id"
        " WHERE s.status <> 'Cancelled' GROUP BY o.external_id, r.external_id, r.quantity"
        " HAVING sum(g.quantity) > r.quantity"
    )
    found.doubled += found.say("more shipped than was ordered", {row["name"] for row in doubled})
    mails = await connection.fetch(
        "SELECT s.id::text AS shipment, m.message_id, m.state, m.reached, m.answer FROM router.shipments s"
        " LEFT JOIN notifier.mails m ON m.shipment_id = s.id"
    )
    unannounced = {
        f"{row['shipment']} ({row['state']}: {row['answer']})"
        for row in mails
        if row["state"] not in ground.fault.mails_end
    } - ground.known
    found.lost += found.say("shipments without their mail", unannounced)
    # A later fault on this ground is not to find what this one was allowed to leave.
    ground.known |= {f"{row['shipment']} ({row['state']}: {row['answer']})" for row in mails if row["state"] != "sent"}
    wanted = {(row["message_id"], to) for row in mails for to in row["reached"] or ()}
    came = Counter(ground.mail.taken)
    found.lost += found.say("mails that never came", {of for of, _ in wanted - came.keys()})
    if ground.servers.smtp is None:
        found.doubled += found.say("mails of no shipment", {of for of, _ in came.keys() - wanted})
    again = {message_id for (message_id, _), times in came.items() if times > 1}
    found.doubled += found.say("mails that came twice", again - ground.known - ground.unsure_mails())
    ground.known |= again


async def _parked(connection: asyncpg.Connection, ground: Ground, found: Found) -> None:
    rows = await connection.fetch(
        " UNION ALL ".join(
            f"SELECT '{schema} ' || id || ': ' || topic || ': ' || error AS name FROM {schema}.parked"
            for schema in ("inventory", "notifier", "order_intake", "portal", "router")
        )
    )
    parked = {row["name"] for row in rows}
    if not ground.fault.parks:
        found.say("parked", parked - ground.known)
    ground.known |= parked
