"""Messages that were given up: list them, look at one, send it again, or discard it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import uuid_utils.compat as uuid_utils
from pydantic import BaseModel, Field

from shared.postgres import Record, Transaction


class NothingToSend(Exception):
    """A parked message has no value to send; the text says which."""


class ParkedMessage(BaseModel):
    """A parked message as a person sees it. `value` is its text, with unreadable bytes escaped.

    One that could not be sent, rather than taken, has the partition and the offset -1.
    """

    id: int = Field(description="Its number among the parked messages of this service")
    message_id: str | None = Field(description="The id it was sent with; null when it had none")
    topic: str = Field(description="The topic it came from, or was going to")
    partition: int = Field(description="The partition it came from; -1 when it never left")
    offset: int = Field(description="Its place in the partition; -1 when it never left")
    key: str | None = Field(description="Its key")
    value: str | None = Field(description="Its bytes as text")
    headers: list[list[Any]] = Field(description="Pairs of a name and a value")
    error: str = Field(description="Why it was given up")
    attempts: int = Field(description="How often it was tried")
    parked_at: datetime = Field(description="When it was given up")


async def parked(tx: Transaction, *, after: int = 0, limit: int = 100) -> list[ParkedMessage]:
    """The parked messages with ids greater than `after`, oldest first."""
    rows = await tx.fetch("SELECT * FROM parked WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
    return [_message(row) for row in rows]


async def parked_message(tx: Transaction, parked_id: int) -> ParkedMessage | None:
    """One parked message, or None."""
    row = await tx.fetch_one("SELECT * FROM parked WHERE id = $1", parked_id)
    return None if row is None else _message(row)


async def send_again(tx: Transaction, ids: Sequence[int], *, value: bytes | None = None) -> list[int]:
    """Send parked messages again to their topic, with a new message id and, for a mended one, another value.

    Every receiver of the topic hears it: their handlers look at the state first. Returns the ids that were there.
    Raises NothingToSend, and sends none, when a record without a value is among them and nothing is given in its place.
    """
    if value is None and (empty := await _without_value(tx, ids)):
        raise NothingToSend(
            f"Parked message {', '.join(map(str, empty))} has no value to send again: give it one, or discard it"
        )
    rows = await tx.fetch("DELETE FROM parked WHERE id = ANY($1::bigint[]) RETURNING *", ids)
    ordered = sorted(rows, key=lambda row: int(row["id"]))
    await tx.execute(
        "INSERT INTO outbox (message_id, topic, key, value)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[])",
        [uuid_utils.uuid7() for _ in ordered],
        [row["topic"] for row in ordered],
        [(row["key"] or b"").decode("utf-8", "replace") for row in ordered],
        [row["value"] if value is None else value for row in ordered],
    )
    return [row["id"] for row in ordered]


async def _without_value(tx: Transaction, ids: Sequence[int]) -> list[int]:
    rows = await tx.fetch("SELECT id FROM parked WHERE id = ANY($1::bigint[]) AND value IS NULL ORDER BY id", ids)
    return [row["id"] for row in rows]


async def discard(tx: Transaction, ids: Sequence[int]) -> list[int]:
    """Forget parked messages for good. Returns the ids that were there."""
    rows = await tx.fetch("DELETE FROM parked WHERE id = ANY($1::bigint[]) RETURNING id", ids)
    return sorted(row["id"] for row in rows)


def _message(row: Record) -> ParkedMessage:
    return ParkedMessage(
        id=row["id"],
        message_id=str(row["message_id"]) if row["message_id"] else None,
        topic=row["topic"],
        partition=row["partition"],
        offset=row["record_offset"],
        key=_text(row["key"]),
        value=_text(row["value"]),
        headers=row["headers"],
        error=row["error"],
        attempts=row["attempts"],
        parked_at=row["parked_at"],
    )


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "backslashreplace")
