"""The notifier as a list of its parts."""

from notifier import api, handlers, sender
from notifier.settings import Settings
from shared import service
from shared.service import Service


def build(settings: Settings | None = None) -> Service:
    """Put the notifier together; its settings come from the environment when they are not given."""
    settings = settings or Settings()
    return service.build("notifier", settings, handlers.subscriptions, api.routers(), [sender.Sender(settings)])
