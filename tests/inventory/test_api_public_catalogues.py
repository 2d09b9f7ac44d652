"""Public catalogues, and the ones of their own that retailers get of them (docs/decisions/0009)."""

import asyncio
from typing import Any

import pytest

from shared.contracts import BalanceChanged, CatalogueChanged
from tests.inventory import orders
from tests.inventory.agreeing import OF_OTHER, OF_SHOP, P, W, answer, ask, ids, reach, show, status, stock
from tests.inventory.examples import STRANGER, at, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties


async def test_a_retailers_public_catalogue_begins_with_stock_and_prices_and_then_has_its_own(parties: Parties) -> None:
    await show(parties)
    await parties.said(BalanceChanged)
    await parties.said(CatalogueChanged)
    asked = await ask(parties, priority=2, routeWeight=40)
    assert (asked["state"], asked["public"], asked["retailerId"], asked["supplierId"]) == (
        "requested",
        True,
        SHOP,
        SUPPLIER,
    )
    assert await ask(parties) == asked
    (seen,) = (await parties.get(SUPPLIER, f"{CATALOGUES}?role=SUPPLIER&activation=requested"))["content"]
    assert (seen["externalId"], seen["retailerId"]) == ("P", SHOP)
    assert await ids(parties, SHOP, f"{CATALOGUES}?role=RETAILER&activation=requested") == ["P"]
    await answer(parties, P, "active", **OF_SHOP)
    (mine,) = (await parties.get(SHOP, f"{CATALOGUES}?role=RETAILER"))["content"]
    assert numbers([mine], "catalogName", "priority", "routeWeight", "backOrderAllowed", "public", "retailerId") == [
        ("All of it", 2, 40, True, True, SHOP)
    ]
    content = (await parties.get(SHOP, f"{P}/balances"))["content"]
    assert numbers(content, "productExternalId", "quantity", "wholesalePrice", "currency") == [
        ("A", 10, 12.5, "EUR"),
        ("B", 10, 12.5, "EUR"),
    ]
    heard = [(one.active, one.version) for one in await parties.said(CatalogueChanged)]
    assert heard == [(False, 1), (True, 2)]
    news = await parties.said(BalanceChanged)
    assert [(n.retailer_id, n.product_id, float(n.quantity), n.published, str(n.ean), n.version) for n in news] == [
        (SHOP, "A", 10, True, "6419835068484", 1),
        (SHOP, "B", 10, True, "1234567891005", 1),
    ]
    await answer(parties, P, "active", **OF_SHOP)
    assert await parties.said(BalanceChanged) == []
    assert await parties.said(CatalogueChanged) == []
    # From here on each has its own numbers, and a quantity without a catalogue is for all.
    await parties.put(SUPPLIER, BALANCES, [{**at("A", SHOP, "P"), "quantity": 4, "wholesalePrice": 9}])
    await parties.put(SUPPLIER, BALANCES, [{**at("A", SUPPLIER, "P"), "quantity": 6}])
    await parties.put(SUPPLIER, BALANCES, [{"productExternalId": "B", "quantity": 77}])
    assert await stock(parties, SUPPLIER, BALANCES) == {
        f"{SUPPLIER}/A": 6,
        f"{SHOP}/A": 4,
        f"{SUPPLIER}/B": 77,
        f"{SHOP}/B": 77,
    }
    assert await parties.the_books_add_up()


async def test_a_public_catalogue_is_approved_for_one_retailer_at_a_time(parties: Parties) -> None:
    await show(parties)
    await ask(parties)
    await ask(parties, OTHER_SHOP)
    refused = await parties.call(SUPPLIER, "PUT", f"{P}/activation", {"state": "active"})
    assert refused.status_code == 400
    assert numbers(refused.json()["errors"], "field", "code") == [("retailerId", "ambiguous")]
    await answer(parties, P, "declined", **OF_OTHER)
    assert (await parties.put(SUPPLIER, f"{P}/activation?retailerId={SHOP}", {"state": "active"}))["state"] == "active"
    assert await stock(parties, SHOP, f"{P}/balances") == {f"{SHOP}/A": 10, f"{SHOP}/B": 10}
    assert await stock(parties, OTHER_SHOP, f"{CATALOGUES}/balances") == {}
    assert (await parties.get(OTHER_SHOP, f"{P}/activation"))["state"] == "declined"
    assert (await parties.get(SUPPLIER, f"{P}/activation?retailerId={OTHER_SHOP}"))["state"] == "declined"


