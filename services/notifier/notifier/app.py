"""The notifier as a list of its parts."""

from notifier import api, handlers, sender
from notifier.feed import keeping
from notifier.settings import Settings
from notifier.webhooks.courier import Courier
from notifier.webhooks.guard import Guard
from notifier.webhooks.posting import Posting
from shared import sealing, service
from shared.service import Service


def build(settings: Settings | None = None) -> Service:
    """Put the notifier together; its settings come from the environment when they are not given."""
    settings = settings or Settings()
    posting = Posting(Guard(settings.webhook_networks, http=settings.webhook_http), settings.webhook_timeout_seconds)
    parts = [
        sender.Sender(settings),
        keeping.Keeping(settings.poll_seconds, settings.event_days),
        Courier(settings, posting),
    ]
    built = service.build("notifier", settings, handlers.subscriptions, api.routers(), parts)
    built.app.state.posting = posting
    built.app.state.sealer = sealing.sealer_of(settings)
    return built
