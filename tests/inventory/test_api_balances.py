"""What becomes of balances and prices that are sent, with the public documents' own examples."""

import asyncio

import pytest

from inventory import app, store
from inventory.settings import Settings
from shared.contracts import BalanceChanged
from shared.postgres import Database
from tests import builders
from tests.builders import Signer
from tests.inventory import orders
from tests.inventory.examples import BOOTS, FIRST, SECOND, STRANGER, at, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties


async def test_a_price_changes_without_the_quantity_and_a_quantity_without_the_price(published: Parties) -> None:
    change = [{**at(SECOND, SHOP, "Catalog1"), "wholesalePrice": 12}]
    assert await published.put(SUPPLIER, BALANCES, change) == []
    change = [
        {**at(SECOND, SHOP, "Catalog1"), "quantity": 200},
        {**at(SECOND, OTHER_SHOP, "Catalog999"), "quantity": 300},
    ]
    assert await published.put(SUPPLIER, BALANCES, change) == []
    page = await published.get(SUPPLIER, f"{BALANCES}?productExternalId={SECOND}")
    assert numbers(page["content"], "quantity", "wholesalePrice", "currency") == [(200, 12, "EUR"), (300, 25.6, "EUR")]


async def test_a_quantity_without_a_catalogue_goes_to_every_shop_that_has_the_product(published: Parties) -> None:
    change = [{"productExternalId": FIRST, "quantity": 100}, {"productExternalId": SECOND, "quantity": 120}]
    assert await published.put(SUPPLIER, BALANCES, change) == []
    page = await published.get(SUPPLIER, BALANCES)
    assert numbers(page["content"], "productExternalId", "quantity") == [(FIRST, 100), (SECOND, 120), (SECOND, 120)]
    assert await published.the_books_add_up()


async def test_allocations_stay_when_a_quantity_is_set_and_go_when_allocated_is_0(published: Parties) -> None:
    (answer,) = await published.allocate(orders.order(orders.row("1", 3, f"Catalog1/{FIRST}")))
    assert await published.balance(f"Catalog1/{FIRST}") == (7, 3)
    await published.put(SUPPLIER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 20}])
    assert await published.balance(f"Catalog1/{FIRST}") == (20, 3)
    await published.put(SUPPLIER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 17, "allocated": 0}])
    assert await published.balance(f"Catalog1/{FIRST}") == (17, 0)
    assert await published.the_books_add_up()
    assert answer.outcome == "full"


@pytest.mark.parametrize("in_the_body", [True, False])
async def test_a_product_is_withdrawn_from_one_catalogue(published: Parties, in_the_body: bool) -> None:
    where = at(SECOND, SHOP, "Catalog1")
    query = "?" + "&".join(f"{name}={value}" for name, value in where.items())
    path, body = (BALANCES, [where]) if in_the_body else (BALANCES + query, None)
    assert (await published.call(SUPPLIER, "DELETE", path, body)).json() == []
    page = await published.get(SUPPLIER, f"{BALANCES}?productExternalId={SECOND}")
    assert numbers(page["content"], "retailerId") == [(OTHER_SHOP,)]
    (refused,) = (await published.call(SUPPLIER, "DELETE", path, body)).json()
    assert refused["code"] == "not_published"


async def test_the_good_items_of_a_batch_are_applied_and_the_bad_ones_are_named(published: Parties) -> None:
    errors = await published.put(
        SUPPLIER,
        BALANCES,
        [
            {**at(FIRST, SHOP, "Catalog1"), "quantity": -1},
            {**at(FIRST, SHOP, "Catalog1"), "quantity": 5},
            {**at("Nothing", SHOP, "Catalog1"), "quantity": 5},
            {**at(FIRST, SHOP, "Catalog2"), "quantity": 5},
            {"productExternalId": "a b", "currency": "euro"},
            {**at(FIRST, SHOP, "Catalog1"), "allocated": -3},
            {**at(FIRST, OTHER_SHOP, "Catalog1"), "quantity": 5},
            {"productExternalId": FIRST, "retailerId": OTHER_SHOP, "quantity": 5},
            7,
        ],
    )
    assert numbers(errors, "index", "field") == [
        (0, "quantity"),
        (2, "productExternalId"),
        (3, "catalogExternalId"),
        (4, "productExternalId"),
        (4, "currency"),
        (5, "allocated"),
        (6, "catalogExternalId"),
        (7, "productExternalId"),
        (8, "body"),
    ]
    assert await published.balance(f"Catalog1/{FIRST}") == (5, None)


