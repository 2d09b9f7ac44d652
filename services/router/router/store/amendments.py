"""Changes of mind that came before their order, and the lock that keeps the two from missing each other."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from router.domain import Amendment, Happening
from shared import postgres
from shared.contracts import Delivery
from shared.postgres import Record, Transaction

PLACING = "hashtext('sluice.router.placing')"
"""Whoever notes new orders shares this lock; whoever keeps an amendment of an unknown order has it alone.

Without it each could look for what the other has not committed yet. It is taken before any row is locked.
"""

SEPARATOR = "\x1f"
"""Between the elements of a list that travels as one text: arrays of several lengths are no column."""


async def share_placing(tx: Transaction) -> None:
    """Note new orders along with others, when nobody keeps amendments."""
    await tx.execute(f"SELECT pg_advisory_xact_lock_shared({PLACING})")


async def have_placing_alone(tx: Transaction) -> None:
    """Wait until all who note new orders have committed, and keep others from it."""
    await tx.execute(f"SELECT pg_advisory_xact_lock({PLACING})")


async def take_amendments(tx: Transaction, order_ids: Collection[UUID]) -> Mapping[UUID, Amendment]:
    """The amendments that came before these orders, which are kept no longer."""
    rows = await tx.fetch(
        "DELETE FROM amendments WHERE order_id = ANY($1::uuid[])"
        " RETURNING order_id, version, held, delivery, cancelled_at, cancelled_because, no_waiting",
        list(order_ids),
    )
    return {row["order_id"]: _amendment(row) for row in rows}


async def keep_amendments(tx: Transaction, amendments: Iterable[Amendment]) -> None:
    """Keep amendments of orders that are not known yet. There is none of them: the others were taken before."""
    await tx.execute(
        "INSERT INTO amendments (order_id, version, held, delivery, cancelled_at, cancelled_because, no_waiting)"
        " SELECT order_id, version, held, delivery, cancelled_at, cancelled_because,"
        " string_to_array(no_waiting, chr(31))"
        " FROM unnest($1::uuid[], $2::int[], $3::bool[], $4::bytea[], $5::timestamptz[], $6::text[], $7::text[])"
        " AS said (order_id, version, held, delivery, cancelled_at, cancelled_because, no_waiting)",
        *postgres.columns(
            (
                (
                    amendment.order_id,
                    amendment.version,
                    amendment.held,
                    None if amendment.delivery is None else document(amendment.delivery),
                    amendment.cancelled and amendment.cancelled.at,
                    amendment.cancelled and amendment.cancelled.cause,
                    SEPARATOR.join(amendment.no_waiting),
                )
                for amendment in amendments
            ),
            7,
        ),
    )


def document(delivery: Delivery) -> bytes:
    """A delivery as it is kept."""
    return delivery.model_dump_json(exclude_defaults=True).encode()


def cancellation(row: Record) -> Happening | None:
    """What cancelled an order, from its columns."""
    if row["cancelled_at"] is None:
        return None
    return Happening(at=row["cancelled_at"], cause=row["cancelled_because"])


def _amendment(row: Record) -> Amendment:
    return Amendment(
        order_id=row["order_id"],
        version=row["version"],
        held=row["held"],
        delivery=None if row["delivery"] is None else Delivery.model_validate_json(row["delivery"]),
        cancelled=cancellation(row),
        no_waiting=tuple(row["no_waiting"]),
    )
