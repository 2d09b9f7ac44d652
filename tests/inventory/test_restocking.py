"""What comes back of orders and is put on the shelf again is stock like any other."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from inventory import handlers, store
from shared.contracts import BalanceChanged, OrderFilled, OrderForgotten, ReturnChanged, ReturnRow
from shared.inbox import Unprocessable
from tests.inventory.orders import MOMENT, SHOP, SUPPLIER, order, row, shipment
from tests.inventory.parties import BALANCES, INVENTORY, Parties

ORDER, RETURN = UUID(int=11), UUID(int=12)

Came = tuple[str, str, float, float]
"""Of a row its id, product, what was received and what of that went back on the shelf."""


def returned(*rows: Came, status: str = "Received", version: int = 2, catalogue: str = "W") -> ReturnChanged:
    """News of a return of the order."""
    return ReturnChanged(
        return_id=RETURN,
        shipment_id=UUID(int=13),
        order_id=ORDER,
        order_external_id="A-1",
        retailer_id=SHOP,
        supplier_id=SUPPLIER,
        catalogue_id=catalogue,
        status=status,  # type: ignore[arg-type]
        changed_at=MOMENT,
        version=version,
        rows=tuple(
            ReturnRow(
                external_id=name,
                product_id=product,
                quantity=Decimal(9),
                reason="DoesNotFit",
                received=Decimal(str(received)),
                restocked=Decimal(str(restocked)),
            )
            for name, product, received, restocked in rows
        ),
    )


async def sold(parties: Parties, quantity: float = 4) -> None:
    """So much of A was delivered to the order, of ten."""
    await parties.publish({"W": {"A": 10}})
    await parties.allocate(order(row("1", quantity, "W/A"), order_id=ORDER))
    news = shipment(ORDER, "W", ("1", "A", quantity, quantity), version=2, closed=True)
    await parties.take(handlers.settle_shipments, news)


async def booked(parties: Parties) -> Sequence[tuple[UUID, str, str, float]]:
    """What inventory says it took back: return, row, product, units."""
    async with parties.stock.transaction() as tx:
        return [(one.return_id, one.row_id, one.product_id, float(one.quantity)) for one in await store.restocked(tx)]


async def test_what_is_put_back_is_available_again_and_its_promise_stays_delivered(parties: Parties) -> None:
    await sold(parties)
    await parties.take(handlers.restock_returns, returned(("1", "A", 3, 2)))
    assert await parties.balance("W/A") == (8, 0)
    async with parties.stock.transaction() as tx:
        (promise,) = await store.promised(tx)
    assert (promise.delivered, promise.returned) == (Decimal(4), Decimal(0))
    assert await booked(parties) == [(RETURN, "1", "A", 2)]
    assert await parties.the_books_add_up()


async def test_a_return_is_booked_once_however_often_it_is_told(parties: Parties) -> None:
    await sold(parties)
    told = returned(("1", "A", 3, 2))
    await parties.take(handlers.restock_returns, told, told)
    await parties.take(handlers.restock_returns, told)
    assert await parties.balance("W/A") == (8, 0)


@pytest.mark.parametrize(
    "told",
    [
        returned(("1", "A", 0, 0), status="Registered", version=1),
        returned(("1", "A", 0, 0), status="Cancelled"),
        returned(("1", "A", 3, 0)),
    ],
    ids=["on its way", "not coming", "received and not put back"],
)
async def test_what_is_not_put_back_is_not_booked(parties: Parties, told: ReturnChanged) -> None:
    await sold(parties)
    await parties.take(handlers.restock_returns, told)
    assert await parties.balance("W/A") == (6, 0)
    assert await booked(parties) == []


async def test_who_waits_gets_it_first(parties: Parties) -> None:
    await parties.publish({"W": {"A": 4}})
    await parties.open_catalogue("W", backOrderAllowed=True)
    waits = order(row("1", 3, "W/A", back_order=True))
    await parties.allocate(order(row("1", 4, "W/A"), order_id=ORDER), waits)
    news = shipment(ORDER, "W", ("1", "A", 4, 4), version=2, closed=True)
    await parties.take(handlers.settle_shipments, news)
    await parties.take(handlers.restock_returns, returned(("1", "A", 4, 4)))
    assert await parties.balance("W/A") == (1, 3)
    (filled,) = [one for one in await parties.said(OrderFilled) if one.order_id == waits.order_id]
    assert [float(taken.quantity) for taken in filled.rows[0].taken] == [3]
    assert await parties.the_books_add_up()


async def test_of_what_never_runs_out_nothing_is_added(parties: Parties) -> None:
    await sold(parties)
    change = {"productExternalId": "A", "retailerId": SHOP, "catalogExternalId": "W", "unlimited": True}
    assert await parties.put(SUPPLIER, BALANCES, [change]) == []
    await parties.take(handlers.restock_returns, returned(("1", "A", 3, 3)))
    assert (await parties.balance("W/A"))[0] == 6
    assert await booked(parties) == [(RETURN, "1", "A", 3)]
    assert await parties.the_books_add_up()


async def test_what_comes_back_after_its_end_of_sale_is_offered_to_nobody(parties: Parties) -> None:
    await sold(parties)
    ended, sold_again = ({"product": {"externalId": "A", "status": status}} for status in ("EOS", "ACTIVE"))
    assert await parties.put(SUPPLIER, INVENTORY, [ended]) == []
    assert not (await parties.said(BalanceChanged))[-1].sellable
    await parties.take(handlers.restock_returns, returned(("1", "A", 3, 2)))
    assert (await parties.balance("W/A"))[0] == 2
    assert await parties.said(BalanceChanged) == []
    assert await parties.put(SUPPLIER, INVENTORY, [sold_again]) == []
    (told,) = await parties.said(BalanceChanged)
    assert (told.sellable, told.quantity) == (True, Decimal(2))


async def test_what_no_catalogue_ever_had_is_a_message_for_a_person(parties: Parties) -> None:
    await sold(parties)
    for told in (returned(("1", "B", 1, 1)), returned(("1", "A", 1, 1), catalogue="X")):
        async with parties.stock.transaction() as tx:
            with pytest.raises(Unprocessable, match="was never in"):
                await handlers.restock_returns([told], tx)
    assert await parties.balance("W/A") == (6, 0)


async def test_what_came_back_of_a_forgotten_order_stays_on_the_shelf(parties: Parties) -> None:
    await sold(parties)
    await parties.take(handlers.restock_returns, returned(("1", "A", 3, 2)))
    await parties.take(handlers.forget_orders, OrderForgotten(order_id=ORDER))
    assert await booked(parties) == []
    assert await parties.balance("W/A") == (8, 0)
    assert await parties.the_books_add_up()