async def test_a_balance_that_was_read_is_taken_back_as_it_is(published: Parties) -> None:
    item = {**at(FIRST, SHOP, "Catalog1"), "quantity": 6, "allocated": 4, "onHand": 10}
    assert await published.put(SUPPLIER, BALANCES, [item]) == []
    assert await published.balance(f"Catalog1/{FIRST}") == (6, None)
    (refused,) = await published.put(SUPPLIER, BALANCES, [{**item, "onHand": 11}])
    assert refused["field"] == "onHand"


async def test_only_the_named_supplier_publishes_into_a_catalogue(published: Parties) -> None:
    assert await published.put(STRANGER, INVENTORY, [{"product": {"externalId": FIRST}}]) == []
    (refused,) = await published.put(STRANGER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 1}])
    assert refused["field"] == "catalogExternalId"
    (refused,) = await published.put(SHOP, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "quantity": 1}])
    assert refused["field"] == "productExternalId"
    assert await published.balance(f"Catalog1/{FIRST}") == (10, None)


async def test_the_later_of_two_changes_in_a_batch_wins(published: Parties) -> None:
    here = at(FIRST, SHOP, "Catalog1")
    changes = [{**here, "quantity": 1}, {**here, "safetyStock": 2, "sellable": False}, {**here, "quantity": 4}]
    assert await published.put(SUPPLIER, BALANCES, changes) == []
    page = await published.get(SHOP, f"{CATALOGUES}/Catalog1/balances?productExternalId={FIRST}")
    assert numbers(page["content"], "quantity", "safetyStock", "sellable", "wholesalePrice") == [(4, 2, False, 23.4)]
    assert await published.the_books_add_up()


async def test_the_router_hears_of_what_it_must_know_and_of_nothing_else(published: Parties) -> None:
    heard = await published.said(BalanceChanged)
    assert [(one.product_id, one.retailer_id, float(one.quantity), one.version) for one in heard] == [
        (FIRST, SHOP, 10, 1),
        (SECOND, SHOP, 10, 1),
        (SECOND, OTHER_SHOP, 24, 1),
    ]
    assert (heard[0].ean, heard[0].description, heard[0].published) == ("1234567890005", "Fishing boots", True)
    here = at(FIRST, SHOP, "Catalog1")
    await published.put(SUPPLIER, BALANCES, [{**here, "quantity": 10, "incoming": 3, "backOrderLimit": 5}])
    await published.put(SUPPLIER, INVENTORY, BOOTS)
    await published.allocate(orders.order(orders.row("1", 1, f"Catalog1/{FIRST}")))
    assert await published.said(BalanceChanged) == []
    await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": SECOND, "eanCode": "6419835068484"}}])
    assert [(one.ean, float(one.quantity), one.version) for one in await published.said(BalanceChanged)] == [
        ("6419835068484", 10, 2),
        ("6419835068484", 24, 2),
    ]
    await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": SECOND, "status": "EOS"}}])
    assert [(one.published, float(one.quantity), one.version) for one in await published.said(BalanceChanged)] == [
        (True, 0, 3),
        (True, 0, 3),
    ]
    await published.call(SUPPLIER, "DELETE", BALANCES, [here])
    assert [(one.published, one.version) for one in await published.said(BalanceChanged)] == [(False, 2)]
    await published.put(SUPPLIER, BALANCES, [{**here, "quantity": 6}])
    assert [(one.published, float(one.quantity), one.version) for one in await published.said(BalanceChanged)] == [
        (True, 6, 3)
    ]
    assert await published.the_books_add_up()


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"wholesalePrice": 3}, "wholesale_price", 3),
        ({"currency": "SEK"}, "currency", "SEK"),
        ({"safetyStock": 1}, "safety_stock", 1),
        ({"sellable": False}, "sellable", False),
        ({"unlimited": True}, "unlimited", True),
        ({"backOrderAllowed": True}, "back_order_allowed", True),
    ],
)
async def test_the_router_hears_of_all_that_strategies_plan_with(
    published: Parties, change: dict[str, object], field: str, told: object
) -> None:
    await published.said(BalanceChanged)
    for _ in range(2):
        assert await published.put(SUPPLIER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), **change}]) == []
    (heard,) = await published.said(BalanceChanged)
    assert (getattr(heard, field), heard.version, float(heard.quantity)) == (told, 2, 10)


async def test_what_is_at_its_end_of_sale_is_said_not_to_be_sold(published: Parties) -> None:
    await published.put(SUPPLIER, BALANCES, [{**at(FIRST, SHOP, "Catalog1"), "unlimited": True}])
    await published.said(BalanceChanged)
    for status, sold in (("EOS", False), ("ACTIVE", True)):
        await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": FIRST, "status": status}}])
        (heard,) = await published.said(BalanceChanged)
        assert (heard.sellable, heard.unlimited) == (sold, True)


