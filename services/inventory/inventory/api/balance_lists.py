"""Lists of balances, for suppliers and for shops that poll.

With `modifiedFromDate` a list holds what changed since, and a little that changed before: a client that asks from the
moment of its last question, by a clock that is right, misses nothing (see `store.Shown`). While such a list is read,
elements join it and none leaves it because of a change, so that its pages may repeat one but lose none.
"""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from inventory import store
from inventory.api import answers
from inventory.api.answers import BalanceAnswer
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
from shared import problems
from shared.postgres import Transaction
from shared.wire import Page, PageRequest

api = APIRouter(tags=["balances"])


def _filters(product_ids: ProductIds = None, eans: Eans = None, modified_from: ModifiedFrom = None) -> store.Shown:
    return store.Shown(product_ids=listed(product_ids), eans=listed(eans), modified_from=modified_from)


Filters = Annotated[store.Shown, Depends(_filters)]
"""What every list of balances may be narrowed to, whoever asks."""


@api.get(
    "/ecommerce/v3/inventory/balances",
    summary="List balances in all catalogues",
    response_model=Page[BalanceAnswer],
)
async def list_balances(
    request: Request,
    caller: Party,
    asked: Asked,
    filters: Filters,
    retailer_id: RetailerId = None,
    catalogue_id: CatalogueId = None,
) -> Response:
    """One entry for each catalogue that a product is published to, in the order in which they were published.

    A supplier's own products; a retailer that supplies nothing, or asks for its own catalogues, gets theirs.
    """
    as_supplier = "supplier" in caller.roles and retailer_id != caller.organisation
    if not as_supplier and retailer_id not in (None, caller.organisation):
        return answers.page([], 0, asked, request.url)
    shown = replace(
        filters,
        supplier_id=caller.organisation if as_supplier else None,
        retailer_id=retailer_id if as_supplier else caller.organisation,
        catalogue_id=catalogue_id,
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
    filters: Filters,
) -> Response:
    """What a shop polls for its stock. A page never loses a balance when others change meanwhile."""
    shown = replace(
        filters,
        retailer_id=caller.organisation,
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
    filters: Filters,
) -> Response:
    """The balances without the products' texts, for frequent polling."""
    shown = replace(
        filters,
        retailer_id=caller.organisation,
        catalogue_id=catalogue_id,
    )
    async with database(request).transaction_of(caller.organisation) as tx:
        if await store.catalogue(tx, caller.organisation, catalogue_id, caller.organisation) is None:
            raise problems.not_found(f"catalogue {catalogue_id}")
        return await _page(tx, shown, asked, request)


async def _page(tx: Transaction, shown: store.Shown, asked: PageRequest, request: Request) -> Response:
    """The page that is asked for of the balances to be shown, in the envelope of lists."""
    rows = await store.balances_page(tx, shown, limit=asked.size, offset=asked.offset)
    total = await store.count_balances(tx, shown)
    return answers.page([answers.balance(row, row["ean"]) for row in rows], total, asked, request.url)
