"""What is answered: products and balances. Pages have thousands of both, so they are written without models."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import orjson
from fastapi import Response
from pydantic import Field

from shared import wire
from shared.postgres import Record
from shared.wire import Number, PageRequest, WireModel

Json = dict[str, Any]


class BalanceAnswer(WireModel):
    """A product's balance in a catalogue. `allocated` is left out until an order has taken something."""

    product_external_id: Annotated[str, Field(description="The product", examples=["Example-product-02"])]
    ean_code: Annotated[str | None, Field(description="The product's barcode", examples=["1234567891005"])]
    retailer_id: Annotated[str, Field(description="Whose catalogue it is in", examples=["1531864-4"])]
    catalog_external_id: Annotated[str, Field(description="The catalogue it is in", examples=["Catalog1"])]
    quantity: Annotated[Number, Field(description="Units available now", examples=[7])]
    allocated: Annotated[Number | None, Field(description="Units promised to open orders", examples=[3])]
    on_hand: Annotated[Number, Field(description="Units on the shelf: available and promised ones", examples=[10])]
    incoming: Annotated[Number | None, Field(description="Units on their way, as the supplier says", examples=[40])]
    safety_stock: Annotated[Number, Field(description="Units of those available that no order gets", examples=[0])]
    sellable: Annotated[bool, Field(description="Whether orders get anything of it now")]
    wholesale_price: Annotated[Number | None, Field(description="What the retailer pays for a unit", examples=[23.4])]
    currency: Annotated[str | None, Field(description="Currency of the price", examples=["EUR"])]
    unlimited: Annotated[bool, Field(description="Whether it never runs out: made to order, or nothing to be sent")]
    back_order_allowed: Annotated[
        bool | None,
        Field(description="Whether orders may wait for it here; left out where the catalogue's word counts"),
    ]
    back_order_limit: Annotated[
        Number | None, Field(description="Units that may wait here in all; left out without a limit", examples=[50])
    ]
    held: Annotated[
        Number,
        Field(
            description="Units of those available that shops hold for a while, or that are kept for orders that wait",
            examples=[2],
        ),
    ]
    backordered: Annotated[Number, Field(description="Units that orders wait for here", examples=[0])]


class ProductAnswer(WireModel):
    """A product as its supplier gave it, and its balances as far as the caller may see them."""

    product: Annotated[
        Mapping[str, Any],
        Field(
            description="Every field the supplier gave, with its `supplierId` and its `status`, ACTIVE or EOS",
            examples=[{"externalId": "Example-product-02", "supplierId": "0109357-9", "status": "ACTIVE"}],
        ),
    ]
    balances: Annotated[Sequence[BalanceAnswer], Field(description="Its stock and price, by catalogue")]


def balance(row: Record, ean: str | None) -> Json:
    """A stored balance as it is answered: as `BalanceAnswer` says, without what is not known."""
    shown = {
        "productExternalId": row["product_id"],
        "eanCode": ean,
        "retailerId": row["retailer_id"],
        "catalogExternalId": row["catalogue_id"],
        "quantity": _shortest(row["quantity"]),
        "allocated": _shortest(row["allocated"]),
        "onHand": _shortest(row["on_hand"]),
        "incoming": _shortest(row["incoming"]),
        "safetyStock": _shortest(row["safety_stock"]),
        "sellable": row["sellable"],
        "wholesalePrice": _shortest(row["wholesale_price"]),
        "currency": row["currency"],
        "unlimited": row["unlimited"],
        "backOrderAllowed": row["back_order_allowed"],
        "backOrderLimit": _shortest(row["back_order_limit"]),
        "held": _shortest(row["held"]),
        "backordered": _shortest(row["backordered"]),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _shortest(number: float | None) -> float | None:
    return int(number) if number is not None and number.is_integer() else number


def products(rows: Sequence[Record], balances: Iterable[Record]) -> list[Json]:
    """Stored products, with `document` as JSON text, as they are answered with their stored balances."""
    shown: dict[tuple[str, str], tuple[Record, list[Json]]] = {
        (row["supplier_id"], row["external_id"]): (row, []) for row in rows
    }
    for row in balances:
        product, its = shown[row["supplier_id"], row["product_id"]]
        its.append(balance(row, product["ean"]))
    return [{"product": orjson.Fragment(row["document"]), "balances": its} for row, its in shown.values()]


def page(content: Sequence[Json], total: int, asked: PageRequest, url: Any) -> Response:
    """A page of a list of `total` such answers, in the envelope of all lists."""
    envelope: wire.Page[Json] = wire.page_of((), total, asked, url)
    return one({**envelope.model_dump(by_alias=True), "content": content})


def one(content: Json) -> Response:
    """An answer of its own."""
    return Response(orjson.dumps(content), media_type="application/json")
