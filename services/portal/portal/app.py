"""The portal, put together."""

from portal import api, handlers
from portal.hashing import Verifier
from portal.settings import Settings
from portal.upkeep import Upkeep
from shared import service
from shared.service import Service


def build(settings: Settings | None = None) -> Service:
    """A portal that can be started. Without settings they are read from the environment."""
    settings = settings or Settings()
    parts = [Verifier(), Upkeep(settings)]
    return service.build("portal", settings, handlers.subscriptions, api.routers(), parts)
