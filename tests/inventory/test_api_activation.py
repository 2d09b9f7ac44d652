"""Catalogues as both sides agree on them: who may say what, and who sees what meanwhile (docs/decisions/0009)."""

import asyncio
from typing import Any

import pytest

from shared.contracts import BalanceChanged, CatalogueChanged
from tests.inventory import orders
from tests.inventory.examples import STRANGER, at, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties

W, P = f"{CATALOGUES}/W", f"{CATALOGUES}/P"
OF_SHOP, OF_OTHER = {"retailerId": SHOP}, {"retailerId": OTHER_SHOP}


async def answer(parties: Parties, path: str, state: str, **more: str) -> None:
    """Let the supplier answer a retailer."""
    assert (await parties.put(SUPPLIER, f"{path}/activation", {"state": state, **more}))["state"] == state


async def ask(parties: Parties, retailer: str = SHOP, **terms: Any) -> Any:
    """Let a retailer ask for the supplier's public catalogue."""
    return await parties.put(retailer, f"{P}/activation", {"supplierId": SUPPLIER, **terms})


async def status(parties: Parties, organisation: str, method: str, path: str, body: Any = None) -> int:
    """How a request of an organisation is answered."""
    return (await parties.call(organisation, method, path, body)).status_code


async def show(parties: Parties, *, quantity: float = 10) -> None:
    """Let the supplier make a public catalogue with two products."""
    await parties.put(
        SUPPLIER, P, {"public": True, "catalogName": "All of it", "backOrderAllowed": True, "priority": 7}
    )
    items = [
        {
            "product": {"externalId": product, "eanCode": ean, "recommendedRetailPrice": 30, "descriptions": {}},
            "balances": [{"catalogExternalId": "P", "quantity": quantity, "wholesalePrice": 12.5, "currency": "EUR"}],
        }
        for product, ean in (("A", "6419835068484"), ("B", "1234567891005"))
    ]
    assert await parties.put(SUPPLIER, INVENTORY, items) == []


async def ids(parties: Parties, organisation: str, path: str, name: str = "externalId") -> list[str]:
    """The ids of what a list shows."""
    return [one[name] for one in (await parties.get(organisation, path))["content"]]


async def stock(parties: Parties, organisation: str, path: str) -> dict[str, float]:
    """The quantities of balances that a list shows, by retailer and product."""
    content = (await parties.get(organisation, path))["content"]
    balances = [balance for one in content for balance in one.get("balances", [one])]
    return {f"{one['retailerId']}/{one['productExternalId']}": one["quantity"] for one in balances}


async def reach(parties: Parties, path: str, state: str) -> None:
    """Bring the shop's catalogue, which is active, into a state."""
    if state == "closed":
        assert await status(parties, SHOP, "DELETE", path) == 200
    if state in ("withdrawn", "requested", "declined"):
        assert await status(parties, SHOP, "DELETE", f"{path}/activation") == 200
    if state in ("requested", "declined"):
        await parties.put(SHOP, f"{path}/activation", {})
    if state == "declined":
        await answer(parties, path, "declined", **OF_SHOP)


# The table of the decision record: is the catalogue listed, does the retailer see stock and prices, why is a new
# product refused in a private and in a public one, and what is an order told that wants something from it.
CELLS = [
    ("requested", True, False, None, "requested", "inactive"),
    ("active", True, True, None, None, "taken"),
    ("declined", True, False, "declined", "declined", "inactive"),
    ("closed", False, True, "inactive", "inactive", "inactive"),
    ("withdrawn", False, False, "inactive", "inactive", "inactive"),
]
cells = pytest.mark.parametrize(("state", "listed", "stocked", "private", "public", "verdict"), CELLS)


async def refusals(parties: Parties, catalogue: str) -> list[str]:
    """Why a new product is not published to the shop."""
    places = [{"retailerId": SHOP, "catalogExternalId": catalogue, "quantity": 1}]
    return [
        one["code"]
        for one in await parties.put(SUPPLIER, INVENTORY, [{"product": {"externalId": "New"}, "balances": places}])
    ]


