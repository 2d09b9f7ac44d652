"""The running part that makes digests: when one is due, it puts what waited for it into one mail."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from uuid import uuid4

from notifier import choosing, domain, store
from notifier.message_ids import MessageIds
from notifier.store import Gathered
from shared.postgres import Database, Record, Transaction

AT_ONCE = 2_000
MOST_TOLD = 100
"""A digest tells so many things at most; there are more of them then."""


async def gather(database: Database, ids: MessageIds) -> bool:
    """Make the digests that are due; whether there may be more.

    A digest and what it tells are written in one transaction and stay together from then on: whoever sends it, and
    however often, sends the same under the same Message-ID. A digest of one mail is that mail.
    """
    async with database.transaction() as tx:
        return await _gather(tx, ids)


async def _gather(tx: Transaction, ids: MessageIds) -> bool:
    if not await store.claim_gathering(tx):
        return False
    due = await store.due_for_digests(tx, AT_ONCE)
    parts = list(_parts(due))
    alone = [part[0]["id"] for part in parts if len(part) == 1]
    digests = [_digest(part, ids) for part in parts if len(part) > 1]
    if alone:
        await store.send_alone(tx, alone)
    if digests:
        await store.save_digests(tx, digests)
    return len(due) >= AT_ONCE


def _parts(due: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """What goes to the same addresses for the same time, in pieces of which each is a digest."""
    for _, found in groupby(sorted(due, key=_together), key=_together):
        group = list(found)
        yield from (group[begin : begin + MOST_TOLD] for begin in range(0, len(group), MOST_TOLD))


def _together(row: Record) -> tuple[str, str, list[str], bool]:
    return row["recipient_id"], row["timing"], row["audience"], choosing.is_first(row["kind"])


def _digest(part: Sequence[Record], ids: MessageIds) -> Gathered:
    about, timing = uuid4(), part[0]["timing"]
    return Gathered(
        about=about,
        kind=domain.DIGEST if choosing.is_first(part[0]["kind"]) else f"{domain.DIGEST}/{timing}",
        message_id=ids.of(about, domain.DIGEST),
        recipient_id=part[0]["recipient_id"],
        audience=tuple(part[0]["audience"]),
        members=tuple(row["id"] for row in part),
    )
