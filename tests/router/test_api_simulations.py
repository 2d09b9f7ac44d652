"""A retailer tries other rules over HTTP, with the orders it had or with one it thinks of. Nothing is changed by it."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from pydantic import AliasChoices, BaseModel

from order_intake.api.shown_v3 import MetadataShown, OrderShown, RowShown
from order_intake.document.order import ReferenceDocument
from order_intake.document.order_v2 import MetadataV2, OrderV2
from order_intake.document.preferences import Preferences
from router.api import simulated_order
from shared.contracts import AllocateOrder
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, STRANGER, SUPPLIER, allocate, balance, catalogue, order, row

SIMULATIONS = "/ecommerce/v3/routing/simulations"
BOOTS = {"externalProductId": "BOOTS", "quantity": 1}
CLOSED = {"catalogues": {"W1": {"closed": True}}}


@pytest.fixture
async def known(router: Router) -> Router:
    """A router that knows two catalogues with nine boots each, the first with a better priority."""
    await router.knows(
        [catalogue("W1", priority=1), catalogue("W2", supplier_id=OTHER_SUPPLIER, priority=2)],
        [
            balance(name, ean="111", wholesale_price=price, supplier_id=keeper).model_copy(
                update={"quantity": Decimal(9)}
            )
            for name, price, keeper in (("W1", "2.5", SUPPLIER), ("W2", "3", OTHER_SUPPLIER))
        ],
    )
    return router


@pytest.fixture
async def past(known: Router) -> Router:
    """Three decided orders for five boots each."""
    for number in range(3):
        placed = order(row(), external_id=f"A-{number}")
        await known.hears(placed)
        asked = next(one for one in await known.said(AllocateOrder) if one.order_id == placed.order_id)
        await known.is_answered(allocate(asked, {("W1", "BOOTS"): 9, ("W2", "BOOTS"): 9}))
    return known


async def simulated(client: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    """The answer to a simulation."""
    answer = await client.post(SIMULATIONS, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def units(found: dict[str, Any], when: str) -> dict[str, float]:
    """Units from the shelf of each catalogue."""
    return {one["externalWarehouseId"]: one[when]["units"] for one in found["catalogues"]}


async def test_past_orders_show_what_a_closed_catalogue_would_have_changed(
    client: httpx.AsyncClient, past: Router, retailer: dict[str, str]
) -> None:
    found = await simulated(client, retailer, rules=CLOSED | {"costPerShipment": 4})
    figures = {"orders": 3, "splitOrders": 0, "shipments": 3, "units": 15, "backordered": 0, "unserved": 0}
    assert found["before"] == figures | {"cost": 49.5, "unpriced": 0}
    assert found["after"] == figures | {"cost": 57, "unpriced": 0}
    assert (found["orders"], found["changed"], found["skipped"], found["more"]) == (3, 3, 0, False)
    assert units(found, "before") == {"W1": 15, "W2": 0}
    assert units(found, "after") == {"W1": 0, "W2": 15}
    assert [one["supplierId"] for one in found["suppliers"]] == [SUPPLIER, OTHER_SUPPLIER]


async def test_the_rules_that_count_already_change_nothing(
    client: httpx.AsyncClient, past: Router, retailer: dict[str, str]
) -> None:
    for nothing in (
        {},
        {"rules": None},
        {"rules": {"strategy": "", "catalogues": {"W1": {"priority": None, "products": None}}, "products": None}},
    ):
        found = await simulated(client, retailer, **nothing)
        assert (found["orders"], found["changed"]) == (3, 0)
        assert found["before"] == found["after"]


async def test_only_the_newest_orders_of_the_time_count(
    client: httpx.AsyncClient, past: Router, retailer: dict[str, str]
) -> None:
    newest = await simulated(client, retailer, limit=2)
    assert (newest["orders"], newest["more"]) == (2, True)
    assert (await simulated(client, retailer, until="2026-01-01T00:00:00Z"))["orders"] == 0
    assert (await simulated(client, retailer, since="2199-01-01T00:00:00Z", until="2199-01-02T00:00:00Z"))[
        "orders"
    ] == 0
    assert (await simulated(client, retailer, since="1900-01-01T00:00:00Z"))["orders"] == 3


async def test_nobody_sees_the_orders_of_somebody_else(client: httpx.AsyncClient, past: Router) -> None:
    found = await simulated(client, SIGNER.headers(STRANGER, "retailer"))
    assert (found["orders"], found["catalogues"], found["suppliers"]) == (0, [], [])
    refused = await client.post(SIMULATIONS, json={"rules": CLOSED}, headers=SIGNER.headers(STRANGER, "retailer"))
    assert [error["field"] for error in refused.json()["errors"]] == ["rules.catalogues.W1"]
    assert (await client.post(SIMULATIONS, json={}, headers=SIGNER.headers(SUPPLIER, "supplier"))).status_code == 403


async def test_a_given_order_is_decided_with_the_stock_that_was_heard_of_last(
    client: httpx.AsyncClient, known: Router, retailer: dict[str, str]
) -> None:
    given = {"rows": [{"externalProductId": "BOOTS", "quantity": 12}]}
    found = await simulated(client, retailer, order=given, rules={"catalogues": {"W2": {"priority": 0}}})
    before, after = found["order"]["before"], found["order"]["after"]
    assert (before["outcome"], before["strategy"]) == ("full", "priority")
    assert [one["externalId"] for one in before["rows"]] == ["1"]
    assert before["rows"][0]["taken"] == [
        {"externalWarehouseId": "W1", "quantity": 9},
        {"externalWarehouseId": "W2", "quantity": 3},
    ]
    assert after["rows"][0]["taken"] == [
        {"externalWarehouseId": "W2", "quantity": 9},
        {"externalWarehouseId": "W1", "quantity": 3},
    ]
    assert (found["orders"], found["changed"]) == (1, 1)
    assert [one["after"]["cost"] for one in found["catalogues"]] == [7.5, 27]


async def test_a_given_order_is_explained_candidate_by_candidate(
    client: httpx.AsyncClient, known: Router, retailer: dict[str, str]
) -> None:
    given = {"rows": [{"externalProductId": "BOOTS", "quantity": 4, "externalWarehouseId": "W2"}]}
    safety = {"products": {"BOOTS": {"safetyStock": 7}}}
    found = await simulated(client, retailer, order=given, rules=safety)
    shown = found["order"]["after"]["rows"][0]
    assert (shown["unserved"], found["order"]["after"]["outcome"]) == (2, "partial")
    verdicts = {one["externalWarehouseId"]: one["verdict"] for one in shown["candidates"]}
    assert verdicts == {"W2": "taken", "W1": "pinned elsewhere"}
    assert shown["candidates"][0]["safetyStock"] == 7


async def test_a_given_order_goes_by_the_retailers_own_settings_and_its_own_word(
    client: httpx.AsyncClient, known: Router, retailer: dict[str, str]
) -> None:
    settings = {"strategy": "highest-stock", "allOrNothing": True, "costPerShipment": 2}
    assert (await client.put("/ecommerce/v3/routing/settings", json=settings, headers=retailer)).status_code == 200
    rows = [{"externalProductId": "BOOTS", "quantity": 20}]
    refused = (await simulated(client, retailer, order={"rows": rows}))["order"]["before"]
    assert (refused["outcome"], refused["strategy"]) == ("refused", "highest-stock")
    own = {"allOrNothing": False, "strategy": "priority"}
    served = await simulated(client, retailer, order={"rows": rows, "preferences": own})
    assert (served["order"]["before"]["outcome"], served["order"]["before"]["strategy"]) == ("partial", "priority")
    assert served["before"]["cost"] == 9 * 2.5 + 9 * 3 + 2 * 2


def _names(model: type[BaseModel]) -> set[str]:
    found: set[str] = set()
    for field in model.model_fields.values():
        for alias in (field.alias, field.validation_alias):
            found |= set(map(str, alias.choices)) if isinstance(alias, AliasChoices) else {str(alias or "")}
    return found - {""}


def test_what_an_order_may_have_a_given_order_may_have_and_nothing_else() -> None:
    """An order can be tried as it is sent, and as it is answered."""
    only_answered = {"statuses", "creationDateTime"}
    for simulated, real in (
        (simulated_order.SimulatedOrder, {*_names(OrderShown), *_names(OrderV2)}),
        (simulated_order.SimulatedRow, _names(RowShown)),
        (simulated_order.SimulatedMetadata, {*_names(MetadataShown), *_names(MetadataV2)}),
        (simulated_order.SimulatedPreferences, _names(Preferences)),
        (simulated_order.SimulatedReference, _names(ReferenceDocument)),
    ):
        assert (_names(simulated) | simulated.passed_over) - only_answered == real


async def test_an_order_can_be_tried_as_it_was_answered(
    client: httpx.AsyncClient, known: Router, retailer: dict[str, str]
) -> None:
    answered = {"quantity": 4, "externalProductId": "BOOTS", "productEANCode": "0111", "status": {"value": "Created"}}
    given = {"externalId": "A-1", "rows": [answered], "trackingCodes": [], "metadata": {"documentType": "SalesOrder"}}
    found = await simulated(client, retailer, order=given)
    assert found["order"]["before"]["outcome"] == "full"


async def test_a_simulation_writes_and_says_nothing(
    client: httpx.AsyncClient, past: Router, retailer: dict[str, str]
) -> None:
    before = await _contents(past)
    await simulated(client, retailer, rules=CLOSED)
    await simulated(client, retailer, rules=CLOSED, order={"rows": [{"externalProductId": "BOOTS", "quantity": 1}]})
    assert await _contents(past) == before


async def _contents(router: Router) -> list[list[Any]]:
    async with router.database.transaction() as tx:
        return [
            [one["t"] for one in await tx.fetch(f"SELECT t::text AS t FROM {table} t ORDER BY 1")]
            for table in ("routes", "outbox", "balances", "catalogues", "shipments")
        ]


ORDER = {"rows": [{"externalProductId": "BOOTS", "quantity": 1}]}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"rule": {}}, ["rule"]),
        ({"rules": {"stratgy": "priority"}}, ["rules.stratgy"]),
        ({"rules": {"strategy": "cheapest", "costPerShipment": -1}}, ["rules.strategy", "rules.costPerShipment"]),
        ({"rules": {"costPerShipment": "4"}}, ["rules.costPerShipment"]),
        (
            {"rules": {"catalogues": {"W1": {"priority": True, "closed": 1}}}},
            ["rules.catalogues.W1.priority", "rules.catalogues.W1.closed"],
        ),
        (
            {"rules": {"catalogues": {"W1": {"products": {"BOTS": {"safetyStock": 1}}}}}},
            ["rules.catalogues.W1.products.BOTS"],
        ),
        (
            {"rules": {"catalogues": {"W7": {}}, "products": {"HAT": {"safetyStock": 1}}}},
            ["rules.catalogues.W7", "rules.products.HAT"],
        ),
        ({"since": "yesterday", "limit": 0}, ["since", "limit"]),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, ["until"]),
        ({"order": ORDER, "limit": 3}, ["limit"]),
        ({"order": {}}, ["order.rows"]),
        ({"order": {"rows": []}}, ["order.rows"]),
        ({"order": {"rows": [{"quantity": 1}]}}, ["order.rows[0].externalProductId"]),
        ({"order": {"rows": [{"externalProductId": "BOOTS", "quantity": 0}]}}, ["order.rows[0].quantity"]),
        (
            {"order": {"rows": [{"externalProductId": "BOOTS", "quantity": 1, "parentRowReference": "9"}]}},
            ["order.rows[0].parentRowReference"],
        ),
        (
            {"order": {"rows": [{"externalId": "1", **ORDER["rows"][0]}, {"externalId": "1", **ORDER["rows"][0]}]}},
            ["order.rows[1].externalId"],
        ),
        (
            {"order": {"rows": [BOOTS | {"parentRowReference": "2"}, BOOTS | {"parentRowReference": "1"}]}},
            ["order.rows[0].parentRowReference", "order.rows[1].parentRowReference"],
        ),
        (
            {
                "order": {
                    "rows": [
                        BOOTS | {"externalWarehouseId": "W1"},
                        BOOTS | {"externalWarehouseId": "W2", "parentRowReference": "1"},
                    ]
                }
            },
            ["order.rows[1].externalWarehouseId"],
        ),
        (
            {"order": {"rows": [BOOTS | {"productType": "serviceProduct"}, BOOTS | {"parentRowReference": "1"}]}},
            ["order.rows[1].parentRowReference"],
        ),
        ({"order": {"rows": [BOOTS | {"productEANCode": "112"}, BOOTS]}}, ["order.rows[0].productEANCode"]),
        (
            {
                "order": {
                    "rows": [BOOTS | {"backorder": True, "external_warehouse_id": "W1"}],
                    "preferences": {"any": 1},
                }
            },
            ["order.rows[0].backorder", "order.rows[0].external_warehouse_id", "order.preferences.any"],
        ),
        ({"order": ORDER | {"preferences": {"strategy": "cheapest"}}}, ["order.preferences.strategy"]),
        ([], ["body"]),
    ],
    ids=lambda _: "",
)
async def test_every_wrong_field_is_named(
    client: httpx.AsyncClient, known: Router, retailer: dict[str, str], body: Any, fields: list[str]
) -> None:
    answer = await client.post(SIMULATIONS, json=body, headers=retailer)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == fields


async def test_without_a_body_it_is_refused(client: httpx.AsyncClient, known: Router, retailer: dict[str, str]) -> None:
    assert (await client.post(SIMULATIONS, headers=retailer)).status_code == 400
