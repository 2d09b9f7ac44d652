"""Webhooks: an organisation says where it wants its events sent."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ValidationError

from notifier.api import webhook_bodies
from notifier.api.webhook_bodies import ResumeBody, RotateBody, WebhookBody, WebhookShown
from notifier.feed import cursor
from notifier.feed import store as feed
from notifier.places import Places
from notifier.webhooks import signing, store
from notifier.webhooks.courier import secret_name
from notifier.webhooks.guard import NotAllowed
from notifier.webhooks.posting import Posting
from shared import auth, edge, problems, sealing, wire
from shared.postgres import Database, Transaction

router = APIRouter(prefix="/ecommerce/v3/webhooks", tags=["webhooks"])

Party = Annotated[auth.Caller, Depends(auth.caller_with("retailer", "supplier"))]
WebhookId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9_-]{1,50}$",
        description="A name of your own for the webhook: up to 50 letters, digits, `-` and `_`",
        examples=["shop"],
    ),
]

MOST = 20
"""So many webhooks an organisation may have."""
_looking_up = Places("addresses are being looked up", each=3, whole=50, again_s=5)

TOO_OLD: dict[int | str, dict[str, Any]] = {
    410: {"description": "Events behind the cursor are not kept any more; the message names the one to go on from"}
}
TOO_MANY: dict[int | str, dict[str, Any]] = {
    409: {"description": f"You have {MOST} webhooks, and there may be no more"}
}


def body_of(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """The description of a body that is read by hand."""
    return {
        "requestBody": {
            "required": required,
            "content": {"application/json": {"schema": model.model_json_schema()}},
        }
    }


@router.get("", summary="List your webhooks", response_model=wire.Page[WebhookShown])
async def list_webhooks(
    request: Request, caller: Party, asked: Annotated[wire.PageRequest, Depends(wire.page_request(100))]
) -> Response:
    """By name, with how each of them stands."""
    async with database(request).transaction_of(caller.organisation) as tx:
        found = await store.webhooks_page(tx, caller.organisation, asked.offset, asked.size)
        total = await store.count_webhooks(tx, caller.organisation)
    return wire.answer(wire.page_of([webhook_bodies.shown(one) for one in found], total, asked, request.url))


@router.put(
    "/{webhook_id}",
    summary="Create or change a webhook",
    description="Every event of the feed that you want is sent there, in order, the next once the one before was taken;"
    " signed as Standard Webhooks says. A new webhook's secret is in the answer, and nowhere else. A change keeps the"
    " secret, and sends at once what was refused before; one that is paused stays so until you resume it.",
    response_model=WebhookShown,
    responses={**TOO_MANY, **TOO_OLD},
    openapi_extra=body_of(WebhookBody),
)
async def put_webhook(request: Request, caller: Party, webhook_id: WebhookId) -> Response:
    """Create or change the caller's webhook. 400 for where nothing may be sent, 503 without a key for secrets."""
    given = await _read(request, caller.organisation, await edge.read_body(request))
    organisation, types = caller.organisation, given.events or ()
    async with database(request).transaction_of(organisation) as tx:
        standing = await feed.standing(tx, organisation)
        begin = cursor.read(given.cursor or cursor.END, standing)
        secret = None
        if await store.webhook(tx, organisation, webhook_id) is None:
            if await store.count_webhooks(tx, organisation) >= MOST:
                raise problems.conflict(f"You have {MOST} webhooks, and there may be no more; delete one first")
            secret = signing.new_secret()
            sealed = sealed_secret(request, organisation, webhook_id, secret)
            if not await store.create_webhook(tx, organisation, webhook_id, given.url, types, sealed, begin):
                secret = None
        if secret is None:
            position = None if given.cursor is None else begin
            await store.change_webhook(tx, organisation, webhook_id, given.url, types, position)
        return wire.answer(webhook_bodies.shown(await webhook_of(tx, organisation, webhook_id), secret))


@router.get("/{webhook_id}", summary="Show a webhook", response_model=WebhookShown)
async def show_webhook(request: Request, caller: Party, webhook_id: WebhookId) -> Response:
    """How it stands: how far it is, whether it is paused, and why."""
    async with database(request).transaction_of(caller.organisation) as tx:
        found = await webhook_of(tx, caller.organisation, webhook_id)
    return wire.answer(webhook_bodies.shown(found))


@router.delete("/{webhook_id}", status_code=204, summary="Delete a webhook and its log")
async def delete_webhook(request: Request, caller: Party, webhook_id: WebhookId) -> Response:
    """Nothing more is sent to it, but for a request that is on its way."""
    async with database(request).transaction_of(caller.organisation) as tx:
        if not await store.delete_webhook(tx, caller.organisation, webhook_id):
            raise problems.not_found(f"webhook {webhook_id}")
    return Response(status_code=204)


