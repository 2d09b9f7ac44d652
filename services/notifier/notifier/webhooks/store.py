"""The tables of webhooks, one function for each statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from notifier.feed.store import Told
from notifier.webhooks.judging import Reply
from shared import postgres
from shared.postgres import Record, Transaction

Kind = Literal["event", "test", "redelivery"]
State = Literal["active", "paused"]


@dataclass(frozen=True)
class Webhook:
    """Where an organisation wants its events. `types`: which, none for all. `secrets` are sealed, the newest first.

    `position` is the last event that was taken or not wanted, `behind` how many are still to be looked at. `attempts`
    is how often the one that is due was refused, `failing_s` since how long. `leased_until` proves a claim, and
    `change` counts what the owner has changed.
    """

    id: int
    organisation: str
    name: str
    url: str
    types: tuple[str, ...]
    secrets: tuple[bytes, ...]
    position: int
    behind: int
    state: State
    why: str | None
    attempts: int
    failing_since: datetime | None
    failing_s: float
    next_at: datetime
    leased_until: datetime | None
    change: int
    created_at: datetime


@dataclass(frozen=True)
class SealedSecrets:
    """The secrets of a webhook as they are kept; the old ones until they are replaced by the next."""

    id: int
    secret: bytes
    old_secret: bytes | None
    older_secrets: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Sent:
    """A request that was sent, and what came of it. `position` is None for what is in no feed."""

    kind: Kind
    position: int | None
    event_id: str
    event_type: str
    attempt: int
    sent_at: datetime
    reply: Reply


MOST_OLDER = 3
"""So many secrets from before the old one are kept: each is one signature more over every request."""

STILL_GOOD = (
    "FROM unnest(old_secret || older_secrets, old_until || older_untils) WITH ORDINALITY AS o (secret, until, place)"
    " WHERE o.until > now() AND $4 > 0 ORDER BY o.place LIMIT $5"
)
SHOWN = (
    "SELECT w.*, w.secret || ARRAY(SELECT o.secret"
    " FROM unnest(w.old_secret || w.older_secrets, w.old_until || w.older_untils)"
    " WITH ORDINALITY AS o (secret, until, place) WHERE o.until > now() ORDER BY o.place) AS secrets,"
    " greatest(coalesce(f.position, 0) - w.position, 0) AS behind,"
    " coalesce(extract(epoch FROM now() - w.failing_since)::float8, 0) AS failing_s"
)
"""What is read of webhooks `w` and of their feeds `f`."""


async def webhooks_page(tx: Transaction, organisation: str, offset: int, size: int) -> list[Webhook]:
    """A page of an organisation's webhooks, by name."""
    rows = await tx.fetch(
        f"{SHOWN} FROM webhooks w LEFT JOIN feeds f USING (organisation) WHERE organisation = $1"
        " ORDER BY name OFFSET $2 LIMIT $3",
        organisation,
        offset,
        size,
    )
    return [of_row(row) for row in rows]


async def count_webhooks(tx: Transaction, organisation: str) -> int:
    """How many webhooks an organisation has."""
    count: int = await tx.fetch_value("SELECT count(*) FROM webhooks WHERE organisation = $1", organisation)
    return count


async def webhook(tx: Transaction, organisation: str, name: str) -> Webhook | None:
    """An organisation's webhook with this name."""
    row = await tx.fetch_one(
        f"{SHOWN} FROM webhooks w LEFT JOIN feeds f USING (organisation) WHERE organisation = $1 AND name = $2",
        organisation,
        name,
    )
    return None if row is None else of_row(row)


async def create_webhook(
    tx: Transaction, organisation: str, name: str, url: str, types: Sequence[str], secret: bytes, position: int
) -> bool:
    """Create a webhook that begins behind a position; False when there is one with this name."""
    return bool(
        await tx.execute(
            "INSERT INTO webhooks (organisation, name, url, types, secret, position) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT DO NOTHING",
            organisation,
            name,
            url,
            list(types),
            secret,
            position,
        )
    )


