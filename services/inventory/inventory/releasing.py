"""Letting go: of all that an order holds and waits for, of parts of it, and of what an order's own hold keeps."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from inventory import domain, filling, store
from inventory.domain import Promise
from inventory.moving import Moves
from shared.contracts import PartRelease, ReleaseOrder, ReleaseParts
from shared.postgres import Transaction

NOTHING = Decimal(0)

Part = tuple[UUID, str, tuple[str, str], int]
"""Order, row, place, lot."""


async def release_orders(tx: Transaction, releases: Sequence[ReleaseOrder]) -> None:
    """Let go of orders; what comes back goes to those who wait."""
    await store.lock_for_release(tx, [release.order_id for release in releases], ())
    await filling.share_out(tx, await let_go(tx, releases))


async def let_go(tx: Transaction, releases: Sequence[ReleaseOrder]) -> dict[int, Decimal]:
    """Return what orders hold from balances, which are locked, and let them wait no more; what came back where.

    An order that holds nothing any more changes nothing.
    """
    order_ids = {release.order_id for release in releases}
    if not order_ids:
        return {}
    said: dict[Part, Decimal] = {}
    for release in releases:
        for part in release.delivered:
            key = (release.order_id, part.row_id, (part.catalogue_id, part.product_id), part.lot)
            said[key] = max(part.quantity, said.get(key, NOTHING))
    await store.end_waiting(tx, order_ids)
    moves = Moves()
    for allocation in await store.allocations_of_orders(tx, order_ids):
        order_id, row_id, _, lot = allocation.key
        delivered = said.get((order_id, row_id, allocation.place, lot), NOTHING)
        after = domain.let_go(allocation.promise, delivered)
        moves.note(allocation.key, allocation.promise, after, counted=allocation.counted)
    return await moves.save(tx)


async def release_parts(tx: Transaction, releases: Sequence[ReleaseParts]) -> None:
    """Let go of parts of orders: of what waits, and of what was promised in a lot; that goes to those who wait."""
    order_ids = {release.order_id for release in releases}
    await store.lock_for_release(tx, order_ids, ())
    parts = [(release.order_id, part) for release in releases for part in release.parts]
    waiting = [(order_id, part) for order_id, part in parts if part.catalogue_id is None]
    promised = [(order_id, part) for order_id, part in parts if part.catalogue_id is not None]
    fits = await _wait_for_less(tx, waiting) if waiting else []
    if promised:
        await filling.share_out(tx, await _give_back(tx, promised))
    await filling.fill(tx, fits)


async def _wait_for_less(tx: Transaction, parts: Iterable[tuple[UUID, PartRelease]]) -> list[int]:
    """Lower what rows wait for since rounds of asking. What is filled already, whoever filled it has said.

    A row that must come whole may fit now into what is left on a shelf: these balances are answered.
    """
    lines = await store.waiting_of_orders(tx, {order_id for order_id, _ in parts})
    left = {line.id: line.waiting.quantity for line in lines}
    for order_id, part in parts:
        for line in lines:
            if (line.waiting.order_id, line.waiting.row_id, line.waiting.lot) == (order_id, part.row_id, part.lot):
                left[line.id] = max(NOTHING, left[line.id] - part.quantity)
    fallen = {line.id: left[line.id] for line in lines if left[line.id] < line.waiting.quantity}
    if not fallen:
        return []
    await store.shrink_waiting(tx, fallen)
    whole = [line.id for line in lines if line.waiting.whole and fallen.get(line.id)]
    return await store.lower_whole(tx, whole) if whole else []


async def _give_back(tx: Transaction, parts: Sequence[tuple[UUID, PartRelease]]) -> dict[int, Decimal]:
    """Return parts of promises; what came back where."""
    found = await store.allocations_of_orders(tx, {order_id for order_id, _ in parts})
    asked: dict[Part, Decimal] = {}
    for order_id, part in parts:
        key = (order_id, part.row_id, (part.catalogue_id or "", part.product_id or ""), part.lot)
        asked[key] = asked.get(key, NOTHING) + part.quantity
    moves = Moves()
    for allocation in found:
        order_id, row_id, _, lot = allocation.key
        quantity = asked.get((order_id, row_id, allocation.place, lot), NOTHING)
        after: Promise = domain.give_back(allocation.promise, quantity)
        moves.note(allocation.key, allocation.promise, after, counted=allocation.counted)
    return await moves.save(tx)
