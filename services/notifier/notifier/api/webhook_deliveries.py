"""The log of a webhook, and requests that are sent because somebody asks for them."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from notifier.api import webhook_bodies, webhooks
from notifier.api.webhook_bodies import DeliveryShown
from notifier.api.webhooks import Party, WebhookId, database, posting, webhook_of
from notifier.feed.store import Told
from notifier.places import Places
from notifier.webhooks import store
from notifier.webhooks.posting import Outgoing
from notifier.webhooks.store import Kind, Sent, Webhook
from shared import auth, problems, wire
from shared.postgres import Record, Transaction

router = APIRouter(prefix="/ecommerce/v3/webhooks", tags=["webhooks"])

DeliveryId = Annotated[int, Path(ge=0, le=2**53, description="The entry's number in the log")]

MOST_AT_ONCE = 20
"""So many requests a process sends at once because somebody asks for them."""
MOST_OF_ONE = 3
TEST = "webhook.test"

_by_hand = Places("events are being sent by hand", MOST_OF_ONE, MOST_AT_ONCE, again_s=5)


@router.post(
    "/{webhook_id}/test",
    summary="Send a test event to a webhook",
    description="Sends an event of the type `webhook.test` now, also to a webhook that is paused, and answers what came"
    " of it. It is in no feed, and is not sent again.",
    response_model=DeliveryShown,
)
async def test_webhook(request: Request, caller: Party, webhook_id: WebhookId) -> Response:
    """What came of a test."""
    async with database(request).transaction_of(caller.organisation) as tx:
        webhook = await webhook_of(tx, caller.organisation, webhook_id)
    id_ = f"test_{uuid4()}"
    event = {"id": id_, "type": TEST, "at": problems.timestamp(datetime.now(UTC)), "data": {"webhookId": webhook_id}}
    return await _send(request, caller, webhook, "test", None, Told(0, id_, TEST, orjson.dumps(event)))


@router.get(
    "/{webhook_id}/deliveries",
    summary="List what was sent to a webhook",
    description="The log of 30 days, newest first: every request, with its answer and how long it took.",
    response_model=wire.Page[DeliveryShown],
)
async def list_webhook_deliveries(
    request: Request,
    caller: Party,
    webhook_id: WebhookId,
    asked: Annotated[wire.PageRequest, Depends(wire.page_request(100))],
) -> Response:
    """A page of the log of the caller's webhook."""
    async with database(request).transaction_of(caller.organisation) as tx:
        webhook = await webhook_of(tx, caller.organisation, webhook_id)
        rows = await store.deliveries_page(tx, webhook.id, asked.offset, asked.size)
        total = await store.count_deliveries(tx, webhook.id)
    content = [webhook_bodies.delivery_shown(row) for row in rows]
    return wire.answer(wire.page_of(content, total, asked, request.url))


@router.get(
    "/{webhook_id}/deliveries/{delivery_id}",
    summary="Show what was sent to a webhook once",
    response_model=DeliveryShown,
)
async def show_webhook_delivery(
    request: Request, caller: Party, webhook_id: WebhookId, delivery_id: DeliveryId
) -> Response:
    """An entry of the log, with what was sent as long as the event is kept."""
    async with database(request).transaction_of(caller.organisation) as tx:
        webhook = await webhook_of(tx, caller.organisation, webhook_id)
        row, event = await _entry(tx, webhook, delivery_id)
    return wire.answer(webhook_bodies.delivery_shown(row, None if event is None else event.content))


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/redeliver",
    summary="Send an event to a webhook again",
    description="Sends the event of an entry in the log once more, now and out of its turn, and answers what came of"
    " it. Where the webhook is in its feed stays as it is.",
    response_model=DeliveryShown,
    responses={410: {"description": "The event is not kept any more, or it was a test"}},
)
async def redeliver_event(request: Request, caller: Party, webhook_id: WebhookId, delivery_id: DeliveryId) -> Response:
    """What came of sending an event again."""
    async with database(request).transaction_of(caller.organisation) as tx:
        webhook = await webhook_of(tx, caller.organisation, webhook_id)
        _, event = await _entry(tx, webhook, delivery_id)
    if event is None:
        raise problems.Refused(410, "What was sent is not kept any more; a test can be repeated with …/test")
    return await _send(request, caller, webhook, "redelivery", event.position, event)


async def _entry(tx: Transaction, webhook: Webhook, number: int) -> tuple[Record, Told | None]:
    """An entry of a webhook's log, and its event as long as that is kept; 404 when there is none."""
    row = await store.delivery(tx, webhook.id, number)
    if row is None:
        raise problems.not_found(f"delivery {number} of webhook {webhook.name}")
    position: int | None = row["position"]
    return row, None if position is None else await store.event_at(tx, webhook.organisation, position)


async def _send(
    request: Request, caller: auth.Caller, webhook: Webhook, kind: Kind, position: int | None, event: Told
) -> Response:
    """Send an event now, write it into the log, and answer the entry. 429 when too many are being sent."""
    keys = webhooks.opened_secrets(request, webhook)
    with _by_hand.taken_by(caller.organisation):
        sent_at, reply = await posting(request).send(Outgoing(webhook.url, keys, event.id, event.content))
    async with database(request).transaction_of(caller.organisation) as tx:
        sent = Sent(kind, position, event.id, event.type, 1, sent_at, reply)
        numbers = await store.log_sent(tx, webhook.id, caller.organisation, webhook.url, [sent])
        row = await store.delivery(tx, webhook.id, numbers[0]) if numbers else None
    if row is None:
        raise problems.not_found(f"webhook {webhook.name}")
    return wire.answer(webhook_bodies.delivery_shown(row, event.content))
