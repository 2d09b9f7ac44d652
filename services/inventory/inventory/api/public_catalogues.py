"""Public catalogues: what any retailer may look at, and what it gets once the supplier has approved it."""

from inventory import domain, store
from inventory.api import stocking
from inventory.domain import Restocked
from inventory.store import StoredCatalogue
from shared import problems
from shared.postgres import Transaction


async def the_one(tx: Transaction, catalogue_id: str, supplier_id: str | None) -> StoredCatalogue:
    """The open public catalogue with this id. 404 when there is none, 400 when only its supplier tells it apart."""
    found = await store.public_catalogues_named(tx, catalogue_id, supplier_id)
    if not found:
        raise problems.not_found(f"catalogue {catalogue_id}")
    if len(found) > 1:
        message = f"several suppliers have a public catalogue {catalogue_id}: name one"
        raise problems.invalid([problems.FieldError("supplierId", "ambiguous", message)])
    return found[0]


async def supplier_on_view(tx: Transaction, retailer_id: str, catalogue_id: str, supplier_id: str | None) -> str | None:
    """Whose public catalogue a retailer looks at that names this id; None when it means its own catalogue.

    Its own one comes first, unless another supplier is named or it has only asked for the public one.
    404 when there is no catalogue that it may look at.
    """
    own = await store.catalogue(tx, retailer_id, catalogue_id, retailer_id)
    if own is not None and supplier_id in (None, own.supplier_id):
        if own.activation == "active" or not own.public:
            return None
        supplier_id = own.supplier_id
    return (await the_one(tx, catalogue_id, supplier_id)).supplier_id


async def open_to(tx: Transaction, theirs: StoredCatalogue) -> None:
    """Let a retailer see what is in its catalogue from now on. If it asked for a public one, publish all of that there.

    Stock and price are those of the public catalogue to begin with. What the retailer had already stays as it is.
    """
    if not theirs.public:
        await store.touch_listings(tx, [theirs.address])
        return
    supplier_id = theirs.supplier_id
    product_ids = await store.public_product_ids(tx, supplier_id, theirs.external_id)
    keys = [
        (retailer_id, theirs.external_id, product_id)
        for product_id in product_ids
        for retailer_id in (supplier_id, theirs.retailer_id)
    ]
    await store.lock_listings(tx, supplier_id, keys, [], [theirs.address])
    listings = await store.listings_for_update(tx, supplier_id, keys, [])
    await store.touch_listings(tx, [theirs.address])
    before = {listing.key: listing for listing in listings}
    on_view = [listing for listing in listings if listing.retailer_id == supplier_id]
    products = await store.products_named(tx, supplier_id, product_ids)
    opened = Restocked(products, domain.opened(on_view, before, theirs.retailer_id))
    await stocking.save_listings(tx, supplier_id, products, before, opened)
