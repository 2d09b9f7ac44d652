"""Catalogues as both sides agree on them: who may say what, and what follows of it (docs/decisions/0009)."""

from typing import Any

import pytest

from shared.contracts import CatalogueChanged
from tests.inventory import orders
from tests.inventory.agreeing import OF_OTHER, W, answer, ids, reach, status
from tests.inventory.examples import STRANGER, at
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties


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
