"""Catalogues: a retailer's virtual warehouses, each kept by one supplier, and suppliers' public ones."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from inventory import domain, opening, store
from inventory.api import public_catalogues
from inventory.api.catalogue_bodies import (
    CatalogueAnswer,
    CatalogueBody,
    WarehouseBody,
    body_of,
    catalogue_answer,
    offer_answer,
)
from inventory.api.requests import (
    Asked,
    CatalogueInPath,
    NewCatalogueInPath,
    Party,
    Retailer,
    RetailerId,
    SupplierId,
    database,
)
from inventory.domain import Activation
from inventory.store import Offer, StoredCatalogue, Wanted
from shared import auth, edge, outbox, problems, wire
from shared.postgres import Transaction
from shared.wire import Page

api = APIRouter(tags=["catalogues"])

CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"description": "The catalogue has another supplier, or is of the other kind, public or private; both stay"}
}


@api.put(
    "/v2/warehouses",
    summary="Create or change a catalogue (version 2)",
    response_model=CatalogueAnswer,
    responses=CONFLICT,
    openapi_extra=body_of(WarehouseBody),
)
async def put_warehouse(request: Request, caller: Retailer) -> Response:
    """A warehouse of version 2 is a private catalogue of version 3."""
    body = WarehouseBody.model_validate_json(await edge.read_body(request))
    async with database(request).transaction_of(caller.organisation) as tx:
        saved = await _save(tx, caller, body.external_id, body.given)
    return wire.answer(catalogue_answer(saved))


@api.put(
    "/ecommerce/v3/catalogs/{catalogue_id}",
    summary="Create or change a catalogue",
    response_model=CatalogueAnswer,
    responses=CONFLICT,
    openapi_extra=body_of(CatalogueBody),
)
async def put_catalogue(request: Request, caller: Party, catalogue_id: NewCatalogueInPath) -> Response:
    """A retailer makes a private catalogue and names the supplier, who is then asked to activate it. A supplier makes a
    public one. A closed catalogue opens with `active: true`; the supplier is asked anew if one of them had withdrawn.
    """
    body = CatalogueBody.model_validate_json(await edge.read_body(request))
    async with database(request).transaction_of(caller.organisation) as tx:
        saved = await _save(tx, caller, catalogue_id, body.given)
    return wire.answer(catalogue_answer(saved))


def _lower(value: str) -> str:
    return value.strip().lower()


@api.get("/ecommerce/v3/catalogs", summary="List open catalogues", response_model=Page[CatalogueAnswer])
async def list_catalogues(
    request: Request,
    caller: Party,
    asked: Asked,
    role: Annotated[
        Annotated[Literal["RETAILER", "SUPPLIER"] | None, BeforeValidator(lambda role: role.strip().upper() or None)],
        Query(description="Those the caller owns, or those it keeps stock in; without it both"),
    ] = None,
    public: Annotated[
        bool | None,
        Query(
            description="For retailers, true lists the public catalogues of all suppliers, approved or not; for the "
            "role SUPPLIER the caller's own ones and what came of them. false lists private ones only"
        ),
    ] = None,
    activation: Annotated[
        Annotated[Activation | None, BeforeValidator(_lower)],
        Query(description="Only those where the two sides stand so, such as requested", examples=["requested"]),
    ] = None,
) -> Response:
    """Those with the smallest priority first. A public catalogue that a retailer has asked for is listed among its own
    once it is approved, and before only where `activation` asks for it.
    """
    if public and role != "SUPPLIER" and ("retailer" in caller.roles or role == "RETAILER"):
        if "retailer" not in caller.roles:
            raise problems.Refused(
                403, "The public catalogues of all suppliers are for organisations with the role retailer"
            )
        async with database(request).transaction_of(caller.organisation) as tx:
            total = await store.count_public_catalogues(tx, caller.organisation, activation)
            offers = await store.public_catalogues_page(
                tx, caller.organisation, activation, limit=asked.size, offset=asked.offset
            )
        return wire.answer(wire.page_of([offer_answer(offer) for offer in offers], total, asked, request.url))
    wanted = Wanted(caller.organisation, role, public, activation)
    async with database(request).transaction_of(caller.organisation) as tx:
        total = await store.count_catalogues(tx, wanted)
        found = await store.catalogues_page(tx, wanted, limit=asked.size, offset=asked.offset)
    return wire.answer(wire.page_of([catalogue_answer(one) for one in found], total, asked, request.url))


@api.get("/ecommerce/v3/catalogs/{catalogue_id}", summary="Show a catalogue", response_model=CatalogueAnswer)
async def show_catalogue(
    request: Request,
    caller: Party,
    catalogue_id: CatalogueInPath,
    retailer_id: RetailerId = None,
    supplier_id: SupplierId = None,
) -> Response:
    """The caller's own catalogue with this id, closed or not, else one that it keeps stock in, else a public one."""
    async with database(request).transaction_of(caller.organisation) as tx:
        found = await store.catalogue(tx, caller.organisation, catalogue_id, retailer_id)
        if found is not None and supplier_id in (None, found.supplier_id):
            return wire.answer(catalogue_answer(found))
        if "retailer" not in caller.roles or retailer_id not in (None, supplier_id):
            raise problems.not_found(f"catalogue {catalogue_id}")
        on_view = await public_catalogues.the_one(tx, catalogue_id, supplier_id)
    return wire.answer(offer_answer(Offer(on_view, None)))


