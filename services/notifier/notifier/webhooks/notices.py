"""Telling the owner of a webhook that nothing is sent to it any more."""

from uuid import uuid4

from notifier import domain, planning
from notifier.message_ids import MessageIds
from notifier.webhooks.paused import WebhookPaused
from notifier.webhooks.store import Webhook
from shared.postgres import Transaction


async def tell_of_pause(tx: Transaction, webhook: Webhook, position: int, why: str, ids: MessageIds) -> None:
    """Write a mail to the owner: from where on events are kept for the webhook, and why it was paused."""
    owner = webhook.organisation
    paused = WebhookPaused(
        organisation=owner,
        name=webhook.name,
        url=webhook.url,
        why=why,
        cursor=str(position),
        paused_at=await tx.now(),
    )
    # A mail is found by what it is about; of this there is only the pause itself.
    told = planning.News(domain.WEBHOOK_PAUSED, uuid4(), owner, paused.model_dump_json().encode())
    await planning.tell(tx, [told], ids)
