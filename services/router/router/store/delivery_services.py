"""What an operator has said of carriers' services."""

from collections.abc import Collection, Mapping, Sequence

from router.domain.delivery_service import DeliveryService
from shared.postgres import Transaction


async def own_services(tx: Transaction) -> Mapping[str, DeliveryService | None]:
    """By id, the services the operator added or changed; None is one that is built in and not offered."""
    rows = await tx.fetch("SELECT id, document FROM delivery_services")
    return {
        row["id"]: None if row["document"] is None else DeliveryService.model_validate(row["document"]) for row in rows
    }


async def save_services(tx: Transaction, services: Sequence[DeliveryService]) -> None:
    """Write services over what was said of them before."""
    await tx.execute(
        "INSERT INTO delivery_services (id, document)"
        " SELECT * FROM unnest($1::text[], $2::jsonb[])"
        " ON CONFLICT (id) DO UPDATE SET document = excluded.document, changed_at = now()",
        [service.id for service in services],
        [service.model_dump_json(exclude_defaults=True).encode() for service in services],
    )


async def forget_services(tx: Transaction) -> None:
    """Forget all that was said of services."""
    await tx.execute("DELETE FROM delivery_services")


async def withhold_services(tx: Transaction, ids: Collection[str]) -> None:
    """Note that services, of which nothing is said otherwise, are not offered."""
    await tx.execute(
        "INSERT INTO delivery_services (id) SELECT unnest($1::text[]) ON CONFLICT (id) DO NOTHING", list(ids)
    )


async def lock_services(tx: Transaction) -> None:
    """Let nobody else write services until the end of the transaction; reading goes on."""
    await tx.execute("LOCK TABLE delivery_services IN SHARE ROW EXCLUSIVE MODE")
