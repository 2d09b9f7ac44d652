"""Product ids with their supplier's business id before them, as the warehouse once wanted them, lose it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from inventory.domain.listing import NOTHING, Listing
from shared.rules.taking import Key


@dataclass(frozen=True, slots=True)
class Left:
    """A product that keeps its id for now, and why: a code and a sentence."""

    external_id: str
    code: str
    message: str


def prefix_of(supplier_id: str) -> str:
    """What a supplier's product ids began with: `0109357-9-` in `0109357-9-10001`."""
    return f"{supplier_id}-"


def stripped(supplier_id: str, external_id: str) -> str | None:
    """The product id without the prefix; None if it has none, or nothing else."""
    prefix = prefix_of(supplier_id)
    return external_id[len(prefix) :] or None if external_id.startswith(prefix) else None


def plan_migration(
    supplier_id: str,
    prefixed: Iterable[str],
    taken: Collection[str],
    listings: Iterable[Listing],
    spoken_for: Collection[int] = (),
) -> tuple[dict[str, str], list[Left]]:
    """Which products are to be found under which other id, and which are left.

    Left are those whose new id another product has (`taken`), and those of which orders are still promised something,
    wait for it, or may take what is held (`spoken_for`, by balance): the orders name the old id.
    """
    promised = {listing.product_id for listing in listings if listing.allocated > 0 or listing.id in spoken_for}
    renamed: dict[str, str] = {}
    left: list[Left] = []
    for old in prefixed:
        new = stripped(supplier_id, old)
        if new is None:
            continue
        if new in taken:
            left.append(Left(old, "exists", f"there is a product {new} already"))
        elif old in promised:
            left.append(Left(old, "open_orders", "orders still wait for it; migrate again when they are delivered"))
        else:
            renamed[old] = new
    return renamed, left


def listings_after(listings: Iterable[Listing], renamed: Mapping[str, str]) -> dict[Key, Listing]:
    """The published listings of renamed products: withdrawn under the old id, and under the new one as they were."""
    after: dict[Key, Listing] = {}
    for listing in listings:
        if listing.published and listing.product_id in renamed:
            copy = listing._replace(id=None, product_id=renamed[listing.product_id], version=0)
            after[listing.key] = listing._replace(published=False, quantity=NOTHING)
            after[copy.key] = copy
    return after
