"""What is sent and answered: products and balances (glue-api.md A.6, A.7)."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from inventory.domain import BalanceChange
from shared.postgres import Record
from shared.wire import Number, WireModel

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
CATALOGUE_ID = r"^[^\x00-\x20/\x7f]([^\x00-\x1f/\x7f]*[^\x00-\x20/\x7f])?$"

MOST_PARTS = 1_000
"""Pictures, categories, languages or measurements of one product."""

MOST_UNITS = 1_000_000_000
"""So many units in one balance are a mistake rather than stock."""


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _to_cents_of_cents(price: Decimal) -> Decimal:
    # Shops calculate with floating point: 12.500000000000002 is meant to be 12.5.
    return price.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def _only_nothing(allocated: Decimal) -> Decimal:
    if allocated:
        raise ValueError("may only be set to 0, which releases the allocations")
    return allocated


def _not_too_many(value: object) -> object:
    if isinstance(value, Mapping | Sequence) and len(value) > MOST_PARTS:
        raise ValueError(f"has at most {MOST_PARTS} entries, not {len(value)}")
    return value


NotGiven = BeforeValidator(_none_if_empty)
Few = BeforeValidator(_not_too_many)
ProductId = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9.-]+$")]
CatalogueId = Annotated[str, Field(max_length=100, pattern=CATALOGUE_ID)]
OrganisationId = Annotated[str, Field(max_length=64, pattern=CATALOGUE_ID)]
Line = Annotated[str, Field(max_length=300, pattern=PRINTABLE)]
Ean = Annotated[str, Field(max_length=64, pattern=PRINTABLE, coerce_numbers_to_str=True)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Units = Annotated[Decimal, Field(ge=0, le=MOST_UNITS, decimal_places=6)]
Price = Annotated[Decimal, Field(ge=0, lt=10**12), AfterValidator(_to_cents_of_cents)]
Released = Annotated[Decimal, AfterValidator(_only_nothing)]


class BalanceBody(WireModel):
    """A change of a product's balance in a catalogue; what is not named stays as it is.

    Without `catalogExternalId` it is a change in every catalogue, or every one of `retailerId`, that has the product.
    """

    product_external_id: ProductId
    retailer_id: Annotated[OrganisationId | None, NotGiven] = None
    catalog_external_id: Annotated[CatalogueId | None, NotGiven] = None
    quantity: Annotated[Units | None, Field(description="Units available now; allocations stay as they are")] = None
    allocated: Annotated[Released | None, Field(description="Only 0: the quantity accounts for open orders")] = None
    safety_stock: Annotated[Units | None, Field(description="Units kept back from orders")] = None
    sellable: Annotated[bool | None, Field(description="false: known, but not to be sold now")] = None
    wholesale_price: Annotated[Price | None, NotGiven] = None
    currency: Annotated[Currency | None, NotGiven] = None

    def change_of(self, product_id: str) -> BalanceChange:
        """What it changes of this product's balances."""
        return BalanceChange(
            product_id,
            self.retailer_id,
            self.catalog_external_id,
            quantity=self.quantity,
            safety_stock=self.safety_stock,
            sellable=self.sellable,
            wholesale_price=self.wholesale_price,
            currency=self.currency,
            release=self.allocated is not None,
        )


class BalanceOfProductBody(BalanceBody):
    """A balance inside a product's item: the product is the item's."""

    product_external_id: Annotated[ProductId | None, NotGiven] = None  # type: ignore[assignment]


class UnpublishBody(WireModel):
    """Where a product is to be withdrawn; without a catalogue or a retailer from all there are."""

    product_external_id: ProductId
    retailer_id: Annotated[OrganisationId | None, NotGiven] = None
    catalog_external_id: Annotated[CatalogueId | None, NotGiven] = None


Measure = Annotated[Annotated[Decimal, Field(ge=0)] | None, NotGiven]


class ProductBody(WireModel):
    """The fields of a product that are checked. Any other field is kept and answered as it was given."""

    external_id: ProductId
    status: Annotated[Literal["ACTIVE", "EOS"] | None, NotGiven] = None
    ean_code: Annotated[Ean | None, NotGiven] = None
    recommended_retail_price: Annotated[Annotated[Decimal, Field(ge=0)] | None, NotGiven] = None
    currency: Annotated[Currency | None, NotGiven] = None
    vat_percentage: Annotated[Annotated[Decimal, Field(ge=0, le=100)] | None, NotGiven] = None
    unit_of_measure: Annotated[Line | None, NotGiven] = None
    distributor: Annotated[Line | None, NotGiven] = None
    measurements: Annotated[Mapping[str, Measure] | None, Few] = None
    is_fragile: bool | None = None
    is_dangerous_goods: bool | None = None
    is_oversized: bool | None = None
    has_best_before_date: bool | None = None
    has_warranty: bool | None = None
    warrant_serial_controlled: bool | None = None
    warrant_expiration: Annotated[Annotated[Decimal, Field(ge=0)] | None, NotGiven] = None
    categories: Annotated[Mapping[str, Annotated[Sequence[str], Few]] | None, Few] = None
    images: Annotated[Sequence[Mapping[str, Any]] | None, Few] = None
    descriptions: Annotated[Mapping[str, Mapping[str, Any]] | None, Few] = None

    @property
    def name(self) -> str | None:
        """The product's name in English, else in the first language that has one."""
        given = self.descriptions or {}
        texts = [given.get("en", {}), *given.values()]
        return next((str(text["name"]) for text in texts if text.get("name")), None)


class ItemBody(WireModel):
    """A product, the balances with which it is published, or both."""

    product: Mapping[str, Any]
    balances: Annotated[list[BalanceOfProductBody], Field(fail_fast=True)] | None = None


ITEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["product"],
    "properties": {
        "product": ProductBody.model_json_schema(),
        "balances": {"type": "array", "items": BalanceOfProductBody.model_json_schema()},
    },
}


class BalanceAnswer(WireModel):
    """A product's balance in a catalogue. `allocated` is left out until an order has taken something."""

    product_external_id: str
    ean_code: str | None
    retailer_id: str
    catalog_external_id: str
    quantity: Number
    allocated: Number | None
    safety_stock: Number
    sellable: bool
    wholesale_price: Number | None
    currency: str | None


class ProductAnswer(WireModel):
    """A product as its supplier gave it, and its balances as far as the caller may see them."""

    product: Mapping[str, Any]
    balances: Sequence[BalanceAnswer]


def balance_answer(row: Record) -> BalanceAnswer:
    """A stored balance as it is answered."""
    return BalanceAnswer(
        product_external_id=row["product_id"],
        ean_code=row["ean"],
        retailer_id=row["retailer_id"],
        catalog_external_id=row["catalogue_id"],
        quantity=row["quantity"],
        allocated=row["allocated"] if row["ever_allocated"] else None,
        safety_stock=row["safety_stock"],
        sellable=row["sellable"],
        wholesale_price=row["wholesale_price"],
        currency=row["currency"],
    )
