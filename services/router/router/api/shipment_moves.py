"""How a supplier moves its shipments on: opens them, packs them, confirms or cancels them, notes where they are."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Request, Response

from router import domain, store
from router.api import (
    sent_once,
    shipment_answer,
    shipment_change,
    shipment_event,
    shipment_rejection,
    shipment_requests,
)
from router.api.sent_once import IdempotencyKey, Once
from router.api.shipment_change import ShipmentGiven
from router.api.shipment_event import EventGiven
from router.api.shipment_rejection import RejectionGiven
from router.api.shipment_requests import TAGGED, Answers, IfMatch, ShipmentId, Supplier
from router.api.shipment_shown import ShipmentShown
from router.domain import Change, Refusal, Shipment
from router.store import bookings
from router.tracking import coding, following
from shared import auth, edge, outbox, problems
from shared.postgres import Transaction
from shared.problems import FieldError

router = APIRouter(tags=["shipments"])

ATTEMPTS = 5
"""How often a change is decided again because another one was faster."""

Decide = Callable[[Shipment, datetime], Shipment | Refusal]
"""The shipment after a change at a moment; the very same one when nothing changes, or why it may not."""

CHANGED = "The whole shipment as it is now, with its version as ETag"
CHANGE = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": ShipmentGiven.model_json_schema(),
                "examples": {
                    "opened": {"summary": "Open it", "value": {"status": {"value": "Viewed"}}},
                    "confirmed": {
                        "summary": "Confirm a part, sent with a carrier of one's own",
                        "value": {
                            "status": {"value": "Delivered"},
                            "consignment": {
                                "parcels": [
                                    {
                                        "parcelId": "1",
                                        "ready": True,
                                        "trackingCodes": ["JJFI65432100000000224"],
                                        "rows": [{"itemId": "BOOTS-42", "deliveredQuantity": 2}],
                                    }
                                ]
                            },
                        },
                    },
                    "stuck": {
                        "summary": "Say what is wrong",
                        "value": {"status": {"value": "Error", "reason": "The address does not exist"}},
                    },
                },
            }
        },
    }
}
NOTED = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": EventGiven.model_json_schema(),
                "example": {"type": "InTransit", "timestamp": "2026-01-02T12:00:00Z", "location": "Tampere"},
            }
        },
    }
}
REJECTED = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": RejectionGiven.model_json_schema(),
                "example": {"rows": [{"externalId": "1", "quantity": 2}], "reason": "Broken on the shelf"},
            }
        },
    }
}
NO_WAY_BACK: Answers = TAGGED | {
    409: {
        "description": "It is Delivered or Cancelled already, or further than the status that is wanted; or its"
        " carrier's tracking codes are used up"
    }
}


@router.patch(
    "/ecommerce/v3/shipments/{shipment_id}",
    summary="Move a shipment on",
    description=(
        "Open it, say what is being done, pack it into parcels, confirm what is delivered, say what is wrong, or"
        " cancel it. What is not said stays as it is. Parcels are found by their ids, and a new id makes a parcel that"
        " takes over what it does not say from the first one; the rows of a parcel replace those it had. Delivered"
        " without any quantity delivers all. A parcel that is delivered without `trackingCodes` gets a code of its"
        " carrier's number series, if an operator has given any. Codes of your own may also follow later."
    ),
    response_description=CHANGED,
    response_model=ShipmentShown,
    responses=NO_WAY_BACK,
    openapi_extra=CHANGE,
)
async def change_shipment(
    request: Request, caller: Supplier, shipment_id: ShipmentId, if_match: IfMatch = None
) -> Response:
    """400 for fields that cannot be, 409 for a way back or a final shipment, 412 for an old version."""
    change = shipment_change.wanted(shipment_change.read(await edge.read_body(request)))
    return await _move(request, caller, shipment_id, if_match, lambda found, at: domain.move(found, change, at))


@router.put(
    "/ecommerce/v3/shipments/{shipment_id}",
    summary="Move a shipment on, or split it into parcels",
    description="The same as PATCH: what is sent is merged in, and the rest stays.",
    response_description=CHANGED,
    response_model=ShipmentShown,
    responses=NO_WAY_BACK,
    openapi_extra=CHANGE,
)
async def merge_shipment(
    request: Request, caller: Supplier, shipment_id: ShipmentId, if_match: IfMatch = None
) -> Response:
    """See `change_shipment`."""
    return await change_shipment(request, caller, shipment_id, if_match)


@router.post(
    "/ecommerce/v3/shipments/{shipment_id}/delivered",
    summary="Confirm a whole shipment",
    description=(
        "Everything that was ordered is delivered. No body is needed. What goes through nShift (Unifaun) is confirmed"
        " with its parcels instead."
    ),
    response_description=CHANGED,
    response_model=ShipmentShown,
    responses=TAGGED
    | {
        409: {
            "description": "It was cancelled, delivered in part, or goes through nShift; or its carrier's tracking"
            " codes are used up"
        }
    },
)
async def deliver_shipment(
    request: Request, caller: Supplier, shipment_id: ShipmentId, if_match: IfMatch = None
) -> Response:
    """409 when it was cancelled, or delivered in part, or is carried through nShift."""
    whole = Change(status=domain.DELIVERED, whole=True)
    return await _move(request, caller, shipment_id, if_match, lambda found, at: domain.move(found, whole, at))


@router.post(
    "/ecommerce/v3/shipments/{shipment_id}/events",
    summary="Note what happened to a shipment",
    description=(
        "News of the carrier, or a status. A status moves the shipment as PATCH would; any other type is noted and"
        " leaves it where it is, also when it is delivered already. The same event with the same timestamp is noted"
        f" once. A shipment keeps {domain.MOST_EVENTS} events."
    ),
    response_description=CHANGED,
    response_model=ShipmentShown,
    responses=TAGGED | {409: {"description": "It does not go to that status any more, or has too many events"}},
    openapi_extra=NOTED,
)
async def note_event(request: Request, caller: Supplier, shipment_id: ShipmentId, if_match: IfMatch = None) -> Response:
    """400 for fields that cannot be, 409 for a way back or a final shipment, 412 for an old version."""
    given = shipment_event.read(await edge.read_body(request))

    def decide(found: Shipment, at: datetime) -> Shipment | Refusal:
        return domain.note(found, shipment_event.noted(given, at), at)

    return await _move(request, caller, shipment_id, if_match, decide)


@router.post(
    "/ecommerce/v3/shipments/{shipment_id}/rejections",
    summary="Reject rows of a shipment",
    description=(
        "Before it is shipped: these rows, or parts of them, are not sent, and somebody else is asked for them. The"
        " rest of the shipment stays and counts as opened; rejecting all of it cancels it. Each request rejects that"
        " much more, unless an `Idempotency-Key` says that it is the same one. To cancel a shipment as it is, PATCH its"
        " status."
    ),
    response_description=CHANGED,
    response_model=ShipmentShown,
    responses=TAGGED
    | {409: {"description": "It is being shipped, Delivered or Cancelled already; or the key is another request's"}},
    openapi_extra=REJECTED,
)
async def reject_rows(
    request: Request,
    caller: Supplier,
    shipment_id: ShipmentId,
    if_match: IfMatch = None,
    key: IdempotencyKey = None,
) -> Response:
    """400 for fields that cannot be, 409 for a shipment that is under way or final, 412 for an old version."""
    body = await edge.read_body(request)
    given = shipment_rejection.read(body)
    rows = shipment_rejection.rows(given)
    once = sent_once.once(request, caller.organisation, key, body)

    def decide(found: Shipment, at: datetime) -> Shipment | Refusal:
        return domain.reject(found, rows, given.reason, at)

    return await _move(request, caller, shipment_id, if_match, decide, once)


async def _move(
    request: Request,
    caller: auth.Caller,
    shipment_id: str,
    if_match: str | None,
    decide: Decide,
    once: Once | None = None,
) -> Response:
    """Decide a change on what is stored and write it only onto that; decide again when another change was faster.

    What is to count `once` is not done again.
    """
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        if once is not None and (before := await once.answered(tx)) is not None:
            return before
        moved = await moved_on(tx, caller.organisation, shipment_id, decide, if_match)
        followed = await following.following_of(tx, moved)
        answer = shipment_answer.one(moved, caller.organisation, followed)
        return answer if once is None else await once.keep(tx, answer)


async def moved_on(
    tx: Transaction, supplier_id: str, shipment_id: str, decide: Decide, if_match: str | None = None
) -> Shipment:
    """A supplier's shipment after a change, written and told; the transaction is bound to the supplier.

    Raises problems.Refused: 403, 404, 409 and 412 as `_move` answers them, 400 for fields that cannot be.
    """
    for _ in range(ATTEMPTS):
        to_book: tuple[str, ...] = ()
        found = await shipment_requests.find(tx, shipment_id)
        if found.supplier_id != supplier_id:
            raise problems.Refused(403, "A shipment is changed by its supplier alone")
        if not matches(if_match, found.version):
            raise problems.Refused(412, f"The shipment has changed meanwhile; its version is {found.version}")
        moved = decide(found, await tx.now())
        if isinstance(moved, Refusal):
            raise refused(moved)
        if moved.status == domain.DELIVERED != found.status:
            moved, to_book = await coding.with_codes(tx, moved)
        if moved is found or await store.save_moved(tx, moved):
            if moved is not found:
                await store.save_rows(tx, moved)
                await outbox.put(tx, domain.shipment_changed(moved))
                if to_book:
                    await bookings.ask_for_bookings(tx, moved, to_book)
            return moved
    raise problems.conflict("The shipment is being changed by somebody else; try again")


def refused(refusal: Refusal) -> problems.Refused:
    """A refusal as it is answered: 409 for a conflict, 400 with all fields that cannot be."""
    if refusal.conflict is not None:
        return problems.conflict(refusal.conflict)
    return shipment_change.invalid([FieldError(wrong.field, wrong.code, wrong.message) for wrong in refusal.wrong])


def matches(if_match: str | None, version: int) -> bool:
    """Whether `If-Match` allows a change of this version: absent, `*`, or a list that has it."""
    allowed = {tag.strip().removeprefix("W/") for tag in (if_match or "").split(",")}
    return bool(allowed & {"", "*", f'"{version}"'})
