"""The router, put together."""

from router import acceptance, api, handlers, measuring, patience, retrying
from router.settings import Settings
from router.watch import Watch
from shared import service
from shared.service import Service


def build(settings: Settings | None = None) -> Service:
    """The router, not started yet. Raises pydantic's ValidationError when the environment lacks a setting."""
    watches = [
        Watch("patience", patience.look, every_s=0.5),
        Watch("retrying", retrying.look, every_s=0.5),
        Watch("acceptance", acceptance.look, every_s=0.5),
        Watch("measuring", measuring.look, every_s=10.0),
    ]
    return service.build("router", settings or Settings(), handlers.subscriptions, api.routers(), watches)