@router.post(
    "/{webhook_id}/rotate",
    summary="Change the secret of a webhook",
    description="The new secret is in the answer. For a while requests are signed with the old one as well, and either"
    " signature is good; also when you change it again in that time, for up to three older ones.",
    response_model=WebhookShown,
    openapi_extra=body_of(RotateBody, required=False),
)
async def rotate_secret(request: Request, caller: Party, webhook_id: WebhookId) -> Response:
    """A new secret for the caller's webhook."""
    given = RotateBody.model_validate_json(await edge.said(request) or b"{}")
    secret = signing.new_secret()
    async with database(request).transaction_of(caller.organisation) as tx:
        await webhook_of(tx, caller.organisation, webhook_id)
        sealed = sealed_secret(request, caller.organisation, webhook_id, secret)
        await store.change_secret(tx, caller.organisation, webhook_id, sealed, given.hours)
        found = await webhook_of(tx, caller.organisation, webhook_id)
    return wire.answer(webhook_bodies.shown(found, secret))


@router.post(
    "/{webhook_id}/resume",
    summary="Let a webhook go on",
    description="Sends again at once: what was refused, or what comes behind the cursor you give. Harmless for one that"
    " is not paused.",
    response_model=WebhookShown,
    responses=TOO_OLD,
    openapi_extra=body_of(ResumeBody, required=False),
)
async def resume_webhook(request: Request, caller: Party, webhook_id: WebhookId) -> Response:
    """The caller's webhook goes on. 410 when the events it lacks are not kept any more, and no cursor is given."""
    given = ResumeBody.model_validate_json(await edge.said(request) or b"{}")
    organisation = caller.organisation
    async with database(request).transaction_of(organisation) as tx:
        found = await webhook_of(tx, organisation, webhook_id)
        position = cursor.read(given.cursor or str(found.position), await feed.standing(tx, organisation))
        await store.resume(tx, organisation, webhook_id, None if given.cursor is None else position)
        found = await webhook_of(tx, organisation, webhook_id)
    return wire.answer(webhook_bodies.shown(found))


async def _read(request: Request, organisation: str, body: bytes) -> WebhookBody:
    """What was given, once it is known that something may be sent there. 400 names every field that is wrong."""
    given: WebhookBody | None = None
    wrong: list[problems.FieldError] = []
    try:
        given = WebhookBody.model_validate_json(body)
    except ValidationError as error:
        wrong = problems.field_errors(error)
        url, place = webhook_bodies.place_in(body, error)
    else:
        url, place = given.url, given.cursor
    if url is not None:
        guard = posting(request).guard
        try:
            with _looking_up.taken_by(organisation):
                await guard.look_up(guard.url(url))
        except NotAllowed as error:
            wrong.append(problems.FieldError("url", "url", str(error)))
    if given is not None and not wrong:
        return given
    if place is not None:
        async with database(request).transaction_of(organisation) as tx:
            standing = await feed.standing(tx, organisation)
        try:
            cursor.read(place, standing)
        except problems.Refused as refused:
            wrong += refused.errors
    raise problems.invalid(wrong)


def database(request: Request) -> Database:
    """The notifier's database."""
    found: Database = request.app.state.database
    return found


def posting(request: Request) -> Posting:
    """What sends requests to receivers."""
    found: Posting = request.app.state.posting
    return found


async def webhook_of(tx: Transaction, organisation: str, name: str) -> store.Webhook:
    """An organisation's webhook. 404 when there is none with this name."""
    found = await store.webhook(tx, organisation, name)
    if found is None:
        raise problems.not_found(f"webhook {name}")
    return found


def sealed_secret(request: Request, organisation: str, name: str, secret: str) -> bytes:
    """A secret as it is kept. 503 when this service has no key for that."""
    sealer: sealing.Sealer = request.app.state.sealer
    try:
        return sealer.seal(secret, secret_name(organisation, name))
    except sealing.NoKey as error:
        raise unable(error) from None


def opened_secrets(request: Request, webhook: store.Webhook) -> tuple[str, ...]:
    """The secrets of a webhook, the newest first. 503 when this service has no key to them."""
    sealer: sealing.Sealer = request.app.state.sealer
    try:
        return tuple(sealer.open(one, secret_name(webhook.organisation, webhook.name)) for one in webhook.secrets)
    except (sealing.NoKey, sealing.NotOpened) as error:
        raise unable(error) from None


def unable(error: Exception) -> problems.Refused:
    """503: the operator has to give this service a key first."""
    message = f"Webhooks are not possible at this moment: {error}"
    return problems.Refused(503, message, headers={"Retry-After": "60"})
