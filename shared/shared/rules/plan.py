"""What is asked of inventory for an order: its goods rows, each with its candidates, first to last."""

from collections.abc import Iterable
from decimal import Decimal

from shared.contracts import (
    AllocateOrder,
    Candidate,
    OrderPlaced,
    OrderRow,
    Part,
    Quantity,
    ReleaseOrder,
    RowDemand,
    made,
)
from shared.rules.share import Asked, At, Ordered, Wanted

SERVICES = ("serviceproduct", "costproduct")


class Ranked(Part):
    """A candidate that inventory is to ask, with what a shipment will say of the product.

    `stock` (units free as far as the router knew, None when it did not), `unlimited` (it never runs out),
    `back_order_allowed` and `wholesale_price` are what a strategy planned with.
    """

    catalogue_id: str
    product_id: str
    ean: str | None = None
    description: str | None = None
    fragile: bool = False
    oversized: bool = False
    stock: Quantity | None = None
    unlimited: bool = False
    back_order_allowed: bool = False
    wholesale_price: Decimal | None = None
    currency: str | None = None


class Dropped(Part):
    """A catalogue that has the product and is not asked, with the first rule that dropped it."""

    catalogue_id: str
    product_id: str
    reason: str


class RowPlan(Part):
    """The candidates of a row, first to last, and those that were dropped."""

    external_id: str
    ranked: tuple[Ranked, ...] = ()
    dropped: tuple[Dropped, ...] = ()


class CatalogueTerms(Part):
    """What a shipment from a catalogue needs to know of it, as it was when the order was ranked."""

    catalogue_id: str
    supplier_id: str
    name: str | None = None
    contract_number: str | None = None
    priority: int | None = None
    route_weight: int | None = None
    acceptance_hours: float | None = None


class Plan(Part):
    """The candidates of every row that needs stock, in the order that a strategy has chosen.

    `all_or_nothing` and `cost_per_shipment` are what counted when the order was ranked, its own word or its retailer's.
    """

    strategy: str = "priority"
    all_or_nothing: bool = False
    cost_per_shipment: Decimal = Decimal(0)
    rows: tuple[RowPlan, ...] = ()
    catalogues: tuple[CatalogueTerms, ...] = ()


def needs_stock(row: OrderRow) -> bool:
    """Whether a row asks for goods; a service or cost row follows the goods instead."""
    return (row.product_type or "").strip().casefold() not in SERVICES


def lacks_news(plan: Plan) -> bool:
    """Whether a row asks for what nobody was heard to have: word may be on its way, for topics overtake each other."""
    return any(not row.ranked and not row.dropped for row in plan.rows)


def allocation_request(
    order: OrderPlaced, plan: Plan, round_number: int, release: ReleaseOrder | None = None
) -> AllocateOrder:
    """What is asked of inventory: the order's goods rows with their candidates. The same plan asks the same again.

    `release` lets go of the order whose place this one takes.
    """
    plans = {row.external_id: row for row in plan.rows}
    return made(
        AllocateOrder,
        order_id=order.order_id,
        round=round_number,
        retailer_id=order.retailer_id,
        placed_at=order.placed_at,
        external_id=order.external_id,
        release=release,
        all_or_nothing=plan.all_or_nothing,
        reservation_id=order.reservation_id,
        rows=tuple(
            demand(row, ((ranked.catalogue_id, ranked.product_id) for ranked in plans[row.external_id].ranked))
            for row in order.rows
            if row.external_id in plans
        ),
    )


def asked(order: Ordered, plan: Plan) -> list[Asked]:
    """The same rows with their candidates, for a decision that is not inventory's."""
    candidates = {
        row.external_id: tuple([At(one.catalogue_id, one.product_id) for one in row.ranked]) for row in plan.rows
    }
    return [
        Asked(
            row.external_id,
            row.quantity,
            row.mandatory,
            row.partial_delivery_allowed,
            row.back_order,
            row.parent,
            candidates[row.external_id],
        )
        for row in order.rows
        if row.external_id in candidates
    ]


def demand(row: Wanted, candidates: Iterable[tuple[str, str]]) -> RowDemand:
    """What is asked of inventory for a row, of these catalogues and products in turn."""
    return made(
        RowDemand,
        external_id=row.external_id,
        quantity=row.quantity,
        mandatory=row.mandatory,
        partial_delivery_allowed=row.partial_delivery_allowed,
        back_order=row.back_order,
        parent=row.parent,
        candidates=tuple(
            made(Candidate, catalogue_id=catalogue, product_id=product) for catalogue, product in candidates
        ),
    )
