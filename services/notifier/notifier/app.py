"""The notifier as a list of its parts."""

from functools import partial

from notifier import api, gathering, handlers, sender, summaries
from notifier.feed import keeping
from notifier.settings import Settings
from notifier.webhooks.courier import Courier
from notifier.webhooks.guard import Guard
from notifier.webhooks.posting import Posting
from shared import links, sealing, service
from shared.service import Service
from shared.watch import Watch

SUMMARIES_S = 60.0
"""How often to look for weekly summaries that are due."""


def build(settings: Settings | None = None) -> Service:
    """Put the notifier together; its settings come from the environment when they are not given."""
    settings = settings or Settings()
    posting = Posting(Guard(settings.webhook_networks, http=settings.webhook_http), settings.webhook_timeout_seconds)
    ids = settings.message_ids
    parts = [
        sender.Sender(settings),
        Watch("digests", partial(gathering.gather, ids=ids), every_s=settings.poll_seconds),
        Watch("summaries", partial(summaries.sum_up, ids=ids), every_s=SUMMARIES_S),
        keeping.Keeping(settings.poll_seconds, settings.event_days),
        Courier(settings, posting),
    ]
    built = service.build("notifier", settings, handlers.subscriptions, api.routers(), parts)
    built.app.state.posting = posting
    built.app.state.sealer = sealing.sealer_of(settings)
    built.app.state.signer = links.signer_of(settings)
    built.app.state.attaches = settings.router_url is not None and built.app.state.signer.can_sign
    return built
