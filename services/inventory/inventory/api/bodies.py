"""What is sent: products and balances (glue-api.md A.6, A.7). Nothing, `""` and `null` all mean "not given"."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from inventory.domain import MOST_UNITS, BalanceChange
from shared.wire import Moment, WireModel

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
PRODUCT_ID = r"^[A-Za-z0-9.-]+$"
CATALOGUE_ID = r"^[^\x00-\x20/\x7f]([^\x00-\x1f/\x7f]*[^\x00-\x20/\x7f])?$"

MOST_PARTS = 1_000
"""Pictures, categories, languages or measurements of one product."""

LONGEST_NAME = 300
"""Characters of a product's name that others are told. Every catalogue that has it is told anew, and a broker takes no
message as large as a body may be."""

CURRENCIES = AliasChoices("currency", "currecy")
"""The documents of Glue spell it in both ways."""


def none_if_blank(value: object) -> object:
    """What is given, or None for a text with nothing in it."""
    return None if isinstance(value, str) and not value.strip() else value


def _none_if_empty_list(value: object) -> object:
    # PHP writes an object without members as an empty list.
    return None if value == [] else none_if_blank(value)


def _to_cents_of_cents(price: Decimal) -> Decimal:
    # Shops calculate with floating point: 12.500000000000002 is meant to be 12.5.
    return price.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def _no_address(catalogue_id: str) -> str:
    if catalogue_id == "balances":
        raise PydanticCustomError("reserved", "is taken: all balances are listed under catalogs/balances")
    return catalogue_id


def _not_too_many(value: object) -> object:
    if isinstance(value, Mapping | Sequence) and len(value) > MOST_PARTS:
        raise ValueError(f"has at most {MOST_PARTS} entries, not {len(value)}")
    return value


NotGiven = BeforeValidator(none_if_blank)
Few = BeforeValidator(_not_too_many)
EmptyList = BeforeValidator(_none_if_empty_list)
ProductId = Annotated[str, Field(min_length=1, max_length=100, pattern=PRODUCT_ID)]
CatalogueId = Annotated[str, Field(max_length=100, pattern=CATALOGUE_ID)]
NewCatalogueId = Annotated[CatalogueId, AfterValidator(_no_address)]
OrganisationId = Annotated[str, Field(max_length=64, pattern=CATALOGUE_ID)]
Line = Annotated[str, Field(max_length=300, pattern=PRINTABLE)]
Ean = Annotated[str, Field(max_length=64, pattern=PRINTABLE, coerce_numbers_to_str=True)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Units = Annotated[Decimal, Field(ge=0, le=MOST_UNITS, decimal_places=6)]
Difference = Annotated[Decimal, Field(ge=-MOST_UNITS, le=MOST_UNITS, decimal_places=6)]
Price = Annotated[Decimal, Field(ge=0, lt=10**12), AfterValidator(_to_cents_of_cents)]
Amount = Annotated[Decimal, Field(ge=0, lt=10**12)]
Percentage = Annotated[Decimal, Field(ge=0, le=100)]
Flag = Annotated[bool | None, NotGiven]


class BalanceBody(WireModel):
    """A change of a product's balance in a catalogue; what is not named stays as it is.

    Without `catalogExternalId` it is a change in every catalogue, or every one of `retailerId`, that has the product.
    """

    product_external_id: Annotated[
        ProductId, Field(description="The product, by its supplier's id", examples=["Example-product-01"])
    ]
    retailer_id: Annotated[
        OrganisationId | None,
        NotGiven,
        Field(description="Business id of the retailer whose catalogue is meant", examples=["1531864-4"]),
    ] = None
    catalog_external_id: Annotated[
        CatalogueId | None, NotGiven, Field(description="The catalogue, by its retailer's id", examples=["Catalog1"])
    ] = None
    quantity: Annotated[
        Units | None,
        NotGiven,
        Field(description="Units available now; what is promised to orders stays as it is", examples=[10]),
    ] = None
    allocated: Annotated[
        Units | None,
        NotGiven,
        Field(
            description="0: the figure sent accounts for the open orders, whose promises count no longer. Any other"
            " number may only stand beside `quantity`, as in a balance that is sent back as it was read, and changes"
            " nothing",
            examples=[0],
        ),
    ] = None
    on_hand: Annotated[
        Units | None,
        NotGiven,
        Field(
            description="Units counted on the shelf, those promised to orders among them: the rest becomes available. "
            "Of a count below what is promised, the newest orders' excess moves to other catalogues",
            examples=[12],
        ),
    ] = None
    adjust: Annotated[
        Difference | None,
        NotGiven,
        Field(
            description="Units that came, or went when negative; no more than there are. Sent twice, it counts twice",
            examples=[-2],
        ),
    ] = None
    as_of: Annotated[
        Moment | None,
        NotGiven,
        Field(
            description="When `quantity` or `onHand` was true, if not now: units promised since then come out of "
            "`quantity`, those delivered since out of `onHand`. At most 31 days ago, and only with one of the two",
            examples=["2026-01-02T08:00:00.000Z"],
        ),
    ] = None
    incoming: Annotated[
        Units | None, NotGiven, Field(description="Units on their way to the shelf, for shops to show", examples=[40])
    ] = None
    safety_stock: Annotated[
        Units | None, NotGiven, Field(description="Units of those available that no order gets", examples=[1])
    ] = None
    sellable: Annotated[Flag, Field(description="false: shops see it, but orders get nothing of it for now")] = None
    unlimited: Annotated[
        Flag, Field(description="true: it never runs out, whatever the quantity. Made to order, or nothing to be sent")
    ] = None
    back_order_allowed: Annotated[
        Flag, Field(description="Whether orders may wait for it here, whatever its catalogue says")
    ] = None
    back_order_limit: Annotated[
        Units | None, NotGiven, Field(description="Units that may wait for it here in all", examples=[50])
    ] = None
    wholesale_price: Annotated[
        Price | None,
        NotGiven,
        Field(description="What the retailer pays for a unit; kept to four decimals", examples=[23.4]),
    ] = None
    currency: Annotated[
        Currency | None,
        NotGiven,
        Field(validation_alias=CURRENCIES, description="Currency of the wholesale price, ISO 4217", examples=["EUR"]),
    ] = None

    @field_validator("allocated")
    @classmethod
    def _let_go_or_read(cls, given: Decimal | None, known: ValidationInfo) -> Decimal | None:
        if given and known.data.get("quantity", given) is None:
            raise ValueError("is only ever set to 0; any other number is the orders' business, not the supplier's")
        return given

    @field_validator("as_of")
    @classmethod
    def _of_a_figure(cls, given: datetime | None, known: ValidationInfo) -> datetime | None:
        if given is not None and all(known.data.get(name, given) is None for name in ("quantity", "on_hand")):
            raise ValueError("is of a figure; give it with quantity or onHand")
        return given

    @field_validator("on_hand", "adjust")
    @classmethod
    def _one_way_only(cls, given: Decimal | None, known: ValidationInfo) -> Decimal | None:
        read = known.data.get("quantity")
        if known.field_name == "on_hand" and read is not None and given == read + (known.data.get("allocated") or 0):
            return None  # A balance that was read, sent back: its quantity says it all.
        if given is not None and any(known.data.get(name) is not None for name in ("quantity", "on_hand")):
            raise ValueError("comes with another figure; give only one of quantity, onHand and adjust")
        return given

    def change_of(
        self, product_id: str, *, retailer_id: str | None = None, catalogue_id: str | None = None
    ) -> BalanceChange:
        """What it changes of this product's balances; `retailer_id` and `catalogue_id` where it names none."""
        return BalanceChange(
            product_id,
            self.retailer_id or retailer_id,
            self.catalog_external_id or catalogue_id,
            quantity=self.quantity,
            on_hand=self.on_hand,
            adjust=self.adjust,
            incoming=self.incoming,
            safety_stock=self.safety_stock,
            sellable=self.sellable,
            wholesale_price=self.wholesale_price,
            currency=self.currency,
            release=self.allocated == 0,
            as_of=None if self.quantity is None and self.on_hand is None else self.as_of,
            unlimited=self.unlimited,
            back_order_allowed=self.back_order_allowed,
            back_order_limit=self.back_order_limit,
        )


