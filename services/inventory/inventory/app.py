"""Inventory's parts list."""

from inventory import api, handlers
from inventory.expiry import Expiry
from inventory.settings import Settings
from inventory.turns import Turns
from shared import service
from shared.service import Service


def build(settings: Settings | None = None) -> Service:
    """Put inventory together; nothing is opened before it is started."""
    settings = settings or Settings()
    built = service.build("inventory", settings, handlers.subscriptions, api.routers(), [Expiry()])
    built.app.state.turns = Turns(settings.max_waiting, settings.turn_seconds)
    return built