async def test_what_is_published_and_withdrawn_later_reaches_those_who_were_approved(parties: Parties) -> None:
    await show(parties)
    await ask(parties)
    await ask(parties, OTHER_SHOP)
    await answer(parties, P, "active", **OF_SHOP)
    await parties.said(BalanceChanged)
    new = {"product": {"externalId": "C"}, "balances": [{"catalogExternalId": "P", "quantity": 5, "wholesalePrice": 2}]}
    assert await parties.put(SUPPLIER, INVENTORY, [new]) == []
    assert [(n.retailer_id, n.product_id) for n in await parties.said(BalanceChanged)] == [(SUPPLIER, "C"), (SHOP, "C")]
    assert (await parties.get(SHOP, f"{P}/balances?productExternalId=C"))["content"][0]["wholesalePrice"] == 2
    assert len((await parties.get(OTHER_SHOP, f"{P}/products"))["content"]) == 3
    gone = await parties.call(SUPPLIER, "DELETE", BALANCES, [at("A", SUPPLIER, "P")])
    assert gone.json() == []
    assert [(n.retailer_id, n.published) for n in await parties.said(BalanceChanged)] == [
        (SUPPLIER, False),
        (SHOP, False),
    ]
    assert await stock(parties, SHOP, f"{P}/balances") == {f"{SHOP}/B": 10, f"{SHOP}/C": 5}
    # Approved later, and with what is there then.
    await answer(parties, P, "active", **OF_OTHER)
    assert await stock(parties, OTHER_SHOP, f"{P}/balances") == {f"{OTHER_SHOP}/B": 10, f"{OTHER_SHOP}/C": 5}
    assert await parties.the_books_add_up()


@pytest.mark.parametrize("body", [[{"productExternalId": "A"}], [{"productExternalId": "A", "retailerId": SUPPLIER}]])
async def test_a_withdrawal_from_everywhere_is_one_from_public_catalogues_too(
    parties: Parties, body: list[dict[str, str]]
) -> None:
    await show(parties)
    await ask(parties)
    await answer(parties, P, "active")
    assert (await parties.call(SUPPLIER, "DELETE", BALANCES, body)).json() == []
    assert await stock(parties, SHOP, f"{P}/balances") == {f"{SHOP}/B": 10}
    assert len((await parties.get(OTHER_SHOP, f"{P}/products"))["content"]) == 1


async def test_who_comes_back_gets_what_was_published_meanwhile_and_finds_its_own_prices(parties: Parties) -> None:
    await show(parties)
    await ask(parties)
    await answer(parties, P, "active")
    await parties.put(SUPPLIER, BALANCES, [{**at("A", SHOP, "P"), "wholesalePrice": 9}])
    assert await status(parties, SUPPLIER, "DELETE", f"{P}/activation", OF_SHOP) == 200
    items = [{"product": {"externalId": "C"}, "balances": [{"catalogExternalId": "P", "quantity": 5}]}]
    assert await parties.put(SUPPLIER, INVENTORY, items) == []
    await ask(parties)
    assert await stock(parties, SHOP, f"{P}/balances") == {}
    await answer(parties, P, "active")
    content = (await parties.get(SHOP, f"{P}/balances"))["content"]
    assert numbers(content, "productExternalId", "wholesalePrice") == [("A", 9), ("B", 12.5), ("C", None)]


