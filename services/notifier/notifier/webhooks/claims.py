"""Claims of webhooks: who sends to one for a while, and what comes of that. One function for each statement.

A claim is a lease on the database's clock, and one at a time. The owner of a webhook may change it while somebody sends
to it: the claim stays, so that nobody else sends in the meantime, and its holder sees the change before it sends again.
"""

from notifier.webhooks import store
from notifier.webhooks.judging import Verdict
from notifier.webhooks.store import Webhook
from shared.postgres import Transaction


async def claim_due(tx: Transaction, limit: int, lease_s: float) -> list[Webhook]:
    """Take up to `limit` webhooks for which there is something for `lease_s` seconds, longest due first."""
    rows = await tx.fetch(
        "WITH due AS (SELECT w.id FROM webhooks w JOIN feeds f USING (organisation) WHERE w.state = 'active'"  # noqa: S608 - a constant of ours
        " AND w.next_at <= now() AND (w.leased_until IS NULL OR w.leased_until <= now()) AND w.position < f.position"
        " ORDER BY w.next_at LIMIT $1 FOR UPDATE OF w SKIP LOCKED),"
        " claimed AS (UPDATE webhooks SET leased_until = now() + make_interval(secs => $2) FROM due"
        " WHERE webhooks.id = due.id RETURNING webhooks.*)"
        f" {store.SHOWN} FROM claimed w JOIN feeds f USING (organisation) ORDER BY w.next_at",
        limit,
        lease_s,
    )
    return [store.of_row(row) for row in rows]


async def holds(tx: Transaction, claimed: Webhook, for_s: float) -> bool:
    """Whether a claim is good for so many seconds more, and the webhook as it was when it was claimed."""
    held: bool = await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM webhooks WHERE id = $1 AND leased_until = $2 AND change = $3"
        " AND leased_until > now() + make_interval(secs => $4))",
        claimed.id,
        claimed.leased_until,
        claimed.change,
        for_s,
    )
    return held


async def note_progress(
    tx: Transaction, claimed: Webhook, position: int, attempts: int, verdict: Verdict, *, done: bool
) -> bool:
    """Note how far a webhook is, and what became of its last event; False when the turn is over for another reason.

    `done`: the claim ends with this. It also ends when the owner has changed the webhook meanwhile; then what was taken
    counts, if the owner has not given another place to go on from, and a refusal does not: it was of what is no more.
    """
    row = await tx.fetch_one(
        "UPDATE webhooks SET"
        " position = CASE WHEN placed > $8 THEN position ELSE $3 END,"
        " attempts = CASE WHEN change > $8 THEN attempts ELSE $4::int END,"
        " failing_since = CASE WHEN change > $8 THEN failing_since WHEN $4::int = 1 THEN now()"
        " WHEN $4::int > 1 THEN coalesce(failing_since, now()) END,"
        " state = CASE WHEN change > $8 OR $5::text IS NULL THEN state ELSE 'paused' END,"
        " why = CASE WHEN change > $8 THEN why ELSE $5 END,"
        " next_at = CASE WHEN change > $8 THEN next_at ELSE now() + make_interval(secs => $6) END,"
        " leased_until = CASE WHEN $7 OR change > $8 THEN NULL ELSE leased_until END"
        " WHERE id = $1 AND leased_until = $2 RETURNING change = $8 AS as_claimed",
        claimed.id,
        claimed.leased_until,
        position,
        attempts,
        verdict.why,
        verdict.pause_s,
        done,
        claimed.change,
    )
    return row is not None and bool(row["as_claimed"])


async def give_back(tx: Transaction, claimed: Webhook, pause_s: float) -> None:
    """End a claim in which nothing was sent; the webhook may be claimed again after so many seconds."""
    await tx.execute(
        "UPDATE webhooks SET leased_until = NULL, next_at = greatest(next_at, now() + make_interval(secs => $3))"
        " WHERE id = $1 AND leased_until = $2",
        claimed.id,
        claimed.leased_until,
        pause_s,
    )
