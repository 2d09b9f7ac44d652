"""The router plans with the stock it has heard of, in the way that an order or its retailer wants."""

from decimal import Decimal
from typing import Any

import pytest

from router.store import routing_settings
from shared.contracts import AllocateOrder, BalanceChanged, OrderRouted
from tests.router.conftest import Router
from tests.router.examples import RETAILER, STRANGER, allocate, balance, catalogue, order, row


@pytest.fixture(autouse=True)
async def three_warehouses(router: Router) -> None:
    """W1 comes first and has few boots; W3 comes last and has most; W2 is cheapest."""
    await router.knows(
        [catalogue("W1", priority=1, acceptance_hours=4), catalogue("W2", priority=2), catalogue("W3", priority=3)],
        [
            stocked("W1", 3, wholesale_price=Decimal(9)),
            stocked("W2", 6, wholesale_price=Decimal("7.5")),
            stocked("W3", 9, wholesale_price=Decimal(8)),
        ],
    )


def stocked(catalogue_id: str, quantity: int, **fields: Any) -> BalanceChanged:
    """So many boots in a catalogue."""
    return balance(catalogue_id, **fields).model_copy(update={"quantity": Decimal(quantity)})


async def chooses(router: Router, **settings: Any) -> None:
    """The retailer changes its settings."""
    async with router.database.transaction_of(RETAILER) as tx:
        await routing_settings.save_preferences(tx, RETAILER, **settings)


async def asked(router: Router) -> list[list[str]]:
    """The catalogues that inventory was asked for the first row of each order, first to last."""
    return [[one.catalogue_id for one in request.rows[0].candidates] for request in await router.said(AllocateOrder)]


@pytest.mark.parametrize(
    ("strategy", "ranked"),
    [
        ("priority", ["W1", "W2", "W3"]),
        ("fewest-shipments", ["W2", "W1", "W3"]),
        ("lowest-cost", ["W2", "W1", "W3"]),
        ("highest-stock", ["W3", "W2", "W1"]),
    ],
)
async def test_a_retailer_s_strategy_says_who_is_asked_first(router: Router, strategy: str, ranked: list[str]) -> None:
    await chooses(router, strategy=strategy)
    placed = order(row())
    await router.hears(placed, order(row(), external_id="A-2", retailer_id=STRANGER))
    assert (await asked(router))[0] == ranked
    assert (await router.route(placed)).plan.strategy == strategy


async def test_an_order_s_own_word_goes_before_its_retailer_s(router: Router) -> None:
    await chooses(router, strategy="lowest-cost", all_or_nothing=True)
    await router.hears(order(row(), strategy="highest-stock", all_or_nothing=False))
    assert await asked(router) == [["W3", "W2", "W1"]]
    assert [request.all_or_nothing for request in await router.said(AllocateOrder)] == [False]


async def test_what_a_shipment_costs_decides_whether_a_row_is_split(router: Router) -> None:
    placed = [order(row(quantity=8), external_id=f"A-{number}") for number in (1, 2)]
    await chooses(router, strategy="lowest-cost")
    await router.hears(placed[0])
    await chooses(router, cost_per_shipment=Decimal(5))
    await router.hears(placed[1])
    assert [ranked[0] for ranked in await asked(router)] == ["W2", "W3"]


async def test_the_plan_keeps_what_it_was_made_with(router: Router) -> None:
    await router.knows([], [stocked("W2", 6, version=2, safety_stock=Decimal(2), unlimited=True, currency="EUR")])
    placed = order(row())
    await router.hears(placed)
    plan = (await router.route(placed)).plan
    assert [(one.stock, one.unlimited, one.wholesale_price, one.currency) for one in plan.rows[0].ranked] == [
        (Decimal(3), False, Decimal(9), None),
        (Decimal(4), True, None, "EUR"),
        (Decimal(9), False, Decimal(8), None),
    ]
    assert [(terms.catalogue_id, terms.priority, terms.acceptance_hours) for terms in plan.catalogues] == [
        ("W1", 1, 4),
        ("W2", 2, None),
        ("W3", 3, None),
    ]


async def test_what_is_not_for_sale_counts_as_no_stock(router: Router) -> None:
    await router.knows([], [stocked("W3", 9, version=2, sellable=False)])
    await router.hears(order(row(), strategy="highest-stock"))
    assert await asked(router) == [["W2", "W1", "W3"]]


async def test_what_an_order_took_is_not_planned_with_again(router: Router) -> None:
    await chooses(router, strategy="highest-stock")
    await router.hears(order(row()))
    (request,) = await router.said(AllocateOrder)
    await router.is_answered(allocate(request, {("W3", "BOOTS"): 7, ("W2", "BOOTS"): 6, ("W1", "BOOTS"): 3}))
    await router.hears(order(row(), external_id="A-2"))
    assert await asked(router) == [["W3", "W2", "W1"], ["W2", "W1", "W3"]]
    await router.knows([], [stocked("W3", 9, version=2)])
    await router.hears(order(row(), external_id="A-3"))
    assert (await asked(router))[-1] == ["W3", "W2", "W1"]


async def test_inventory_settles_what_the_plan_only_expected(router: Router) -> None:
    shipments = await router.ships(order(row(), strategy="fewest-shipments"), {("W2", "BOOTS"): 1, ("W1", "BOOTS"): 9})
    assert {(one.catalogue_id, int(one.rows[0].quantity)) for one in shipments} == {("W1", 4), ("W2", 1)}
    assert [routed.outcome for routed in await router.said(OrderRouted)] == ["full"]


async def test_the_record_says_which_strategy_planned(router: Router) -> None:
    placed = order(row(quantity=8), strategy="lowest-cost")
    await router.ships(placed, {("W1", "BOOTS"): 3, ("W2", "BOOTS"): 6, ("W3", "BOOTS"): 9})
    record = (await router.route(placed)).record
    assert record is not None
    assert record.strategy == "lowest-cost"
    assert [(taking.catalogue_id, int(taking.quantity)) for taking in record.rows[0].taken] == [("W2", 6), ("W3", 2)]
