"""Webhooks in the database, what their couriers are told to bring, and what has come of it."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from notifier.feed import store as feed
from notifier.feed.telling import Entry
from notifier.settings import Settings
from notifier.webhooks import courier, signing, store
from notifier.webhooks.courier import Courier
from notifier.webhooks.guard import Guard
from notifier.webhooks.posting import Posting
from notifier.webhooks.store import Webhook
from shared import sealing
from shared.postgres import Database
from tests import builders
from tests.notifier import messages

SHOP, SUPPLIER = messages.RETAILER, messages.SUPPLIER
KEY = sealing.new_key()


def impatient(settings: Settings, **more: Any) -> Settings:
    """Settings of a notifier that may call this machine and does not wait long."""
    told = {
        "webhook_http": True,
        "webhook_networks": ("127.0.0.0/8",),
        "webhook_retry_first_seconds": 0.01,
        "webhook_retry_longest_seconds": 0.02,
        "webhook_timeout_seconds": 5.0,
        "sealing_keys": KEY,
        **more,
    }
    return Settings(**(settings.model_dump(exclude_defaults=True) | told))


@asynccontextmanager
async def couriers(notes: Database, settings: Settings, number: int = 1) -> AsyncIterator[list[Courier]]:
    """Couriers that share the work."""
    made = [
        Courier(
            settings,
            Posting(Guard(settings.webhook_networks, http=settings.webhook_http), settings.webhook_timeout_seconds),
        )
        for _ in range(number)
    ]
    for one in made:
        one.begin(notes)
    try:
        yield made
    finally:
        for one in made:
            await one.stop()


async def subscribe(
    notes: Database, address: str, *, organisation: str = SHOP, name: str = "hook", types: tuple[str, ...] = ()
) -> str:
    """Create a webhook at the beginning of a feed; its secret."""
    secret = signing.new_secret()
    sealed = sealing.Sealer([KEY]).seal(secret, courier.secret_name(organisation, name))
    async with notes.transaction() as tx:
        assert await store.create_webhook(tx, organisation, name, address, types, sealed, 0)
    return secret


async def tell(notes: Database, *numbers: int, organisation: str = SHOP, type_: str = "order.accepted") -> list[str]:
    """Put events into a feed; their ids."""
    made = [
        Entry(organisation, f"e{n}", type_, json.dumps({"id": f"e{n}", "type": type_, "data": {"ä": n}}).encode())
        for n in numbers
    ]
    async with notes.transaction() as tx:
        await feed.save_events(tx, made)
    return [entry.id for entry in made]


async def hook(notes: Database, name: str = "hook", organisation: str = SHOP) -> Webhook:
    """The webhook as it is now."""
    async with notes.transaction() as tx:
        found = await store.webhook(tx, organisation, name)
    assert found is not None
    return found


async def log_of(notes: Database, name: str = "hook") -> list[tuple[str, int, int | None]]:
    """Ids, attempts and answers in the log of a webhook, oldest first."""
    webhook = await hook(notes, name)
    async with notes.transaction() as tx:
        rows = await store.deliveries_page(tx, webhook.id, 0, 1_000)
    return [(row["event_id"], row["attempt"], row["status"]) for row in reversed(rows)]


async def until(condition: Callable[[], object]) -> None:
    """Return once something is so."""

    async def ask() -> object:
        return condition()

    await builders.eventually(ask, lambda found: found)


async def noted(notes: Database, position: int, name: str = "hook") -> Webhook:
    """The webhook once it has come so far."""
    return await builders.eventually(lambda: hook(notes, name), lambda found: found.position == position)
