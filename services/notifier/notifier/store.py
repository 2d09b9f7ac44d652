"""The notifier's tables, one function for each statement."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifier import bell
from notifier.domain import Contact, Language, State, Verdict
from shared import postgres
from shared.contracts import OrganisationChanged
from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class NewMail:
    """A mail to be kept: what it is about, and whether it may go. `content` is the message it tells of as JSON."""

    shipment_id: UUID
    kind: str
    recipient_id: str
    retailer_id: str
    order_external_id: str
    message_id: str
    content: bytes
    state: State


@dataclass(frozen=True)
class ClaimedMail:
    """A mail this sender alone may send until its lease ends, `leased_until` on the database's clock.

    `attempts` counts this try. Both together prove the claim: a mail that was given back is claimed again under the
    same number, but never until the same moment. `content` is the message it tells of as JSON.
    """

    id: int
    shipment_id: UUID
    kind: str
    message_id: str
    content: str
    created_at: datetime
    attempts: int
    leased_until: datetime
    tried_s: float
    reached: tuple[str, ...]
    contact: Contact
    language: Language
    supplier_name: str | None
    retailer_name: str | None


@dataclass(frozen=True)
class Tried:
    """What became of a try to send a mail; without a subject it was not written."""

    mail: ClaimedMail
    subject: str | None
    verdict: Verdict


@dataclass(frozen=True)
class ContactSettings:
    """What an organisation has set for its notifications."""

    emails: tuple[str, ...]
    new_shipment: bool
    language: Language


async def save_contacts(tx: Transaction, organisations: Collection[OrganisationChanged]) -> None:
    """Keep what organisations say of themselves, newest version only. Settings they gave here themselves stay."""
    await tx.execute(
        "INSERT INTO contacts (business_id, name, emails, language, version)"
        " SELECT business_id, name, CASE WHEN email IS NULL THEN '{}' ELSE ARRAY[email] END, language, version"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[])"
        " AS given (business_id, name, email, language, version) ORDER BY business_id"
        " ON CONFLICT (business_id) DO UPDATE SET name = excluded.name, version = excluded.version,"
        " emails = CASE WHEN contacts.own THEN contacts.emails ELSE excluded.emails END,"
        " language = CASE WHEN contacts.own THEN contacts.language ELSE excluded.language END"
        " WHERE contacts.version < excluded.version",
        *postgres.columns(((o.business_id, o.name, o.email, o.language, o.version) for o in organisations), 5),
    )


async def note_suppliers(tx: Transaction, business_ids: Collection[str]) -> None:
    """Make room for contacts that are not known yet."""
    await tx.execute(
        "INSERT INTO contacts (business_id) SELECT * FROM unnest($1::text[]) AS id ORDER BY id ON CONFLICT DO NOTHING",
        list(business_ids),
    )


async def contacts_to_rely_on(tx: Transaction, business_ids: Collection[str]) -> dict[str, Contact]:
    """Contacts by business id, which nobody else changes until the transaction ends."""
    rows = await tx.fetch(
        "SELECT business_id, emails, new_shipment, own OR version > 0 AS known FROM contacts"
        " WHERE business_id = ANY($1::text[]) ORDER BY business_id FOR SHARE",
        list(business_ids),
    )
    return {row["business_id"]: _contact(row) for row in rows}


async def save_mails(tx: Transaction, mails: Sequence[NewMail]) -> None:
    """Keep new mails; of one shipment and kind only the first."""
    await tx.execute(
        "INSERT INTO mails"
        " (shipment_id, kind, recipient_id, retailer_id, order_external_id, message_id, content, state)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[],"
        " $8::text[]) AS given (shipment_id) ORDER BY shipment_id ON CONFLICT (shipment_id, kind) DO NOTHING",
        *postgres.columns(
            (
                (
                    mail.shipment_id,
                    mail.kind,
                    mail.recipient_id,
                    mail.retailer_id,
                    mail.order_external_id,
                    mail.message_id,
                    mail.content,
                    mail.state,
                )
                for mail in mails
            ),
            8,
        ),
    )
    tx.after_commit.append(bell.ring)


async def settle_waiting(tx: Transaction, states: Mapping[str, State]) -> None:
    """Give the mails that waited for these contacts their new state.

    The state is that of mails about shipments; of one about a webhook the sender finds out whether it may go.
    """
    await tx.execute(
        "UPDATE mails SET next_at = now(),"
        " state = CASE WHEN mails.kind = 'webhook-paused' AND settled.state <> 'waiting'"
        " THEN 'pending' ELSE settled.state END"
        " FROM unnest($1::text[], $2::text[]) AS settled (recipient_id, state)"
        " WHERE mails.recipient_id = settled.recipient_id AND mails.state = 'waiting'",
        list(states.keys()),
        list(states.values()),
    )
    tx.after_commit.append(bell.ring)


async def claim_due(tx: Transaction, limit: int, lease_s: float) -> list[ClaimedMail]:
    """Take up to `limit` mails that are due for `lease_s` seconds, also from a sender whose own lease has ended."""
    rows = await tx.fetch(
        "WITH due AS (SELECT id FROM mails WHERE state IN ('pending', 'sending') AND next_at <= now()"
        " ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED),"
        " claimed AS (UPDATE mails SET state = 'sending', attempts = attempts + 1,"
        " first_tried_at = coalesce(first_tried_at, now()), next_at = now() + make_interval(secs => $2)"
        " FROM due WHERE mails.id = due.id RETURNING mails.*)"
        " SELECT claimed.id, claimed.shipment_id, claimed.kind, claimed.message_id,"
        " claimed.content::text AS content,"
        " claimed.created_at, claimed.attempts, claimed.next_at AS leased_until, claimed.reached,"
        " extract(epoch FROM now() - claimed.first_tried_at)::float8 AS tried_s,"
        " supplier.name AS supplier_name, supplier.emails, supplier.new_shipment, supplier.language,"
        " supplier.own OR supplier.version > 0 AS known, retailer.name AS retailer_name"
        " FROM claimed JOIN contacts supplier ON supplier.business_id = claimed.recipient_id"
        " LEFT JOIN contacts retailer ON retailer.business_id = claimed.retailer_id ORDER BY claimed.id",
        limit,
        lease_s,
    )
    return [
        ClaimedMail(
            id=row["id"],
            shipment_id=row["shipment_id"],
            kind=row["kind"],
            message_id=row["message_id"],
            content=row["content"],
            created_at=row["created_at"],
            attempts=row["attempts"],
            leased_until=row["leased_until"],
            tried_s=row["tried_s"],
            reached=tuple(row["reached"]),
            contact=_contact(row),
            language=row["language"],
            supplier_name=row["supplier_name"],
            retailer_name=row["retailer_name"],
        )
        for row in rows
    ]


async def note_tries(tx: Transaction, tries: Sequence[Tried]) -> int:
    """Note what became of tries; return of how many. A mail whose lease had ended, so that another has it, stays."""
    return await tx.execute(
        "UPDATE mails SET state = tried.state, subject = coalesce(tried.subject, mails.subject),"
        " recipients = string_to_array(tried.recipients, ' '), reached = string_to_array(tried.reached, ' '),"
        " answer = nullif(tried.answer, ''), next_at = now() + make_interval(secs => tried.pause_s),"
        " sent_at = CASE WHEN tried.state = 'sent' THEN now() END"
        " FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
        " $8::float8[], $9::timestamptz[])"
        " AS tried (id, attempts, state, subject, recipients, reached, answer, pause_s, leased_until)"
        " WHERE mails.id = tried.id AND mails.attempts = tried.attempts AND mails.next_at = tried.leased_until"
        " AND mails.state = 'sending'",
        *postgres.columns(
            (
                (
                    tried.mail.id,
                    tried.mail.attempts,
                    tried.verdict.state,
                    tried.subject,
                    # No address has a blank in it, and PostgreSQL unnests no lists of several lengths.
                    " ".join(tried.mail.contact.emails),
                    " ".join(tried.verdict.reached),
                    tried.verdict.answer,
                    tried.verdict.pause_s,
                    tried.mail.leased_until,
                )
                for tried in tries
            ),
            9,
        ),
    )


async def give_back(tx: Transaction, mails: Sequence[ClaimedMail], answer: str | None) -> None:
    """Give back mails that were claimed but not tried; `answer` says why, None that nothing is wrong."""
    await tx.execute(
        "UPDATE mails SET state = 'pending', attempts = mails.attempts - 1, next_at = now(),"
        " answer = coalesce($4, answer), first_tried_at = CASE WHEN mails.attempts > 1 THEN first_tried_at END"
        " FROM unnest($1::bigint[], $2::int[], $3::timestamptz[]) AS given (id, attempts, leased_until)"
        " WHERE mails.id = given.id AND mails.attempts = given.attempts AND mails.next_at = given.leased_until"
        " AND mails.state = 'sending'",
        *postgres.columns(((mail.id, mail.attempts, mail.leased_until) for mail in mails), 3),
        answer,
    )


async def contact_settings(tx: Transaction, business_id: str) -> ContactSettings:
    """An organisation's settings; nothing and no address when it is not known yet."""
    row = await tx.fetch_one("SELECT emails, new_shipment, language FROM contacts WHERE business_id = $1", business_id)
    return ContactSettings((), True, "en") if row is None else _settings(row)


