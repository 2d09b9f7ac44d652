"""The tables of the feed, one function for each statement."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from notifier.feed import news
from notifier.feed.telling import Entry
from shared import postgres
from shared.postgres import Transaction


@dataclass(frozen=True)
class Standing:
    """How far a feed has come: the position of its newest event, and of the last one that is not kept any more."""

    position: int = 0
    pruned: int = 0


@dataclass(frozen=True)
class Told:
    """An event in a feed; `content` is what is answered of it, JSON."""

    position: int
    id: str
    type: str
    content: bytes


async def save_events(tx: Transaction, entries: Iterable[Entry]) -> None:
    """Put events at the end of their organisations' feeds, in this order. One that is there already stays where it is.

    The feeds stay locked until the transaction ends, so let it end soon: whoever comes later gets later positions, and
    nobody reads a position before all earlier ones can be read.
    """
    fresh: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        fresh.setdefault((entry.organisation, entry.id), entry)
    if not fresh:
        return
    # The index refuses what another transaction has put there meanwhile; the batch is then taken again.
    await tx.execute(
        "WITH given AS (SELECT g.* FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY"
        " AS g (organisation, id, type, content, place) WHERE NOT EXISTS"
        " (SELECT FROM events e WHERE e.organisation = g.organisation AND e.id = g.id)),"
        " moved AS (INSERT INTO feeds AS f (organisation, position)"
        " SELECT organisation, count(*) FROM given GROUP BY organisation ORDER BY organisation"
        " ON CONFLICT (organisation) DO UPDATE SET position = f.position + excluded.position"
        " RETURNING organisation, position)"
        " INSERT INTO events (organisation, position, id, type, told_at, content)"
        " SELECT organisation, m.position - count(*) OVER own + row_number() OVER (own ORDER BY place), id, type,"
        " clock_timestamp(), content FROM given JOIN moved m USING (organisation)"
        " WINDOW own AS (PARTITION BY organisation)",
        *postgres.columns(((entry.organisation, entry.id, entry.type, entry.content) for entry in fresh.values()), 4),
    )
    organisations = {organisation for organisation, _ in fresh}
    tx.after_commit.append(lambda: news.tell(organisations))


async def standing(tx: Transaction, organisation: str) -> Standing:
    """How far an organisation's feed has come."""
    row = await tx.fetch_one("SELECT position, pruned FROM feeds WHERE organisation = $1", organisation)
    return Standing() if row is None else Standing(row["position"], row["pruned"])


async def positions(tx: Transaction, organisations: Collection[str]) -> dict[str, int]:
    """How far feeds have come; those without events are left out."""
    rows = await tx.fetch(
        "SELECT organisation, position FROM feeds WHERE organisation = ANY($1::text[])", list(organisations)
    )
    return {row["organisation"]: row["position"] for row in rows}


async def events_after(
    tx: Transaction, organisation: str, position: int, limit: int, most_bytes: int
) -> Sequence[Told]:
    """The next events of a feed behind a position: up to a number, and to the one that makes them so many bytes."""
    rows = await tx.fetch(
        "SELECT position, id, type, content FROM (SELECT *, sum(length(content)) OVER (ORDER BY position) AS bytes"
        " FROM (SELECT * FROM events WHERE organisation = $1 AND position > $2 ORDER BY position LIMIT $3) AS page)"
        " AS page WHERE bytes - length(content) < $4 ORDER BY position",
        organisation,
        position,
        limit,
        most_bytes,
    )
    return [Told(row["position"], row["id"], row["type"], row["content"]) for row in rows]


async def feeds(tx: Transaction) -> list[str]:
    """The organisations that have a feed with something in it."""
    rows = await tx.fetch("SELECT organisation FROM feeds WHERE pruned < position ORDER BY organisation")
    return [row["organisation"] for row in rows]


async def prune(tx: Transaction, organisation: str, days: int, limit: int) -> int:
    """Delete up to `limit` events from the beginning of a feed, as far as they are older than so many days; how many.

    What is kept is always the end of the feed, whole.
    """
    gone: int = await tx.fetch_value(
        "WITH feed AS (SELECT * FROM feeds WHERE organisation = $1 FOR UPDATE),"
        " oldest AS (SELECT e.position, e.told_at FROM events e, feed WHERE e.organisation = $1"
        " AND e.position > feed.pruned AND e.position <= feed.pruned + $3),"
        " until AS (SELECT coalesce(min(position) FILTER (WHERE told_at >= now() - make_interval(days => $2)) - 1,"
        " max(position)) AS position FROM oldest),"
        " gone AS (DELETE FROM events USING until, feed WHERE events.organisation = $1"
        " AND events.position > feed.pruned AND events.position <= until.position RETURNING events.position),"
        " noted AS (UPDATE feeds SET pruned = until.position FROM until WHERE feeds.organisation = $1"
        " AND until.position > feeds.pruned)"
        " SELECT count(*) FROM gone",
        organisation,
        days,
        limit,
    )
    return gone
