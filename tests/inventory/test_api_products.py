"""Products as their supplier writes them and as they come back, with the public documents' own examples."""

from typing import Any

import pytest

from shared.contracts import BalanceChanged
from tests.inventory.examples import BOOTS, FIRST, SECOND, at, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties


async def test_a_product_comes_back_with_every_field_it_was_given(published: Parties) -> None:
    for item in BOOTS:
        product = item["product"]
        shown = await published.get(SUPPLIER, f"{INVENTORY}/{product['externalId']}")
        assert shown["product"] == {**product, "supplierId": SUPPLIER, "status": "ACTIVE"}


async def test_a_field_that_we_do_not_know_is_kept_and_a_field_that_is_not_given_stays(parties: Parties) -> None:
    first = {"externalId": "A.1", "colour": {"code": 7}, "unitOfMeasure": "KPL", "eanCode": "", "distributor": None}
    assert await parties.put(SUPPLIER, INVENTORY, [{"product": first}]) == []
    second = {"externalId": "A.1", "eanCode": "6419835068484", "measurements": {"weight": 1.43, "length": None}}
    assert await parties.put(SUPPLIER, INVENTORY, [{"product": second}]) == []
    assert (await parties.get(SUPPLIER, f"{INVENTORY}/A.1"))["product"] == {
        "externalId": "A.1",
        "supplierId": SUPPLIER,
        "status": "ACTIVE",
        "colour": {"code": 7},
        "unitOfMeasure": "KPL",
        "eanCode": "6419835068484",
        "measurements": {"weight": 1.43},
    }


async def test_the_router_hears_from_every_catalogue_when_a_product_becomes_fragile_or_oversized(
    parties: Parties,
) -> None:
    await parties.publish({"W": {"A": 1, "B": 1}, "V": {"A": 2}})
    await parties.said(BalanceChanged)

    async def heard(*products: dict[str, Any]) -> list[tuple[str, str, bool, bool]]:
        """What is said when products are put: catalogue, product, and whether it is fragile and oversized."""
        assert await parties.put(SUPPLIER, INVENTORY, [{"product": product} for product in products]) == []
        said = await parties.said(BalanceChanged)
        return sorted((one.catalogue_id, one.product_id, one.fragile, one.oversized) for one in said)

    fragile = [("V", "A", True, False), ("W", "A", True, False)]
    assert await heard({"externalId": "A", "isFragile": "true"}, {"externalId": "B", "isFragile": False}) == fragile
    assert await heard({"externalId": "A", "isFragile": None, "unitOfMeasure": "KPL"}) == []
    both = [("V", "A", True, True), ("W", "A", True, True)]
    assert await heard({"externalId": "A", "isOversized": 1}) == both
    assert await heard({"externalId": "A", "isOversized": True, "isFragile": True}) == []
    item = {"product": {"externalId": "B", "isOversized": True}, "balances": [{"catalogExternalId": "V"}]}
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    assert {(one.catalogue_id, one.fragile, one.oversized) for one in await parties.said(BalanceChanged)} == {
        ("V", False, True),
        ("W", False, True),
    }
    plain = [("V", "A", False, True), ("W", "A", False, True)]
    assert await heard({"externalId": "A", "isFragile": False}) == plain


async def test_a_product_that_was_fragile_before_anyone_was_told_is_told_of_once_when_it_is_put_again(
    parties: Parties,
) -> None:
    await parties.publish({"W": {"A": 1}})
    fragile = [{"product": {"externalId": "A", "isFragile": True}}]
    await parties.put(SUPPLIER, INVENTORY, fragile)
    async with parties.stock.transaction() as tx:
        await tx.execute("UPDATE products SET fragile = false")
    await parties.said(BalanceChanged)
    await parties.put(SUPPLIER, INVENTORY, fragile)
    assert [one.fragile for one in await parties.said(BalanceChanged)] == [True]
    await parties.put(SUPPLIER, INVENTORY, fragile)
    assert await parties.said(BalanceChanged) == []


async def test_balances_inside_an_item_publish_its_product(parties: Parties) -> None:
    await parties.open_catalogue("01093579")
    item = {
        "product": {"externalId": "WOO-1", "eanCode": "", "distributor": "", "status": "ACTIVE"},
        "balances": [
            {
                "retailerId": SHOP,
                "catalogExternalId": "01093579",
                "wholesalePrice": 12.500000000000002,
                "currency": "EUR",
            }
        ],
    }
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    page = await parties.get(SHOP, f"{CATALOGUES}/balances")
    assert numbers(page["content"], "productExternalId", "quantity", "wholesalePrice") == [("WOO-1", 0, 12.5)]


async def test_a_shop_keeps_its_own_warehouse_without_anyone_else(parties: Parties) -> None:
    await parties.open_catalogue("OWN", retailer=SHOP, supplier=SHOP)
    item = {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "OWN", "quantity": 2.5}]}
    assert await parties.put(SHOP, INVENTORY, [item]) == []
    assert await parties.balance("OWN/A") == (2.5, None)
    (only,) = (await parties.get(SHOP, f"{INVENTORY}?productExternalId=A"))["content"]
    assert len(only["balances"]) == 1


