"""Products and their listings in catalogues, and what a supplier may change of either."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from shared.rules.balance import ENDLESS
from shared.rules.taking import Key

Status = Literal["ACTIVE", "EOS"]

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Product:
    """What messages and decisions know of a product."""

    external_id: str
    ean: str | None = None
    name: str | None = None
    status: Status = "ACTIVE"
    fragile: bool = False
    oversized: bool = False


@dataclass(frozen=True, slots=True)
class ProductChange:
    """A product as given. What is None is left as it is; `document` holds the given fields, unknown ones too.

    Only the status is not left: whoever writes a product without saying that its sale ends means to sell it, also when
    its sale had ended. Clients that know no statuses could never bring a product back otherwise.
    """

    external_id: str
    document: Mapping[str, Any]
    ean: str | None = None
    name: str | None = None
    status: Status | None = None
    fragile: bool | None = None
    oversized: bool | None = None
    must_exist: bool = False

    def applied_to(self, product: Product | None) -> Product:
        """The product after the change; None was not there before."""
        before = product or Product(self.external_id)
        return Product(
            self.external_id,
            self.ean or before.ean,
            self.name or before.name,
            self.status or "ACTIVE",
            fragile=before.fragile if self.fragile is None else self.fragile,
            oversized=before.oversized if self.oversized is None else self.oversized,
        )


class Listing(NamedTuple):
    """A product in a catalogue as its supplier keeps it. `id` is None until it is stored.

    `incoming` is what the supplier expects, for shops to read; `allocated` belongs to the orders, and falls only with a
    count that is less. `unlimited` never runs out. Whether orders may wait here, and for how much in all, is the
    catalogue's word and no limit where `back_order_allowed` and `back_order_limit` are None.
    """

    id: int | None
    retailer_id: str
    catalogue_id: str
    product_id: str
    quantity: Decimal = NOTHING
    safety_stock: Decimal = NOTHING
    sellable: bool = True
    wholesale_price: Decimal | None = None
    currency: str | None = None
    published: bool = False
    version: int = 0
    incoming: Decimal | None = None
    allocated: Decimal = NOTHING
    unlimited: bool = False
    back_order_allowed: bool | None = None
    back_order_limit: Decimal | None = None

    @property
    def key(self) -> Key:
        """Its retailer, catalogue and product."""
        return self[1:4]

    def of_version(self, version: int) -> "Listing":
        """The same as another version."""
        return Listing(*self[:10], version, *self[11:])


class Since(NamedTuple):
    """What became of a balance since a moment: promises made that still count, and deliveries, whenever promised."""

    promised: Decimal = NOTHING
    delivered: Decimal = NOTHING


NO_NEWS = Since()

News = Mapping[tuple[int | None, datetime], Since]
"""What became of balances, by their ids, since moments."""


class BalanceChange(NamedTuple):
    """A change of one listing, or of all listings of a product that fit the address. What is None is left as it is.

    What is available is said in one of three ways: `quantity` is available now, `on_hand` was counted on the shelf and
    includes what is promised to orders, `adjust` came (or, below nothing, went). Either of the first two may have been
    true at a moment, `as_of`, rather than now.
    `release`: the supplier's figure accounts for the open orders already. `withdraw`: the product leaves the catalogue.
    """

    product_id: str
    retailer_id: str | None = None
    catalogue_id: str | None = None
    quantity: Decimal | None = None
    on_hand: Decimal | None = None
    adjust: Decimal | None = None
    incoming: Decimal | None = None
    safety_stock: Decimal | None = None
    sellable: bool | None = None
    wholesale_price: Decimal | None = None
    currency: str | None = None
    release: bool = False
    withdraw: bool = False
    as_of: datetime | None = None
    unlimited: bool | None = None
    back_order_allowed: bool | None = None
    back_order_limit: Decimal | None = None

    def applied_to(self, listing: Listing, since: Since = NO_NEWS) -> Listing:
        """The listing after the change, published unless the change withdraws it.

        A shelf that holds less than is promised from it has nothing available, and promises no more than it holds.
        """
        if self.withdraw:
            return listing._replace(published=False, quantity=NOTHING)
        allocated = NOTHING if self.release else listing.allocated
        quantity = self._quantity_after(listing.quantity, allocated, since)
        if quantity < 0 and self.on_hand is not None:
            allocated, quantity = max(NOTHING, allocated + quantity), NOTHING
        back_order_allowed = listing.back_order_allowed if self.back_order_allowed is None else self.back_order_allowed
        published = True
        # Ten thousand of these are made at once; `_replace` takes three times as long, and names twice.
        return Listing(
            listing.id,
            listing.retailer_id,
            listing.catalogue_id,
            listing.product_id,
            quantity,
            listing.safety_stock if self.safety_stock is None else self.safety_stock,
            listing.sellable if self.sellable is None else self.sellable,
            listing.wholesale_price if self.wholesale_price is None else self.wholesale_price,
            self.currency or listing.currency,
            published,
            listing.version,
            listing.incoming if self.incoming is None else self.incoming,
            allocated,
            listing.unlimited if self.unlimited is None else self.unlimited,
            back_order_allowed,
            listing.back_order_limit if self.back_order_limit is None else self.back_order_limit,
        )

    def _quantity_after(self, quantity: Decimal, allocated: Decimal, since: Since) -> Decimal:
        if self.quantity is not None:
            # Promises made since are to come out of it. What came back since will be in the next figure.
            return max(NOTHING, self.quantity - since.promised)
        if self.on_hand is not None and self.release:
            return max(NOTHING, self.on_hand - since.promised)
        if self.on_hand is not None:
            # What has left the shelf since was still counted; what was promised since lies there yet.
            return max(NOTHING, self.on_hand - since.delivered) - allocated
        return quantity if self.adjust is None else quantity + self.adjust


def on_offer(listing: Listing, product: Product) -> Decimal:
    """What orders may have of a listing as far as its supplier says, `Infinity` of what never runs out.

    Nothing of what is not published, not to be sold now, or at its end of sale.
    """
    if not listing.published or not listing.sellable or product.status == "EOS":
        return NOTHING
    return ENDLESS if listing.unlimited else max(NOTHING, listing.quantity - listing.safety_stock)
