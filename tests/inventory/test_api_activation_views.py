"""Who sees what of a catalogue while both sides have not agreed, and after (docs/decisions/0009)."""

import pytest

from tests.inventory import orders
from tests.inventory.agreeing import P, W, answer, ask, ids, reach, show, status, stock
from tests.inventory.examples import STRANGER, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties

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


async def test_stock_that_is_seen_again_counts_as_changed(parties: Parties) -> None:
    await parties.publish({"W": {"A": 10}})
    await reach(parties, W, "requested")
    async with parties.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET updated_at = '2026-01-01T00:00:00Z'")
    await answer(parties, W, "active")
    path = f"{CATALOGUES}/balances?modifiedFromDate=2026-01-02T00:00:00Z"
    assert await stock(parties, SHOP, path) == {f"{SHOP}/A": 10}


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


async def test_a_product_that_loses_its_prefix_is_on_view_under_its_short_id(parties: Parties) -> None:
    await show(parties)
    item = {"product": {"externalId": f"{SUPPLIER}-7"}, "balances": [{"catalogExternalId": "P", "quantity": 1}]}
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    assert await status(parties, SUPPLIER, "POST", f"{INVENTORY}/migrate", "") == 200
    content = (await parties.get(OTHER_SHOP, f"{P}/products"))["content"]
    assert [one["product"]["externalId"] for one in content] == ["7", "A", "B"]