@cells
async def test_what_each_side_sees_of_a_private_catalogue(
    parties: Parties, state: str, listed: bool, stocked: bool, private: str | None, public: str | None, verdict: str
) -> None:
    await parties.publish({"W": {"A": 10}})
    await reach(parties, W, state)
    told = "active" if state == "closed" else state
    shown = ["W"] if listed else []
    for one, role in ((SHOP, "RETAILER"), (SUPPLIER, "SUPPLIER")):
        assert await ids(parties, one, f"{CATALOGUES}?role={role}") == shown
        assert await ids(parties, one, f"{CATALOGUES}?activation=withdrawn") == (["W"] if state == "withdrawn" else [])
        assert (await parties.get(one, W))["activation"] == told
        assert (await parties.get(one, f"{W}/activation"))["state"] == told
    theirs = {f"{SHOP}/A": 10} if stocked else {}
    for path in (f"{W}/balances", f"{W}/products", f"{CATALOGUES}/balances", INVENTORY):
        assert await stock(parties, SHOP, path) == theirs
    assert await status(parties, SHOP, "GET", f"{INVENTORY}/A") == (200 if stocked else 404)
    for path in (INVENTORY, BALANCES):
        assert await stock(parties, SUPPLIER, path) == {f"{SHOP}/A": 10}
    for path in (W, f"{W}/products", f"{W}/balances", f"{W}/activation", f"{INVENTORY}/A"):
        assert await status(parties, OTHER_SHOP, "GET", path) == 404
    assert await ids(parties, OTHER_SHOP, f"{CATALOGUES}?public=true") == []
    (answered,) = await parties.allocate(orders.order(orders.row("1", 1, "W/A")))
    assert orders.verdicts(answered.rows) == [verdict]
    assert await refusals(parties, "W") == ([] if private is None else [private])
    assert (await parties.get(SHOP, W))["activation"] == ("active" if state == "requested" else told)


@cells
async def test_what_each_side_sees_of_a_public_catalogue(
    parties: Parties, state: str, listed: bool, stocked: bool, private: str | None, public: str | None, verdict: str
) -> None:
    await show(parties)
    await ask(parties)
    await answer(parties, P, "active")
    await reach(parties, P, state)
    told = "active" if state == "closed" else state
    assert await ids(parties, SHOP, f"{CATALOGUES}?role=RETAILER") == (["P"] if state == "active" else [])
    assert await ids(parties, SHOP, f"{CATALOGUES}?role=RETAILER&activation={told}") == (
        ["P"] if listed or state == "withdrawn" else []
    )
    assert await ids(parties, SUPPLIER, f"{CATALOGUES}?role=SUPPLIER", "retailerId") == [SUPPLIER, *[SHOP] * listed]
    assert (await parties.get(SHOP, P))["activation"] == told
    on_view = (await parties.get(SHOP, f"{CATALOGUES}?role=RETAILER&public=true"))["content"]
    assert numbers(on_view, "externalId", "retailerId", "activation") == [("P", SUPPLIER, told)]
    theirs = {f"{SHOP}/A": 10, f"{SHOP}/B": 10} if stocked else {}
    for path in (f"{P}/balances", f"{P}/products", f"{CATALOGUES}/balances", INVENTORY):
        assert await stock(parties, SHOP, path) == theirs
    assert len(await ids(parties, SHOP, f"{P}/products?supplierId={SUPPLIER}", "product")) == 2
    everywhere = {f"{one}/{product}": 10 for one in (SUPPLIER, SHOP) for product in "AB"}
    assert await stock(parties, SUPPLIER, BALANCES) == everywhere
    (answered,) = await parties.allocate(orders.order(orders.row("1", 1, "P/A")))
    assert orders.verdicts(answered.rows) == [verdict]
    assert await refusals(parties, "P") == ([] if public is None else [public])
    assert (await parties.get(SHOP, P))["activation"] == told


