"""Orders that the order book has forgotten: their records and shipments go."""

from collections.abc import Sequence

import structlog

from router import store
from shared.contracts import OrderForgotten
from shared.postgres import Transaction

log = structlog.get_logger()


async def forget(tx: Transaction, events: Sequence[OrderForgotten]) -> None:
    """Delete what is kept of orders. One of which something is still to come is kept, and named: somebody is wrong."""
    order_ids = sorted({event.order_id for event in events})
    still_open = set(await store.open_orders(tx, order_ids))
    for order_id in sorted(still_open):
        log.error("an open order was forgotten", order_id=str(order_id))
    ended = [order_id for order_id in order_ids if order_id not in still_open]
    await store.forget_shipments(tx, ended)
    await store.forget_routes(tx, ended)
