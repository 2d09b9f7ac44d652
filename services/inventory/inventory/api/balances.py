"""Balances: stock and wholesale price of products in catalogues."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from inventory import store
from inventory.api import batches, changes
from inventory.api.batches import ItemError
from inventory.api.bodies import BalanceAnswer, BalanceBody, UnpublishBody, balance_answer
from inventory.api.requests import (
    Asked,
    CatalogueId,
    CatalogueInPath,
    Eans,
    ModifiedFrom,
    Party,
    ProductIds,
    Retailer,
    RetailerId,
    database,
    listed,
)
from inventory.domain import BalanceChange, Item
from shared import edge, problems, wire
from shared.postgres import Transaction
from shared.wire import Page, PageRequest

api = APIRouter(tags=["balances"])

CHANGE = TypeAdapter(BalanceBody)
WITHDRAWAL = TypeAdapter(UnpublishBody)


@api.put(
    "/ecommerce/v3/inventory/balances",
    summary="Publish products, and change quantities and prices",
    response_model=list[ItemError],
    openapi_extra=batches.list_of(BalanceBody.model_json_schema()),
)
async def put_balances(request: Request, caller: Party) -> Response:
    """Only what an item names is changed. Items with errors change nothing; the others are applied."""
    bodies, wrong = batches.read_items(CHANGE, await edge.read_body(request))
    items = [Item(index, changes=[("", body.change_of(body.product_external_id))]) for index, body in bodies]
    return batches.answer(wrong.told() + await changes.apply(request, caller.organisation, items))


@api.delete(
    "/ecommerce/v3/inventory/balances",
    summary="Withdraw products from catalogues",
    response_model=list[ItemError],
)
async def delete_balances(
    request: Request,
    caller: Party,
    product_id: Annotated[str | None, Query(alias="productExternalId", description="The product to withdraw")] = None,
    retailer_id: RetailerId = None,
    catalogue_id: CatalogueId = None,
) -> Response:
    """One product named in the query, or a list of them in the body. Without a catalogue or retailer: from all."""
    wrong = batches.Wrong()
    if product_id is not None:
        body = UnpublishBody.model_validate(
            {"productExternalId": product_id, "retailerId": retailer_id, "catalogExternalId": catalogue_id}
        )
        bodies = [(0, body)]
    else:
        bodies, wrong = batches.read_items(WITHDRAWAL, await edge.read_body(request))
    items = [
        Item(
            index,
            changes=[
                (
                    "",
                    BalanceChange(body.product_external_id, body.retailer_id, body.catalog_external_id, withdraw=True),
                )
            ],
        )
        for index, body in bodies
    ]
    return batches.answer(wrong.told() + await changes.apply(request, caller.organisation, items))


@api.get(
    "/ecommerce/v3/inventory/balances",
    summary="List a supplier's balances in all catalogues",
    response_model=Page[BalanceAnswer],
)
async def list_balances(
    request: Request,
    caller: Party,
    asked: Asked,
    retailer_id: RetailerId = None,
    catalogue_id: CatalogueId = None,
    product_ids: ProductIds = None,
    eans: Eans = None,
    modified_from: ModifiedFrom = None,
) -> Response:
    """One entry for each catalogue that a product is published to."""
    shown = store.Shown(
        supplier_id=caller.organisation,
        retailer_id=retailer_id,
        catalogue_id=catalogue_id,
        product_ids=listed(product_ids),
        eans=listed(eans),
        modified_from=modified_from,
    )
    async with database(request).transaction_of(caller.organisation) as tx:
        return await _page(tx, shown, asked, request)


@api.get(
    "/ecommerce/v3/catalogs/balances",
    summary="List the balances of all of a retailer's catalogues",
    response_model=Page[BalanceAnswer],
)
async def list_retailer_balances(
    request: Request,
    caller: Retailer,
    asked: Asked,
    product_ids: ProductIds = None,
    eans: Eans = None,
    modified_from: ModifiedFrom = None,
) -> Response:
    """What a shop polls for its stock."""
    shown = store.Shown(
        retailer_id=caller.organisation,
        product_ids=listed(product_ids),
        eans=listed(eans),
        modified_from=modified_from,
    )
    async with database(request).transaction_of(caller.organisation) as tx:
        return await _page(tx, shown, asked, request)


@api.get(
    "/ecommerce/v3/catalogs/{catalogue_id}/balances",
    summary="List the balances of a catalogue",
    response_model=Page[BalanceAnswer],
)
async def list_catalogue_balances(
    request: Request,
    caller: Retailer,
    catalogue_id: CatalogueInPath,
    asked: Asked,
    product_ids: ProductIds = None,
    eans: Eans = None,
    modified_from: ModifiedFrom = None,
) -> Response:
    """The balances without the products' texts, for frequent polling."""
    shown = store.Shown(
        retailer_id=caller.organisation,
        catalogue_id=catalogue_id,
        product_ids=listed(product_ids),
        eans=listed(eans),
        modified_from=modified_from,
    )
    async with database(request).transaction_of(caller.organisation) as tx:
        if await store.catalogue(tx, caller.organisation, catalogue_id, caller.organisation) is None:
            raise problems.not_found(f"catalogue {catalogue_id}")
        return await _page(tx, shown, asked, request)


async def _page(tx: Transaction, shown: store.Shown, asked: PageRequest, request: Request) -> Response:
    """The page that is asked for of the balances to be shown, in the envelope of lists."""
    rows = await store.balances_page(tx, shown, limit=asked.size, offset=asked.offset)
    total = await store.count_balances(tx, shown)
    return wire.answer(wire.page_of([balance_answer(row) for row in rows], total, asked, request.url))
