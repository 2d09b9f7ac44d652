"""The messages inventory takes: requests for stock and to let go of it, shipments that move on, goods that come
back, orders that end."""

from collections.abc import Sequence

from inventory import allocating, forgetting, releasing, restocking, settling
from shared.contracts import AllocateOrder, OrderForgotten, ReleaseOrder, ReleaseParts, ReturnChanged, ShipmentChanged
from shared.postgres import Transaction
from shared.subscriptions import Subscriptions

subscriptions = Subscriptions()


@subscriptions.on(AllocateOrder)
async def allocate_orders(requests: Sequence[AllocateOrder], tx: Transaction) -> None:
    """Promise stock to a batch of orders, and let those wait that may. Asked again, it is answered the same."""
    await allocating.allocate(tx, requests)


@subscriptions.on(ReleaseOrder)
async def release_orders(requests: Sequence[ReleaseOrder], tx: Transaction) -> None:
    """Let go of what was promised to orders and is not delivered: what counted is available again."""
    await releasing.release_orders(tx, requests)


@subscriptions.on(ReleaseParts)
async def release_parts(requests: Sequence[ReleaseParts], tx: Transaction) -> None:
    """Let go of parts of what orders were promised or wait for."""
    await releasing.release_parts(tx, requests)


@subscriptions.on(ShipmentChanged)
async def settle_shipments(shipments: Sequence[ShipmentChanged], tx: Transaction) -> None:
    """Let deliveries lower what is allocated, and put back what a shipment does not deliver."""
    await settling.settle(tx, shipments)


@subscriptions.on(ReturnChanged)
async def restock_returns(returns: Sequence[ReturnChanged], tx: Transaction) -> None:
    """Book what came back and was put on the shelf: who waits for it gets it first."""
    await restocking.restock(tx, returns)


@subscriptions.on(OrderForgotten)
async def forget_orders(events: Sequence[OrderForgotten], tx: Transaction) -> None:
    """Delete what is kept of orders that ended long ago; the balances stay as they are."""
    await forgetting.forget(tx, events)