@api.delete("/ecommerce/v3/catalogs/{catalogue_id}", summary="Close a catalogue", response_model=CatalogueAnswer)
async def close_catalogue(request: Request, caller: Party, catalogue_id: CatalogueInPath) -> Response:
    """No further order goes there, and nothing new is published into it. What was promised stays promised."""
    async with database(request).transaction_of(caller.organisation) as tx:
        if await store.catalogue_for_update(tx, caller.organisation, catalogue_id) is None:
            raise problems.not_found(f"catalogue {catalogue_id}")
        saved = await _save(tx, caller, catalogue_id, {"active": False})
    return wire.answer(catalogue_answer(saved))


async def _save(tx: Transaction, caller: auth.Caller, external_id: str, given: Mapping[str, Any]) -> StoredCatalogue:
    """Merge what is given into the caller's catalogue, or make it; tell the others if anything changed."""
    before = await store.catalogue_for_update(tx, caller.organisation, external_id)
    saved: StoredCatalogue | None = None
    if before is None:
        saved = await store.insert_catalogue(tx, _new(caller, external_id, given))
        # The same request twice at once: the other one has made it.
        before = None if saved else await store.catalogue_for_update(tx, caller.organisation, external_id)
    if before is not None:
        wanted = _changed(caller, before, given)
        if wanted == before:
            return before
        saved = await store.update_catalogue(tx, wanted)
    assert saved is not None
    await outbox.put(tx, saved.news)
    await opening.serve_if_opened(tx, before, saved)
    return saved


def _new(caller: auth.Caller, external_id: str, given: Mapping[str, Any]) -> StoredCatalogue:
    public = bool(given.get("public"))
    _check_role(caller, "supplier" if public else "retailer")
    supplier_id = given.get("supplier_id") or (caller.organisation if public else None)
    if supplier_id is None:
        raise problems.invalid([problems.FieldError("supplierId", "missing", "is required for a new catalogue")])
    own = supplier_id == caller.organisation
    if public and not own:
        error = problems.FieldError("supplierId", "foreign", "a public catalogue is its supplier's own")
        raise problems.invalid([error])
    made = {"retailer_id": caller.organisation, "external_id": external_id, "supplier_id": supplier_id}
    activation = "active" if own else "requested"
    return _checked(StoredCatalogue(**{**given, **made, "activation": activation}))


def _changed(caller: auth.Caller, before: StoredCatalogue, given: Mapping[str, Any]) -> StoredCatalogue:
    _check_role(caller, "supplier" if before.public and before.own else "retailer")
    if given.get("supplier_id", before.supplier_id) != before.supplier_id:
        raise problems.conflict(
            f"The catalogue {before.external_id} is kept by another supplier, which stays; make another catalogue"
        )
    if given.get("public", before.public) != before.public:
        kind = "public" if before.public else "private"
        raise problems.conflict(f"The catalogue {before.external_id} is {kind} and stays so; make another catalogue")
    wanted = replace(before, **given)
    if given.get("active") and before.activation == "withdrawn":
        wanted = replace(wanted, activation=domain.asked(before.activation))
    return _checked(wanted)


def _check_role(caller: auth.Caller, role: Literal["retailer", "supplier"]) -> None:
    if role not in caller.roles:
        kind = "public" if role == "supplier" else "private"
        raise problems.Refused(403, f"A {kind} catalogue is for organisations with the role {role}")


def _checked(wanted: StoredCatalogue) -> StoredCatalogue:
    if unfit := domain.unfit_contract(wanted.catalogue_type, wanted.contract_number):
        raise problems.invalid([problems.FieldError("contractNumber", "unfit", unfit)])
    return wanted
