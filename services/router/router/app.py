"""The router, put together."""

from router import acceptance, api, forgetting_answers, handlers, measuring, patience, retrying
from router.settings import Settings
from shared import service
from shared.service import Service
from shared.watch import Watch


def build(settings: Settings | None = None) -> Service:
    """The router, not started yet. Raises pydantic's ValidationError when the environment lacks a setting."""
    watches = [
        Watch("patience", patience.look, every_s=0.5),
        Watch("retrying", retrying.look, every_s=0.5),
        Watch("acceptance", acceptance.look, every_s=0.5),
        Watch("measuring", measuring.look, every_s=10.0),
        Watch("forgetting answers", forgetting_answers.look, every_s=600.0),
    ]
    return service.build("router", settings or Settings(), handlers.subscriptions, api.routers(), watches)
