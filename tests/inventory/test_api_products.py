"""The addresses of products, with the public documents' own examples."""

from typing import Any

import pytest

from shared.contracts import BalanceChanged
from tests.inventory import orders
from tests.inventory.examples import BOOTS, FIRST, SECOND, STRANGER, at, numbers
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


async def test_the_supplier_sees_its_products_with_the_balances_of_all_shops(published: Parties) -> None:
    page = await published.get(SUPPLIER, INVENTORY)
    assert page["links"] == []
    assert page["page"] == {"size": 2000, "totalElements": 2, "totalPages": 1, "number": 0}
    assert [one["product"]["externalId"] for one in page["content"]] == [FIRST, SECOND]
    assert page["content"][1]["balances"][1] == {
        "productExternalId": SECOND,
        "eanCode": "1234567891005",
        "retailerId": OTHER_SHOP,
        "catalogExternalId": "Catalog999",
        "quantity": 24,
        "onHand": 24,
        "safetyStock": 0,
        "sellable": True,
        "wholesalePrice": 25.6,
        "currency": "EUR",
        "unlimited": False,
        "held": 0,
        "backordered": 0,
    }


async def test_a_shop_sees_what_is_published_to_it_and_no_one_elses_price(published: Parties) -> None:
    page = await published.get(OTHER_SHOP, INVENTORY)
    (only,) = page["content"]
    assert only["product"]["externalId"] == SECOND
    assert numbers(only["balances"], "retailerId", "wholesalePrice") == [(OTHER_SHOP, 25.6)]
    for path in (
        f"{CATALOGUES}/Catalog999/products",
        f"{INVENTORY}?retailerId={OTHER_SHOP}&catalogExternalId=Catalog999",
    ):
        assert (await published.get(OTHER_SHOP, path))["content"] == page["content"]
    assert (await published.call(OTHER_SHOP, "GET", f"{INVENTORY}/{FIRST}")).status_code == 404
    assert (await published.call(OTHER_SHOP, "GET", f"{CATALOGUES}/Catalog1/products")).status_code == 404
    assert (await published.call(OTHER_SHOP, "GET", f"{CATALOGUES}/Catalog1/balances")).status_code == 404
    assert (await published.get(STRANGER, INVENTORY))["content"] == []
    assert (await published.get(STRANGER, f"{CATALOGUES}/balances"))["content"] == []


async def test_lists_are_narrowed_by_product_and_ean_and_cut_into_pages(published: Parties) -> None:
    both = await published.get(SHOP, f"{INVENTORY}?productExternalId={FIRST},{SECOND}")
    assert len(both["content"]) == 2
    by_ean = await published.get(SHOP, f"{CATALOGUES}/Catalog1/products/?eanCode=1234567891005")
    assert [one["product"]["externalId"] for one in by_ean["content"]] == [SECOND]
    balance = await published.get(SHOP, f"{CATALOGUES}/Catalog1/balances/?productExternalId={FIRST}")
    assert numbers(balance["content"], "productExternalId", "quantity") == [(FIRST, 10)]
    page = await published.get(SUPPLIER, f"{BALANCES}?size=2&page=1")
    assert numbers(page["content"], "catalogExternalId") == [("Catalog999",)]
    assert page["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 1}
    assert (await published.get(SUPPLIER, f"{INVENTORY}?size=1&page=9"))["page"]["totalElements"] == 2
    # The query as the PHP library writes it.
    odd = await published.get(SHOP, f"{INVENTORY}?retailerId={SHOP}&catalogExternalId=Catalog1?size=1?size=1&page=1")
    assert [one["product"]["externalId"] for one in odd["content"]] == [SECOND]


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


async def test_an_item_with_an_error_changes_nothing_at_all(parties: Parties) -> None:
    await parties.open_catalogue("W")
    errors = await parties.put(
        SUPPLIER,
        INVENTORY,
        [
            {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "X"}, {"catalogExternalId": "W"}]},
            {"product": {"externalId": "B", "status": "SOLD", "descriptions": {"en": 1}, "vatPercentage": -1}},
            {"product": {"externalId": "C"}, "balances": [{"catalogExternalId": "W", "quantity": "many"}]},
            {"product": {"externalId": "D", "supplierId": STRANGER}},
            {"product": {"externalId": "E", "note": "\0"}},
            {"product": {"externalId": "F"}, "balances": [{"catalogExternalId": "W", "productExternalId": "G"}]},
            {"product": {"externalId": "H", "note": r"\u0000 is fine"}},
            {},
        ],
    )
    assert numbers(errors, "index", "field") == [
        (0, "balances[0].catalogExternalId"),
        (1, "product.status"),
        (1, "product.vatPercentage"),
        (1, "product.descriptions.en"),
        (2, "balances[0].quantity"),
        (3, "product.supplierId"),
        (4, "product"),
        (5, "balances[0].productExternalId"),
        (7, "product"),
    ]
    page = await parties.get(SUPPLIER, INVENTORY)
    assert [one["product"]["externalId"] for one in page["content"]] == ["H"]
    assert page["content"][0]["balances"] == []


async def test_a_number_that_no_database_keeps_is_refused(parties: Parties) -> None:
    body = '[{"product": {"externalId": "A", "n": 1' + "0" * 40 + "}}]"
    answer = await parties.client.put(INVENTORY, content=body, headers=parties.signer.headers(SUPPLIER, "supplier"))
    assert numbers(answer.json(), "index", "field", "code") == [(0, "product", "unstorable")]


