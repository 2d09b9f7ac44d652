"""What a supplier's list of products and balances changes. An item with anything wrong in it changes nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

from inventory.domain.allocation import Key
from inventory.domain.catalogue import Catalogue, hindrance_to_publishing, meant

Status = Literal["ACTIVE", "EOS"]

NOTHING = Decimal(0)

MOST_UNITS = 1_000_000_000
"""So many units in one balance are a mistake rather than stock."""


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

    `incoming` is what the supplier expects, for shops to read; `allocated` belongs to the orders and is not stored.
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

    @property
    def key(self) -> Key:
        """Its retailer, catalogue and product."""
        return self[1:4]

    def of_version(self, version: int) -> "Listing":
        """The same as another version."""
        return Listing(*self[:10], version, *self[11:])


class BalanceChange(NamedTuple):
    """A change of one listing, or of all listings of a product that fit the address. What is None is left as it is.

    What is available is said in one of three ways: `quantity` is available now, `on_hand` was counted on the shelf and
    includes what is promised to orders, `adjust` came (or, below nothing, went).
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

    def applied_to(self, listing: Listing) -> Listing:
        """The listing after the change, published unless the change withdraws it."""
        if self.withdraw:
            return listing._replace(published=False, quantity=NOTHING)
        allocated = NOTHING if self.release else listing.allocated
        # Ten thousand of these are made at once; `_replace` takes three times as long.
        return Listing(
            listing.id,
            listing.retailer_id,
            listing.catalogue_id,
            listing.product_id,
            self._quantity_after(listing.quantity, allocated),
            listing.safety_stock if self.safety_stock is None else self.safety_stock,
            listing.sellable if self.sellable is None else self.sellable,
            listing.wholesale_price if self.wholesale_price is None else self.wholesale_price,
            self.currency or listing.currency,
            published=True,
            version=listing.version,
            incoming=listing.incoming if self.incoming is None else self.incoming,
            allocated=allocated,
        )

    def _quantity_after(self, quantity: Decimal, allocated: Decimal) -> Decimal:
        if self.quantity is not None:
            return self.quantity
        if self.on_hand is not None:
            return self.on_hand - allocated
        return quantity if self.adjust is None else quantity + self.adjust


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item changes nothing. `field` is the field's name inside the item."""

    index: int
    field: str
    code: str
    message: str


@dataclass(slots=True)
class Item:
    """One item of a request, at `index`: a product, changes of its balances, or both.

    Each change comes with the name of its place in the item (`balances[0].`, or none when it is the item).
    """

    index: int
    product: ProductChange | None = None
    changes: Sequence[tuple[str, BalanceChange]] = ()


@dataclass(slots=True)
class Restocked:
    """What a request changes: products and listings as they are after it, documents to merge, listings to release."""

    products: dict[str, Product]
    listings: dict[Key, Listing]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    released: set[Key] = field(default_factory=set)
    refusals: list[Refusal] = field(default_factory=list)


def touches_all_listings(change: ProductChange, before: Product | None) -> bool:
    """Whether a product's change shows in every catalogue it is published to.

    Another EAN or name does, end of sale, and being fragile or oversized or not any more.
    """
    return before is not None and change.applied_to(before) != before


def restock(
    items: Iterable[Item],
    products: Mapping[str, Product],
    catalogues: Iterable[Catalogue],
    listings: Iterable[Listing],
) -> Restocked:
    """Apply the items in their order to what is there: the supplier's products, its catalogues and its listings."""
    result = Restocked(dict(products), {listing.key: listing for listing in listings})
    by_name: dict[str, list[Catalogue]] = {}
    for catalogue in catalogues:
        by_name.setdefault(catalogue.external_id, []).append(catalogue)
    by_product: dict[str, dict[Key, None]] = {}
    for key in result.listings:
        by_product.setdefault(key[2], {})[key] = None

    @cache
    def fitting(catalogue_id: str, retailer_id: str | None) -> Sequence[Catalogue]:
        return meant(by_name.get(catalogue_id, ()), retailer_id)

    for item in items:
        found = _resolve(item, result, fitting, by_product)
        if isinstance(found, Refusal):
            result.refusals.append(found)
            continue
        changed = _apply(item.index, found, result)
        if isinstance(changed, Refusal):
            result.refusals.append(changed)
            continue
        result.listings.update(changed)
        result.released.update(listing.key for _, change, targets in found if change.release for listing in targets)
        for key in changed:
            by_product.setdefault(key[2], {})[key] = None
        if item.product is not None:
            _change_product(item.product, result, by_product)
    return result


Targets = list[tuple[str, BalanceChange, list[Listing]]]
"""The place of each change in its item, the change, and the listings it means."""


