"""Telling the owner of a webhook that nothing is sent to it any more."""

from uuid import uuid4

from notifier import domain, store
from notifier.notice import WebhookPaused
from notifier.webhooks.store import Webhook
from shared.postgres import Transaction


async def tell_of_pause(tx: Transaction, webhook: Webhook, position: int, why: str, host: str) -> None:
    """Write a mail to the owner: from where on events are kept for the webhook, and why it was paused.

    `host` is that of our sender's address.
    """
    owner = webhook.organisation
    await store.note_suppliers(tx, [owner])
    contacts = await store.contacts_to_rely_on(tx, [owner])
    paused = WebhookPaused(
        organisation=owner,
        name=webhook.name,
        url=webhook.url,
        why=why,
        cursor=str(position),
        paused_at=await tx.now(),
    )
    # A mail is found by what it is about; of this there is only the pause itself.
    about = uuid4()
    await store.save_mails(
        tx,
        [
            store.NewMail(
                shipment_id=about,
                kind=domain.WEBHOOK_PAUSED,
                recipient_id=owner,
                retailer_id="",
                order_external_id="",
                message_id=domain.message_id(about, domain.WEBHOOK_PAUSED, host),
                content=paused.model_dump_json().encode(),
                state=domain.wish_of(contacts[owner], domain.WEBHOOK_PAUSED),
            )
        ],
    )
