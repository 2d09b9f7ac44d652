"""Product ids lose the business id before them, once, and nothing that hangs on them is lost."""

import pytest

from inventory import handlers
from shared.contracts import BalanceChanged
from tests.inventory import orders
from tests.inventory.examples import STRANGER, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties

MIGRATE = f"{INVENTORY}/migrate"
OLD, NEW = f"{SUPPLIER}-10001", "10001"


async def migrated(parties: Parties, organisation: str = SUPPLIER) -> tuple[int, list[tuple[str, str]]]:
    """How many products a call migrated, and which it left, with the codes."""
    answer = await parties.call(organisation, "POST", MIGRATE)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert set(told) == {"migrated", "left"}
    return told["migrated"], [(one["externalId"], one["code"]) for one in told["left"]]


async def test_a_product_is_found_under_its_short_id_with_all_it_had(parties: Parties) -> None:
    await parties.open_catalogue("W")
    kept = {"descriptions": {"en": {"name": "Boots"}}, "eanCode": "6419835068484", "colour": "green"}
    figures = {"quantity": 7, "incoming": 3, "safetyStock": 1, "wholesalePrice": 2.5, "currency": "EUR"}
    item = {"product": {"externalId": OLD, **kept}, "balances": [{"catalogExternalId": "W", **figures}]}
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    assert await migrated(parties) == (1, [])
    shown = await parties.get(SUPPLIER, f"{INVENTORY}/{NEW}")
    assert shown["product"] == {"externalId": NEW, "supplierId": SUPPLIER, "status": "ACTIVE", **kept}
    assert numbers(shown["balances"], "productExternalId", *figures) == [(NEW, *figures.values())]
    for organisation in (SUPPLIER, SHOP):
        assert (await parties.call(organisation, "GET", f"{INVENTORY}/{OLD}")).status_code == 404
    feed = await parties.get(SHOP, f"{CATALOGUES}/balances")
    assert numbers(feed["content"], "productExternalId", "quantity") == [(NEW, 7)]
    assert await parties.the_books_add_up()


async def test_the_router_hears_that_one_id_is_gone_and_another_there(parties: Parties) -> None:
    await parties.publish({"W": {OLD: 7}})
    await parties.said(BalanceChanged)
    await migrated(parties)
    heard = [
        (one.product_id, one.published, float(one.quantity), one.version) for one in await parties.said(BalanceChanged)
    ]
    assert heard == [(OLD, False, 0, 2), (NEW, True, 7, 1)]
    # The old id may be used again, and what is said of it then is newer than all that was said before.
    await parties.put(SUPPLIER, INVENTORY, [{"product": {"externalId": OLD}, "balances": [{"catalogExternalId": "W"}]}])
    assert [(one.product_id, one.published, one.version) for one in await parties.said(BalanceChanged)] == [
        (OLD, True, 3)
    ]


@pytest.mark.parametrize("body", [None, "", "{}", '""', "null", "no JSON"])
async def test_it_is_asked_for_with_any_body_or_none_and_done_once(parties: Parties, body: str | None) -> None:
    await parties.publish({"W": {OLD: 1}})
    headers = parties.signer.headers(SUPPLIER, "supplier")
    for count in (1, 0):
        answer = await parties.client.post(MIGRATE, content=body, headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"migrated": count, "left": []})


async def test_a_fragile_product_is_fragile_under_its_short_id_too(parties: Parties) -> None:
    await parties.publish({"W": {OLD: 7}})
    fragile = {"externalId": OLD, "isFragile": True, "isOversized": True}
    assert await parties.put(SUPPLIER, INVENTORY, [{"product": fragile}]) == []
    await migrated(parties)
    last = (await parties.said(BalanceChanged))[-1]
    assert (last.product_id, last.fragile, last.oversized) == (NEW, True, True)
    # The balance alone changes: what is said of the product is what was stored.
    balance = {"productExternalId": NEW, "catalogExternalId": "W", "quantity": 8}
    assert await parties.put(SUPPLIER, BALANCES, [balance]) == []
    assert [(one.fragile, one.oversized) for one in await parties.said(BalanceChanged)] == [(True, True)]


