"""Timed holds: what of a cart can be promised, and from where (routing.md R6)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from shared.contracts import AllocateOrder, Delivery, OrderAllocated, OrderPlaced, OrderRow, Party, Taking
from shared.rules import barcodes, plan, ranking
from shared.rules.ranking import Sources


class WantedRow(NamedTuple):
    """A row of a cart: a product by its supplier's id, by its EAN or by both; `catalogue_id` pins it to a catalogue.

    One without `partial_delivery_allowed` is kept whole in one catalogue or not at all.
    """

    external_id: str
    quantity: Decimal
    product_id: str | None = None
    ean: str | None = None
    catalogue_id: str | None = None
    partial_delivery_allowed: bool = True


class Misnamed(NamedTuple):
    """What a row of a cart names and the retailer does not have: the row's place, the field, a code and a sentence."""

    place: int
    field: str
    code: str
    message: str


class HeldRow(NamedTuple):
    """What is kept for a row, and how much of it nobody has."""

    external_id: str
    quantity: Decimal
    taken: tuple[Taking, ...]
    short: Decimal


@dataclass(frozen=True, slots=True)
class Hold:
    """What is kept for a retailer until a moment, by rows."""

    id: UUID
    retailer_id: str
    expires_at: datetime
    rows: tuple[HeldRow, ...]

    @property
    def keeps_anything(self) -> bool:
        """Whether there is anything to end."""
        return any(row.taken for row in self.rows)


def misnamed(rows: Sequence[WantedRow], known: Sources, catalogues: Collection[str]) -> Iterator[Misnamed]:
    """The products, EANs and catalogues that rows name and their retailer does not have.

    `known` is what its catalogues have of what the rows name, also what is not sold there any more, and `catalogues`
    which of the catalogues it names there are. A product by id and EAN must be one and the same, as in an order.
    """
    for place, row in enumerate(rows):
        if row.catalogue_id is not None and row.catalogue_id not in catalogues:
            yield Misnamed(place, "externalWarehouseId", "unknown", f"you have no catalogue {row.catalogue_id}")
        if row.product_id is None:
            if not known.by_ean.get(row.ean or ""):
                yield Misnamed(place, "productEANCode", "unknown", f"no catalogue of yours has the EAN {row.ean}")
            continue
        having = known.by_product.get(row.product_id, ())
        if not having:
            yield Misnamed(place, "externalProductId", "unknown", f"no catalogue of yours has {row.product_id}")
        eans = {one.ean for one in having if row.catalogue_id in (None, one.catalogue_id)}
        if row.ean is not None and not barcodes.may_be_of(row.ean, eans):
            yield Misnamed(place, "productEANCode", "mismatch", "is not the EAN of externalProductId")


def request_of(
    hold_id: UUID, retailer_id: str, moment: datetime, rows: Sequence[WantedRow], known: Sources
) -> AllocateOrder:
    """A cart as the order it may become: ranked by the same rules, and served by the same, but for what would wait."""
    order = OrderPlaced(
        order_id=hold_id,
        retailer_id=retailer_id,
        external_id=str(hold_id),
        placed_at=moment,
        delivery=Delivery(order_date=moment, delivery_address=Party()),
        rows=tuple(
            OrderRow(
                external_id=row.external_id,
                product_id=row.product_id,
                ean=row.ean,
                quantity=row.quantity,
                catalogue_id=row.catalogue_id,
                partial_delivery_allowed=row.partial_delivery_allowed,
            )
            for row in rows
        ),
    )
    return plan.allocation_request(order, ranking.rank_candidates(order, known), 1)


def held_of(rows: Sequence[WantedRow], answer: OrderAllocated) -> tuple[HeldRow, ...]:
    """What the rows of a cart got."""
    got = {row.external_id: row for row in answer.rows}
    return tuple(
        HeldRow(row.external_id, row.quantity, got[row.external_id].taken, got[row.external_id].short) for row in rows
    )
