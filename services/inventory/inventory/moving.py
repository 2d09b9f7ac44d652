"""What becomes of promises, and how it moves their balances."""

from decimal import Decimal

from inventory import store
from inventory.domain import Promise
from inventory.store import AllocationKey, Move
from shared.postgres import Transaction


class Moves:
    """Promises that change, gathered to be written at once. Their balances are locked."""

    def __init__(self) -> None:
        self._settled: dict[AllocationKey, Promise] = {}
        self._balances: dict[int, Move] = {}

    def note(self, key: AllocationKey, before: Promise, after: Promise, *, counted: bool) -> None:
        """A promise changes; its balance with it if it counts."""
        if after == before:
            return
        self._settled[key] = after
        if counted:
            so_far = self._balances.get(key[2], Move())
            returned, found = after.returned - before.returned, after.quantity - before.quantity
            self._balances[key[2]] = Move(
                so_far.settled + before.open - after.open, so_far.returned + returned, so_far.found + found
            )

    async def save(self, tx: Transaction) -> dict[int, Decimal]:
        """Write it; how much came back to which balances, for `filling.share_out`."""
        if self._settled:
            await store.settle_allocations(tx, self._settled)
        moved = {id_: move for id_, move in self._balances.items() if any(move)}
        if moved:
            await store.return_stock(tx, moved)
        return {id_: move.returned for id_, move in moved.items() if move.returned}
