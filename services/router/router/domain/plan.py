"""What is asked of inventory for an order: its goods rows, each with its candidates, first to last."""

from shared.contracts import AllocateOrder, Candidate, OrderPlaced, OrderRow, Part, ReleaseOrder, RowDemand

SERVICES = ("serviceproduct", "costproduct")


class Ranked(Part):
    """A candidate that inventory is to ask, with what a shipment will say of the product."""

    catalogue_id: str
    product_id: str
    ean: str | None = None
    description: str | None = None
    fragile: bool = False
    oversized: bool = False


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


class Plan(Part):
    """The candidates of every row that needs stock."""

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
    return AllocateOrder(
        order_id=order.order_id,
        round=round_number,
        retailer_id=order.retailer_id,
        placed_at=order.placed_at,
        release=release,
        rows=tuple(
            RowDemand(
                external_id=row.external_id,
                quantity=row.quantity,
                mandatory=row.mandatory,
                partial_delivery_allowed=row.partial_delivery_allowed,
                back_order=row.back_order,
                parent=row.parent,
                candidates=tuple(
                    Candidate(catalogue_id=ranked.catalogue_id, product_id=ranked.product_id)
                    for ranked in plans[row.external_id].ranked
                ),
            )
            for row in order.rows
            if row.external_id in plans
        ),
    )
