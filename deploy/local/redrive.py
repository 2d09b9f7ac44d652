"""Sending again what a receiver lacks.

Every message a service has sent is in its `sent`; every message a service has taken is in its `inbox`. What is in
the one and, for one of the topic's receivers, not in the other was lost on the way (a broker that forgot, offsets
that were reset) or has not arrived yet. Sending it again under its own id heals the first and harms nothing in the
second.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from deploy.local import services
from shared.postgres import Database, Transaction

PAGE = 20_000


async def redrive(
    databases: Mapping[str, Database],
    *,
    since: timedelta | None = None,
    older_than: timedelta = timedelta(),
    patiently: bool = False,
    accounted: dict[str, datetime] | None = None,
) -> Counter[str]:
    """Send again, in their order, the messages some receiver lacks. Returns how many there were of each topic.

    Looks at what was sent in the last `since` (None: at all that is kept), and at least `older_than` ago. `patiently`
    doubles that pause each time a message is sent again: a receiver that is down must not find a mountain of copies.
    In `accounted` it notes, by service, up to when all that was sent has been taken, and does not look at that again:
    what is taken stays taken. `older_than` must then be longer than a transaction can last.
    """
    again: Counter[str] = Counter()
    receivers = services.receivers()
    for name, owner in databases.items():
        whole = accounted is not None
        async for page in _sent(owner, since, older_than, after=(accounted or {}).get(name)):
            lost = await _lost(page, databases, receivers)
            again_now = {row.message_id for row in page if row.message_id in lost and (row.patient or not patiently)}
            async with owner.transaction() as tx:
                await _put_back(tx, again_now, page[0].sent_at, page[-1].sent_at)
            again.update(row.topic for row in page if row.message_id in again_now)
            whole = whole and not lost
            if accounted is not None and whole:
                accounted[name] = page[-1].sent_at
    return again


async def unaccounted(databases: Mapping[str, Database], *, since: timedelta | None = None) -> int:
    """How many messages are on their way: not sent, or sent in the last `since` and not taken by all receivers.

    0 is sure: services are looked at one after the other, and while we look at the next, one we have looked at may take
    a message and say another. So nothing may have been said while we looked and found nothing.
    """
    if waiting := await _waiting(databases, since):
        return waiting
    before = await said(databases)
    return await _waiting(databases, since) or await said(databases) - before


async def under_way(databases: Mapping[str, Database], keys: Collection[str], since: timedelta) -> set[str]:
    """Those of the keys with a message on its way: not sent, or sent in the last `since` and not taken by all."""
    found: set[str] = set()
    receivers = services.receivers()
    for owner in databases.values():
        async with owner.transaction() as tx:
            unsent = await tx.fetch("SELECT DISTINCT key FROM outbox WHERE key = ANY($1::text[])", list(keys))
            rows = await tx.fetch(
                "SELECT message_id, topic, sent_at, key FROM sent WHERE sent_at >= now() - $2::interval"
                " AND key = ANY($1::text[])",
                list(keys),
                since,
            )
        found.update(row["key"] for row in unsent)
        sent = [_Sent(row["message_id"], row["topic"], row["sent_at"], patient=True) for row in rows]
        lost = await _lost(sent, databases, receivers)
        found.update(row["key"] for row in rows if row["message_id"] in lost)
    return found


async def changed(databases: Mapping[str, Database], after: datetime, until: datetime, limit: int) -> set[str]:
    """Keys of the messages that were sent after a moment and up to another: so many of each service, the newest."""
    found: set[str] = set()
    for owner in databases.values():
        async with owner.transaction() as tx:
            rows = await tx.fetch(
                "SELECT key FROM (SELECT key, sent_at FROM sent WHERE sent_at > $1 AND sent_at <= $2"
                " ORDER BY sent_at DESC LIMIT $3) AS newest GROUP BY key",
                after,
                until,
                limit,
            )
        found.update(row["key"] for row in rows)
    return found


async def _waiting(databases: Mapping[str, Database], since: timedelta | None) -> int:
    waiting = 0
    receivers = services.receivers()
    for owner in databases.values():
        async with owner.transaction() as tx:
            waiting += await tx.fetch_value("SELECT count(*) FROM outbox")
        async for page in _sent(owner, since, timedelta()):
            waiting += len(await _lost(page, databases, receivers))
    return waiting


async def said(databases: Mapping[str, Database]) -> int:
    """How many messages were ever said, as far as it is kept. A message is in one of the two at every moment."""
    count = 0
    for owner in databases.values():
        async with owner.transaction() as tx:
            count += await tx.fetch_value("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM sent)")
    return count


class _Sent(NamedTuple):
    """A message that was sent, `patient` if it was waited for as long as it took to send it."""

    message_id: UUID
    topic: str
    sent_at: datetime
    patient: bool


async def _sent(
    owner: Database, since: timedelta | None, older_than: timedelta, *, after: datetime | None = None
) -> AsyncIterator[list[_Sent]]:
    """The messages a service has sent, oldest first, a page at a time."""
    async with owner.transaction() as tx:
        now = await tx.now()
    oldest = None if since is None else now - since
    if after is not None and after > now - older_than:
        # The clock has gone back: what was sent since then is older than what was accounted for.
        after = None
    if after is not None and (oldest is None or after > oldest):
        oldest = after
    last: tuple[datetime | None, int] = (None, 0)
    while True:
        async with owner.transaction() as tx:
            rows = await tx.fetch(
                "SELECT id, message_id, topic, sent_at, now() - sent_at >= sent_at - created_at AS patient FROM sent"
                " WHERE sent_at <= $1 AND ($2::timestamptz IS NULL OR sent_at >= $2)"
                " AND ($3::timestamptz IS NULL OR (sent_at, id) > ($3, $4)) ORDER BY sent_at, id LIMIT $5",
                now - older_than,
                oldest,
                *last,
                PAGE,
            )
        if not rows:
            return
        last = (rows[-1]["sent_at"], rows[-1]["id"])
        yield [_Sent(row["message_id"], row["topic"], row["sent_at"], row["patient"]) for row in rows]


async def _lost(
    page: Sequence[_Sent], databases: Mapping[str, Database], receivers: Mapping[str, Sequence[services.ServiceName]]
) -> set[UUID]:
    lost: set[UUID] = set()
    for name, database in databases.items():
        meant = [row.message_id for row in page if any(r.name == name for r in receivers.get(row.topic, ()))]
        if not meant:
            continue
        async with database.transaction() as tx:
            rows = await tx.fetch(
                "SELECT id FROM unnest($1::uuid[]) AS id WHERE NOT EXISTS (SELECT FROM inbox WHERE message_id = id)",
                meant,
            )
        lost.update(row["id"] for row in rows)
    return lost


async def _put_back(tx: Transaction, ids: set[UUID], first: datetime, last: datetime) -> None:
    if not ids:
        return
    await tx.execute(
        "WITH again AS (DELETE FROM sent WHERE sent_at BETWEEN $2 AND $3"
        " AND message_id = ANY($1::uuid[]) RETURNING *)"
        " INSERT INTO outbox (message_id, topic, key, value, traceparent, created_at)"
        " SELECT message_id, topic, key, value, traceparent, created_at FROM again ORDER BY sent_at, id",
        list(ids),
        first,
        last,
    )
