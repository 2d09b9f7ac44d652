"""What of an order's rows is on its way elsewhere, as far as a delivery note tells its reader."""

from collections.abc import Mapping

from router.domain import Shipment
from router.domain.papers import OrderedRow
from shared.postgres import Transaction


async def ordered_rows(tx: Transaction, shipment: Shipment) -> Mapping[str, OrderedRow]:
    """The rows of a shipment's order, by id, for who may see the shipment.

    What another shipment delivered before this one did is not to come any more.
    """
    rows = await tx.fetch(
        "SELECT row_id, ordered, coalesce(sum(quantity) FILTER ("
        " WHERE shipment_id = $2 OR sent_at IS NULL OR sent_at >= $3), 0) AS coming"
        " FROM parts_of_rows WHERE order_id = $1 GROUP BY row_id, ordered",
        shipment.order_id,
        shipment.shipment_id,
        shipment.status_at if shipment.closed else None,
    )
    return {row["row_id"]: OrderedRow(row["ordered"], row["coming"]) for row in rows}