async def save_settings(
    tx: Transaction, business_id: str, emails: Sequence[str], new_shipment: bool, language: Language | None
) -> ContactSettings:
    """Keep the settings an organisation gave; without a language it keeps the one it has."""
    row = await tx.fetch_one(
        "INSERT INTO contacts (business_id, emails, new_shipment, language, own)"
        " VALUES ($1, $2, $3, coalesce($4, 'en'), true)"
        " ON CONFLICT (business_id) DO UPDATE SET emails = excluded.emails, new_shipment = excluded.new_shipment,"
        " language = coalesce($4, contacts.language), own = true RETURNING emails, new_shipment, language",
        business_id,
        list(emails),
        new_shipment,
        language,
    )
    assert row is not None
    return _settings(row)


async def mails_page(tx: Transaction, recipient_id: str, offset: int, size: int) -> Sequence[Record]:
    """A page of an organisation's delivery log, newest first."""
    return await tx.fetch(
        "SELECT id, shipment_id, kind, order_external_id, retailer_id, state, recipients, reached, subject, message_id,"
        " attempts, answer, created_at, sent_at, CASE WHEN state = 'pending' THEN next_at END AS next_at"
        " FROM mails WHERE recipient_id = $1 ORDER BY id DESC OFFSET $2 LIMIT $3",
        recipient_id,
        offset,
        size,
    )


