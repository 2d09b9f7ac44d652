"""What the supplier of a shipment may choose for it (glue-api.md A.9 lists the address, its answer is ours)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from router import domain, store
from router.api import delivery_services
from router.api.delivery_services import AdditionalServiceOffered, ServiceShown
from router.delivery import services
from router.domain import Shipment, delivery_service
from router.domain.delivery_service import Choice
from shared import auth, problems, wire
from shared.postgres import Database, Transaction

router = APIRouter(tags=["shipments"])

Party = Annotated[auth.Caller, Depends(auth.caller_with("supplier", "retailer"))]
ShipmentId = Annotated[str, Path(description="The shipment's id", examples=["019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b"])]
Operator = Annotated[
    str,
    Query(
        alias="deliveryOperator",
        max_length=200,
        description="Only this carrier's services. Left out: those of the carrier the order asks for, all when it asks"
        " for none",
        examples=["Posti"],
    ),
]


class PackageTypeOption(wire.WireModel):
    """A kind of package."""

    code: str = Field(description="As a parcel names it in `packageType`", examples=["PC"])
    chosen: bool = Field(description="Whether a parcel of this service is one at present", examples=[True])


class AdditionalServiceOption(AdditionalServiceOffered):
    """An additional service, and whether it is chosen."""

    chosen: bool = Field(description="Whether a parcel of this service has it at present", examples=[False])


class ServiceOption(ServiceShown):
    """A service the shipment may be sent by, and whether it is."""

    chosen: bool = Field(description="Whether a parcel is sent by it at present", examples=[True])
    package_types: tuple[PackageTypeOption, ...] = Field(description="What a parcel of it may be")
    additional_services: tuple[AdditionalServiceOption, ...] = Field(
        description="What may be ordered beside the carrying"
    )


class ShipmentOptions(wire.WireModel):
    """What may be chosen for a shipment."""

    shipment_id: str = Field(description="The shipment's id", examples=["019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b"])
    delivery_operator: str | None = Field(
        default=None, description="Whose services these are; left out when they are all there are", examples=["Posti"]
    )
    services: tuple[ServiceOption, ...] = Field(description="What it may be sent by, by code")


@router.get(
    "/ecommerce/v3/shipments/{shipment_id}/options",
    summary="Show what may be chosen for a shipment",
    description="The services its parcels may be sent by, with what is chosen at present. The present ones are there"
    " whichever carrier is asked for. To choose another, PATCH the shipment's parcels.",
    response_description="The services",
    response_model=ShipmentOptions,
    response_model_exclude_none=True,
)
async def show_shipment_options(
    request: Request, caller: Party, shipment_id: ShipmentId, delivery_operator: Operator = ""
) -> Response:
    """404 for whoever is neither its supplier nor its retailer."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        shipment = await _shipment(tx, shipment_id)
        offered = await services.offered(tx)
    operator = delivery_operator.strip() or shipment.delivery.delivery_operator
    found = delivery_service.choices(offered, domain.packing(shipment), operator)
    answer = ShipmentOptions(
        shipment_id=str(shipment.shipment_id),
        delivery_operator=operator,
        services=tuple(_option(choice) for choice in found),
    )
    return wire.answer(answer)


async def _shipment(tx: Transaction, shipment_id: str) -> Shipment:
    try:
        found = await store.shipment(tx, UUID(shipment_id))
    except ValueError:
        found = None
    if found is None:
        raise problems.not_found(f"shipment {shipment_id}")
    return found


def _option(choice: Choice) -> ServiceOption:
    service = choice.service
    return ServiceOption(
        id=service.id,
        provider=service.provider,
        delivery_operator=service.delivery_operator,
        description=service.description,
        tags=service.tags,
        chosen=choice.chosen,
        package_types=tuple(
            PackageTypeOption(code=code, chosen=code in choice.package_types) for code in service.package_types
        ),
        additional_services=tuple(
            AdditionalServiceOption(
                code=extra.code,
                description=extra.description,
                specifiers=delivery_services.specifiers(extra),
                chosen=extra.code in choice.additional_services,
            )
            for extra in service.additional_services
        ),
    )