ItsProduct = Annotated[
    ProductId | None, NotGiven, Field(description="Not needed; if it is given, the id of the item's product")
]


class BalanceOfProductBody(BalanceBody):
    """A balance inside a product's item: the product is the item's."""

    product_external_id: ItsProduct = None  # type: ignore[assignment]


class UnpublishBody(WireModel):
    """Where a product is to be withdrawn; without a catalogue or a retailer from all there are."""

    product_external_id: Annotated[
        ProductId, Field(description="The product, by its supplier's id", examples=["Example-product-02"])
    ]
    retailer_id: Annotated[
        OrganisationId | None,
        NotGiven,
        Field(description="Business id of the only retailer to withdraw it from", examples=["1531864-4"]),
    ] = None
    catalog_external_id: Annotated[
        CatalogueId | None, NotGiven, Field(description="The only catalogue to withdraw it from", examples=["Catalog1"])
    ] = None

    @property
    def change(self) -> BalanceChange:
        """The withdrawal as a change."""
        return BalanceChange(self.product_external_id, self.retailer_id, self.catalog_external_id, withdraw=True)


Measure = Annotated[Amount | None, NotGiven]


class ProductBody(WireModel):
    """The fields of a product that are checked. Any other field is kept and answered as it was given."""

    external_id: Annotated[
        ProductId,
        Field(description="The supplier's id: digits, letters, dashes and dots", examples=["Example-product-01"]),
    ]
    status: Annotated[
        Literal["ACTIVE", "EOS"] | None,
        NotGiven,
        Field(description="EOS: its sale has ended and nothing of it is available. ACTIVE, also when none is given"),
    ] = None
    ean_code: Annotated[
        Ean | None,
        NotGiven,
        Field(description="Its barcode, which other products may have too", examples=["1234567890005"]),
    ] = None
    recommended_retail_price: Annotated[
        Amount | None, NotGiven, Field(description="What shops might ask for a unit, with VAT", examples=[12])
    ] = None
    currency: Annotated[
        Currency | None,
        NotGiven,
        Field(validation_alias=CURRENCIES, description="Currency of the retail price, ISO 4217", examples=["EUR"]),
    ] = None
    vat_percentage: Annotated[
        Percentage | None, NotGiven, Field(description="VAT in the retail price, in per cent", examples=[25.5])
    ] = None
    unit_of_measure: Annotated[
        Line | None, NotGiven, Field(description="What one unit is; KPL is a piece", examples=["KPL"])
    ] = None
    distributor: Annotated[
        Line | None, NotGiven, Field(description="From whom the supplier itself buys it", examples=["Nokia"])
    ] = None
    measurements: Annotated[
        Mapping[str, Measure] | None,
        Few,
        EmptyList,
        Field(
            description="`weight` in kg, `length`, `width` and `height` in m, `volume` in m³",
            examples=[{"weight": 1.43, "length": 0.2, "width": 0.065, "height": 0.45, "volume": 0.515}],
        ),
    ] = None
    is_fragile: Annotated[Flag, Field(description="To be handled with care: its shipments say so")] = None
    is_dangerous_goods: Annotated[Flag, Field(description="Dangerous goods in transport")] = None
    is_oversized: Annotated[Flag, Field(description="Larger than a normal parcel: its shipments say so")] = None
    has_best_before_date: Annotated[Flag, Field(description="It is sold with a best-before date")] = None
    has_warranty: Annotated[Flag, Field(description="It is sold with a warranty")] = None
    warrant_serial_controlled: Annotated[Flag, Field(description="Its warranty is bound to a serial number")] = None
    warrant_expiration: Annotated[
        Amount | None, NotGiven, Field(description="How long its warranty lasts", examples=[240])
    ] = None
    categories: Annotated[
        Mapping[str, Annotated[Sequence[str], Few]] | None,
        Few,
        EmptyList,
        Field(description="Names of its categories, by language", examples=[{"en": ["Shoes"], "fi": ["Kengät"]}]),
    ] = None
    images: Annotated[
        Sequence[Mapping[str, Any]] | None,
        Few,
        NotGiven,
        Field(description="Pictures, the main one first", examples=[[{"url": "https://shop.example/boots.jpg"}]]),
    ] = None
    descriptions: Annotated[
        Mapping[str, Mapping[str, Any]] | None,
        Few,
        EmptyList,
        Field(
            description="Texts by language: `name`, `shortDescription`, `description`, `supplier`, and lists of "
            "`attachments`, `comments` and `specifications`",
            examples=[{"en": {"name": "Fishing boots", "shortDescription": "Green fishing boots"}}],
        ),
    ] = None

    @property
    def name(self) -> str | None:
        """The product's name in English, else in the first language that has one; no more of it than others need."""
        given = self.descriptions or {}
        texts = [given.get("en", {}), *given.values()]
        return next((str(text["name"])[:LONGEST_NAME] for text in texts if text.get("name")), None)


class ItemBody(WireModel):
    """A product, the balances with which it is published, or both."""

    product: Mapping[str, Any]
    balances: Annotated[
        Annotated[list[BalanceOfProductBody], Field(fail_fast=True)] | None,
        NotGiven,
    ] = None


ITEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A product, and the balances with which it is published",
    "required": ["product"],
    "properties": {
        "product": ProductBody.model_json_schema(),
        "balances": {
            "type": "array",
            "description": "Where it is published, with which stock and price",
            "items": BalanceOfProductBody.model_json_schema(),
        },
    },
}
