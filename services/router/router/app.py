"""The router, put together."""

from router import acceptance, api, forgetting_answers, handlers, measuring, patience, retrying
from router.carriers.booker import Booker
from router.carriers.nshift import NShift
from router.papers.press import Press
from router.settings import Settings
from shared import links, sealing, service
from shared.service import Service
from shared.watch import Watch


def build(settings: Settings | None = None) -> Service:
    """The router, not started yet.

    Raises pydantic's ValidationError when the environment lacks a setting, OSError or ValueError for keys to seal with
    that cannot be read.
    """
    settings = settings or Settings()
    sealer = sealing.sealer_of(settings)
    watches = [
        Watch("patience", patience.look, every_s=0.5),
        Watch("retrying", retrying.look, every_s=0.5),
        Watch("acceptance", acceptance.look, every_s=0.5),
        Watch("measuring", measuring.look, every_s=10.0),
        Watch("forgetting answers", forgetting_answers.look, every_s=600.0),
    ]
    parts = [*watches, Press(), Booker(NShift(settings.nshift), sealer, settings.drain_seconds)]
    built = service.build("router", settings, handlers.subscriptions, api.routers(), parts)
    built.app.state.sealer = sealer
    built.app.state.signer = links.signer_of(settings)
    return built