async def test_a_product_whose_short_id_is_taken_is_left_and_named(parties: Parties) -> None:
    await parties.publish({"W": {OLD: 1, NEW: 2, f"{SUPPLIER}-A": 3, f"{SUPPLIER}-": 4, "other": 5}})
    assert await migrated(parties) == (1, [(OLD, "exists")])
    page = await parties.get(SUPPLIER, INVENTORY)
    assert [one["product"]["externalId"] for one in page["content"]] == [f"{SUPPLIER}-", OLD, NEW, "A", "other"]
    assert await parties.balance(f"W/{OLD}") == (1, None)


async def test_a_product_that_orders_wait_for_is_left_until_they_are_delivered(parties: Parties) -> None:
    await parties.publish({"W": {OLD: 5}})
    (answer,) = await parties.allocate(orders.order(orders.row("1", 2, f"W/{OLD}")))
    assert await migrated(parties) == (0, [(OLD, "open_orders")])
    assert await parties.balance(f"W/{OLD}") == (3, 2)
    shipped = orders.shipment(answer.order_id, "W", ("1", OLD, 2, 2), version=2, closed=True)
    await parties.take(handlers.settle_shipments, shipped)
    assert await migrated(parties) == (1, [])
    assert await parties.balance(f"W/{NEW}") == (3, None)
    assert await parties.the_books_add_up()


async def test_a_product_that_is_waited_for_or_held_keeps_the_id_that_orders_name(parties: Parties) -> None:
    await parties.publish({"W": {OLD: 0, f"{SUPPLIER}-A": 5}})
    await parties.open_catalogue("W", backOrderAllowed=True)
    await parties.allocate(orders.order(orders.row("1", 2, f"W/{OLD}", back_order=True)))
    cart = {"minutes": 5, "rows": [{"externalProductId": f"{SUPPLIER}-A", "quantity": 1}]}
    kept = (await parties.call(SHOP, "POST", "/ecommerce/v3/reservations", cart)).json()["reservationId"]
    assert await migrated(parties) == (0, [(OLD, "open_orders"), (f"{SUPPLIER}-A", "open_orders")])
    await parties.call(SHOP, "DELETE", f"/ecommerce/v3/reservations/{kept}")
    assert await migrated(parties) == (1, [(OLD, "open_orders")])


async def test_promises_that_were_released_do_not_hold_it_and_still_find_their_balance(parties: Parties) -> None:
    await parties.publish({"W": {OLD: 5}})
    (answer,) = await parties.allocate(orders.order(orders.row("1", 2, f"W/{OLD}")))
    await parties.put(SUPPLIER, BALANCES, [{"productExternalId": OLD, "allocated": 0}])
    assert await migrated(parties) == (1, [])
    await parties.take(
        handlers.settle_shipments, orders.shipment(answer.order_id, "W", ("1", OLD, 2, 1), version=2, closed=True)
    )
    assert await parties.balance(f"W/{NEW}") == (3, None)
    assert await parties.the_books_add_up()


async def test_only_products_of_the_caller_with_its_own_prefix_are_migrated(parties: Parties) -> None:
    await parties.publish({"W": {OLD: 5}})
    await parties.put(STRANGER, INVENTORY, [{"product": {"externalId": OLD}}])
    assert await migrated(parties, STRANGER) == (0, [])
    await parties.open_catalogue("OWN", supplier=SHOP)
    own = {"product": {"externalId": f"{SHOP}-7"}, "balances": [{"catalogExternalId": "OWN", "quantity": 2}]}
    await parties.put(SHOP, INVENTORY, [own])
    assert await migrated(parties, SHOP) == (1, [])
    assert await parties.balance("OWN/7") == (2, None)
    assert await parties.balance(f"W/{OLD}") == (5, None)


async def test_a_public_catalogue_shows_the_short_id_instead_of_the_long_one(parties: Parties) -> None:
    assert (await parties.put(SUPPLIER, f"{CATALOGUES}/P", {"public": True}))["public"] is True
    item = {"product": {"externalId": OLD}, "balances": [{"catalogExternalId": "P", "retailerId": SUPPLIER}]}
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    for shown in (OLD, NEW):
        page = await parties.get(OTHER_SHOP, f"{CATALOGUES}/P/products?supplierId={SUPPLIER}")
        assert [one["product"]["externalId"] for one in page["content"]] == [shown]
        await migrated(parties)
