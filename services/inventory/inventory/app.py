"""Inventory's parts list."""

from inventory import api, expiry, handlers, serving
from inventory.settings import Settings
from inventory.turns import Turns
from shared import service
from shared.service import Service
from shared.watch import Watch


def build(settings: Settings | None = None) -> Service:
    """Put inventory together; nothing is opened before it is started."""
    settings = settings or Settings()
    watches = [Watch("expiry", expiry.look, every_s=1.0), Watch("serving", serving.serve_next, every_s=1.0)]
    built = service.build("inventory", settings, handlers.subscriptions, api.routers(), watches)
    built.app.state.turns = Turns(settings.max_waiting, settings.turn_seconds)
    return built