async def count_mails(tx: Transaction, recipient_id: str) -> int:
    """How many entries an organisation's delivery log has."""
    count: int = await tx.fetch_value("SELECT count(*) FROM mails WHERE recipient_id = $1", recipient_id)
    return count


async def forget_mails(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete the mails about orders, whatever became of them."""
    await tx.execute("DELETE FROM mails WHERE (content ->> 'order_id')::uuid = ANY($1::uuid[])", list(order_ids))


async def books(tx: Transaction, order_ids: Collection[UUID] | None = None) -> Sequence[Record]:
    """For the auditor: `state`, `attempts` and `message_id` of the mail of each shipment of these orders, or of all."""
    return await tx.fetch(
        "SELECT (content ->> 'order_id')::uuid AS order_id, shipment_id, recipient_id, state, attempts, message_id"
        " FROM mails WHERE ($1::uuid[] IS NULL OR (content ->> 'order_id')::uuid = ANY($1)) AND kind = 'new-shipment'"
        " ORDER BY shipment_id",
        None if order_ids is None else list(order_ids),
    )


def _contact(row: Record) -> Contact:
    return Contact(row["known"], tuple(row["emails"]), row["new_shipment"])


def _settings(row: Record) -> ContactSettings:
    return ContactSettings(tuple(row["emails"]), row["new_shipment"], row["language"])
