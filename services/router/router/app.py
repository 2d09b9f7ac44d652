"""The router, put together."""

from router import api, handlers
from router.patience import Patience
from router.settings import Settings
from shared import service
from shared.service import Service


def build(settings: Settings | None = None) -> Service:
    """The router, not started yet. Raises pydantic's ValidationError when the environment lacks a setting."""
    return service.build("router", settings or Settings(), handlers.subscriptions, api.routers(), [Patience()])
