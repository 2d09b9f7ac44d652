"""The carriers' services: those that come with the router, and what the operator says instead."""

from collections.abc import Sequence
from functools import cache
from importlib import resources

from router.delivery import service_file
from router.domain import delivery_service
from router.domain.delivery_service import DeliveryService
from router.store import delivery_services
from shared.postgres import Transaction


@cache
def built_in() -> tuple[DeliveryService, ...]:
    """The services that come with the router. They are not written to the database: a new release brings new ones."""
    return service_file.read((resources.files("router") / "data" / "delivery_services.json").read_bytes())


async def offered(tx: Transaction) -> tuple[DeliveryService, ...]:
    """The services that are offered here, by id: what the operator says of one goes before what is built in."""
    return delivery_service.offered(built_in(), await delivery_services.own_services(tx))


async def load(tx: Transaction, services: Sequence[DeliveryService], *, replace_all: bool = False) -> None:
    """Add or change services. With `replace_all` no others are offered any more, built in or not."""
    await delivery_services.lock_services(tx)
    if replace_all:
        await delivery_services.forget_services(tx)
    await delivery_services.save_services(tx, services)
    if replace_all:
        await delivery_services.withhold_services(tx, [service.id for service in built_in()])
