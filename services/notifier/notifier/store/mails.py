"""Mails: what is to be sent, who sends it, and what became of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notifier import bell, choosing
from notifier.domain import DIGEST, Contact, Kind, Language, State, Verdict
from notifier.hours import INSTANT
from notifier.store import contacts
from shared import postgres
from shared.postgres import Transaction

OVERTAKEN = "the shipment had moved on before this was sent"


@dataclass(frozen=True)
class NewMail:
    """A mail to be kept: what it is about, and whether it may go. `content` is the message it tells of as JSON.

    It goes at its `due` moment, None for at once; with any `timing` but instant in a digest. Without an `audience` it
    is for all who want it then.
    """

    shipment_id: UUID
    kind: str
    recipient_id: str
    retailer_id: str
    order_external_id: str
    message_id: str
    content: bytes
    state: State
    timing: str = INSTANT.name
    audience: tuple[str, ...] = ()
    due: datetime | None = None


@dataclass(frozen=True)
class Told:
    """What a mail tells of: its kind, the message as JSON, the order's number, and the retailer's name, or else its
    id.
    """

    kind: str
    content: str
    order_external_id: str
    retailer: str


@dataclass(frozen=True)
class ClaimedMail:
    """A mail this sender alone may send until its lease ends, `leased_until` on the database's clock.

    `attempts` counts this try. Both together prove the claim: a mail that was given back is claimed again under the
    same number, but never until the same moment. `content` is the message it tells of as JSON.
    What a digest `carries` are the kinds of what it tells, each once. `waited_s` is for how long it has waited for its
    papers since it was last tried.
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
    recipient_id: str
    retailer_id: str
    order_external_id: str
    audience: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    waited_s: float = 0.0

    @property
    def is_digest(self) -> bool:
        """Whether it carries others."""
        return choosing.kind_of(self.kind) == DIGEST

    @property
    def told(self) -> Told:
        """What it tells of, unless it is a digest."""
        retailer = self.retailer_name or self.retailer_id
        return Told(choosing.kind_of(self.kind), self.content, self.order_external_id, retailer)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whom it is for, by what the organisation wants now."""
        if not self.carries:
            return tuple(choosing.recipients(self.contact, self.kind, self.audience))
        some = {email for told in self.readers.values() for email in told}
        return tuple(email for email in self.contact.emails if email in some)

    @property
    def readers(self) -> dict[str, list[str]]:
        """Who is told what of a digest, by kind."""
        return choosing.readers(self.contact, self.kind, self.audience, self.carries)

    def told_to(self, email: str, told: Sequence[Told]) -> list[Told]:
        """What of these, which it carries, is told to one of its recipients."""
        readers = self.readers
        return [one for one in told if email in readers[one.kind]]


@dataclass(frozen=True)
class Tried:
    """What became of a try to send a mail; without a subject it was not written."""

    mail: ClaimedMail
    subject: str | None
    verdict: Verdict


@dataclass(frozen=True)
class PutOff:
    """A claimed mail that is to wait for its papers for so many seconds more, and why."""

    mail: ClaimedMail
    why: str
    pause_s: float


_CHOSEN = ", ".join(f"supplier.{column}" for column in contacts.CHOSEN.split(", "))

_BUT_PAPERS = (
    " AND split_part(kind, '/', 1) <> 'papers' AND (split_part(kind, '/', 1) <> 'new-shipment' OR NOT EXISTS"
    " (SELECT FROM contacts WHERE business_id = recipient_id"
    " AND jsonb_path_exists(choices, '$.*.attach_note ? (@ == true)')))"
)


async def save_mails(tx: Transaction, mails: Sequence[NewMail]) -> None:
    """Keep new mails; of one shipment and kind only the first, and no further ones where that is not wanted."""
    await tx.execute(
        "INSERT INTO mails"
        " (shipment_id, kind, recipient_id, retailer_id, order_external_id, message_id, content, state, timing,"
        " audience, next_at)"
        " SELECT shipment_id, kind, recipient_id, retailer_id, order_external_id, message_id, content, state, timing,"
        " string_to_array(audience, ' '), coalesce(due, now())"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[],"
        " $8::text[], $9::text[], $10::text[], $11::timestamptz[]) AS given (shipment_id, kind, recipient_id,"
        " retailer_id, order_external_id, message_id, content, state, timing, audience, due)"
        " WHERE strpos(kind, '/') = 0 OR NOT EXISTS (SELECT FROM mails AS first WHERE first.shipment_id ="
        " given.shipment_id AND first.kind = split_part(given.kind, '/', 1) AND first.state = 'not wanted')"
        " ORDER BY shipment_id ON CONFLICT (shipment_id, kind) DO NOTHING",
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
                    mail.timing,
                    # No address has a blank in it, and PostgreSQL unnests no lists of several lengths.
                    " ".join(mail.audience),
                    mail.due,
                )
                for mail in mails
            ),
            11,
        ),
    )
    tx.after_commit.append(bell.ring)


async def settle_waiting(tx: Transaction, wishes: Mapping[tuple[str, str], State]) -> None:
    """Give the mails that waited for contacts their new states, by recipient and kind."""
    await tx.execute(
        "UPDATE mails SET next_at = now(), state = settled.state FROM ("
        "SELECT mails.id, wished.state FROM unnest($1::text[], $2::text[], $3::text[])"
        " AS wished (recipient_id, kind, state) JOIN mails USING (recipient_id, kind)"
        " WHERE mails.state = 'waiting' ORDER BY mails.id FOR UPDATE OF mails) AS settled WHERE mails.id = settled.id",
        *postgres.columns(((*whose, state) for whose, state in wishes.items()), 3),
    )
    tx.after_commit.append(bell.ring)


async def drop_overtaken(tx: Transaction, overtaken: Collection[tuple[UUID, Kind]]) -> None:
    """Let those mails of shipments and kinds go to nobody that wait still, and that nobody has; one that is in a digest
    already goes with that.
    """
    if not overtaken:
        return
    await tx.execute(
        "UPDATE mails SET state = 'not wanted', next_at = now(), answer = $3 WHERE id = ANY(ARRAY("
        "SELECT mails.id FROM unnest($1::uuid[], $2::text[]) AS dropped (shipment_id, kind)"
        " JOIN mails ON mails.shipment_id = dropped.shipment_id AND split_part(mails.kind, '/', 1) = dropped.kind"
        " WHERE mails.state IN ('waiting', 'pending') AND mails.reached = '{}' AND mails.digest_id IS NULL"
        " ORDER BY mails.id FOR UPDATE OF mails))",
        *postgres.columns(overtaken, 2),
        OVERTAKEN,
    )


async def claim_due(tx: Transaction, limit: int, lease_s: float, *, with_papers: bool = True) -> list[ClaimedMail]:
    """Take up to `limit` mails that are due for `lease_s` seconds, also from a sender whose own lease has ended.

    Without those `with_papers`, what an organisation may want papers with is left.
    """
    rows = await tx.fetch(
        "WITH due AS (SELECT id FROM mails WHERE state IN ('pending', 'sending') AND next_at <= now()"  # noqa: S608
        f" AND (timing = 'instant' OR state = 'sending'){'' if with_papers else _BUT_PAPERS}"
        " ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED),"
        " claimed AS (UPDATE mails SET state = 'sending', attempts = attempts + 1,"
        " first_tried_at = coalesce(first_tried_at, now()), next_at = now() + make_interval(secs => $2)"
        " FROM due WHERE mails.id = due.id RETURNING mails.*)"
        " SELECT claimed.id, claimed.shipment_id, claimed.kind, claimed.message_id,"
        " claimed.content::text AS content,"
        " claimed.created_at, claimed.attempts, claimed.next_at AS leased_until, claimed.reached,"
        " extract(epoch FROM now() - claimed.first_tried_at)::float8 AS tried_s,"
        " coalesce(extract(epoch FROM now() - claimed.papers_since), 0)::float8 AS waited_s,"
        " claimed.recipient_id, claimed.retailer_id, claimed.order_external_id, claimed.audience,"
        f" supplier.name AS supplier_name, {_CHOSEN}, supplier.language,"
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
            contact=contacts.contact_of(row),
            language=row["language"],
            supplier_name=row["supplier_name"],
            retailer_name=row["retailer_name"],
            recipient_id=row["recipient_id"],
            retailer_id=row["retailer_id"],
            order_external_id=row["order_external_id"],
            audience=tuple(row["audience"]),
            waited_s=row["waited_s"],
        )
        for row in rows
    ]


async def told_by(tx: Transaction, digest_ids: Collection[int]) -> dict[int, list[Told]]:
    """What digests tell, in the order in which it was heard, by their ids."""
    rows = await tx.fetch(
        "SELECT mails.digest_id, split_part(mails.kind, '/', 1) AS kind,"
        " mails.content::text AS content, mails.order_external_id, coalesce(retailer.name, mails.retailer_id) AS"
        " retailer"
        " FROM mails LEFT JOIN contacts retailer ON retailer.business_id = mails.retailer_id"
        " WHERE mails.digest_id = ANY($1::bigint[]) ORDER BY mails.id",
        list(digest_ids),
    )
    found: dict[int, list[Told]] = {}
    for row in rows:
        told = Told(row["kind"], row["content"], row["order_external_id"], row["retailer"])
        found.setdefault(row["digest_id"], []).append(told)
    return found


async def note_tries(tx: Transaction, tries: Sequence[Tried]) -> set[int]:
    """Note what became of tries; return of which mails. One whose lease had ended, so that another has it, stays."""
    rows = await tx.fetch(
        "UPDATE mails SET state = tried.state, subject = coalesce(tried.subject, mails.subject),"
        " recipients = string_to_array(tried.recipients, ' '), reached = string_to_array(tried.reached, ' '),"
        " answer = nullif(tried.answer, ''), next_at = now() + make_interval(secs => tried.pause_s),"
        " attempts = mails.attempts - 1 + tried.counts, papers_since = NULL,"
        " first_tried_at = CASE WHEN mails.attempts + tried.counts > 1 THEN mails.first_tried_at END,"
        " sent_at = CASE WHEN tried.state = 'sent' THEN now() END"
        " FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
        " $8::float8[], $9::timestamptz[], $10::int[])"
        " AS tried (id, attempts, state, subject, recipients, reached, answer, pause_s, leased_until, counts)"
        " WHERE mails.id = tried.id AND mails.attempts = tried.attempts AND mails.next_at = tried.leased_until"
        " AND mails.state = 'sending' RETURNING mails.id",
        *postgres.columns(
            (
                (
                    tried.mail.id,
                    tried.mail.attempts,
                    tried.verdict.state,
                    tried.subject,
                    " ".join(tried.mail.recipients),
                    " ".join(tried.verdict.reached),
                    tried.verdict.answer,
                    tried.verdict.pause_s,
                    tried.mail.leased_until,
                    int(tried.verdict.tried),
                )
                for tried in tries
            ),
            10,
        ),
    )
    return {row["id"] for row in rows}


async def put_off(tx: Transaction, waits: Sequence[PutOff]) -> None:
    """Let mails wait for their papers, as if not tried: what they have waited is remembered apart."""
    await tx.execute(
        "UPDATE mails SET state = 'pending', attempts = mails.attempts - 1, answer = given.why,"
        " next_at = now() + make_interval(secs => given.pause_s), papers_since = coalesce(papers_since, now()),"
        " first_tried_at = CASE WHEN mails.attempts > 1 THEN first_tried_at END"
        " FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::text[], $5::float8[])"
        " AS given (id, attempts, leased_until, why, pause_s)"
        " WHERE mails.id = given.id AND mails.attempts = given.attempts AND mails.next_at = given.leased_until"
        " AND mails.state = 'sending'",
        *postgres.columns(
            ((one.mail.id, one.mail.attempts, one.mail.leased_until, one.why, one.pause_s) for one in waits), 5
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


async def forget_old_mails(tx: Transaction, days: int, limit: int) -> int:
    """Delete up to `limit` mails about no order that are older than so many days and are not to be sent; how many."""
    return await tx.execute(
        "DELETE FROM mails WHERE id = ANY(ARRAY(SELECT id FROM mails"
        " WHERE kind IN ('weekly-summary', 'webhook-paused') AND created_at < now() - make_interval(days => $1)"
        " AND state NOT IN ('pending', 'sending') ORDER BY created_at LIMIT $2))",
        days,
        limit,
    )


async def forget_mails(tx: Transaction, order_ids: Sequence[UUID]) -> None:
    """Delete the mails about orders, whatever became of them, and digests of which nothing else is left."""
    await tx.execute(
        "WITH gone AS (DELETE FROM mails WHERE (content ->> 'order_id')::uuid = ANY($1::uuid[])"
        " RETURNING id, digest_id)"
        " DELETE FROM mails USING (SELECT DISTINCT digest_id FROM gone) AS emptied"
        " WHERE mails.id = emptied.digest_id AND NOT EXISTS"
        " (SELECT FROM mails left_over WHERE left_over.digest_id = mails.id AND left_over.id NOT IN (SELECT id FROM"
        " gone))",
        list(order_ids),
    )