async def test_every_retailer_finds_a_public_catalogue_and_its_products_without_stock_and_prices(
    parties: Parties,
) -> None:
    await show(parties)
    (found,) = (await parties.get(OTHER_SHOP, f"{CATALOGUES}?role=RETAILER&public=true"))["content"]
    basics = {
        "externalId": "P",
        "catalogType": "Catalog",
        "catalogName": "All of it",
        "supplierId": SUPPLIER,
        "retailerId": SUPPLIER,
        "backOrderAllowed": True,
        "public": True,
        "active": True,
    }
    assert found == basics == await parties.get(OTHER_SHOP, P)
    assert await ids(parties, OTHER_SHOP, f"{CATALOGUES}?role=RETAILER") == []
    assert await ids(parties, OTHER_SHOP, CATALOGUES) == []
    for query in ("", f"?supplierId={SUPPLIER}", "?supplierId="):
        page = await parties.get(OTHER_SHOP, f"{P}/products{query}")
        assert page["content"][0] == {
            "product": {
                "externalId": "A",
                "supplierId": SUPPLIER,
                "status": "ACTIVE",
                "eanCode": "6419835068484",
                "descriptions": {},
            },
            "balances": [],
        }
        assert page["page"] == {"size": 2000, "totalElements": 2, "totalPages": 1, "number": 0}
    assert (await parties.get(OTHER_SHOP, f"{P}/products?eanCode=1234567891005&size=1"))["page"]["totalElements"] == 1
    assert (await parties.get(OTHER_SHOP, f"{P}/products?productExternalId=B,C"))["page"]["totalElements"] == 1
    assert await status(parties, OTHER_SHOP, "GET", f"{P}/balances") == 404
    assert await status(parties, OTHER_SHOP, "GET", f"{INVENTORY}/A") == 404
    for path in (f"{CATALOGUES}/balances", INVENTORY, f"{INVENTORY}?retailerId={SUPPLIER}&catalogExternalId=P"):
        assert (await parties.get(OTHER_SHOP, path))["content"] == []


async def test_a_closed_public_catalogue_is_not_on_view_and_stays_with_those_who_have_it(parties: Parties) -> None:
    await show(parties)
    await ask(parties)
    await answer(parties, P, "active")
    assert await status(parties, SUPPLIER, "DELETE", P) == 200
    assert await ids(parties, OTHER_SHOP, f"{CATALOGUES}?public=true") == []
    for path in (P, f"{P}/products", f"{P}/products?supplierId={SUPPLIER}"):
        assert await status(parties, OTHER_SHOP, "GET", path) == 404
    assert await status(parties, OTHER_SHOP, "PUT", f"{P}/activation", {"supplierId": SUPPLIER}) == 404
    assert await stock(parties, SHOP, f"{P}/balances") == {f"{SHOP}/A": 10, f"{SHOP}/B": 10}
    assert (await parties.put(SUPPLIER, P, {"active": True}))["activation"] == "active"
    assert await ids(parties, OTHER_SHOP, f"{CATALOGUES}?public=true") == ["P"]


async def test_publishing_by_name_activates_a_catalogue_in_the_same_breath_and_once(parties: Parties) -> None:
    await parties.open_catalogue("W")
    await parties.said(CatalogueChanged)
    items = [
        {"product": {"externalId": product}, "balances": [{"catalogExternalId": "W", "quantity": 3}]}
        for product in "AB"
    ]
    assert await parties.put(SUPPLIER, INVENTORY, items) == []
    assert await parties.put(SUPPLIER, INVENTORY, items) == []
    assert [(one.catalogue_id, one.version, one.active) for one in await parties.said(CatalogueChanged)] == [
        ("W", 2, True)
    ]
    assert (await parties.get(SHOP, f"{W}/activation"))["state"] == "active"


async def test_an_item_that_is_refused_activates_nothing(parties: Parties) -> None:
    await parties.open_catalogue("W")
    item = {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "W"}, {"catalogExternalId": "nowhere"}]}
    assert len(await parties.put(SUPPLIER, INVENTORY, [item])) == 1
    assert (await parties.get(SHOP, f"{W}/activation"))["state"] == "requested"


