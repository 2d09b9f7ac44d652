"""Where carriers' parcels are followed: shown to everybody, set by operators."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, TypeAdapter

from router.api import shipment_requests
from router.domain import tracking_link
from router.domain.number_series import key_of
from router.domain.tracking_link import TrackingLink
from router.store import carrier_links
from router.tracking import links
from shared import auth, edge, problems, wire

router = APIRouter(prefix="/ecommerce/v3/tracking/carriers", tags=["tracking"])

Anybody = Annotated[auth.Caller, Depends(auth.caller_with("retailer", "supplier", "operator"))]
Operator = Annotated[auth.Caller, Depends(auth.caller_with("operator"))]

Carrier = Annotated[
    str,
    Path(
        max_length=100,
        pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$",
        description="The carrier, as parcels name it in `deliveryOperator`; in capitals or not is the same",
        examples=["Posti"],
    ),
]
WHAT_ADDRESSES_ARE = f"The address at which a parcel is followed, with `{tracking_link.CODE}` where its code goes"


def _not_given(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value


def _address(url: str) -> str:
    parts = urlsplit(url)
    # In a consumer's mail it is clicked on: nothing but a page on the web, and only the code changes in it.
    if parts.scheme not in ("https", "http") or not parts.hostname or re.search(r"[\s<>\"'`\\]", url):
        raise ValueError("is an address that begins with https:// or http://")
    if tracking_link.CODE in parts.netloc or url.count(tracking_link.CODE) != 1:
        raise ValueError(f"has {tracking_link.CODE} once, behind the host, where the code goes")
    return url


class LinkGiven(wire.WireModel):
    """Where a carrier's parcels are followed. Any other field would be a typo."""

    model_config = ConfigDict(populate_by_name=False, extra="forbid")

    tracking_url: Annotated[
        Annotated[str, StringConstraints(max_length=500), AfterValidator(_address)] | None,
        BeforeValidator(_not_given),
        Field(
            description=f"{WHAT_ADDRESSES_ARE}. `null`: its parcels have no such address",
            examples=["https://www.posti.fi/fi/seuranta#/lahetys/{code}"],
        ),
    ]


class LinkShown(wire.WireModel):
    """A carrier, and where its parcels are followed."""

    carrier: str = Field(description="The carrier, as parcels name it in `deliveryOperator`", examples=["Posti"])
    tracking_url: str | None = Field(
        default=None,
        description=f"{WHAT_ADDRESSES_ARE}; left out when there is none",
        examples=["https://www.posti.fi/fi/seuranta#/lahetys/{code}"],
    )


LISTED = TypeAdapter(tuple[LinkShown, ...])


@router.get(
    "",
    summary="List where carriers' parcels are followed",
    description="A plain array, by carrier. An operator of the system decides what is in it.",
    response_description="The carriers",
    response_model=list[LinkShown],
    response_model_exclude_none=True,
)
async def list_tracking_links(request: Request, caller: Anybody) -> Response:
    """Those that come with Sluice, and those an operator has set."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        offered = await links.offered(tx)
    found = tuple(_shown(link) for _, link in sorted(offered.items()))
    return Response(LISTED.dump_json(found, by_alias=True, exclude_none=True), media_type="application/json")


@router.put(
    "/{carrier}",
    summary="Set where a carrier's parcels are followed",
    response_description="The carrier as it is now",
    response_model=LinkShown,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": LinkGiven.model_json_schema()}}}
    },
)
async def set_tracking_link(request: Request, _: Operator, carrier: Carrier) -> Response:
    """Also of a carrier that was not known. For operators."""
    given = LinkGiven.model_validate_json(await edge.read_body(request))
    link = TrackingLink(carrier=carrier.strip(), tracking_url=given.tracking_url)
    async with shipment_requests.database(request).transaction() as tx:
        await carrier_links.save_link(tx, link)
    return wire.answer(_shown(link))


@router.delete("/{carrier}", status_code=204, summary="Forget where a carrier's parcels are followed")
async def forget_tracking_link(request: Request, _: Operator, carrier: Carrier) -> Response:
    """What comes with Sluice counts again. 404 when nothing was set. For operators."""
    async with shipment_requests.database(request).transaction() as tx:
        if not await carrier_links.forget_link(tx, carrier):
            raise problems.not_found(f"address set for carrier {key_of(carrier)}")
    return Response(status_code=204)


def _shown(link: TrackingLink) -> LinkShown:
    return LinkShown(carrier=link.carrier, tracking_url=link.tracking_url)