def _apply(index: int, found: Targets, result: Restocked) -> dict[Key, Listing] | Refusal:
    """The listings after the changes of an item, or why one of them cannot be made."""
    changed: dict[Key, Listing] = {}
    for place, change, targets in found:
        for target in targets:
            # An earlier change of this request or of this item may have reached the same listing.
            before = changed.get(target.key) or result.listings.get(target.key, target)
            after = change.applied_to(before)
            if wrong := _beyond(change, before, after):
                name, code, message = wrong
                return Refusal(index, f"{place}{name}", code, f"{message} in catalogue {target.catalogue_id}")
            changed[target.key] = after
    return changed


def _change_product(change: ProductChange, result: Restocked, by_product: Mapping[str, Iterable[Key]]) -> None:
    after = change.applied_to(result.products.get(change.external_id))
    result.products[change.external_id] = after
    result.documents.setdefault(change.external_id, {}).update(change.document)
    if after.status == "EOS":
        for key in by_product.get(change.external_id, ()):
            result.listings[key] = result.listings[key]._replace(quantity=NOTHING)


def _resolve(
    item: Item,
    result: Restocked,
    fitting: Callable[[str, str | None], Sequence[Catalogue]],
    by_product: Mapping[str, Iterable[Key]],
) -> Targets | Refusal:
    """The listings that each change of an item means, or what is wrong with the item."""
    given = item.product
    if given is not None and given.must_exist and given.external_id not in result.products:
        return Refusal(item.index, "product.externalId", "unknown", f"you have no product {given.external_id}")
    found: Targets = []
    for place, change in item.changes:
        if given is None and (wrong := _unfit(change, result.products.get(change.product_id))):
            return Refusal(item.index, f"{place}productExternalId", *wrong)
        targets = (
            _published(change, result, by_product)
            if change.catalogue_id is None or change.withdraw
            else _named(change, result, fitting(change.catalogue_id, change.retailer_id))
        )
        if isinstance(targets, tuple):
            name, code, message = targets
            return Refusal(item.index, f"{place}{name}", code, message)
        found.append((place, change, targets))
    return found


Reason = tuple[str, str, str]
"""A field's name, a code, and a sentence."""


def _unfit(change: BalanceChange, product: Product | None) -> tuple[str, str] | None:
    """Why a product's balances cannot be changed: a code and a sentence."""
    if product is None:
        return "unknown", f"you have no product {change.product_id}"
    if product.status == "EOS" and not change.withdraw:
        return "end_of_sale", f"{change.product_id} is at its end of sale"
    return None


def _beyond(change: BalanceChange, before: Listing, after: Listing) -> Reason | None:
    """Why a count or a difference cannot be true: a shelf holds at least what is promised from it, and no wonders."""
    if after.quantity < 0 and change.on_hand is not None:
        promised = f"{after.allocated.normalize():f} that are promised to orders"
        return "onHand", "below_allocated", f"{change.on_hand.normalize():f} is less than the {promised}"
    if after.quantity < 0:
        return "adjust", "below_zero", f"only {before.quantity.normalize():f} are available"
    if after.quantity > MOST_UNITS and after.quantity > before.quantity:
        return "adjust", "too_many", f"there would be more than {MOST_UNITS}"
    return None


def _published(
    change: BalanceChange, result: Restocked, by_product: Mapping[str, Iterable[Key]]
) -> list[Listing] | Reason:
    """All listings of the product that are published and fit the address."""
    targets = [
        listing
        for listing in (result.listings[key] for key in by_product.get(change.product_id, ()))
        if listing.published
        and change.retailer_id in (None, listing.retailer_id)
        and change.catalogue_id in (None, listing.catalogue_id)
    ]
    if targets:
        return targets
    where = f"catalogue {change.catalogue_id}" if change.catalogue_id else change.retailer_id or "any retailer"
    return "productExternalId", "not_published", f"{change.product_id} is not published to {where}"


def _named(change: BalanceChange, result: Restocked, fitting: Sequence[Catalogue]) -> list[Listing] | Reason:
    """The product's listing in the one catalogue that fits the change, a new one when it is not there yet."""
    if not fitting:
        whose = f" of {change.retailer_id}" if change.retailer_id else ""
        message = f"there is no catalogue {change.catalogue_id}{whose} with you as its supplier"
        return "catalogExternalId", "unknown", message
    if len(fitting) > 1:
        return "retailerId", "ambiguous", f"several retailers have a catalogue {change.catalogue_id}: name one"
    catalogue = fitting[0]
    key = (catalogue.retailer_id, catalogue.external_id, change.product_id)
    listing = result.listings.get(key) or Listing(None, *key)
    if not listing.published and (hindrance := hindrance_to_publishing(catalogue)):
        return "catalogExternalId", hindrance.code, hindrance.message
    return [listing]
