"""Counts that are less than what is promised: the excess moves on, and both sides are told."""

from collections.abc import Mapping
from decimal import Decimal

from inventory import domain, store
from inventory.domain import Key
from shared import outbox
from shared.postgres import Transaction


async def withdraw(tx: Transaction, supplier_id: str, excess: Mapping[int, tuple[Key, Decimal]]) -> None:
    """Withdraw from promises what a supplier's balances have too little of, by the ids of balances, which are locked.

    What is promised falls here; the balances are their caller's to write. The router finds the orders another place.
    """
    promises = await store.open_promises(tx, excess)
    taken = domain.take_back(promises, {balance_id: quantity for balance_id, (_, quantity) in excess.items()})
    await store.withdraw_promises(tx, taken)
    keys = {balance_id: key for balance_id, (key, _) in excess.items()}
    await outbox.put(tx, *domain.withdrawals(taken, keys, supplier_id, await tx.now()))
