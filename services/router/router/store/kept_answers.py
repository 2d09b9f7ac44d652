"""What was answered to requests that came with a key, for a day."""

from typing import NamedTuple

from shared.postgres import Transaction

KEPT_HOURS = 24


class KeptAnswer(NamedTuple):
    """An answer as it was given. `asked` is a hash of what it was given to."""

    asked: bytes
    answer: bytes
    etag: str | None


async def claim_key(tx: Transaction, organisation: str, key: str, asked: bytes) -> bool:
    """Whether an organisation's key is new, or so old that it counts as new; it is this request's from then on.

    Waits for a request with the same key that is under way.
    """
    claimed = await tx.execute(
        "INSERT INTO kept_answers AS k (organisation, key, asked) VALUES ($1, $2, $3)"
        " ON CONFLICT (organisation, key) DO UPDATE SET asked = excluded.asked, answer = NULL, etag = NULL,"
        " given_at = now() WHERE k.given_at < now() - make_interval(hours => $4)",
        organisation,
        key,
        asked,
        KEPT_HOURS,
    )
    return claimed > 0


async def kept_answer(tx: Transaction, organisation: str, key: str) -> KeptAnswer | None:
    """What was answered to a request with this key."""
    row = await tx.fetch_one(
        "SELECT asked, answer, etag FROM kept_answers WHERE organisation = $1 AND key = $2 AND answer IS NOT NULL",
        organisation,
        key,
    )
    return None if row is None else KeptAnswer(row["asked"], row["answer"], row["etag"])


async def keep_answer(tx: Transaction, organisation: str, key: str, answer: bytes, etag: str | None) -> None:
    """Keep what is answered to the request that has claimed the key."""
    await tx.execute(
        "UPDATE kept_answers SET answer = $3, etag = $4 WHERE organisation = $1 AND key = $2",
        organisation,
        key,
        answer,
        etag,
    )


async def forget_answers(tx: Transaction, limit: int) -> int:
    """Forget answers that need not be kept any more; returns how many."""
    return await tx.execute(
        "DELETE FROM kept_answers WHERE ctid IN (SELECT ctid FROM kept_answers"
        " WHERE given_at < now() - make_interval(hours => $1) ORDER BY given_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        KEPT_HOURS,
        limit,
    )
