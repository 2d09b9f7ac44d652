"""The migration of product ids: once they had to begin with the supplier's business id, now they need not.

A product is not renamed but copied under its short id, with everything it had in every catalogue, and the old one is
withdrawn and ended. What others know by the old id so stays true: deliveries of old orders find their balance, and the
versions that the router compares go on for both ids. Products with open promises are left, because their units cannot
be in two places; calling again later takes them along.
"""

from dataclasses import replace
from typing import Annotated

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from inventory import domain, store
from inventory.api import stocking
from inventory.api.requests import Party, database
from inventory.domain import Restocked
from inventory.turns import Turns
from shared.postgres import Transaction
from shared.wire import WireModel

api = APIRouter(tags=["products"])


class LeftAnswer(WireModel):
    """A product that keeps its id for now."""

    external_id: Annotated[str, Field(description="Its id", examples=["0109357-9-10001"])]
    code: Annotated[
        str, Field(description="`exists`: the short id is another product's; `open_orders`: some are not delivered")
    ]
    message: Annotated[str, Field(description="Why it keeps its id, for people")]


class MigrationAnswer(WireModel):
    """What a migration did."""

    migrated: Annotated[int, Field(description="Products that now have the short id", examples=[120])]
    left: Annotated[list[LeftAnswer], Field(description="Products that still have the long one")]


@api.post(
    "/ecommerce/v3/inventory/migrate",
    summary="Strip the business id from product ids",
    response_description="How many products were migrated, and which were left",
    response_model=MigrationAnswer,
)
async def migrate(request: Request, caller: Party) -> Response:
    """`0109357-9-10001` becomes `10001`, for all of the caller's own products whose id begins like that.

    Products with open orders, and those whose short id is taken, are left and named. To be called once; again it does
    only what was left. Whatever the body is, it means nothing.
    """
    turns: Turns = request.app.state.turns
    async with turns.of(caller.organisation), database(request).transaction_of(caller.organisation) as tx:
        done = await _migrate(tx, caller.organisation)
    return Response(orjson.dumps(done.model_dump(by_alias=True)), media_type="application/json")


async def _migrate(tx: Transaction, supplier_id: str) -> MigrationAnswer:
    await store.change_one_at_a_time(tx, supplier_id)
    products = await store.products_prefixed(tx, supplier_id, domain.prefix_of(supplier_id))
    short = {new for old in products if (new := domain.stripped(supplier_id, old))}
    taken = await store.products_named(tx, supplier_id, short)
    listings = await store.listings_for_update(tx, supplier_id, (), list(products))
    spoken_for = await store.spoken_for(tx, [listing.id for listing in listings if listing.id is not None])
    renamed, left = domain.plan_migration(supplier_id, products, taken.keys(), listings, spoken_for)
    if renamed:
        await store.copy_products(tx, supplier_id, renamed)
        copies = {new: replace(products[old], external_id=new) for old, new in renamed.items()}
        result = Restocked({**products, **copies}, domain.listings_after(listings, renamed))
        before = {listing.key: listing for listing in listings}
        await stocking.save_listings(tx, supplier_id, products, before, result)
        on_view = domain.on_view(before, result, await store.catalogues_supplied(tx, supplier_id))
        await store.hide_listings(tx, (key for key, shown in on_view.items() if not shown))
        await store.show_listings(tx, (key for key, shown in on_view.items() if shown))
        ended = {old: replace(products[old], status="EOS") for old in renamed}
        await store.save_products(tx, supplier_id, ended, {old: {} for old in renamed})
    told = [LeftAnswer(external_id=one.external_id, code=one.code, message=one.message) for one in left]
    return MigrationAnswer(migrated=len(renamed), left=told)