async def test_the_end_of_sale_takes_the_stock_and_shows_the_shops_why(published: Parties) -> None:
    answer = await published.call(SUPPLIER, "DELETE", INVENTORY, [{"product": {"externalId": SECOND, "status": "EOS"}}])
    assert answer.json() == []
    assert (await published.call(SUPPLIER, "GET", f"{INVENTORY}/{SECOND}")).status_code == 404
    page = await published.get(SUPPLIER, BALANCES)
    assert numbers(page["content"], "productExternalId") == [(FIRST,)]
    (seen,) = (await published.get(OTHER_SHOP, f"{CATALOGUES}/Catalog999/products"))["content"]
    assert seen["product"]["status"] == "EOS"
    assert seen["balances"][0]["quantity"] == 0
    (refused,) = await published.put(SUPPLIER, BALANCES, [{"productExternalId": SECOND, "quantity": 5}])
    assert (refused["index"], refused["code"]) == (0, "end_of_sale")
    async with published.stock.transaction() as tx:
        await tx.execute("UPDATE products SET eos_at = now() - interval '15 days' WHERE status = 'EOS'")
    assert (await published.get(OTHER_SHOP, f"{CATALOGUES}/Catalog999/products"))["content"] == []
    assert await published.put(SUPPLIER, INVENTORY, [{"product": {"externalId": SECOND, "status": "ACTIVE"}}]) == []
    assert await published.balance(f"Catalog999/{SECOND}", retailer=OTHER_SHOP) == (0, None)
    assert await published.the_books_add_up()


async def test_the_interface_describes_its_products(parties: Parties) -> None:
    described = (await parties.client.get("/openapi.json")).json()
    for path, methods in ((INVENTORY, {"put", "get", "delete"}),):
        assert set(described["paths"][path]) == methods


async def test_what_is_written_as_nothing_is_no_field_of_a_product(parties: Parties) -> None:
    full = {"externalId": "A", "eanCode": 6419835068484, "distributor": "Nokia", "isFragile": True, "currecy": "SEK"}
    texts = {"descriptions": {"sv": {"name": "Stövlar"}}, "categories": {"sv": ["Skor"]}, "images": [{"url": "x"}]}
    assert await parties.put(SUPPLIER, INVENTORY, [{"product": {**full, **texts, "measurements": {"weight": 1}}}]) == []
    nothing = dict.fromkeys(("status", "eanCode", "distributor", "isFragile", "currency", "vatPercentage", "own"), " ")
    # PHP writes an object without members as an empty list.
    empty: dict[str, Any] = {"descriptions": [], "categories": [], "measurements": [], "images": None}
    item = {"product": {"externalId": "A", **nothing, **empty}, "balances": ""}
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    shown = (await parties.get(SUPPLIER, f"{INVENTORY}/A"))["product"]
    assert shown == {
        "externalId": "A",
        "supplierId": SUPPLIER,
        "status": "ACTIVE",
        "eanCode": "6419835068484",
        "distributor": "Nokia",
        "isFragile": True,
        "currency": "SEK",
        "measurements": {"weight": 1},
        **texts,
    }


async def test_of_a_product_that_comes_twice_the_later_fields_count(parties: Parties) -> None:
    await parties.open_catalogue("W")
    items: list[dict[str, Any]] = [
        {"product": {"externalId": "A", "unitOfMeasure": "KPL", "vatPercentage": 24}, "balances": [{"quantity": 9}]},
        {"product": {"externalId": "A", "vatPercentage": -1}},
        {"product": {"externalId": "A", "vatPercentage": 25.5}, "balances": [{"catalogExternalId": "W"}]},
        {"product": {"externalId": "A", "colour": "green"}, "balances": [{"quantity": 4}]},
        {"product": {"externalId": "B", "status": "EOS"}},
        {"product": {"externalId": "B", "status": "ACTIVE"}},
    ]
    errors = await parties.put(SUPPLIER, INVENTORY, items)
    assert numbers(errors, "index", "code") == [(0, "not_published"), (1, "greater_than_equal")]
    page = await parties.get(SUPPLIER, INVENTORY)
    assert page["content"][0]["product"] == {
        "externalId": "A",
        "supplierId": SUPPLIER,
        "status": "ACTIVE",
        "vatPercentage": 25.5,
        "colour": "green",
    }
    assert numbers(page["content"][0]["balances"], "catalogExternalId", "quantity") == [("W", 4)]
    assert [one["product"]["externalId"] for one in page["content"]] == ["A", "B"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_product_comes_back_when_it_is_written_again_without_a_status(published: Parties, method: str) -> None:
    for _ in range(2):
        item = {"product": {"externalId": SECOND, "status": "EOS"}}
        assert (await published.call(SUPPLIER, method, INVENTORY, [item])).json() == []
    (ended,) = (await published.get(SHOP, f"{CATALOGUES}/Catalog1/products?productExternalId={SECOND}"))["content"]
    assert (ended["product"]["status"], ended["balances"][0]["quantity"]) == ("EOS", 0)
    back = {"product": {"externalId": SECOND}, "balances": [{**at(SECOND, SHOP, "Catalog1"), "quantity": 5}]}
    assert await published.put(SUPPLIER, INVENTORY, [back]) == []
    shown = await published.get(SUPPLIER, f"{INVENTORY}/{SECOND}")
    assert shown["product"]["descriptions"] == BOOTS[1]["product"]["descriptions"]
    assert numbers(shown["balances"], "retailerId", "quantity") == [(SHOP, 5), (OTHER_SHOP, 0)]


async def test_a_name_as_long_as_a_book_is_kept_and_told_in_short(parties: Parties) -> None:
    await parties.publish({"V": {"A": 1}, "W": {"A": 1}})
    await parties.said(BalanceChanged)
    text = "Boots " * 200_000
    named = {"externalId": "A", "descriptions": {"en": {"name": text}}}
    assert await parties.put(SUPPLIER, INVENTORY, [{"product": named}]) == []
    assert (await parties.get(SUPPLIER, f"{INVENTORY}/A"))["product"]["descriptions"]["en"]["name"] == text
    # The broker takes no message of that size, and each catalogue has one of its own.
    assert {(one.catalogue_id, one.description) for one in await parties.said(BalanceChanged)} == {
        ("V", text[:300]),
        ("W", text[:300]),
    }
