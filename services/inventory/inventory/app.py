"""Inventory's parts list."""

from inventory import api, handlers
from inventory.settings import Settings
from shared import service
from shared.service import Service


def build(settings: Settings | None = None) -> Service:
    """Put inventory together; nothing is opened before it is started."""
    return service.build("inventory", settings or Settings(), handlers.subscriptions, api.routers())
