"""What a retailer may ask of the routing of its order, over HTTP in both versions, and what it sees of it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from order_intake import handlers, placing
from order_intake.api.shown_v2 import OrderShownV2
from order_intake.api.shown_v3 import OrderShown
from order_intake.placing import NewOrder
from shared.contracts import OrderAmended, OrderPlaced, OrderRouted, ShipmentChanged
from shared.postgres import Database
from tests.order_intake import orders
from tests.order_intake.orders import document, v3
from tests.order_intake.shopping import ORDERS, change, get, placed, post, wrong_fields

HOLD = "0197f8a2-7c1e-7d30-8000-000000000002"
ASKED = {
    "backOrder": True,
    "backOrderCancelled": False,
    "mandatory": True,
    "partialDeliveryAllowed": False,
    "crossDocking": True,
    "productType": "physical",
    "parentRowReference": "2",
}
PREFERRED = {"autoSubmit": False, "allOrNothing": True, "strategy": "fewest-shipments", "reservationId": HOLD}

Place = Callable[[httpx.AsyncClient, Any], Awaitable[httpx.Response]]


async def put_v2(client: httpx.AsyncClient, order: Any) -> httpx.Response:
    """Place an order of version 2."""
    return await client.put("/v2/orders", content=json.dumps(order).encode())


async def get_v2(client: httpx.AsyncClient, order: str) -> dict[str, Any]:
    """Read an order in version 2."""
    read: dict[str, Any] = (await client.get(f"/v2/orders/order/{order}")).json()
    OrderShownV2.model_validate(read)
    return read


async def said(book: Database, kind: type[OrderPlaced] | type[OrderAmended]) -> list[Any]:
    """All that was said of a kind, in its order."""
    async with book.transaction() as tx:
        rows = await tx.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", kind.topic)
    return [kind.model_validate_json(row["value"]) for row in rows]


async def hear(book: Database, *messages: OrderRouted | ShipmentChanged) -> None:
    """Others tell of orders."""
    async with book.transaction() as tx:
        for message in messages:
            if isinstance(message, OrderRouted):
                await handlers.show_routes([message], tx)
            else:
                await handlers.follow_shipments([message], tx)


async def placed_id(book: Database) -> UUID:
    """The order that was placed last."""
    order_id: UUID = (await said(book, OrderPlaced))[-1].order_id
    return order_id


both_versions = pytest.mark.parametrize(("place", "order"), [(put_v2, document), (post, v3)], ids=["v2", "v3"])


@both_versions
async def test_what_a_row_asks_of_its_routing_is_taken_announced_and_given_back(
    shop: httpx.AsyncClient, book: Database, place: Place, order: Callable[..., dict[str, Any]]
) -> None:
    posted = order("A-1", 5, 2, preferences=PREFERRED)
    posted["rows"][0] |= ASKED
    assert (await place(shop, posted)).status_code == 200
    for read in (await get(shop, "A-1"), await get_v2(shop, "A-1")):
        assert read["rows"][0].items() >= ASKED.items()
        assert read["preferences"] == PREFERRED
    (announced,) = await said(book, OrderPlaced)
    row = announced.rows[0]
    assert (row.back_order, row.mandatory, row.partial_delivery_allowed) == (True, True, False)
    assert (row.parent, row.product_type) == ("2", "physical")
    assert (announced.held, announced.all_or_nothing) == (True, True)
    assert (announced.strategy, str(announced.reservation_id)) == ("fewest-shipments", HOLD)


@both_versions
async def test_what_cannot_be_is_refused_with_its_field_and_nothing_is_placed(
    shop: httpx.AsyncClient, book: Database, place: Place, order: Callable[..., dict[str, Any]]
) -> None:
    pinned = order("A-1", 5, 2)
    pinned["rows"][0]["externalWarehouseId"] = "W1"
    pinned["rows"][1] |= {"parentRowReference": "1", "externalWarehouseId": "W2"}
    orphan = order("A-1", 5)
    orphan["rows"][0]["parentRowReference"] = "7"
    preferring = order("A-1", 5, preferences={"strategy": "dearest", "reservationId": "x", "allOrNothing": "x"})
    for posted, named in (
        (pinned, {"rows[1].externalWarehouseId"}),
        (orphan, {"rows[0].parentRowReference"}),
        (preferring, {"preferences.strategy", "preferences.reservationId", "preferences.allOrNothing"}),
    ):
        assert wrong_fields(await place(shop, posted)) == named
    assert await said(book, OrderPlaced) == []


async def test_a_change_that_would_break_a_bundle_is_refused_with_its_field(shop: httpx.AsyncClient) -> None:
    order = v3("A-1", 5, 2)
    order["rows"][0]["externalWarehouseId"] = "W1"
    before = await placed(shop, order)
    bundled = {"externalId": "2", "parentRowReference": "1", "externalWarehouseId": "W2"}
    assert wrong_fields(await change(shop, "A-1", {"rows": [bundled]})) == {"rows[0].externalWarehouseId"}
    assert await get(shop, "A-1") == before


async def test_preferences_other_than_the_release_change_with_the_rows_only(
    shop: httpx.AsyncClient, book: Database
) -> None:
    before = await placed(shop, v3("A-1", 5, preferences=PREFERRED))
    address = f"{ORDERS}/A-1/preferences"
    other = await shop.patch(address, content=json.dumps({"autoSubmit": True, "strategy": "priority"}).encode())
    assert (other.status_code, "preferences.strategy" in other.json()["message"]) == (409, True)
    unknown = await shop.patch(address, content=json.dumps({"autoSubmit": True, "strategy": "dearest"}).encode())
    assert wrong_fields(unknown) == {"strategy"}
    assert await get(shop, "A-1") == before
    released = await shop.patch(address, content=json.dumps(PREFERRED | {"autoSubmit": True}).encode())
    assert (released.status_code, released.json()["preferences"]) == (200, PREFERRED | {"autoSubmit": True})
    assert len(await said(book, OrderPlaced)) == 1


async def test_a_row_that_waits_is_told_to_wait_no_more(shop: httpx.AsyncClient, book: Database) -> None:
    order = v3("A-1", 5)
    order["rows"][0]["backOrder"] = True
    await placed(shop, order)
    order_id, west = await placed_id(book), uuid4()
    await hear(book, orders.routed(order_id, orders.row_routed("1", ("W1", west, 3), waiting=2)))
    row = (await get(shop, "A-1"))["rows"][0]
    assert (row["waitingQuantity"], row["cancelledQuantity"], row["toBeRoutedQuantity"]) == (2, 0, 2)
    stopping = {"rows": [{"externalId": "1", "backOrderCancelled": True}]}
    assert (await change(shop, "A-1", stopping)).status_code == 200
    assert [amended.no_waiting for amended in await said(book, OrderAmended)] == [("1",)]
    await hear(book, orders.routed(order_id, orders.row_routed("1", ("W1", west, 3), cancelled=2), round_=2))
    of_v2, of_v3 = (await get_v2(shop, "A-1"))["rows"][0], (await get(shop, "A-1"))["rows"][0]
    for read in (of_v2, of_v3):
        assert read["backOrderCancelled"] is True
        assert (read["waitingQuantity"], read["cancelledQuantity"], read["toBeRoutedQuantity"]) == (0, 2, 0)
    assert (await change(shop, "A-1", stopping)).status_code == 200
    assert len(await said(book, OrderAmended)) == 1


async def test_an_answer_with_all_that_became_of_the_row_is_sent_back_and_changes_nothing(
    shop: httpx.AsyncClient, book: Database
) -> None:
    order = v3("A-1", 5, preferences=PREFERRED)
    order["rows"][0]["backOrder"] = True
    await placed(shop, order)
    order_id = await placed_id(book)
    await hear(book, orders.routed(order_id, orders.row_routed("1", ("W1", uuid4(), 3), waiting=1, cancelled=1)))
    read = await get(shop, "A-1")
    OrderShown.model_validate(read)
    assert read["rows"][0]["lastRoutedDateTime"] == "2026-01-02T12:01:00.000Z"
    assert (await change(shop, "A-1", read)).json() == read
    assert await said(book, OrderAmended) == []


async def test_orders_with_rows_that_nobody_can_serve_are_listed_with_the_reason(
    shop: httpx.AsyncClient, book: Database
) -> None:
    ids: dict[str, UUID] = {}
    for number in ("all", "sent", "waits", "served", "rejected"):
        await placed(shop, v3(number, 5, 2))
        ids[number] = await placed_id(book)
    west = {number: uuid4() for number in ids}
    served = {number: orders.row_routed("1", ("W1", west[number], 5)) for number in ids}
    nobody = orders.row_routed("2", unserved=2, reason="no stock")
    await hear(
        book,
        orders.routed(ids["all"], orders.row_routed("1", unserved=5, reason="inactive"), nobody),
        orders.routed(ids["sent"], served["sent"], nobody),
        orders.shipment(ids["sent"], west["sent"], "Delivered", ("1", 5, 5)),
        orders.routed(ids["waits"], orders.row_routed("1", waiting=5), nobody),
        orders.routed(ids["served"], served["served"], orders.row_routed("2", ("W1", west["served"], 2))),
        orders.routed(ids["rejected"], served["rejected"], orders.row_routed("2", ("W2", uuid4(), 2))),
        orders.shipment(ids["rejected"], west["rejected"], "Cancelled", ("1", 5, 0)),
        orders.routed(
            ids["rejected"],
            orders.row_routed("1", unserved=5, reason="no other warehouse"),
            orders.row_routed("2", ("W2", uuid4(), 2)),
            round_=2,
        ),
    )
    for query in ("status=Unroutable", "status=Unroutable,Viewed"):
        content = (await shop.get(f"{ORDERS}?{query}")).json()["content"]
        reasons = {order["externalId"]: [row.get("reason") for row in order["rows"]] for order in content}
        assert reasons == {
            "all": ["inactive", "no stock"],
            "sent": [None, "no stock"],
            "waits": [None, "no stock"],
            "rejected": ["no other warehouse", None],
        }
    await hear(book, orders.routed(ids["all"], served["all"], orders.row_routed("2", waiting=2), round_=2))
    page = (await shop.get(f"{ORDERS}?status=Unroutable")).json()
    assert page["page"]["totalElements"] == 3


async def test_stock_that_came_later_shows_as_another_shipment_of_the_same_warehouse(
    shop: httpx.AsyncClient, book: Database
) -> None:
    await placed(shop, v3("A-1", 6))
    order_id, first, second, rejected = await placed_id(book), uuid4(), uuid4(), uuid4()
    await hear(
        book,
        orders.routed(order_id, orders.row_routed("1", ("W1", first, 3), ("W2", rejected, 1), waiting=2)),
        orders.routed(
            *(order_id, orders.row_routed("1", ("W1", first, 3), ("W1", second, 2), rerouting=1)), round_=2, minute=9
        ),
    )
    row = (await get(shop, "A-1"))["rows"][0]
    assert {
        (went["externalWarehouseId"], went["requestedQuantity"], went["timestamp"][11:16])
        for went in row["routedWarehouses"]
    } == {
        ("W1", 3, "12:01"),
        ("W1", 2, "12:09"),
    }
    assert sorted(row["shipmentIds"]) == sorted([str(first), str(second)])
    assert (row["lastRoutedDateTime"][11:16], row["toBeRoutedQuantity"]) == ("12:09", 1)


async def test_an_order_that_would_not_be_taken_any_more_is_cancelled_all_the_same(
    shop: httpx.AsyncClient, book: Database
) -> None:
    order = document("A-1", 5, 2)
    taken = orders.new_order(order)
    order["rows"][0]["externalWarehouseId"] = "W1"
    order["rows"][1] |= {"parentRowReference": "1", "externalWarehouseId": "W2"}
    order["preferences"] = "none"
    await placing.place_orders(book, [NewOrder(taken.placed, json.dumps(order).encode())])
    assert wrong_fields(await change(shop, "A-1", {"paymentTerm": "now"})) >= {"rows[1].externalWarehouseId"}
    answer = await change(shop, "A-1", {"status": {"value": "Cancelled"}})
    assert (answer.status_code, answer.json()["status"]["value"]) == (200, "Cancelled")