async def test_nothing_is_published_into_a_declined_catalogue_until_its_supplier_activates_it(parties: Parties) -> None:
    await parties.open_catalogue("W")
    await answer(parties, W, "declined")
    item = {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "W", "quantity": 3}]}
    (refused,) = await parties.put(SUPPLIER, INVENTORY, [item])
    assert (refused["index"], refused["field"], refused["code"]) == (0, "balances[0].catalogExternalId", "declined")
    assert await ids(parties, SUPPLIER, INVENTORY, "product") == []
    await answer(parties, W, "active")
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    assert await parties.balance("W/A") == (3, None)


async def test_no_order_is_promised_anything_from_a_catalogue_that_is_not_active(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await reach(parties, W, "requested")
    (answered,) = await parties.allocate(orders.order(orders.row("1", 1, "W/A")))
    assert orders.verdicts(answered.rows) == ["inactive"]
    await answer(parties, W, "active")
    (answered,) = await parties.allocate(orders.order(orders.row("1", 1, "W/A")))
    assert orders.verdicts(answered.rows) == ["taken"]


async def test_what_was_promised_stays_promised_when_an_agreement_ends(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await parties.allocate(orders.order(orders.row("1", 4, "W/A")))
    await reach(parties, W, "withdrawn")
    (balance,) = (await parties.get(SUPPLIER, BALANCES))["content"]
    assert (balance["quantity"], balance["allocated"]) == (6, 4)
    assert await parties.the_books_add_up()


async def test_after_a_withdrawal_only_the_retailer_can_begin_again(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    assert await status(parties, SUPPLIER, "DELETE", f"{W}/activation") == 200
    closed = await parties.get(SHOP, W)
    assert (closed["active"], closed["activation"]) == (False, "withdrawn")
    assert await status(parties, SUPPLIER, "PUT", f"{W}/activation", {"state": "active"}) == 409
    await parties.put(SUPPLIER, INVENTORY, [{"product": {"externalId": "New"}}])
    (refused,) = await parties.put(SUPPLIER, BALANCES, [{**at("New", SHOP, "W"), "quantity": 1}])
    assert refused["code"] == "inactive"
    # Opening it is asking again.
    opened = await parties.put(SHOP, W, {"active": True})
    assert (opened["active"], opened["activation"]) == (True, "requested")
    await answer(parties, W, "active")
    assert await parties.balance("W/A") == (10, None)


async def test_stock_that_is_seen_again_counts_as_changed(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await reach(parties, W, "requested")
    async with parties.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET updated_at = '2026-01-01T00:00:00Z'")
    await answer(parties, W, "active")
    path = f"{CATALOGUES}/balances?modifiedFromDate=2026-01-02T00:00:00Z"
    assert await stock(parties, SHOP, path) == {f"{SHOP}/A": 10}


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


async def test_two_suppliers_with_a_public_catalogue_of_one_name_are_told_apart(parties: Parties) -> None:
    await show(parties)
    await parties.put(STRANGER, P, {"public": True})
    for path in (P, f"{P}/products"):
        refused = await parties.call(OTHER_SHOP, "GET", path)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "supplierId")
    assert await status(parties, OTHER_SHOP, "PUT", f"{P}/activation", {}) == 400
    assert (await parties.get(OTHER_SHOP, f"{P}?supplierId={STRANGER}"))["supplierId"] == STRANGER
    assert len(await ids(parties, OTHER_SHOP, f"{P}/products?supplierId={SUPPLIER}", "product")) == 2
    await ask(parties, OTHER_SHOP)
    refused = await parties.call(OTHER_SHOP, "PUT", f"{P}/activation", {"supplierId": STRANGER})
    assert refused.status_code == 409
    assert len(await ids(parties, OTHER_SHOP, f"{P}/products?supplierId={STRANGER}", "product")) == 0


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


@pytest.mark.parametrize(
    ("organisation", "body", "expected"),
    [
        (SHOP, {"state": "active"}, 403),
        (SHOP, {"state": "declined"}, 403),
        (SUPPLIER, {"state": "requested"}, 403),
        (SUPPLIER, {}, 400),
        (SUPPLIER, {"retailerId": SHOP}, 400),
        (SUPPLIER, {"state": "perhaps"}, 400),
        (SUPPLIER, {"state": "active", "retailerId": OTHER_SHOP}, 404),
        (OTHER_SHOP, {}, 404),
        (STRANGER, {"state": "active"}, 404),
        (STRANGER, {"retailerId": SHOP}, 400),
        (SHOP, {"state": "requested", "supplierId": STRANGER}, 409),
        (SHOP, {"state": "", "retailerId": None}, 200),
        (SUPPLIER, {"state": "active", "retailerId": SHOP}, 200),
    ],
)
async def test_nobody_speaks_for_the_other_side_or_for_others(
    parties: Parties, organisation: str, body: dict[str, Any], expected: int
) -> None:
    await parties.open_catalogue("W")
    assert await status(parties, organisation, "PUT", f"{W}/activation", body) == expected
    if expected != 200:
        assert (await parties.get(SHOP, f"{W}/activation"))["state"] == "requested"


async def test_an_active_catalogue_is_withdrawn_from_and_not_declined(parties: Parties) -> None:
    await parties.publish({"W": {"A": 1}})
    assert await status(parties, SUPPLIER, "PUT", f"{W}/activation", {"state": "declined"}) == 409
    assert await status(parties, OTHER_SHOP, "DELETE", f"{W}/activation") == 404
    assert await status(parties, STRANGER, "DELETE", f"{W}/activation") == 404
    assert await status(parties, SUPPLIER, "DELETE", f"{W}/activation", OF_OTHER) == 404


@pytest.mark.parametrize("body", [b"", b'""', b"null", b"{}", b' {"retailerId": ""} '])
async def test_a_withdrawal_needs_no_body(parties: Parties, body: bytes) -> None:
    await parties.open_catalogue("W")
    headers = parties.signer.headers(SHOP, "retailer")
    answered = await parties.client.request("DELETE", f"{W}/activation", headers=headers, content=body)
    assert (answered.status_code, answered.json()["state"]) == (200, "withdrawn")
    assert await status(parties, SHOP, "DELETE", f"{W}/activation") == 200


async def test_a_catalogue_of_ones_own_needs_no_agreement_and_cannot_lose_it(parties: Parties) -> None:
    await parties.open_catalogue("OWN", supplier=SHOP)
    path = f"{CATALOGUES}/OWN/activation"
    assert (await parties.get(SHOP, path))["state"] == "active"
    assert (await parties.put(SHOP, path, {}))["state"] == "active"
    assert await status(parties, SHOP, "DELETE", path) == 409
    assert (await parties.get(SHOP, f"{CATALOGUES}/OWN"))["active"] is True


async def test_the_list_of_all_public_catalogues_is_for_retailers(parties: Parties) -> None:
    await show(parties)
    await parties.put(STRANGER, f"{CATALOGUES}/Q", {"public": True})
    assert await status(parties, SUPPLIER, "GET", f"{CATALOGUES}?role=RETAILER&public=true") == 403
    assert await ids(parties, SUPPLIER, f"{CATALOGUES}?public=true") == ["P"]
    assert await ids(parties, SUPPLIER, f"{CATALOGUES}?role=SUPPLIER&public=true") == ["P"]
    assert await status(parties, SUPPLIER, "GET", f"{CATALOGUES}/Q") == 404
    page = await parties.get(SHOP, f"{CATALOGUES}?public=true&size=1&page=1")
    assert (page["page"]["totalElements"], numbers(page["content"], "externalId")) == (2, [("Q",)])
    await ask(parties)
    assert await ids(parties, SHOP, f"{CATALOGUES}?public=true&activation=requested") == ["P"]
    assert await ids(parties, SHOP, f"{CATALOGUES}?public=false") == []


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


async def test_a_product_that_loses_its_prefix_is_on_view_under_its_short_id(parties: Parties) -> None:
    await show(parties)
    item = {"product": {"externalId": f"{SUPPLIER}-7"}, "balances": [{"catalogExternalId": "P", "quantity": 1}]}
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    assert await status(parties, SUPPLIER, "POST", f"{INVENTORY}/migrate", "") == 200
    content = (await parties.get(OTHER_SHOP, f"{P}/products"))["content"]
    assert [one["product"]["externalId"] for one in content] == ["7", "A", "B"]
