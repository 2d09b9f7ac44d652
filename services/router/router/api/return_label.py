"""The label with which a return comes back."""

from fastapi import APIRouter, Request, Response

from router.api import papers, return_requests, shipment_requests
from router.api.papers import ETAG, FILE, MEDIA, UNCHANGED, Format, IfNoneMatch, Size
from router.api.return_requests import ReturnId
from router.api.shipment_requests import Party
from router.delivery import services
from router.domain import way_back
from router.papers import return_gathering
from shared import problems

router = APIRouter(tags=["returns"])


@router.get(
    "/ecommerce/v3/returns/{return_id}/label",
    summary="Get the address label of a return",
    description=(
        "From the customer to where the return goes, in the language of the papers it was delivered with. There is one"
        " when Sluice gave the return a tracking code as it was registered; 404 says why there is none."
    ),
    responses={
        200: {"description": "The label", "headers": {"ETag": ETAG}, "content": dict.fromkeys(MEDIA.values(), FILE)},
        **UNCHANGED,
    },
    response_class=Response,
)
async def return_label_of(
    request: Request,
    caller: Party,
    return_id: ReturnId,
    made_as: Format = "pdf",
    size: Size = "107x192",
    known: IfNoneMatch = None,
) -> Response:
    """404 for a return that is not there, and for one without a label."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        returned = await return_requests.find(tx, return_id)
        if (why := way_back.why_no_return_label(returned)) is not None:
            raise problems.not_found(f"label of return {return_id}: {why}")
        shipment = await shipment_requests.find(tx, str(returned.shipment_id))
        offered = await services.offered(tx)
    label = return_gathering.return_label(returned, shipment, offered)
    what, called = f"label of return {return_id}", f"return-{returned.order_external_id}"
    return await papers.printed_label(request, caller.organisation, label, made_as, size, known, what, called)
