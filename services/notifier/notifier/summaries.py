"""The running part that tells organisations once a week what happened, if they want to be told."""

from uuid import NAMESPACE_URL, uuid5

from notifier import hours, planning, store, subjects
from notifier.message_ids import MessageIds
from notifier.subjects import Week
from shared.postgres import Database

AT_ONCE = 20


async def sum_up(database: Database, ids: MessageIds) -> bool:
    """Write the summaries that are due, and note when the next ones are; whether there may be more.

    It tells what happened since the last one, up to when it is due, and not to when it is written.
    """
    async with database.transaction() as tx:
        due = await store.summaries_due(tx, AT_ONCE)
        if due:
            now = await tx.now()
            told = [
                subjects.week(one.organisation, uuid5(NAMESPACE_URL, f"{one.organisation} {one.due.isoformat()}"), week)
                for one in due
                for week in [Week(until=one.due, counts=dict(one.counts))]
            ]
            await planning.tell_who_asked(tx, told, ids)
            await store.plan_summaries(
                tx,
                [(one.organisation, hours.next_summary(one.contact.time_zone, now), one.summed_up_to) for one in due],
            )
    return len(due) >= AT_ONCE
