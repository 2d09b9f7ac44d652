"""Mails that wait for others to go with them, and the digests that carry them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from notifier import bell
from notifier.domain import State
from shared import postgres
from shared.postgres import Record, Transaction

_LOCK = "notifier digests"


@dataclass(frozen=True)
class Gathered:
    """Mails that are to go to the same addresses at the same time, and the digest that carries them.

    `about` is its id; its `kind` says, like theirs, if others are told of the same sooner.
    """

    about: UUID
    kind: str
    message_id: str
    recipient_id: str
    audience: tuple[str, ...]
    members: tuple[int, ...]


@dataclass(frozen=True)
class Carried:
    """What became of the mails of a kind that a digest carries: whom they were for, and who has them."""

    digest_id: int
    kind: str
    state: State
    recipients: tuple[str, ...]
    reached: tuple[str, ...]


async def claim_gathering(tx: Transaction) -> bool:
    """Whether this transaction alone may make digests until it ends: two would make two of what belongs into one."""
    claimed: bool = await tx.fetch_value("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", _LOCK)
    return claimed


async def due_for_digests(tx: Transaction, limit: int) -> Sequence[Record]:
    """The mails that waited for a digest which is due: `id`, `kind`, `recipient_id`, `timing`, `audience`, oldest
    first.
    """
    return await tx.fetch(
        "SELECT id, kind, recipient_id, timing, audience FROM mails WHERE timing <> 'instant' AND digest_id IS NULL"
        " AND state = 'pending' AND next_at <= now() ORDER BY id LIMIT $1 FOR UPDATE",
        limit,
    )


async def send_alone(tx: Transaction, ids: Collection[int]) -> None:
    """Let mails go by themselves: there is no other for their digests."""
    await tx.execute("UPDATE mails SET timing = 'instant' WHERE id = ANY($1::bigint[])", list(ids))
    tx.after_commit.append(bell.ring)


async def save_digests(tx: Transaction, digests: Sequence[Gathered]) -> None:
    """Keep new digests, due now, with the mails they carry, which are due themselves no more."""
    await tx.execute(
        "WITH made AS (INSERT INTO mails (shipment_id, kind, recipient_id, retailer_id, order_external_id, message_id,"
        " content, state, audience)"
        " SELECT about, kind, recipient_id, '', '', message_id, '{}', 'pending', string_to_array(audience, ' ')"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])"
        " AS given (about, kind, message_id, recipient_id, audience) RETURNING id, shipment_id)"
        " UPDATE mails SET digest_id = made.id, next_at = 'infinity'"
        " FROM unnest($6::uuid[], $7::bigint[]) AS carried (about, id) JOIN made ON made.shipment_id = carried.about"
        " WHERE mails.id = carried.id",
        *postgres.columns(
            # No address has a blank in it, and PostgreSQL unnests no lists of several lengths.
            ((one.about, one.kind, one.message_id, one.recipient_id, " ".join(one.audience)) for one in digests),
            5,
        ),
        *postgres.columns(((one.about, member) for one in digests for member in one.members), 2),
    )
    tx.after_commit.append(bell.ring)


async def note_carried(tx: Transaction, carried: Sequence[Carried]) -> None:
    """Note of the mails in digests what became of them, and that it was under the digests' Message-IDs."""
    await tx.execute(
        "UPDATE mails SET state = told.state, subject = d.subject, attempts = d.attempts,"
        " recipients = string_to_array(told.recipients, ' '), reached = string_to_array(told.reached, ' '),"
        " first_tried_at = d.first_tried_at, answer = d.answer, message_id = d.message_id,"
        " sent_at = CASE WHEN told.state = 'sent' THEN d.sent_at END, next_at = d.next_at"
        " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])"
        " AS told (digest_id, kind, state, recipients, reached) JOIN mails d ON d.id = told.digest_id"
        " WHERE mails.digest_id = d.id AND split_part(mails.kind, '/', 1) = told.kind AND mails.state = 'pending'",
        *postgres.columns(
            ((one.digest_id, one.kind, one.state, " ".join(one.recipients), " ".join(one.reached)) for one in carried),
            5,
        ),
    )
