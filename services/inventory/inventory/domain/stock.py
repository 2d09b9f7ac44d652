"""What a supplier's list of products and balances changes. An item with anything wrong in it changes nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from inventory.domain.catalogue import Catalogue, hindrance_to_publishing, meant
from inventory.domain.listing import NO_NEWS, NOTHING, BalanceChange, Listing, News, Product, ProductChange, on_offer
from shared.rules.taking import Key

MOST_UNITS = 1_000_000_000
"""So many units in one balance are a mistake rather than stock."""

AHEAD = timedelta(minutes=1)
"""Clocks differ by so much; what is further ahead than that is the future."""

OLDEST_NEWS = timedelta(days=31)
"""A figure that is older says nothing of what there is now."""


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

    def withdrawn(self, before: Mapping[Key, Listing]) -> dict[Key, Decimal]:
        """How much more was promised than there turned out to be. What counts no longer is not promised from here."""
        return {
            key: gone
            for key, listing in self.listings.items()
            if key in before and key not in self.released and (gone := before[key].allocated - listing.allocated) > 0
        }


def raised(before: Mapping[Key, Listing], products: Mapping[str, Product], result: Restocked) -> list[int]:
    """The balances of which orders may have more than before; `products` are as they were then."""
    return [
        listing.id
        for key, listing in result.listings.items()
        if listing.id is not None
        and on_offer(listing, result.products[key[2]]) > on_offer(before[key], products[key[2]])
    ]


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
    news: News = MappingProxyType({}),
) -> Restocked:
    """Apply the items in their order to what is there: the supplier's products, its catalogues and its listings.

    `news` is what happened to the listings since the moments that changes name.
    """
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
        changed = _apply(item.index, found, result, news)
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


def _apply(index: int, found: Targets, result: Restocked, news: News) -> dict[Key, Listing] | Refusal:
    """The listings after the changes of an item, or why one of them cannot be made."""
    changed: dict[Key, Listing] = {}
    for place, change, targets in found:
        for target in targets:
            # An earlier change of this request or of this item may have reached the same listing.
            before = changed.get(target.key) or result.listings.get(target.key, target)
            since = NO_NEWS if change.as_of is None else news.get((target.id, change.as_of), NO_NEWS)
            after = change.applied_to(before, since)
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
    """Why a difference cannot be true: no more leaves a shelf than is available there, and there are no wonders."""
    if after.quantity < 0:
        return "adjust", "below_zero", f"only {before.quantity.normalize():f} are available"
    if after.quantity > MOST_UNITS and after.quantity > before.quantity:
        return "adjust", "too_many", f"there would be more than {MOST_UNITS}"
    return None


def moments(items: Iterable[Item], listings: Iterable[Listing]) -> set[tuple[int, datetime]]:
    """What must be known to apply the items: what became of which listings, by their ids, since when."""
    dated = [change for item in items for _, change in item.changes if change.as_of is not None]
    by_product: dict[str, list[Listing]] = {}
    by_place: dict[tuple[str, str], list[Listing]] = {}
    for listing in listings if dated else ():
        by_product.setdefault(listing.product_id, []).append(listing)
        by_place.setdefault((listing.product_id, listing.catalogue_id), []).append(listing)
    return {
        (listing.id, change.as_of)
        for change in dated
        for listing in (
            by_product.get(change.product_id, ())
            if change.catalogue_id is None
            else by_place.get((change.product_id, change.catalogue_id), ())
        )
        if listing.id is not None and change.as_of is not None and change.retailer_id in (None, listing.retailer_id)
    }


def untimely(item: Item, now: datetime) -> Refusal | None:
    """Why the moment of a figure cannot be: it has not come yet, or it is long ago. `now` is by our clock."""
    for place, change in item.changes:
        if change.as_of is not None and change.as_of > now + AHEAD:
            return Refusal(item.index, f"{place}asOf", "in_future", "is in the future")
        if change.as_of is not None and change.as_of < now - OLDEST_NEWS:
            return Refusal(item.index, f"{place}asOf", "too_old", f"is more than {OLDEST_NEWS.days} days ago")
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
