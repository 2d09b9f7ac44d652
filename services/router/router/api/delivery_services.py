"""The carriers' services that orders and parcels may name (glue-api.md A.10)."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator, Field, TypeAdapter

from router.delivery import services
from router.domain.delivery_service import AdditionalOffer, DeliveryService
from shared import auth, wire
from shared.postgres import Database

router = APIRouter(tags=["delivery"])

Anybody = Annotated[auth.Caller, Depends(auth.caller_with("retailer", "supplier", "operator"))]

DESCRIPTION = Field(
    description="What it is, by language; `en` is always there",
    examples=[{"en": "Parcel to a pickup point", "fi": "Paketti noutopisteeseen"}],
)


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


Workflow = Annotated[
    Literal["WAREHOUSE", "DROPSHIPPING"] | None,
    BeforeValidator(_upper),
    Query(
        description="Only services that may be used where a warehouse sends, or where suppliers do; all when left out",
        examples=["DROPSHIPPING"],
    ),
]


class SpecifierShown(wire.WireModel):
    """A detail that has to be sent along with an additional service, as one of its attributes."""

    name: str = Field(description="The attribute's name", examples=["amount"])
    type: str = Field(description="What its value is: `text` or `number`", examples=["number"])


class AdditionalServiceOffered(wire.WireModel):
    """Something the carrier does beside carrying."""

    code: str = Field(description="Its code, as orders and parcels name it", examples=["3101"])
    description: Mapping[str, str] = DESCRIPTION
    specifiers: tuple[SpecifierShown, ...] | None = Field(
        default=None, description="What it needs to be told; left out when its code says it all"
    )


class ServiceShown(wire.WireModel):
    """A service of a carrier."""

    id: str = Field(description="Its code, as orders and parcels name it", examples=["2103"])
    provider: str = Field(description="Through whom it is booked", examples=["Posti"])
    delivery_operator: str = Field(description="The carrier, as it is called in front of customers", examples=["Posti"])
    description: Mapping[str, str] = DESCRIPTION
    tags: tuple[str, ...] = Field(
        description="`PICKUP_POINT` when the customer fetches the parcel at a point of the carrier, `STORE_PICKUP` when"
        " in a shop; `RETURN` when it takes parcels back from the customer",
        examples=[["PICKUP_POINT"]],
    )
    additional_services: tuple[AdditionalServiceOffered, ...] = Field(
        description="What may be ordered beside the carrying"
    )


LISTED = TypeAdapter(tuple[ServiceShown, ...])


@router.get(
    "/ecommerce/v3/services",
    summary="List delivery services",
    description="A plain array, by code. An operator of the system decides what is in it.",
    response_description="The services",
    response_model=list[ServiceShown],
    response_model_exclude_none=True,
)
async def list_services(request: Request, caller: Anybody, workflow: Workflow = None) -> Response:
    """400 for a workflow that is none."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        offered = await services.offered(tx)
    found = tuple(shown(service) for service in offered if workflow is None or workflow in service.workflows)
    return Response(LISTED.dump_json(found, by_alias=True, exclude_none=True), media_type="application/json")


def shown(service: DeliveryService) -> ServiceShown:
    """A service as it is answered."""
    return ServiceShown(
        id=service.id,
        provider=service.provider,
        delivery_operator=service.delivery_operator,
        description=service.description,
        tags=service.tags,
        additional_services=tuple(additional(extra) for extra in service.additional_services),
    )


def additional(extra: AdditionalOffer) -> AdditionalServiceOffered:
    """An additional service as it is answered."""
    return AdditionalServiceOffered(code=extra.code, description=extra.description, specifiers=specifiers(extra))


def specifiers(extra: AdditionalOffer) -> tuple[SpecifierShown, ...] | None:
    """What an additional service needs to be told. Shops let only those be ticked that have no such field at all."""
    return tuple(SpecifierShown(name=one.name, type=one.type) for one in extra.specifiers) or None
