"""The delivery log, and what comes back of what was sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared import postgres
from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class Bounced:
    """A mail that came back from an address: the status that its mail server gave (RFC 3463), and what it said."""

    mail_id: int
    organisation: str
    email: str
    status: str
    answer: str


async def mails_page(tx: Transaction, recipient_id: str, offset: int, size: int) -> Sequence[Record]:
    """A page of an organisation's delivery log, newest first."""
    return await tx.fetch(
        "SELECT id, CASE WHEN split_part(kind, '/', 1) IN ('papers', 'return') THEN (content ->> 'shipment_id')::uuid"
        " ELSE shipment_id END AS shipment_id, split_part(kind, '/', 1) AS kind,"
        " order_external_id, retailer_id, state, recipients,"
        " reached, subject, message_id, attempts, answer, created_at, sent_at, digest_id,"
        " CASE WHEN state = 'pending' THEN nullif(next_at, 'infinity') END AS next_at,"
        " ARRAY(SELECT email FROM bounces WHERE mail_id = coalesce(mails.digest_id, mails.id) ORDER BY email)"
        " AS bounced,"
        " (SELECT jsonb_agg(jsonb_build_object('email', email, 'status', status, 'answer', answer, 'noted_at',"
        " noted_at) ORDER BY email) FROM bounces WHERE mail_id = coalesce(mails.digest_id, mails.id)) AS bounces"
        " FROM mails WHERE recipient_id = $1 ORDER BY id DESC OFFSET $2 LIMIT $3",
        recipient_id,
        offset,
        size,
    )


async def count_mails(tx: Transaction, recipient_id: str) -> int:
    """How many entries an organisation's delivery log has."""
    count: int = await tx.fetch_value("SELECT count(*) FROM mails WHERE recipient_id = $1", recipient_id)
    return count


async def books(tx: Transaction, order_ids: Collection[UUID] | None = None) -> Sequence[Record]:
    """For the auditor: `state`, `attempts` and `message_id` of the mail of each shipment of these orders, or of all.

    Further mails of a shipment, to those who want it at another time, are not of its books.
    """
    return await tx.fetch(
        "SELECT (content ->> 'order_id')::uuid AS order_id, shipment_id, recipient_id, state, attempts, message_id"
        " FROM mails WHERE ($1::uuid[] IS NULL OR (content ->> 'order_id')::uuid = ANY($1)) AND kind = 'new-shipment'"
        " ORDER BY shipment_id",
        None if order_ids is None else list(order_ids),
    )


async def order_numbers(tx: Transaction, order_ids: Collection[UUID]) -> dict[UUID, str]:
    """The retailers' numbers of orders, as far as a mail was ever written about them."""
    rows = await tx.fetch(
        "SELECT DISTINCT (content ->> 'order_id')::uuid AS order_id, order_external_id FROM mails"
        " WHERE (content ->> 'order_id')::uuid = ANY($1::uuid[]) AND order_external_id <> ''",
        list(order_ids),
    )
    return {row["order_id"]: row["order_external_id"] for row in rows}


async def bounced_mails(tx: Transaction, shipment_ids: Collection[UUID]) -> Sequence[Record]:
    """The mails about these that were sent by themselves: `id`, `recipient_id`, `message_id`, and more.

    The `recipients` are those of the last try, and whoever has it from an earlier one.
    """
    return await tx.fetch(
        "SELECT id, recipient_id, message_id, recipients || ARRAY(SELECT unnest(reached) EXCEPT SELECT"
        " unnest(recipients)) AS recipients, split_part(kind, '/', 1) AS kind, shipment_id,"
        " order_external_id FROM mails WHERE shipment_id = ANY($1::uuid[]) AND digest_id IS NULL",
        list(shipment_ids),
    )


async def save_bounces(tx: Transaction, bounced: Sequence[Bounced]) -> int:
    """Keep what came back, of a mail and an address once; how much of it was new."""
    return await tx.execute(
        "INSERT INTO bounces (mail_id, organisation, email, status, answer)"
        " SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING",
        *postgres.columns(((b.mail_id, b.organisation, b.email, b.status, b.answer) for b in bounced), 5),
    )
