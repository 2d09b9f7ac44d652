"""How a retailer changes its mind about an order of its own: each function is one transaction on the locked order.

All raise problems.Refused: 404 when the retailer has no such order, 409 when the order has come too far, and what a
`Change` raises. Nothing is written then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from order_intake import checking, domain, standing, store
from order_intake.document import order_placed, reading
from order_intake.domain import Order
from order_intake.store import Changeable, Successor
from shared import outbox, problems
from shared.contracts import OrderPlaced
from shared.postgres import Database, Transaction

Change = Callable[[Mapping[str, Any]], tuple[dict[str, Any], OrderPlaced]]
"""Makes of the stored document (JSON values, misspelt names put right) the changed one, and what it announces.

May raise problems.invalid. Must return a new document, and leave the given one as it is. The announcement's rows have
the quantities of the document; its `order_id` is a fresh uuid7, used only if the order is placed anew; `placed_at`
is set here. `held` is what the document now says (`preferences.autoSubmit` false): of a held order it must stay true
unless the change releases it.
"""


async def change_order(
    database: Database, retailer_id: str, external_id: str, change: Change, *, cancel: bool = False
) -> None:
    """Store the changed document, say what others must hear of it, and with `cancel` cancel the order.

    Rows that ask for something else place the order anew, as long as no supplier has begun to work on it. Preferences
    that its rows were placed with change with them only.
    """
    async with database.transaction() as tx:
        changing = await _lock(tx, retailer_id, external_id)
        order, before = changing.order, changing.asked
        document, asked, no_waiting = _changed(changing, change)
        if asked.held and not order.held and not domain.has_ended(order):
            raise problems.conflict(f"Order {external_id} is with its warehouses already, and cannot be held again")
        if domain.asks_otherwise(asked, before, no_waiting):
            if (reason := domain.too_far(order)) is not None:
                raise problems.conflict(f"Order {external_id} {reason}")
            so_far = domain.delivered_so_far(order)
            if (row := domain.taken_back(asked, so_far)) is not None:
                sent = f"{so_far[row].normalize():f} of row {row} of order {external_id} is delivered"
                raise problems.conflict(f"{sent}; it cannot ask for less")
            gone = domain.given_up(order, asked, before)
            if not any(domain.left_to_send(asked, so_far, gone).values()):
                raise problems.conflict(f"Of order {external_id} nothing would be left to send; cancel it instead")
            changing = await _place_anew(
                *(tx, changing, document, asked, no_waiting, so_far),
                gone=gone,
                posted=changing.found.posted,
                reopened=changing.found.reopened,
            )
        elif (preference := domain.decided_with(asked, before)) is not None:
            raise problems.conflict(
                f"Order {external_id} was placed with its preferences.{preference}, which changes only when its rows do"
            )
        elif not domain.same_document(changing.found.document, document):
            changing = await _amend(tx, changing, document, asked, no_waiting)
        if cancel:
            await _cancel(tx, changing)


async def cancel_order(database: Database, retailer_id: str, external_id: str) -> None:
    """Cancel what is not delivered. Harmless when it was cancelled already; 409 when nothing is left to cancel."""
    async with database.transaction() as tx:
        await _cancel(tx, await _lock(tx, retailer_id, external_id))


async def delete_order(database: Database, retailer_id: str, external_id: str) -> None:
    """Cancel the order and take it out of the book: its number is free again. 409 when something was delivered."""
    async with database.transaction() as tx:
        changing = await _lock(tx, retailer_id, external_id)
        if domain.anything_delivered(changing.order):
            raise problems.conflict(f"Something of order {external_id} was delivered, so it cannot be deleted")
        await _cancel(tx, changing)
        await store.retire_order(tx, changing.order.id)


async def reopen_order(
    database: Database, retailer_id: str, external_id: str, change: Change, posted: bytes | None
) -> None:
    """Ask again for what a cancelled or delivered order did not deliver, or for all of it if everything was.

    `posted` is the body, None when it says nothing. Harmless when the order was opened again by the same already.
    """
    async with database.transaction() as tx:
        changing = await _lock(tx, retailer_id, external_id)
        if not domain.has_ended(changing.order):
            # A client that got no answer asks again (glue-api.md B.14).
            again = posted is None or domain.same_document(changing.found.posted, posted)
            if changing.found.reopened and again:
                return
            raise problems.conflict(
                f"Order {external_id} is {changing.order.status}; only a Cancelled or Delivered order is opened again"
            )
        document, asked, no_waiting = _changed(changing, change)
        so_far = domain.delivered_so_far(changing.order)
        if not any(domain.left_to_send(asked, so_far).values()):
            so_far = {}
        posted = changing.found.posted if posted is None else posted
        await _place_anew(tx, changing, document, asked, no_waiting, so_far, posted=posted, reopened=True)


async def release_order(database: Database, retailer_id: str, external_id: str) -> None:
    """Hand a held order over, and let its document say so. Harmless when it is not held; 409 when it has ended."""
    async with database.transaction() as tx:
        changing = await _lock(tx, retailer_id, external_id)
        if not changing.order.held:
            return
        if domain.has_ended(changing.order):
            raise problems.conflict(f"Order {external_id} is {changing.order.status}, which is final")
        document = reading.as_posted(changing.found.document)
        document["preferences"] = (document.get("preferences") or {}) | {"autoSubmit": True}
        asked = changing.asked.model_copy(update={"held": False, "placed_at": changing.at})
        await _amend(tx, changing, orjson.dumps(document), asked, changing.no_waiting)


@dataclass(frozen=True)
class _Changing:
    """An order that is being changed: as it was found, as it stands now, what it asks for, and the time.

    `no_waiting` are its rows that are not to wait for stock any more.
    """

    found: Changeable
    order: Order
    asked: OrderPlaced
    no_waiting: tuple[str, ...]
    at: datetime


async def _lock(tx: Transaction, retailer_id: str, external_id: str) -> _Changing:
    """The order, locked, with its rows and parts. 404 when the retailer has none with this number."""
    while (found := await store.order_for_update(tx, retailer_id, external_id)) is None:
        # None also when another one took its place while we waited for it: that one is there now.
        if await store.placed_order(tx, retailer_id, external_id) is None:
            raise problems.not_found(f"order {external_id}")
    (order,) = (await standing.with_rows(tx, {found.order.id: found.order})).values()
    values = reading.as_posted(found.document)
    # The transaction may have begun long before the order was ours.
    return _Changing(
        found, order, _asked(found, values, external_id), reading.without_waiting(values), await store.clock(tx)
    )


def _asked(found: Changeable, values: Mapping[str, Any], external_id: str) -> OrderPlaced:
    """What a stored document asks for."""
    document = reading.stored_order(values)
    asked = order_placed(found.order.id, found.order.retailer_id, document, found.placed_at)
    return asked.model_copy(update={"external_id": external_id, "held": found.order.held})


def _changed(changing: _Changing, change: Change) -> tuple[bytes, OrderPlaced, tuple[str, ...]]:
    """The document as it is to be, what it asks for, and the rows that are not to wait for stock any more."""
    document, asked = change(reading.as_posted(changing.found.document))
    told = {
        "retailer_id": changing.asked.retailer_id,
        "external_id": changing.asked.external_id,
        "placed_at": changing.at,
    }
    return orjson.dumps(document), asked.model_copy(update=told), reading.without_waiting(document)


async def _amend(
    tx: Transaction, changing: _Changing, document: bytes, asked: OrderPlaced, no_waiting: tuple[str, ...]
) -> _Changing:
    """Store a document whose rows ask for the same, and say so if others must know."""
    order, before = changing.order, changing.asked
    asked = asked.model_copy(update={"order_id": order.id})
    if domain.has_ended(order) and domain.goes_elsewhere(asked.delivery, before.delivery):
        raise problems.conflict(f"Order {asked.external_id} is {order.status}, which is final")
    await store.save_document(tx, order.id, document, asked)
    amended = replace(order, held=order.held and asked.held)
    if amended != order or asked.delivery != before.delivery or no_waiting != changing.no_waiting:
        amended = replace(amended, version=order.version + 1)
        await outbox.put(tx, domain.amended(amended, asked, changing.at, no_waiting))
        await standing.save(tx, [order], {order.id: amended})
    return replace(changing, order=amended, asked=asked, no_waiting=no_waiting)


async def _place_anew(
    tx: Transaction,
    changing: _Changing,
    document: bytes,
    asked: OrderPlaced,
    no_waiting: tuple[str, ...],
    so_far: Mapping[str, Decimal],
    *,
    gone: Mapping[str, Decimal] | None = None,
    posted: bytes,
    reopened: bool,
) -> _Changing:
    """Let another order take the place of this one, which is cancelled as far as it is open."""
    if wrong := await checking.product_errors(tx, [asked]):
        raise problems.invalid(wrong[asked.order_id])
    found, old = changing.found, changing.order
    new, announced = domain.placed_anew(old, asked, so_far, gone)
    await standing.save(tx, [old], {old.id: domain.with_cancellation(old, changing.at)})
    await store.retire_order(tx, old.id)
    await store.insert_successor(
        tx, Successor(new, asked, old.id, posted, document, placed_at=found.placed_at, reopened=reopened)
    )
    await store.insert_rows_anew(tx, new)
    await outbox.put(tx, announced)
    return replace(changing, order=new, asked=asked, no_waiting=no_waiting)


async def _cancel(tx: Transaction, changing: _Changing) -> None:
    """Cancel what is not delivered, and say so."""
    order = changing.order
    if order.cancelled:
        return
    if order.status == domain.DELIVERED:
        raise problems.conflict(f"Order {changing.asked.external_id} is {order.status}, which is final")
    cancelled = domain.with_cancellation(replace(order, version=order.version + 1), changing.at)
    await outbox.put(tx, domain.amended(cancelled, changing.asked, changing.at, changing.no_waiting))
    await standing.save(tx, [order], {order.id: cancelled})