async def test_of_many_wrong_items_a_hundred_errors_are_told_and_the_good_ones_applied(parties: Parties) -> None:
    await parties.publish({"W": {"A": 1}})
    good = {**at("A", SHOP, "W"), "quantity": 7}
    *told, beyond = await parties.put(SUPPLIER, BALANCES, [*[{}] * 300, good])
    assert [error["index"] for error in told] == list(range(100))
    assert beyond == {
        "index": 100,
        "field": "",
        "code": "more_errors",
        "message": "there are 200 more errors, in this item and those after it",
    }
    assert await parties.balance("W/A") == (7, None)


async def test_waiting_changes_of_one_supplier_hold_no_connections(database: str) -> None:
    signer, settings = Signer(), Settings(database=database, kafka="none", max_waiting=3)
    stock = await Database.connect(database, "inventory", size=2)
    other = await Database.connect(database, "inventory", size=1)
    service = app.build(settings)
    async with builders.client_of(service, stock, signer) as client:
        parties = Parties(client, signer, stock)
        await parties.publish({"W": {"A": 1}})
        change = [{**at("A", SHOP, "W"), "quantity": 7}]
        async with other.transaction() as replica:
            await store.change_one_at_a_time(replica, SUPPLIER)
            puts = [asyncio.create_task(parties.call(SUPPLIER, "PUT", BALANCES, change)) for _ in range(8)]
            answered = await builders.eventually(
                lambda: asyncio.sleep(0, [put.result() for put in puts if put.done()]), lambda done: len(done) == 4
            )
            assert {(answer.status_code, answer.headers["Retry-After"]) for answer in answered} == {(429, "1")}
            # One connection waits for the other replica. The second is free for whoever else needs one.
            async with asyncio.timeout(builders.PATIENCE_S), stock.transaction() as tx:
                assert await tx.fetch_value("SELECT 1") == 1
        assert sorted([(await put).status_code for put in puts]) == [200] * 4 + [429] * 4
    await stock.close()
    await other.close()


async def test_the_interface_describes_its_balances(parties: Parties) -> None:
    described = (await parties.client.get("/openapi.json")).json()
    for path, methods in ((BALANCES, {"put", "get", "delete"}),):
        assert set(described["paths"][path]) == methods


async def test_a_count_of_the_shelf_leaves_what_is_promised_and_a_difference_moves_the_rest(published: Parties) -> None:
    here = at(FIRST, SHOP, "Catalog1")
    await published.allocate(orders.order(orders.row("1", 3, f"Catalog1/{FIRST}")))
    for figure, quantity, on_hand in (
        ({"onHand": 20}, 17, 20),
        ({"onHand": 3}, 0, 3),
        ({"adjust": 5.5}, 5.5, 8.5),
        ({"adjust": -5.5}, 0, 3),
        ({"onHand": 4, "allocated": 0}, 4, 4),
    ):
        assert await published.put(SUPPLIER, BALANCES, [{**here, **figure}]) == []
        (only,) = (await published.get(SUPPLIER, f"{BALANCES}?productExternalId={FIRST}"))["content"]
        assert (only["quantity"], only["onHand"], only["allocated"]) == (quantity, on_hand, on_hand - quantity)
        assert await published.the_books_add_up()


async def test_a_figure_that_cannot_be_is_an_error_of_its_item_alone(published: Parties) -> None:
    here = at(FIRST, SHOP, "Catalog1")
    await published.allocate(orders.order(orders.row("1", 3, f"Catalog1/{FIRST}")))
    errors = await published.put(
        SUPPLIER,
        BALANCES,
        [
            {**here, "asOf": "2200-01-01T00:00:00Z", "quantity": 1},
            {**here, "adjust": -8},
            {**here, "quantity": 1, "adjust": 1},
            {**here, "onHand": 4, "adjust": 1},
            {**here, "adjust": 1_000_000_000},
            {**here, "adjust": 1},
            {"productExternalId": FIRST, "adjust": -9},
        ],
    )
    assert numbers(errors, "index", "field", "code") == [
        (0, "asOf", "in_future"),
        (1, "adjust", "below_zero"),
        (2, "adjust", "value_error"),
        (3, "adjust", "value_error"),
        (4, "adjust", "too_many"),
        (6, "adjust", "below_zero"),
    ]
    assert errors[1]["message"] == "only 7 are available in catalogue Catalog1"
    assert await published.balance(f"Catalog1/{FIRST}") == (8, 3)


