"""The notifier's HTTP interface."""

from collections.abc import Sequence

from fastapi import APIRouter

from notifier.api import contact, deliveries, event_stream, events, leaving, webhook_deliveries, webhooks


def routers() -> Sequence[APIRouter]:
    """Every router of the notifier."""
    return [
        contact.router,
        deliveries.router,
        leaving.router,
        events.router,
        event_stream.router,
        webhooks.router,
        webhook_deliveries.router,
    ]