async def change_webhook(
    tx: Transaction, organisation: str, name: str, url: str, types: Sequence[str], position: int | None
) -> None:
    """Change a webhook, and let it go on behind a position if one is given. What is refused is tried again at once.

    Whoever sends to it at this moment keeps its claim until the request in hand is answered, so that nobody else sends
    in the meantime; then it ends its turn, see `claims`.
    """
    await tx.execute(
        "UPDATE webhooks SET url = $3, types = $4, position = coalesce($5, position), attempts = 0,"
        " failing_since = NULL, next_at = now(), change = change + 1,"
        " placed = CASE WHEN $5::bigint IS NULL THEN placed ELSE change + 1 END"
        " WHERE organisation = $1 AND name = $2",
        organisation,
        name,
        url,
        list(types),
        position,
    )


async def delete_webhook(tx: Transaction, organisation: str, name: str) -> bool:
    """Delete a webhook and its log; False when there is none."""
    return bool(await tx.execute("DELETE FROM webhooks WHERE organisation = $1 AND name = $2", organisation, name))


async def change_secret(tx: Transaction, organisation: str, name: str, secret: bytes, old_hours: float) -> bool:
    """Give a webhook a new secret; the one before signs as well for so many hours. False when there is no webhook.

    Older ones sign until their own time is over; for 0 hours none does any more.
    """
    return bool(
        await tx.execute(
            "UPDATE webhooks SET secret = $3, change = change + 1,"  # noqa: S608
            " old_secret = CASE WHEN $4 > 0 THEN secret END,"
            " old_until = CASE WHEN $4 > 0 THEN now() + make_interval(secs => $4 * 3600) END,"
            # Of the row that is updated, so that what another has changed at the same moment counts.
            f" older_secrets = ARRAY(SELECT o.secret {STILL_GOOD}), older_untils = ARRAY(SELECT o.until {STILL_GOOD})"
            " WHERE organisation = $1 AND name = $2",
            organisation,
            name,
            secret,
            old_hours,
            MOST_OLDER,
        )
    )


async def secrets_for_update(tx: Transaction, after: int, limit: int) -> list[SealedSecrets]:
    """Lock the next webhooks behind a number, of all organisations, and return their secrets."""
    rows = await tx.fetch(
        "SELECT id, secret, old_secret, older_secrets FROM webhooks WHERE id > $1 ORDER BY id LIMIT $2 FOR UPDATE",
        after,
        limit,
    )
    return [SealedSecrets(row["id"], row["secret"], row["old_secret"], tuple(row["older_secrets"])) for row in rows]


async def save_sealed_anew(tx: Transaction, secrets: Sequence[SealedSecrets]) -> None:
    """Write what is sealed of locked webhooks under another key now."""
    # One by one: each has another number of older ones, and PostgreSQL unnests no lists of several lengths.
    for anew in secrets:
        await tx.execute(
            "UPDATE webhooks SET secret = $2, old_secret = $3, older_secrets = $4 WHERE id = $1",
            anew.id,
            anew.secret,
            anew.old_secret,
            list(anew.older_secrets),
        )


async def resume(tx: Transaction, organisation: str, name: str, position: int | None) -> None:
    """Let a webhook go on, behind a position if one is given, once a request in hand is answered.

    Without one it goes on where it is: what whoever sends to it at this moment has not noted yet counts as taken.
    """
    await tx.execute(
        "UPDATE webhooks SET state = 'active', why = NULL, position = coalesce($3, position), attempts = 0,"
        " failing_since = NULL, next_at = now(), change = change + 1,"
        " placed = CASE WHEN $3::bigint IS NULL THEN placed ELSE change + 1 END"
        " WHERE organisation = $1 AND name = $2",
        organisation,
        name,
        position,
    )


