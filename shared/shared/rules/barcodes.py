"""When a product that is named by its id and by an EAN is one product."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from shared.contracts import OrderPlaced


@dataclass(frozen=True)
class Known:
    """A product as a catalogue has it."""

    catalogue_id: str
    ean: str | None


def wanted_products(placed: OrderPlaced) -> set[tuple[str, str]]:
    """(retailer, product id) of the rows that name their product twice, by its id and by its EAN."""
    return {
        (placed.retailer_id, row.product_id)
        for row in placed.rows
        if row.product_id is not None and row.ean is not None
    }


def disagreeing_rows(placed: OrderPlaced, known: Mapping[tuple[str, str], Sequence[Known]]) -> list[int]:
    """The places of the rows whose product is known, in the catalogues that may serve them, with other EANs only."""
    return [
        place
        for place, row in enumerate(placed.rows)
        if row.product_id is not None
        and row.ean is not None
        and not may_be_of(
            row.ean,
            {
                product.ean
                for product in known.get((placed.retailer_id, row.product_id), ())
                if row.catalogue_id in (None, product.catalogue_id)
            },
        )
    ]


def may_be_of(ean: str, known: Collection[str | None]) -> bool:
    """Whether an EAN may be of a product that catalogues have with these EANs, None where they say none.

    A product nobody was heard to have may be news that is late, and one without an EAN contradicts none. Zeros in front
    do not count: a UPC is an EAN with one more.
    """
    bare = {(one or "").strip().lstrip("0") for one in known}
    return not bare or bool(bare & {"", ean.strip().lstrip("0")})
