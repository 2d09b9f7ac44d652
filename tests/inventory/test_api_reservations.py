"""Carts that keep stock before they are paid."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from inventory import app, expiry, handlers
from inventory.settings import Settings
from shared.contracts import AllocateOrder, BalanceChanged, OrderAllocated, OrderFilled
from shared.postgres import Database
from tests import builders
from tests.builders import Signer
from tests.inventory import orders
from tests.inventory.examples import numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER, order, row, shipment
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties

RESERVATIONS = "/ecommerce/v3/reservations"


@pytest.fixture
async def shelves(parties: Parties) -> Parties:
    """Callers of an inventory with two catalogues, of which the second is asked first."""
    await parties.publish({"W1": {"A": 4, "B": 1}, "W2": {"A": 3}})
    await parties.open_catalogue("W1", priority=2)
    await parties.open_catalogue("W2", priority=1)
    await parties.put(SUPPLIER, INVENTORY, [{"product": {"externalId": "B", "eanCode": "6400000099990"}}])
    return parties


async def keep(parties: Parties, *rows: dict[str, Any], minutes: int = 30) -> dict[str, Any]:
    """What a shop is answered that wants to keep rows."""
    answer = await parties.call(SHOP, "POST", RESERVATIONS, {"minutes": minutes, "rows": rows})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def kept(made: dict[str, Any]) -> list[tuple[dict[str, float], float]]:
    """What is kept for each row, by `catalogue/product`, and what is short."""
    return [
        (
            {f"{one['externalWarehouseId']}/{one['externalProductId']}": one["quantity"] for one in row["taken"]},
            row["short"],
        )
        for row in made["rows"]
    ]


async def held(parties: Parties, place: str) -> float:
    """What the supplier reads that shops hold of a balance."""
    catalogue, product = place.split("/")
    page = await parties.get(SUPPLIER, f"{BALANCES}?productExternalId={product}&catalogExternalId={catalogue}")
    (only,) = page["content"]
    quantity: float = only["held"]
    return quantity


async def expire(parties: Parties) -> None:
    """Let the time of all reservations be over."""
    async with parties.stock.transaction() as tx:
        await tx.execute("UPDATE holds SET expires_at = now()")
        await tx.execute("UPDATE hold_lines SET expires_at = now()")


async def test_a_cart_is_told_what_it_gets_from_where_and_what_is_short(shelves: Parties) -> None:
    made = await keep(
        shelves,
        {"externalId": "first", "externalProductId": "A", "quantity": 5},
        {"productEANCode": "6400000099990", "quantity": 2.5},
        {"externalProductId": "A", "quantity": 9, "externalWarehouseId": "W1"},
        {"externalProductId": "A", "quantity": 1},
    )
    assert kept(made) == [({"W2/A": 3, "W1/A": 2}, 0), ({"W1/B": 1}, 1.5), ({"W1/A": 2}, 7), ({}, 1)]
    assert numbers(made["rows"], "externalId", "quantity") == [("first", 5), ("1", 2.5), ("2", 9), ("3", 1)]
    left = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left < timedelta(minutes=31)
    assert await shelves.get(SHOP, f"{RESERVATIONS}/{made['reservationId']}") == made
    assert [await held(shelves, place) for place in ("W1/A", "W2/A", "W1/B")] == [4, 3, 1]
    assert await shelves.balance("W1/A") == (4, None)


async def test_nobody_else_gets_what_is_kept_and_the_order_that_names_it_does(shelves: Parties) -> None:
    made = await keep(shelves, {"externalProductId": "A", "quantity": 6})
    assert kept(await keep(shelves, {"externalProductId": "A", "quantity": 2})) == [({"W1/A": 1}, 1)]
    (other,) = await shelves.allocate(order(row("1", 1, "W2/A", "W1/A")))
    assert (other.outcome, [float(seen.held) for seen in other.rows[0].seen]) == ("none", [3, 4])
    paid = order(row("1", 6, "W2/A", "W1/A")).model_copy(update={"reservation_id": UUID(made["reservationId"])})
    (answer,) = await shelves.allocate(paid)
    assert orders.taken(answer.rows) == {"1": {"W2/A": 3, "W1/A": 3}}
    assert [await held(shelves, place) for place in ("W1/A", "W2/A")] == [1, 0]
    assert (await shelves.call(SHOP, "GET", f"{RESERVATIONS}/{made['reservationId']}")).status_code == 404
    assert await shelves.the_books_add_up()


async def test_where_nothing_can_be_kept_there_is_no_reservation(shelves: Parties) -> None:
    await shelves.publish({"W3": {"C": 9}})
    await shelves.call(SHOP, "DELETE", f"{CATALOGUES}/W3")
    for pinned in ("W3", "W1"):
        made = await keep(shelves, {"externalProductId": "C", "quantity": 3, "externalWarehouseId": pinned})
        assert made == {"rows": [{"externalId": "1", "quantity": 3, "taken": [], "short": 3}]}
    async with shelves.stock.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM holds") == 0


async def test_a_row_that_is_to_be_whole_is_kept_whole_in_one_catalogue_or_not_at_all(shelves: Parties) -> None:
    whole = {"externalProductId": "A", "partialDeliveryAllowed": False}
    made = await keep(shelves, {**whole, "quantity": 4}, {**whole, "quantity": 4})
    assert kept(made) == [({"W1/A": 4}, 0), ({}, 4)]
    assert kept(await keep(shelves, {**whole, "quantity": 3, "partialDeliveryAllowed": ""})) == [({"W2/A": 3}, 0)]


async def test_what_the_shop_does_not_have_is_named_row_by_row_and_nothing_is_kept(shelves: Parties) -> None:
    await shelves.publish({"V": {"D": 5}}, retailer=OTHER_SHOP)
    rows = [
        {"externalProductId": "A", "quantity": 1},
        {"externalProductId": "D", "quantity": 1},
        {"productEANCode": "123", "quantity": 1},
        {"externalProductId": "B", "productEANCode": "6400000099991", "quantity": 1},
        {"externalProductId": "B", "productEANCode": "06400000099990", "quantity": 1},
        {"externalProductId": "A", "externalWarehouseId": "V", "quantity": 1},
        {"externalProductId": "NONE", "externalWarehouseId": "NOWHERE", "quantity": 1},
    ]
    answer = await shelves.call(SHOP, "POST", RESERVATIONS, {"minutes": 5, "rows": rows})
    assert (answer.status_code, [(error["field"], error["code"]) for error in answer.json()["errors"]]) == (
        400,
        [
            ("rows[1].externalProductId", "unknown"),
            ("rows[2].productEANCode", "unknown"),
            ("rows[3].productEANCode", "mismatch"),
            ("rows[5].externalWarehouseId", "unknown"),
            ("rows[6].externalWarehouseId", "unknown"),
            ("rows[6].externalProductId", "unknown"),
        ],
    )
    assert [await held(shelves, place) for place in ("W1/A", "W2/A", "W1/B")] == [0, 0, 0]


async def test_what_is_closed_ended_unsellable_kept_back_or_another_shops_is_not_kept(shelves: Parties) -> None:
    await shelves.publish({"V": {"A": 50}}, retailer=OTHER_SHOP)
    await shelves.call(SHOP, "DELETE", f"{CATALOGUES}/W2")
    await shelves.put(SUPPLIER, BALANCES, [{"productExternalId": "A", "catalogExternalId": "W1", "safetyStock": 3}])
    assert kept(await keep(shelves, {"externalProductId": "A", "quantity": 5})) == [({"W1/A": 1}, 4)]
    await shelves.put(SUPPLIER, BALANCES, [{"productExternalId": "B", "sellable": False}])
    assert kept(await keep(shelves, {"externalProductId": "B", "quantity": 1})) == [({}, 1)]


async def test_a_reservation_that_is_given_up_is_free_at_once_and_given_up_once(shelves: Parties) -> None:
    made = await keep(shelves, {"externalProductId": "A", "quantity": 7})
    path = f"{RESERVATIONS}/{made['reservationId']}"
    for organisation, status in ((OTHER_SHOP, 404), (SHOP, 204), (SHOP, 404)):
        assert (await shelves.call(organisation, "DELETE", path)).status_code == status
    assert [await held(shelves, place) for place in ("W1/A", "W2/A")] == [0, 0]
    assert kept(await keep(shelves, {"externalProductId": "A", "quantity": 7})) == [({"W2/A": 3, "W1/A": 4}, 0)]


@pytest.mark.parametrize("by", ["its time", "the shop"])
async def test_what_a_reservation_frees_goes_to_those_who_wait_first(shelves: Parties, by: str) -> None:
    await shelves.open_catalogue("W2", backOrderAllowed=True)
    made = await keep(shelves, {"externalProductId": "A", "quantity": 3, "externalWarehouseId": "W2"})
    (answer,) = await shelves.allocate(order(row("1", 2, "W2/A", back_order=True)))
    assert answer.outcome == "backordered"
    await shelves.said(BalanceChanged)
    if by == "its time":
        await expire(shelves)
        assert await expiry.end_expired(shelves.stock) == 1
    else:
        await shelves.call(SHOP, "DELETE", f"{RESERVATIONS}/{made['reservationId']}")
    (filled,) = await shelves.said(OrderFilled)
    assert orders.taken(filled.rows) == {"1": {"W2/A": 2}}
    assert await shelves.balance("W2/A") == (1, 2)
    assert [(one.catalogue_id, one.version) for one in await shelves.said(BalanceChanged)] == [("W2", 2)]
    assert await shelves.the_books_add_up()


async def test_a_reservation_ends_once_whoever_ends_it(shelves: Parties) -> None:
    for _ in range(4):
        made = await keep(shelves, {"externalProductId": "A", "quantity": 7})
        paid = order(row("1", 1, "W2/A", "W1/A")).model_copy(update={"reservation_id": UUID(made["reservationId"])})
        given_up, *_ = await asyncio.gather(
            shelves.call(SHOP, "DELETE", f"{RESERVATIONS}/{made['reservationId']}"),
            shelves.take_once(handlers.allocate_orders, paid),
            expiry.end_expired(shelves.stock),
        )
        assert given_up.status_code in (204, 404)
        assert [await held(shelves, place) for place in ("W1/A", "W2/A")] == [0, 0]
        (answer,) = await shelves.said(OrderAllocated)
        assert answer.outcome == "full"
        back = shipment(paid.order_id, "W2", ("1", "A", 1, 0), version=2, closed=True)
        await shelves.take(handlers.settle_shipments, back)
        assert await shelves.the_books_add_up()


async def test_an_expired_reservation_keeps_nothing_even_before_it_is_ended(shelves: Parties) -> None:
    made = await keep(shelves, {"externalProductId": "A", "quantity": 7})
    await expire(shelves)
    path = f"{RESERVATIONS}/{made['reservationId']}"
    for method in ("GET", "DELETE"):
        assert (await shelves.call(SHOP, method, path)).status_code == 404
    assert await held(shelves, "W1/A") == 0
    assert kept(await keep(shelves, {"externalProductId": "A", "quantity": 7})) == [({"W2/A": 3, "W1/A": 4}, 0)]
    assert (await expiry.end_expired(shelves.stock), await expiry.end_expired(shelves.stock)) == (1, 0)
    assert await held(shelves, "W1/A") == 4


async def test_carts_and_orders_at_once_get_exactly_what_there_is(shelves: Parties) -> None:
    cart = [{"externalProductId": "A", "quantity": 1}, {"externalProductId": "B", "quantity": 1}]
    places = ("W1/A", "W2/A"), ("W2/A", "W1/A")
    wanted = [order(row("1", 1, *places[n % 2]), row("2", 1, "W1/B")) for n in range(8)]

    async def order_comes(one: AllocateOrder) -> None:
        await shelves.take_once(handlers.allocate_orders, one)

    answers = await asyncio.gather(
        *(keep(shelves, *cart[:: (1, -1)[n % 2]]) for n in range(8)), *map(order_comes, wanted)
    )
    taken = await shelves.said(OrderAllocated)
    left = await shelves.balance("W1/A"), await shelves.balance("W2/A")
    promised = sum(float(one.quantity) for answer in taken for one in answer.rows[0].taken)
    in_carts = await held(shelves, "W1/A") + await held(shelves, "W2/A")
    assert promised + in_carts == 7
    assert sum(quantity for quantity, _ in left) == 7 - promised
    of_b = sum(float(one.quantity) for answer in taken for one in answer.rows[1].taken)
    assert of_b + await held(shelves, "W1/B") == 1
    assert len([answer for answer in answers if answer]) == len(taken) == 8
    assert await shelves.the_books_add_up()


async def test_a_shop_has_so_many_reservations_and_no_more(stock: Database, database: str) -> None:
    signer = Signer()
    service = app.build(Settings(database=database, kafka="none", max_reservations=2))
    async with builders.client_of(service, stock, signer) as client:
        parties = Parties(client, signer, stock)
        await parties.publish({"W": {"A": 9}})
        cart = {"minutes": 5, "rows": [{"externalProductId": "A", "quantity": 1}]}
        answers = [await parties.call(SHOP, "POST", RESERVATIONS, cart) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["Retry-After"] == "60"
        await expire(parties)
        assert (await parties.call(SHOP, "POST", RESERVATIONS, cart)).status_code == 200


async def test_what_is_wrong_with_a_cart_is_named_all_at_once_and_nothing_is_kept(shelves: Parties) -> None:
    good = {"externalProductId": "A", "quantity": 1}
    for body, wrong in (
        (
            {"minutes": 0, "rows": [{**good, "quantity": 0}, {"quantity": "x"}]},
            ["minutes", "rows[0].quantity", "rows[1].quantity"],
        ),
        ({"minutes": 1441, "rows": []}, ["minutes", "rows"]),
        ({}, ["minutes", "rows"]),
        (
            {"minutes": 5, "rows": [{"quantity": 1}, {**good, "externalId": "1"}, {**good, "externalId": 1}]},
            ["rows[0].externalProductId", "rows[2].externalId"],
        ),
        ({"minutes": 5, "rows": [good] * 1001}, ["rows"]),
        ([], ["body"]),
    ):
        answer = await shelves.call(SHOP, "POST", RESERVATIONS, body)
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, wrong)
    assert (await shelves.call(SHOP, "GET", f"{RESERVATIONS}/nonsense")).status_code == 400
    assert (await shelves.call(SHOP, "GET", f"{RESERVATIONS}/{uuid4()}")).status_code == 404
    assert (await shelves.call(SUPPLIER, "POST", RESERVATIONS, {"minutes": 5, "rows": [good]})).status_code == 403
    assert [await held(shelves, place) for place in ("W1/A", "W2/A")] == [0, 0]
