"""Returned goods that are back on the shelf: they are stock like any other, and go to who waits first."""

from collections.abc import Sequence
from decimal import Decimal

from inventory import filling, store
from inventory.store import Move, Restocked
from shared.contracts import ReturnChanged, ReturnRow
from shared.inbox import Unprocessable
from shared.postgres import Transaction

Shelved = tuple[ReturnChanged, ReturnRow]


async def restock(tx: Transaction, returns: Sequence[ReturnChanged]) -> None:
    """Book what was put back on the shelf with returns that were received, of each return once.

    The promise stays delivered: what came back is new. Raises Unprocessable for what no catalogue ever had.
    """
    shelved = [(told, row) for told in returns if told.status == "Received" for row in told.rows if row.restocked]
    if not shelved:
        return
    ids = await store.balance_ids_for_update(tx, {_place(one) for one in shelved})
    for told, row in shelved:
        if _place((told, row)) not in ids:
            raise Unprocessable(f"{row.product_id} was never in {told.retailer_id}/{told.catalogue_id}")
    goods = (
        Restocked(told.return_id, row.external_id, ids[_place((told, row))], told.order_id, row.restocked)
        for told, row in shelved
    )
    booked = await store.note_restocked(tx, dict.fromkeys(goods))
    came: dict[int, Decimal] = {}
    for balance_id, quantity in booked:
        came[balance_id] = came.get(balance_id, Decimal(0)) + quantity
    if came:
        await store.return_stock(tx, {id_: Move(returned=units, found=units) for id_, units in came.items()})
        await filling.share_out(tx, came)


def _place(shelved: Shelved) -> tuple[str, str, str]:
    told, row = shelved
    return told.retailer_id, told.catalogue_id, row.product_id
