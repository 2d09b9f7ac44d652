"""The waiting list, as a retailer sees it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from inventory import store
from inventory.api.bodies import PRINTABLE, NotGiven
from inventory.api.requests import Asked, Retailer, database
from shared import wire
from shared.wire import Moment, Number, Page, WireModel

api = APIRouter(tags=["backorders"])


class BackorderAnswer(WireModel):
    """A row of an order that waits for stock."""

    order_external_id: Annotated[str | None, Field(description="The order's number", examples=["A-1"])]
    row_external_id: Annotated[str, Field(description="The row's id in the order", examples=["1"])]
    external_product_id: Annotated[str, Field(description="The product it waits for", examples=["Example-product-01"])]
    external_warehouse_id: Annotated[
        str, Field(description="Where it waits. Stock of another catalogue may serve it sooner", examples=["Catalog1"])
    ]
    quantity: Annotated[Number, Field(description="Units it still waits for", examples=[4])]
    since: Annotated[Moment, Field(description="When the order was placed", examples=["2026-01-02T08:00:00.000Z"])]
    position: Annotated[
        int, Field(description="Its place in the line of your orders there: 1 is served first", examples=[1])
    ]


@api.get(
    "/ecommerce/v3/inventory/backorders",
    summary="List the rows that wait for stock",
    response_model=Page[BackorderAnswer],
)
async def list_backorders(
    request: Request,
    caller: Retailer,
    asked: Asked,
    order_external_id: Annotated[
        str | None,
        Query(
            alias="orderExternalId",
            max_length=300,
            pattern=PRINTABLE,
            description="An order's number: only its rows",
            examples=["A-1"],
        ),
        NotGiven,
    ] = None,
    product_id: Annotated[
        str | None,
        Query(
            alias="externalProductId",
            max_length=100,
            pattern=PRINTABLE,
            description="A product's id: only rows that wait for it",
            examples=["Example-product-01"],
        ),
        NotGiven,
    ] = None,
) -> Response:
    """In the order in which they are served when stock comes: first come, first served, by the time of their orders."""
    shown = store.Backorders(caller.organisation, order_external_id, product_id)
    async with database(request).transaction_of(caller.organisation) as tx:
        total = await store.count_backorders(tx, shown)
        rows = await store.backorders_page(tx, shown, limit=asked.size, offset=asked.offset)
    content = [
        BackorderAnswer(
            order_external_id=row["external_id"],
            row_external_id=row["row_id"],
            external_product_id=row["product_id"],
            external_warehouse_id=row["catalogue_id"],
            quantity=row["open"],
            since=row["placed_at"],
            position=row["position"],
        )
        for row in rows
    ]
    return wire.answer(wire.page_of(content, total, asked, request.url))
