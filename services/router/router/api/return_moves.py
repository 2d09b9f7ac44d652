"""A return goes on: whoever it is addressed to receives it, or either side says that it is not coming."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Request, Response

from router.api import return_given, return_requests, return_shown, shipment_moves, shipment_requests
from router.api.return_given import ReceiptGiven, ReturnCancellationGiven
from router.api.return_requests import TAGGED, ReturnId
from router.api.return_shown import ReturnShown
from router.api.shipment_moves import ATTEMPTS
from router.api.shipment_requests import IfMatch, Party
from router.domain import Refusal, returning, returns
from router.domain.returns import Return
from router.store import returns as store
from router.tracking import following
from shared import auth, edge, outbox, problems

router = APIRouter(tags=["returns"])

Decide = Callable[[Return, datetime], Return | Refusal]
"""The return after a change at a moment; the very same one when nothing changes, or why it may not."""

CHANGED = "The whole return as it is now, with its version as ETag"
RECEIPT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": ReceiptGiven.model_json_schema(),
                "example": {
                    "rows": [
                        {"externalId": "1", "quantity": 1, "restock": True, "condition": "Unopened"},
                        {"externalId": "1", "quantity": 1, "condition": "Damaged", "comment": "The sole is torn"},
                    ]
                },
            }
        },
    }
}
CANCELLATION = {
    "requestBody": {
        "required": False,
        "content": {
            "application/json": {
                "schema": ReturnCancellationGiven.model_json_schema(),
                "example": {"reason": "The customer keeps it"},
            }
        },
    }
}


@router.post(
    "/ecommerce/v3/returns/{return_id}/receipt",
    summary="Receive a return",
    description=(
        "What of it came, and in which condition: the supplier says so, or the retailer of a return that goes to it."
        " What a supplier receives with `restock` is available again in the catalogue it was sent from: rows that wait"
        " for it get it first. Less than was registered may come, which ends the return: what did"
        " not come may be registered anew. Said again alike, it counts once."
    ),
    response_description=CHANGED,
    response_model=ReturnShown,
    responses=TAGGED
    | {409: {"description": "More came of a row than was registered; or it is Cancelled, or Received otherwise"}},
    openapi_extra=RECEIPT,
)
async def receive_return(request: Request, caller: Party, return_id: ReturnId, if_match: IfMatch = None) -> Response:
    """400 for fields that cannot be, 409 for more than was registered or a final return, 412 for an old version."""
    given = return_given.read(ReceiptGiven, await edge.read_body(request))
    found = return_given.found(given)

    def decide(returned: Return, at: datetime) -> Return | Refusal:
        return returning.receive(returned, found, given.comment, at)

    return await _move(request, caller, return_id, if_match, decide, by_receiver=True)


@router.post(
    "/ecommerce/v3/returns/{return_id}/cancellation",
    summary="Cancel a return",
    description="It is not coming: either side may say so until it is received. Its rows may be registered anew.",
    response_description=CHANGED,
    response_model=ReturnShown,
    responses=TAGGED | {409: {"description": "It is Received already"}},
    openapi_extra=CANCELLATION,
)
async def cancel_return(request: Request, caller: Party, return_id: ReturnId, if_match: IfMatch = None) -> Response:
    """409 for one that was received, 412 for an old version. Cancelled again it is the same."""
    body = await edge.said(request)
    given = return_given.read(ReturnCancellationGiven, body) if body else ReturnCancellationGiven()

    def decide(returned: Return, at: datetime) -> Return | Refusal:
        return returning.cancel(returned, given.reason, at)

    return await _move(request, caller, return_id, if_match, decide, by_receiver=False)


async def _move(
    request: Request, caller: auth.Caller, return_id: str, if_match: str | None, decide: Decide, *, by_receiver: bool
) -> Response:
    """Decide a change on what is stored and write it only onto that; decide again when another change was faster."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        for _ in range(ATTEMPTS):
            found = await return_requests.find(tx, return_id)
            if by_receiver and found.receiver_id != caller.organisation:
                raise problems.Refused(
                    403, f"A return is received by whom it goes to, here its {found.goes_to.lower()}"
                )
            if not shipment_moves.matches(if_match, found.version):
                raise problems.Refused(412, f"The return has changed meanwhile; its version is {found.version}")
            moved = decide(found, await tx.now())
            if isinstance(moved, Refusal):
                raise shipment_moves.refused(moved)
            if moved is found or await store.save_return_moved(tx, moved):
                if moved is not found:
                    if moved.status == returns.RECEIVED:
                        await store.save_findings(tx, moved)
                    await outbox.put(tx, returns.return_changed(moved, caller.organisation))
                return return_shown.answer(moved, await following.following(tx))
    raise problems.conflict("The return is being changed by somebody else; try again")
