"""Catalogues: a retailer's virtual warehouses, each kept by one supplier."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator, Field

from inventory import store
from inventory.api.bodies import CatalogueId, Line, NotGiven, OrganisationId
from inventory.api.requests import Asked, CatalogueInPath, Party, Retailer, RetailerId, database
from inventory.store import StoredCatalogue
from shared import edge, outbox, problems, wire
from shared.contracts import CatalogueChanged
from shared.postgres import Transaction
from shared.wire import Page, WireModel

api = APIRouter(tags=["catalogues"])

CatalogueType = Literal["Catalog", "Posti", "Store"]
Priority = Annotated[int, Field(ge=0, le=1_000_000)]

NEW = {"catalogue_type": "Catalog", "back_order_allowed": False, "public": False, "active": True}


class CatalogueBody(WireModel):
    """A catalogue as a retailer gives it; what is not named stays as it is, or as a new catalogue has it."""

    supplier_id: Annotated[OrganisationId | None, NotGiven] = None
    catalog_type: Annotated[CatalogueType | None, NotGiven] = None
    catalog_name: Annotated[Line | None, NotGiven] = None
    priority: Annotated[
        Annotated[Priority | None, NotGiven], Field(description="Smaller is asked first; null, and none, is last")
    ] = None
    route_weight: Annotated[
        Annotated[Priority | None, NotGiven], Field(description="Share of the orders among equal priorities")
    ] = None
    back_order_allowed: bool | None = None
    public: bool | None = None
    active: Annotated[bool | None, Field(description="false: no order goes there")] = None
    contract_number: Annotated[Line | None, NotGiven] = None
    info_code: Annotated[Line | None, NotGiven] = None


class PrintingService(WireModel):
    """How labels of a warehouse are printed."""

    info_code: Annotated[Line | None, NotGiven] = None


class WarehouseBody(WireModel):
    """A catalogue as version 2 names its fields."""

    external_id: CatalogueId
    warehouse_type: CatalogueType
    supplier_id: OrganisationId
    back_order_allowed: bool
    priority: Priority
    warehouse_name: Annotated[Line | None, NotGiven] = None
    route_weight: Annotated[Priority | None, NotGiven] = None
    contract_number: Annotated[Line | None, NotGiven] = None
    printing_service: PrintingService | None = None


class CatalogueAnswer(WireModel):
    """A catalogue as it is answered."""

    external_id: str
    catalog_type: str
    catalog_name: str
    supplier_id: str
    retailer_id: str
    back_order_allowed: bool
    priority: int | None
    route_weight: int | None
    public: bool
    active: bool
    contract_number: str | None
    info_code: str | None


def _body(model: type[WireModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@api.put(
    "/v2/warehouses",
    summary="Create or change a catalogue (version 2)",
    response_model=CatalogueAnswer,
    openapi_extra=_body(WarehouseBody),
)
async def put_warehouse(request: Request, caller: Retailer) -> Response:
    """A warehouse of version 2 is a catalogue of version 3."""
    body = WarehouseBody.model_validate_json(await edge.read_body(request))
    given = body.model_dump(exclude_unset=True, exclude={"external_id", "warehouse_type", "warehouse_name"})
    given |= given.pop("printing_service", None) or {}
    given["catalogue_type"] = body.warehouse_type
    if "warehouse_name" in body.model_fields_set:
        given["name"] = body.warehouse_name
    async with database(request).transaction_of(caller.organisation) as tx:
        saved = await _save(tx, caller.organisation, body.external_id, given)
    return wire.answer(_answer(saved))


@api.put(
    "/ecommerce/v3/catalogs/{catalogue_id}",
    summary="Create or change a catalogue",
    response_model=CatalogueAnswer,
    openapi_extra=_body(CatalogueBody),
)
async def put_catalogue(request: Request, caller: Retailer, catalogue_id: CatalogueInPath) -> Response:
    """The supplier is named when the catalogue is made, and stays. A closed catalogue opens with `active: true`."""
    body = CatalogueBody.model_validate_json(await edge.read_body(request))
    given = body.model_dump(exclude_unset=True)
    for name, stored in (("catalog_type", "catalogue_type"), ("catalog_name", "name")):
        if name in given:
            given[stored] = given.pop(name)
    async with database(request).transaction_of(caller.organisation) as tx:
        saved = await _save(tx, caller.organisation, catalogue_id, given)
    return wire.answer(_answer(saved))


@api.get("/ecommerce/v3/catalogs", summary="List the caller's open catalogues", response_model=Page[CatalogueAnswer])
async def list_catalogues(
    request: Request,
    caller: Party,
    asked: Asked,
    role: Annotated[
        Annotated[Literal["RETAILER", "SUPPLIER"] | None, BeforeValidator(lambda role: role.upper() or None)],
        Query(description="Those the caller owns, or those it keeps stock in; none: both"),
    ] = None,
) -> Response:
    """Those with the smallest priority first."""
    async with database(request).transaction_of(caller.organisation) as tx:
        total, found = await store.catalogues_page(tx, caller.organisation, role, limit=asked.size, offset=asked.offset)
    return wire.answer(wire.page_of([_answer(one) for one in found], total, asked, request.url))


@api.get("/ecommerce/v3/catalogs/{catalogue_id}", summary="Show a catalogue", response_model=CatalogueAnswer)
async def show_catalogue(
    request: Request, caller: Party, catalogue_id: CatalogueInPath, retailer_id: RetailerId = None
) -> Response:
    """The caller's own catalogue with this id, else one that it keeps stock in, closed or not."""
    async with database(request).transaction_of(caller.organisation) as tx:
        found = await store.catalogue(tx, caller.organisation, catalogue_id, retailer_id)
    if found is None:
        raise problems.not_found(f"catalogue {catalogue_id}")
    return wire.answer(_answer(found))


