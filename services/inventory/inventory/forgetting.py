"""Orders that the order book has forgotten: their promises and answers go, and the books add up as before."""

from collections.abc import Sequence

import structlog

from inventory import store
from shared.contracts import OrderForgotten
from shared.postgres import Transaction

log = structlog.get_logger()


async def forget(tx: Transaction, events: Sequence[OrderForgotten]) -> None:
    """Delete what is kept of orders. One that holds stock or waits for some is kept, and named: somebody is wrong.

    A request for stock that was given up goes with its order: sent again, it could not be told from a new one.
    """
    order_ids = sorted({event.order_id for event in events})
    still_open = set(await store.open_orders(tx, order_ids))
    for order_id in sorted(still_open):
        log.error("an open order was forgotten", order_id=str(order_id))
    ended = [order_id for order_id in order_ids if order_id not in still_open]
    await store.forget_promises(tx, ended)
    await store.forget_settlements(tx, ended)
    await store.forget_restocked(tx, ended)
    discarded = await store.discard_requests(tx, ended)
    if discarded:
        log.warning("parked requests of forgotten orders discarded", requests=discarded)
