"""A return is registered, by the retailer of an order or by the supplier that delivered it; either may take it back."""

import asyncpg
import uuid_utils.compat as uuid_utils
from fastapi import APIRouter, Request, Response

from router.api import return_given, return_shown, sent_once, shipment_moves, shipment_requests
from router.api.return_given import ReturnGiven
from router.api.return_requests import TAGGED
from router.api.return_shown import ReturnShown
from router.api.sent_once import IdempotencyKey
from router.api.shipment_requests import Party
from router.carriers import built_in
from router.delivery import services
from router.domain import Refusal, Shipment, Wrong, returning, returns, way_back
from router.domain.returns import Return, ReturnedRow
from router.domain.way_back import WayBack
from router.store import letterheads
from router.store import returns as store
from router.tracking import following
from shared import edge, outbox, problems
from shared.contracts import Party as Address
from shared.postgres import Transaction

router = APIRouter(tags=["returns"])

REGISTRATION = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": ReturnGiven.model_json_schema(),
                "example": {
                    "shipmentId": "019b7d62-e400-8f5c-93ad-27c2f1a5d3b0",
                    "externalId": "RMA-17",
                    "rows": [{"externalId": "1", "quantity": 1, "reason": "DoesNotFit", "comment": "Too small"}],
                },
            }
        },
    }
}


@router.post(
    "/ecommerce/v3/returns",
    summary="Register a return",
    description=(
        "Something of a delivered shipment comes back, in one parcel. Of each row as much may be on its way back or"
        " received as was delivered. It gets a tracking code and a label when its carrier has a service for returns (or"
        " you name one), an operator has given a number series of that carrier, and it is known where it goes. Each"
        " request registers another return, unless an `Idempotency-Key` says that it is the same one."
    ),
    response_description="The return, with its version as ETag",
    response_model=ReturnShown,
    responses=TAGGED
    | {
        404: {"description": "The shipment is not there, or somebody else's"},
        409: {
            "description": "The shipment is not Delivered, or less of a row is left to come back; its carrier's"
            " tracking codes are used up; or the key is another request's"
        },
    },
    openapi_extra=REGISTRATION,
)
async def register_return(request: Request, caller: Party, key: IdempotencyKey = None) -> Response:
    """400 for fields that cannot be, 404 for a shipment that is not there or is somebody else's."""
    body = await edge.read_body(request)
    given = return_given.read(ReturnGiven, body)
    once = sent_once.once(request, caller.organisation, key, body)
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        if (before := await once.answered(tx)) is not None:
            return before
        shipment = await shipment_requests.find(tx, given.shipment_id)
        await store.register_one_at_a_time(tx, shipment.shipment_id)
        rows, way = await _decided(tx, shipment, given)
        registered = await _registered(tx, caller.organisation, shipment, given, rows, way)
        try:
            await store.save_return(tx, registered)
        except asyncpg.ForeignKeyViolationError:
            # Its order was forgotten at this very moment.
            raise problems.not_found(f"shipment {given.shipment_id}") from None
        await store.save_return_rows(tx, registered)
        await outbox.put(tx, returns.return_changed(registered, caller.organisation))
        return await once.keep(tx, return_shown.answer(registered, await following.following(tx)))


async def _decided(tx: Transaction, shipment: Shipment, given: ReturnGiven) -> tuple[tuple[ReturnedRow, ...], WayBack]:
    """What comes back, and which way. 400 with all that cannot be, 409 for what is not there to come back."""
    returned = await store.returned_of(tx, shipment.shipment_id)
    rows = returning.register(shipment, return_given.wanted(given), returned)
    offered = {service.id: service for service in await services.offered(tx)}
    going = () if isinstance(rows, Refusal) else tuple((row.row_id, row.product_id) for row in rows)
    way = way_back.way_back(shipment, frozenset(going), offered, given.delivery_operator, given.service_code)
    wrong: list[Wrong] = [
        *(rows.wrong if isinstance(rows, Refusal) else ()),
        *([way] if isinstance(way, Wrong) else ()),
        *return_given.wrong_address(given.return_address),
    ]
    if wrong:
        raise shipment_moves.refused(Refusal(wrong=tuple(wrong)))
    if isinstance(rows, Refusal):
        raise shipment_moves.refused(rows)
    assert isinstance(way, WayBack)
    return rows, way


async def _registered(
    tx: Transaction,
    organisation: str,
    shipment: Shipment,
    given: ReturnGiven,
    rows: tuple[ReturnedRow, ...],
    way: WayBack,
) -> Return:
    now = await tx.now()
    goes_to = given.goes_to or returns.TO_SUPPLIER
    address = return_given.address(given.return_address)
    if address is None and goes_to == returns.TO_RETAILER:
        address = await _sender(tx, shipment)
    codes, series = given.tracking_codes or (), None
    if not codes and way.labelled and address is not None and way.delivery_operator is not None:
        taken = await built_in.code_of_return(tx, shipment.retailer_id, shipment.contract_number, way.delivery_operator)
        codes, series = taken or ((), None)
    return Return(
        return_id=uuid_utils.uuid7(),
        shipment_id=shipment.shipment_id,
        order_id=shipment.order_id,
        order_external_id=shipment.order_external_id,
        retailer_id=shipment.retailer_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=shipment.catalogue_id,
        registered_by=organisation,
        status=returns.REGISTERED,
        status_at=now,
        version=1,
        created_at=now,
        updated_at=now,
        rows=rows,
        reference=given.external_id,
        comment=given.comment,
        return_address=address,
        delivery_operator=way.delivery_operator,
        service_code=way.service_code,
        tracking_codes=codes,
        tracking_from=series,
        goes_to=goes_to,
    )


async def _sender(tx: Transaction, shipment: Shipment) -> Address | None:
    """The sender on the labels of a shipment: undelivered parcels go back there, too (glue-api.md A.8).

    None when nobody could send a parcel there.
    """
    delivery = shipment.delivery
    head, _ = await letterheads.letterhead(tx, shipment.retailer_id)
    sender = delivery.sender or head.sender or delivery.vendor
    return None if sender is None or way_back.missing_of(sender) else sender