@api.delete("/ecommerce/v3/catalogs/{catalogue_id}", summary="Close a catalogue", response_model=CatalogueAnswer)
async def close_catalogue(request: Request, caller: Retailer, catalogue_id: CatalogueInPath) -> Response:
    """No further order goes there. What was promised stays promised."""
    async with database(request).transaction_of(caller.organisation) as tx:
        if await store.catalogue(tx, caller.organisation, catalogue_id, caller.organisation) is None:
            raise problems.not_found(f"catalogue {catalogue_id}")
        saved = await _save(tx, caller.organisation, catalogue_id, {"active": False})
    return wire.answer(_answer(saved))


async def _save(tx: Transaction, retailer_id: str, external_id: str, given: dict[str, Any]) -> StoredCatalogue:
    """Merge what is given into the catalogue, or make it; tell the others if anything changed."""
    given = {name: NEW.get(name) if value is None else value for name, value in given.items()}
    before = await store.catalogue_for_update(tx, retailer_id, external_id)
    if before is None:
        if not given.get("supplier_id"):
            raise problems.invalid([problems.FieldError("supplierId", "missing", "is required for a new catalogue")])
        empty = dict.fromkeys(StoredCatalogue.__dataclass_fields__)
        made = {"retailer_id": retailer_id, "external_id": external_id, "version": 0}
        wanted = StoredCatalogue(**{**empty, **NEW, **given, **made})
    else:
        if not given.get("supplier_id"):
            given.pop("supplier_id", None)
        wanted = replace(before, **given)
    if wanted == before:
        return before
    saved = None if before and before.supplier_id != wanted.supplier_id else await store.save_catalogue(tx, wanted)
    if saved is None:
        raise problems.conflict(
            f"The catalogue {external_id} is kept by another supplier, which stays; make another catalogue"
        )
    await outbox.put(tx, _event(saved))
    return saved


def _event(saved: StoredCatalogue) -> CatalogueChanged:
    return CatalogueChanged(
        retailer_id=saved.retailer_id,
        catalogue_id=saved.external_id,
        supplier_id=saved.supplier_id,
        name=saved.name,
        catalogue_type=saved.catalogue_type,
        priority=saved.priority,
        route_weight=saved.route_weight,
        back_order_allowed=saved.back_order_allowed,
        contract_number=saved.contract_number,
        active=saved.active,
        version=saved.version,
    )


def _answer(saved: StoredCatalogue) -> CatalogueAnswer:
    return CatalogueAnswer(
        external_id=saved.external_id,
        catalog_type=saved.catalogue_type,
        catalog_name=saved.name or saved.external_id,
        supplier_id=saved.supplier_id,
        retailer_id=saved.retailer_id,
        back_order_allowed=saved.back_order_allowed,
        priority=saved.priority,
        route_weight=saved.route_weight,
        public=saved.public,
        active=saved.active,
        contract_number=saved.contract_number,
        info_code=saved.info_code,
    )