async def test_a_single_product_is_not_published_to_a_retailer_that_waits_for_a_public_catalogue(
    parties: Parties,
) -> None:
    await show(parties)
    await ask(parties)
    (refused,) = await parties.put(SUPPLIER, BALANCES, [{**at("A", SHOP, "P"), "quantity": 1}])
    assert refused["code"] == "requested"


async def test_a_change_of_what_a_retailer_had_before_does_not_approve_its_new_request(parties: Parties) -> None:
    await show(parties)
    await ask(parties)
    await answer(parties, P, "active")
    await reach(parties, P, "requested")
    assert await parties.put(SUPPLIER, BALANCES, [{**at("A", SHOP, "P"), "quantity": 1}]) == []
    assert (await parties.get(SHOP, f"{P}/activation"))["state"] == "requested"
    assert await stock(parties, SHOP, f"{P}/balances") == {}


async def test_orders_are_served_from_an_approved_catalogue_and_not_from_anothers(parties: Parties) -> None:
    await show(parties)
    await ask(parties)
    await answer(parties, P, "active")
    (answered,) = await parties.allocate(orders.order(orders.row("1", 3, "P/A")))
    assert orders.taken(answered.rows) == {"1": {"P/A": 3}}
    assert await stock(parties, SUPPLIER, f"{BALANCES}?productExternalId=A") == {f"{SUPPLIER}/A": 10, f"{SHOP}/A": 7}


async def test_a_catalogue_of_that_name_that_a_retailer_has_already_is_in_the_way(parties: Parties) -> None:
    await show(parties)
    await parties.open_catalogue("P", supplier=STRANGER)
    assert await status(parties, SHOP, "PUT", f"{P}/activation", {"supplierId": SUPPLIER}) == 409
    assert (await parties.get(SHOP, P))["public"] is False


@pytest.mark.parametrize(
    ("organisation", "body", "expected"),
    [
        (SUPPLIER, {"public": True, "supplierId": STRANGER}, 400),
        (SUPPLIER, {"catalogName": "mine"}, 403),
        (SHOP, {"public": True}, 403),
        (SHOP, {"public": True, "supplierId": SUPPLIER}, 403),
        (STRANGER, {"public": True, "supplierId": SUPPLIER}, 400),
        (STRANGER, {"public": True, "supplierId": STRANGER}, 200),
    ],
)
async def test_a_public_catalogue_is_its_suppliers_own(
    parties: Parties, organisation: str, body: dict[str, Any], expected: int
) -> None:
    assert await status(parties, organisation, "PUT", P, body) == expected


async def test_a_catalogue_stays_public_or_private_as_it_was_made(parties: Parties) -> None:
    await show(parties)
    await parties.open_catalogue("W")
    assert await status(parties, SUPPLIER, "PUT", P, {"public": False}) == 409
    assert await status(parties, SHOP, "PUT", W, {"public": True}) == 409
    await ask(parties)
    assert await status(parties, SHOP, "PUT", P, {"public": True, "priority": 5}) == 200
    assert await status(parties, SHOP, "PUT", P, {"public": False}) == 409


async def test_a_retailer_that_asks_twice_at_once_asks_once(parties: Parties) -> None:
    await show(parties)
    await parties.said(CatalogueChanged)
    states = [one["state"] for one in await asyncio.gather(*(ask(parties) for _ in range(5)))]
    assert set(states) == {"requested"}
    assert len(await parties.said(CatalogueChanged)) == 1


async def test_a_product_published_while_a_retailer_is_approved_reaches_it_either_way(parties: Parties) -> None:
    await show(parties)
    await ask(parties)
    items = [{"product": {"externalId": n}, "balances": [{"catalogExternalId": "P", "quantity": 1}]} for n in "CDEFGH"]
    before, after = ([parties.put(SUPPLIER, INVENTORY, [item]) for item in part] for part in (items[:3], items[3:]))
    await asyncio.gather(*before, answer(parties, P, "active"), *after)
    assert {one[-1] for one in await stock(parties, SHOP, f"{P}/balances")} == set("ABCDEFGH")