async def wanted_events(
    tx: Transaction, organisation: str, types: Sequence[str], position: int, until: int, limit: int
) -> list[Told]:
    """The next events of a feed behind a position, up to another, that are of these types; of all if none are given."""
    rows = await tx.fetch(
        "SELECT position, id, type, content FROM events WHERE organisation = $1 AND position > $2 AND position <= $3"
        " AND (cardinality($4::text[]) = 0 OR type = ANY($4)) ORDER BY position LIMIT $5",
        organisation,
        position,
        until,
        list(types),
        limit,
    )
    return [Told(row["position"], row["id"], row["type"], row["content"]) for row in rows]


async def event_at(tx: Transaction, organisation: str, position: int) -> Told | None:
    """The event at a position of a feed, if it is kept."""
    row = await tx.fetch_one(
        "SELECT position, id, type, content FROM events WHERE organisation = $1 AND position = $2",
        organisation,
        position,
    )
    return None if row is None else Told(row["position"], row["id"], row["type"], row["content"])


async def log_sent(tx: Transaction, webhook_id: int, organisation: str, url: str, sent: Sequence[Sent]) -> list[int]:
    """Write requests into the log of a webhook; nothing if it is deleted meanwhile. Their numbers in the log."""
    rows = await tx.fetch(
        "INSERT INTO webhook_deliveries (webhook_id, organisation, url, kind, position, event_id, event_type, attempt,"
        " sent_at, milliseconds, status, answer)"
        " SELECT w.id, w.organisation, $3, given.* FROM (SELECT id, organisation FROM webhooks WHERE id = $1"
        " AND organisation = $2 FOR KEY SHARE) AS w, unnest($4::text[], $5::bigint[], $6::text[], $7::text[],"
        " $8::int[], $9::timestamptz[], $10::int[], $11::int[], $12::text[]) AS given RETURNING id",
        webhook_id,
        organisation,
        url,
        *postgres.columns(
            (
                (
                    one.kind,
                    one.position,
                    one.event_id,
                    one.event_type,
                    one.attempt,
                    one.sent_at,
                    one.reply.milliseconds,
                    one.reply.status,
                    one.reply.text,
                )
                for one in sent
            ),
            9,
        ),
    )
    return [row["id"] for row in rows]


async def deliveries_page(tx: Transaction, webhook_id: int, offset: int, size: int) -> Sequence[Record]:
    """A page of a webhook's log, newest first."""
    return await tx.fetch(
        "SELECT * FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY id DESC OFFSET $2 LIMIT $3",
        webhook_id,
        offset,
        size,
    )


async def count_deliveries(tx: Transaction, webhook_id: int) -> int:
    """How many entries a webhook's log has."""
    count: int = await tx.fetch_value("SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1", webhook_id)
    return count


async def delivery(tx: Transaction, webhook_id: int, number: int) -> Record | None:
    """An entry of a webhook's log."""
    return await tx.fetch_one("SELECT * FROM webhook_deliveries WHERE webhook_id = $1 AND id = $2", webhook_id, number)


async def forget_deliveries(tx: Transaction, days: int, limit: int) -> int:
    """Delete up to `limit` entries of all logs that are older than so many days; how many."""
    return await tx.execute(
        "DELETE FROM webhook_deliveries WHERE id = ANY(ARRAY(SELECT id FROM webhook_deliveries ORDER BY id LIMIT $2))"
        " AND sent_at < now() - make_interval(days => $1)",
        days,
        limit,
    )


def of_row(row: Record) -> Webhook:
    """A webhook as `SHOWN` reads it."""
    return Webhook(
        id=row["id"],
        organisation=row["organisation"],
        name=row["name"],
        url=row["url"],
        types=tuple(row["types"]),
        secrets=tuple(row["secrets"]),
        position=row["position"],
        behind=row["behind"],
        state=row["state"],
        why=row["why"],
        attempts=row["attempts"],
        failing_since=row["failing_since"],
        failing_s=row["failing_s"],
        next_at=row["next_at"],
        leased_until=row["leased_until"],
        change=row["change"],
        created_at=row["created_at"],
    )
