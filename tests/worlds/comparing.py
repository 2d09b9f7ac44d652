"""What services keep and show of goods that came back, held against what people know of them by themselves."""

import random
from collections.abc import AsyncIterator, Iterator, Mapping
from decimal import Decimal
from typing import Any

from router import store as router
from shared.postgres import Database
from tests.worlds.ledger import RECEIVED, REGISTERED, ZERO, Ledger, Return
from tests.worlds.people import CATALOGUES, ORDERS, SHOP, UNCOUNTED, People
from tests.worlds.returners import RETURNS

SHOWN = 5
"""Of so many returns is looked up what is shown."""


async def differences(people: People, databases: Mapping[str, Database], dice: random.Random) -> list[str]:
    """Everything about shelves and returns that is otherwise than people know it, in sentences."""
    goods = people.goods
    wrong = [*goods.too_much(), *[told async for told in _shelves(goods, databases["inventory"])]]
    wrong += [told async for told in _kept(goods, databases["router"])]
    for one in dice.sample(list(goods.returns.values()), min(SHOWN, len(goods.returns))):
        wrong += [told async for told in _shown(people, one)]
    return wrong


async def _shelves(goods: Ledger, inventory: Database) -> AsyncIterator[str]:
    async with inventory.transaction() as tx:
        balances = await tx.fetch(
            "SELECT catalogue_id, trim_scale(quantity + allocated) AS units FROM balances WHERE product_id = $1",
            UNCOUNTED,
        )
    assert {row["catalogue_id"] for row in balances} == CATALOGUES.keys()
    for row in balances:
        there = goods.on_shelf((row["catalogue_id"], UNCOUNTED))
        if row["units"] != there:
            yield f"{UNCOUNTED} in {row['catalogue_id']}: {row['units']} in the books, {there} on the shelf"


async def _kept(goods: Ledger, kept: Database) -> AsyncIterator[str]:
    async with kept.transaction() as tx:
        rows = await router.returned_books(tx)
    there = {
        (str(row["return_id"]), row["row_id"], row["product_id"]): (
            row["status"],
            row["quantity"],
            row["received"],
            row["restocked"],
        )
        for row in rows
    }
    known = {
        (one.return_id, *key): (one.status, units, one.received.get(key, ZERO), one.restocked.get(key, ZERO))
        for one in goods.returns.values()
        for key, units in one.rows.items()
    }
    for key in sorted(there.keys() | known.keys()):
        if there.get(key) != known.get(key):
            yield f"return {key}: {there.get(key)} at the router, {known.get(key)} as people know it"


async def _shown(people: People, one: Return) -> AsyncIterator[str]:
    """What is shown of a return, of its shipment's returns, and of the rows of its order."""
    of_shipment = [other for other in people.goods.returns.values() if other.sent is one.sent]
    for who in {SHOP, one.sent.supplier_id}:
        shown = (await people.ask("router", who, "GET", f"{RETURNS}/{one.return_id}")).json()
        for told in _return(one, shown):
            yield told
        role = "RETAILER" if who == SHOP else "SUPPLIER"
        path = f"{RETURNS}?shipmentId={one.sent.shipment_id}&size=2000&role={role}"
        listed = (await people.ask("router", who, "GET", path)).json()["content"]
        if {shown["returnId"] for shown in listed} != {other.return_id for other in of_shipment}:
            yield f"shipment {one.sent.shipment_id}: {who} sees the returns {listed}, there are {of_shipment}"
    order = (await people.ask("order-intake", SHOP, "GET", f"{ORDERS}/{one.number}")).json()
    of_order = [other for other in people.goods.returns.values() if other.number == one.number]
    for row in order["rows"]:
        for told in _row(row, of_order):
            yield f"order {one.number} {told}"


def _return(one: Return, shown: Mapping[str, Any]) -> Iterator[str]:
    rows = {
        (row["externalId"], row["itemId"]): (
            _units(row["quantity"]),
            _units(row["receivedQuantity"]),
            _units(row["restockedQuantity"]),
        )
        for row in shown["rows"]
    }
    known = {key: (units, one.received.get(key, ZERO), one.restocked.get(key, ZERO)) for key, units in one.rows.items()}
    if (shown["status"]["value"], rows) != (one.status, known):
        yield f"return {one.return_id}: {shown} is shown, people know {one}"
    if shown.get("complete") != (one.received == one.rows if one.status == RECEIVED else None):
        yield f"return {one.return_id}: complete is {shown.get('complete')}, people know {one}"


def _row(row: Mapping[str, Any], returns: list[Return]) -> Iterator[str]:
    """A row of an order shows the sums of its returns, and none of them before there are any."""
    here = [one for one in returns if any(row_id == row["externalId"] for row_id, _ in one.rows)]
    back: dict[str, Decimal] = {REGISTERED: ZERO, RECEIVED: ZERO}
    for one in here:
        came = sum((one.back(key) for key in one.rows if key[0] == row["externalId"]), ZERO)
        back[one.status] = back.get(one.status, ZERO) + came
    known = (back[REGISTERED], back[RECEIVED], {one.return_id for one in here})
    shown = (
        _units(row.get("returningQuantity", 0)),
        _units(row.get("returnedQuantity", 0)),
        set(row.get("returnIds", ())),
    )
    if shown != known:
        yield f"row {row['externalId']}: {shown} is shown as coming back, back and with which returns, not {known}"


def _units(number: object) -> Decimal:
    return Decimal(str(number))