@pytest.mark.parametrize("body", ["", "{}", "[", "null", '"x"', '[{"product": {"externalId": "A"}},]'])
async def test_a_body_that_is_no_list_is_refused(parties: Parties, body: str) -> None:
    headers = parties.signer.headers(SUPPLIER, "supplier")
    for path in (INVENTORY, BALANCES):
        answer = await parties.client.put(path, content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["errors"]


async def test_two_shops_with_a_catalogue_of_the_same_name_must_be_told_apart(parties: Parties) -> None:
    for shop in (SHOP, OTHER_SHOP):
        await parties.open_catalogue("W", retailer=shop)
    item = {"product": {"externalId": "A"}, "balances": [{"catalogExternalId": "W", "quantity": 1}]}
    (refused,) = await parties.put(SUPPLIER, INVENTORY, [item])
    assert (refused["field"], refused["code"]) == ("balances[0].retailerId", "ambiguous")
    item["balances"] = [{"catalogExternalId": "W", "quantity": 1, "retailerId": OTHER_SHOP}]
    assert await parties.put(SUPPLIER, INVENTORY, [item]) == []


async def test_a_request_of_too_many_items_is_refused_and_balances_inside_items_count(parties: Parties) -> None:
    for path, body in (
        (BALANCES, [{}] * 20_001),
        (INVENTORY, [{"product": {"externalId": "A"}, "balances": [{}] * 20_000}]),
    ):
        answer = await parties.call(SUPPLIER, "PUT", path, body)
        assert answer.status_code == 400
        assert "has at most 20000 items" in answer.json()["message"]


async def test_an_item_of_nothing_but_errors_is_told_by_the_first_of_a_list(parties: Parties) -> None:
    items: list[Any] = [
        {"product": {"externalId": "A"}, "balances": [{"quantity": -1}] * 1_000},
        {"product": {"externalId": "A", "images": [1] * 1_001}},
    ]
    errors = await parties.put(SUPPLIER, INVENTORY, items)
    assert [(error["index"], error["field"]) for error in errors] == [
        (0, "balances[0].quantity"),
        (1, "product.images"),
    ]


@pytest.mark.parametrize(
    "path",
    [
        f"{INVENTORY}?productExternalId=%00",
        f"{INVENTORY}?retailerId=%00",
    ],
)
async def test_a_filter_that_cannot_be_read_is_refused(parties: Parties, path: str) -> None:
    answer = await parties.call(STRANGER, "GET", path)
    assert answer.status_code == 400, answer.text


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


@pytest.mark.parametrize(
    ("written", "code"),
    [("1e999", "unstorable"), ('{"deep": [1e999]}', "unstorable"), ('"\\u0000"', "unstorable"), ("1e308", None)],
)
async def test_what_would_not_come_back_as_it_was_given_is_refused(
    parties: Parties, written: str, code: str | None
) -> None:
    headers = parties.signer.headers(SUPPLIER, "supplier")
    body = f'[{{"product": {{"externalId": "A", "own": {written}, "none": null}}}}]'
    answer = await parties.client.put(INVENTORY, content=body, headers=headers)
    assert [error["code"] for error in answer.json()] == ([code] if code else [])
    answer = await parties.client.put(INVENTORY, content=body.replace(written, "NaN"), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "json_invalid")


async def test_pages_lead_to_one_another_and_hold_every_product_once(parties: Parties) -> None:
    await parties.publish({"W": {f"P{number}": 1 for number in range(5)}})
    await parties.open_catalogue("OWN", supplier=SHOP)
    for name in ("A", "Z"):
        await parties.put(SHOP, INVENTORY, [{"product": {"externalId": name}}])
    for organisation, path, wanted in (
        (SHOP, INVENTORY, ["A", "Z", "P0", "P1", "P2", "P3", "P4"]),
        (SUPPLIER, INVENTORY, ["P0", "P1", "P2", "P3", "P4"]),
        (SHOP, f"{CATALOGUES}/W/products", ["P0", "P1", "P2", "P3", "P4"]),
    ):
        seen: list[str] = []
        following: str | None = f"{path}?size=3"
        while following:
            page = await parties.get(organisation, following)
            assert page["page"]["totalElements"] == len(wanted)
            seen += [one["product"]["externalId"] for one in page["content"]]
            # What is sold meanwhile moves nothing to another page.
            await parties.allocate(orders.order(orders.row("1", 0.1, "W/P4", "W/P0")))
            following = {link["rel"]: link["href"] for link in page["links"]}.get("next")
        assert seen == wanted


async def test_a_large_answer_is_packed_for_whoever_asks(published: Parties) -> None:
    headers = published.signer.headers(SUPPLIER, "supplier")
    sizes = {}
    for accepted in ("gzip,deflate", "identity"):
        async with published.client.stream(
            "GET", INVENTORY, headers={**headers, "Accept-Encoding": accepted}
        ) as answer:
            sizes[answer.headers.get("content-encoding")] = len(b"".join([part async for part in answer.aiter_raw()]))
    assert sizes.keys() == {"gzip", None}
    assert sizes["gzip"] < sizes[None] / 2


async def test_filters_that_are_written_as_nothing_filter_nothing(published: Parties) -> None:
    query = "?retailerId=&catalogExternalId=&productExternalId=&eanCode=,"
    assert len((await published.get(SUPPLIER, f"{INVENTORY}{query}"))["content"]) == 2
    assert len((await published.get(SHOP, f"{CATALOGUES}/Catalog1/products{query}"))["content"]) == 2


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
