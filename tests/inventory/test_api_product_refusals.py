"""Products that are refused: item by item with every wrong field, or the whole request."""

from typing import Any

import pytest

from tests.inventory.examples import STRANGER, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, INVENTORY, Parties


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
