"""What is told of a webhook to which nothing is sent any more."""

from datetime import datetime

from pydantic import BaseModel


class WebhookPaused(BaseModel):
    """The webhook of an organisation, why it was paused, and since when; events behind `cursor` are kept for it."""

    organisation: str
    name: str
    url: str
    why: str
    cursor: str
    paused_at: datetime
