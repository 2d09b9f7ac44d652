"""Changes of balances: stock and wholesale price of products in catalogues."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from inventory import store
from inventory.api import batches, changes
from inventory.api.batches import ItemError, Wrong
from inventory.api.bodies import PRODUCT_ID, BalanceBody, NotGiven, UnpublishBody
from inventory.api.requests import CatalogueId, CatalogueInPath, Party, Retailer, RetailerId, database
from inventory.domain import Item
from shared import edge, problems

api = APIRouter(tags=["balances"])

CHANGE = TypeAdapter(BalanceBody)
WITHDRAWAL = TypeAdapter(UnpublishBody)


@api.put(
    "/ecommerce/v3/inventory/balances",
    summary="Publish products, and change quantities and prices",
    response_description="The items that were not applied, and why; none when all were",
    response_model=list[ItemError],
    openapi_extra=batches.list_of(BalanceBody.model_json_schema()),
)
async def put_balances(request: Request, caller: Party) -> Response:
    """Only what an item names is changed. Items with errors change nothing; the others are applied.

    An item with a catalogue publishes the product there if it is not yet. One without a catalogue is for every
    catalogue that has the product.
    """
    bodies, wrong = batches.read_items(CHANGE, await edge.read_body(request))
    items = [Item(index, changes=[("", body.change_of(body.product_external_id))]) for index, body in bodies]
    return batches.answer(wrong.told() + await changes.apply(request, caller.organisation, items))


@api.patch(
    "/ecommerce/v3/catalogs/{catalogue_id}/balances",
    summary="Change quantities and prices in a retailer's own warehouse",
    response_description="The items that were not applied, and why; none when all were",
    response_model=list[ItemError],
    openapi_extra=batches.list_of(BalanceBody.model_json_schema()),
)
async def patch_catalogue_balances(request: Request, caller: Retailer, catalogue_id: CatalogueInPath) -> Response:
    """As changes of balances elsewhere, for the catalogue in the address. A single item may come without a list."""
    bodies, wrong = batches.read_items(CHANGE, await edge.read_body(request), or_one=True)
    async with database(request).transaction_of(caller.organisation) as tx:
        catalogue = await store.catalogue(tx, caller.organisation, catalogue_id, caller.organisation)
    if catalogue is None:
        raise problems.not_found(f"catalogue {catalogue_id}")
    if catalogue.supplier_id != caller.organisation:
        raise problems.Refused(403, f"The stock of catalogue {catalogue_id} is kept by {catalogue.supplier_id}")
    items: list[Item] = []
    for index, body in bodies:
        elsewhere = _elsewhere(body, caller.organisation, catalogue_id)
        wrong.add(index, elsewhere)
        if not elsewhere:
            change = body.change_of(
                body.product_external_id, retailer_id=caller.organisation, catalogue_id=catalogue_id
            )
            items.append(Item(index, changes=[("", change)]))
    return batches.answer(wrong.told() + await changes.apply(request, caller.organisation, items))


def _elsewhere(body: BalanceBody, retailer_id: str, catalogue_id: str) -> list[problems.FieldError]:
    """What of an item names another place than the address does."""
    return [
        problems.FieldError(name, "differs", f"is not {meant}, which the address names")
        for name, given, meant in (
            ("retailerId", body.retailer_id, retailer_id),
            ("catalogExternalId", body.catalog_external_id, catalogue_id),
        )
        if given not in (None, meant)
    ]


@api.delete(
    "/ecommerce/v3/inventory/balances",
    summary="Withdraw products from catalogues",
    response_description="The items that were not applied, and why; none when all were",
    response_model=list[ItemError],
    openapi_extra=batches.list_of(UnpublishBody.model_json_schema(), required=False),
)
async def delete_balances(
    request: Request,
    caller: Party,
    product_id: Annotated[
        str | None,
        Query(
            alias="productExternalId",
            max_length=100,
            pattern=PRODUCT_ID,
            description="The product to withdraw; without it the body lists what to withdraw",
            examples=["Example-product-02"],
        ),
        NotGiven,
    ] = None,
    retailer_id: RetailerId = None,
    catalogue_id: CatalogueId = None,
) -> Response:
    """One product named in the query, or a list of them in the body. Without a catalogue or retailer: from all."""
    wrong = Wrong()
    if product_id is not None:
        body = UnpublishBody.model_validate(
            {"productExternalId": product_id, "retailerId": retailer_id, "catalogExternalId": catalogue_id}
        )
        bodies = [(0, body)]
    else:
        bodies, wrong = batches.read_items(WITHDRAWAL, await edge.read_body(request))
    items = [Item(index, changes=[("", body.change)]) for index, body in bodies]
    return batches.answer(wrong.told() + await changes.apply(request, caller.organisation, items))