async def test_an_item_that_one_of_its_catalogues_cannot_take_changes_none_of_them(published: Parties) -> None:
    (error,) = await published.put(SUPPLIER, BALANCES, [{"productExternalId": SECOND, "adjust": -20}])
    assert (error["index"], error["field"], error["code"]) == (0, "adjust", "below_zero")
    page = await published.get(SUPPLIER, f"{BALANCES}?productExternalId={SECOND}")
    assert numbers(page["content"], "quantity") == [(10,), (24,)]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("-0.000001", "greater_than_equal"),
        ("0.0000001", "decimal_max_places"),
        ("1000000000.5", "less_than_equal"),
        ("1e999", "finite_number"),
        ('"NaN"', "finite_number"),
        ('"ten"', "decimal_parsing"),
        ("true", "decimal_type"),
        ("[1]", "decimal_type"),
    ],
)
async def test_a_number_that_is_no_quantity_is_named(published: Parties, written: str, code: str) -> None:
    for name in ("quantity", "onHand", "safetyStock", "incoming"):
        body = f'[{{"productExternalId": "{FIRST}", "{name}": {written}}}]'
        answer = await published.client.put(
            BALANCES, content=body, headers=published.signer.headers(SUPPLIER, "supplier")
        )
        assert numbers(answer.json(), "index", "field", "code") == [(0, name, code)]


async def test_what_is_written_as_nothing_is_not_given(published: Parties) -> None:
    nothing = (
        *("quantity", "onHand", "adjust", "asOf", "allocated", "incoming", "safetyStock", "sellable"),
        *("unlimited", "backOrderAllowed", "backOrderLimit", "wholesalePrice"),
    )
    for blank in ("", "  ", None):
        item = {**at(FIRST, SHOP, "Catalog1"), "currency": blank, **dict.fromkeys(nothing, blank)}
        assert await published.put(SUPPLIER, BALANCES, [item]) == []
    page = await published.get(
        SUPPLIER,
        f"{BALANCES}?retailerId=&catalogExternalId=&productExternalId={FIRST},&eanCode=,&modifiedFromDate=",
    )
    assert numbers(page["content"], "productExternalId", "quantity", "wholesalePrice", "currency") == [
        (FIRST, 10, 23.4, "EUR")
    ]
    answer = await published.call(SUPPLIER, "DELETE", f"{BALANCES}?productExternalId=", [{"productExternalId": FIRST}])
    assert (answer.status_code, answer.json()) == (200, [])


async def test_what_is_incoming_is_kept_and_shown_and_nothing_is_promised_of_it(published: Parties) -> None:
    here = at(FIRST, SHOP, "Catalog1")
    assert await published.put(SUPPLIER, BALANCES, [{**here, "quantity": 0, "incoming": 12.5, "currecy": "SEK"}]) == []
    (only,) = (await published.get(SHOP, f"{CATALOGUES}/balances?productExternalId={FIRST}"))["content"]
    assert (only["quantity"], only["incoming"], only["currency"]) == (0, 12.5, "SEK")
    (answer,) = await published.allocate(orders.order(orders.row("1", 1, f"Catalog1/{FIRST}")))
    assert answer.outcome == "none"


async def test_a_shop_changes_its_own_warehouse_by_the_catalogues_address(published: Parties) -> None:
    await published.open_catalogue("OWN", supplier=SHOP)
    await published.put(SHOP, INVENTORY, [{"product": {"externalId": "A"}}])
    path = f"{CATALOGUES}/OWN/balances"
    for body in ([{"productExternalId": "A", "quantity": 4}], {"productExternalId": "A", "quantity": 4}):
        assert (await published.call(SHOP, "PATCH", path, body)).json() == []
        assert await published.balance("OWN/A") == (4, None)
    wrong = [{"productExternalId": "A", "catalogExternalId": "Catalog1", "retailerId": OTHER_SHOP}, {}]
    errors = (await published.call(SHOP, "PATCH", path, wrong)).json()
    assert numbers(errors, "index", "field") == [(0, "retailerId"), (0, "catalogExternalId"), (1, "productExternalId")]
    withdrawn = await published.call(SHOP, "DELETE", BALANCES, [{**at("A", SHOP, "OWN")}])
    assert withdrawn.json() == []
    assert (await published.get(SHOP, path))["content"] == []


async def test_a_warehouse_that_somebody_else_keeps_is_not_the_shops_to_change(published: Parties) -> None:
    for catalogue, status in (("Catalog1", 403), ("Catalog999", 404), ("Nowhere", 404)):
        path = f"{CATALOGUES}/{catalogue}/balances"
        answer = await published.call(SHOP, "PATCH", path, [{"productExternalId": FIRST, "quantity": 1}])
        assert answer.status_code == status
    supplier = await published.call(SUPPLIER, "PATCH", f"{CATALOGUES}/Catalog1/balances", [])
    assert supplier.status_code == 403
    assert await published.balance(f"Catalog1/{FIRST}") == (10, None)
