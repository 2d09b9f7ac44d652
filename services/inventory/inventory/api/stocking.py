"""How a supplier's list of changes is applied: load, decide, save, say."""

from collections.abc import Sequence

from inventory import correcting, domain, filling, opening, store
from inventory.domain import BalanceChange, Catalogue, Item, Key, Listing, Product, Refusal, Restocked
from shared import outbox
from shared.contracts import BalanceChanged
from shared.postgres import Transaction


async def apply(tx: Transaction, supplier_id: str, items: Sequence[Item]) -> list[Refusal]:
    """Apply the items that can be applied, in a handful of statements however many there are; return the refusals."""
    items, untimely = await _timely(tx, items)
    await store.change_one_at_a_time(tx, supplier_id)
    changes = [change for item in items for _, change in item.changes]
    given = [item.product for item in items if item.product is not None]
    products = await store.products_named(
        tx, supplier_id, {change.product_id for change in changes} | {product.external_id for product in given}
    )
    catalogues = await _catalogues_of(tx, supplier_id, changes)
    public = {catalogue.external_id for catalogue in catalogues if catalogue.public}
    widely = {
        change.product_id
        for change in changes
        if change.retailer_id is None or change.catalogue_id is None or change.catalogue_id in public
    }
    widely |= {p.external_id for p in given if domain.touches_all_listings(p, products.get(p.external_id))}
    named = {
        (change.retailer_id, change.catalogue_id, change.product_id)
        for change in changes
        if change.retailer_id is not None and change.catalogue_id is not None
    }
    if waiting := [one.address for one in catalogues if one.activation == "requested" and not one.public]:
        # Those that turn out to be activated are touched as a whole.
        await store.lock_listings(tx, supplier_id, named, sorted(widely), waiting)
    listings = await store.listings_for_update(tx, supplier_id, named, sorted(widely))
    before = {listing.key: listing for listing in listings}
    moments = domain.moments(items, listings)
    news = await store.news_since(tx, moments) if moments else {}
    result = domain.restock(items, products, catalogues, listings, news)
    result.listings.update(domain.shared(before, result, catalogues))
    if result.documents:
        await store.save_products(tx, supplier_id, result.products, result.documents)
    if activated := domain.activated_by(items, result, catalogues):
        saved = await store.set_activation(tx, activated, "active")
        await store.touch_listings(tx, activated)
        await outbox.put(tx, *(catalogue.news for catalogue in saved))
    await save_listings(tx, supplier_id, products, before, result)
    if on_view := domain.on_view(before, result, catalogues):
        await store.hide_listings(tx, (key for key, shown in on_view.items() if not shown))
        await store.show_listings(tx, (key for key, shown in on_view.items() if shown))
    if raised := domain.raised(before, products, result):
        await filling.fill(tx, raised)
    if activated:
        await opening.serve_from(tx, activated)
    return [*untimely, *result.refusals]


async def _timely(tx: Transaction, items: Sequence[Item]) -> tuple[Sequence[Item], list[Refusal]]:
    """The items whose figures are of a moment that can be, and why the others are not applied."""
    now = await tx.now()
    refused = {item.index: refusal for item in items if (refusal := domain.untimely(item, now))}
    return [item for item in items if item.index not in refused], list(refused.values())


async def _catalogues_of(tx: Transaction, supplier_id: str, changes: Sequence[BalanceChange]) -> list[Catalogue]:
    """The supplier's catalogues that changes name. Those that wait for its yes are locked: this may be the yes."""
    names = {change.catalogue_id for change in changes if change.catalogue_id is not None}
    # A withdrawal that names no catalogue may be one from a public catalogue, which others have too.
    if any(c.withdraw and c.catalogue_id is None and c.retailer_id in (None, supplier_id) for c in changes):
        found = await store.catalogues_supplied(tx, supplier_id)
    else:
        found = await store.catalogues_supplied(tx, supplier_id, names) if names else []
    waiting = [catalogue.address for catalogue in found if catalogue.activation == "requested"]
    if not waiting:
        return found
    now = {catalogue.address: catalogue for catalogue in await store.catalogues_for_update(tx, supplier_id, waiting)}
    return [now.get(catalogue.address, catalogue) for catalogue in found]


async def save_listings(
    tx: Transaction,
    supplier_id: str,
    products: dict[str, Product],
    before: dict[Key, Listing],
    result: Restocked,
) -> None:
    """Store the listings that are new or other than before, and say what others must know of them.

    `products` are those of the listings that were there before, as they were then.
    """
    new: list[Listing] = []
    changed: list[Listing] = []
    events: list[BalanceChanged] = []
    for key, listing in result.listings.items():
        old, product = before.get(key), result.products[listing.product_id]
        version = listing.version
        if old is None or _told(old, products[listing.product_id]) != _told(listing, product):
            version += 1
            events.append(
                BalanceChanged(
                    retailer_id=listing.retailer_id,
                    catalogue_id=listing.catalogue_id,
                    supplier_id=supplier_id,
                    product_id=listing.product_id,
                    ean=product.ean,
                    description=product.name,
                    quantity=listing.quantity,
                    published=listing.published,
                    fragile=product.fragile,
                    oversized=product.oversized,
                    safety_stock=listing.safety_stock,
                    sellable=_sold(listing, product),
                    unlimited=listing.unlimited,
                    back_order_allowed=listing.back_order_allowed,
                    wholesale_price=listing.wholesale_price,
                    currency=listing.currency,
                    version=version,
                )
            )
        after = listing if version == listing.version else listing.of_version(version)
        if old is None:
            new.append(after)
        elif after != old or key in result.released:
            changed.append(after)
    # Before the balances: the time noted with them is to be as near to the end of the transaction as can be.
    await outbox.put(tx, *events)
    if new:
        await store.insert_listings(tx, supplier_id, sorted(new, key=lambda listing: listing.key))
    if changed:
        ids = [listing.id for listing in changed if listing.id is not None and listing.key in result.released]
        gone = await store.release_allocations(tx, ids) if ids else {}
        excess = {
            listing.id: (key, quantity)
            for key, quantity in result.withdrawn(before).items()
            if (listing := before[key]).id is not None
        }
        if excess:
            await correcting.withdraw(tx, supplier_id, excess)
            gone |= {balance_id: quantity for balance_id, (_, quantity) in excess.items()}
        await store.update_listings(tx, changed, gone)


def _told(listing: Listing, product: Product) -> tuple[object, ...]:
    """What others are told of a listing."""
    return (
        listing.quantity,
        listing.published,
        product.ean,
        product.name,
        product.fragile,
        product.oversized,
        listing.safety_stock,
        _sold(listing, product),
        listing.unlimited,
        listing.back_order_allowed,
        listing.wholesale_price,
        listing.currency,
    )


def _sold(listing: Listing, product: Product) -> bool:
    """Whether it is to be sold now, for those who do not know products."""
    return listing.sellable and product.status != "EOS"
