"""How a public catalogue's products come into the catalogues of the retailers it was opened to."""

from collections.abc import Iterable, Mapping

from inventory.domain.catalogue import Address, Catalogue, meant, opened_to
from inventory.domain.listing import NOTHING, Listing
from inventory.domain.stock import Item, Restocked
from shared.rules.taking import Key


def activated_by(items: Iterable[Item], result: Restocked, catalogues: Iterable[Catalogue]) -> set[Address]:
    """The private catalogues that waited for their supplier, which has now published something there by name.

    That is consent: suppliers' programs publish, and know no other way to agree. An item that was refused says nothing.
    """
    known = list(catalogues)
    if all(catalogue.activation != "requested" for catalogue in known):
        return set()
    refused = {refusal.index for refusal in result.refusals}
    by_name: dict[str, list[Catalogue]] = {}
    for catalogue in known:
        by_name.setdefault(catalogue.external_id, []).append(catalogue)
    return {
        catalogue.address
        for item in items
        if item.index not in refused
        for _, change in item.changes
        if change.catalogue_id is not None and not change.withdraw
        for catalogue in meant(by_name.get(change.catalogue_id, ()), change.retailer_id)
        if catalogue.activation == "requested" and not catalogue.public
    }


def shared(before: Mapping[Key, Listing], result: Restocked, catalogues: Iterable[Catalogue]) -> dict[Key, Listing]:
    """What follows from publishing into public catalogues and withdrawing from them.

    A product that is new there comes, with its price and quantity, to every retailer that the catalogue was opened to
    and that has it not yet; from then on each has its own. One that is withdrawn there is withdrawn from all of them.
    """
    opened = opened_to(catalogues)
    follow: dict[Key, Listing] = {}
    for key, listing in result.listings.items():
        was = key in before and before[key].published
        if listing.published == was:
            continue
        for catalogue in opened.get(key[:2], ()):
            theirs = (catalogue.retailer_id, catalogue.external_id, listing.product_id)
            there = result.listings.get(theirs) or Listing(None, *theirs)
            if listing.published and not there.published and catalogue.activation == "active":
                follow[theirs] = as_published(there, listing)
            elif not listing.published and there.published:
                follow[theirs] = there._replace(published=False, quantity=NOTHING)
    return follow


def opened(products: Iterable[Listing], theirs: Mapping[Key, Listing], retailer_id: str) -> dict[Key, Listing]:
    """A public catalogue's listings as a retailer gets them that it is opened to; what it has already stays."""
    result: dict[Key, Listing] = {}
    for listing in products:
        key = (retailer_id, listing.catalogue_id, listing.product_id)
        there = theirs.get(key) or Listing(None, *key)
        if listing.published and not there.published:
            result[key] = as_published(there, listing)
    return result


def as_published(listing: Listing, like: Listing) -> Listing:
    """A listing with the stock and the price of another one to begin with."""
    return listing._replace(
        published=True,
        quantity=like.quantity,
        safety_stock=like.safety_stock,
        sellable=like.sellable,
        wholesale_price=like.wholesale_price,
        currency=like.currency,
        incoming=like.incoming,
        unlimited=like.unlimited,
        back_order_allowed=like.back_order_allowed,
        back_order_limit=like.back_order_limit,
    )


def on_view(before: Mapping[Key, Listing], result: Restocked, catalogues: Iterable[Catalogue]) -> dict[Key, bool]:
    """The listings of public catalogues that are shown from now on, or no longer."""
    addresses = {catalogue.address for catalogue in catalogues if catalogue.on_view}
    return {
        key: listing.published
        for key, listing in result.listings.items()
        if key[:2] in addresses and listing.published != (key in before and before[key].published)
    }
