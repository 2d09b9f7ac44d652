"""What is known of the products that an order names."""

from collections.abc import Mapping, Sequence
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
    """The places of the rows whose product is known, in the catalogues that may serve them, with other EANs only.

    A product nobody was heard to have may be news that is late, and one without an EAN contradicts none. Zeros in
    front do not count: a UPC is an EAN with one more.
    """
    return [
        place
        for place, row in enumerate(placed.rows)
        if row.product_id is not None
        and row.ean is not None
        and (
            eans := {
                product.ean and product.ean.lstrip("0")
                for product in known.get((placed.retailer_id, row.product_id), ())
                if row.catalogue_id in (None, product.catalogue_id)
            }
        )
        and not eans & {None, "", row.ean.lstrip("0")}
    ]
