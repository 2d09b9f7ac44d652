"""The rules of ranking and deciding, said by their owners."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import domain
from router.domain import Decision, Route
from shared.contracts import OrderAllocated, OrderPlaced, RowAllocated, Taking
from shared.rules import taking as allocation
from tests.router.examples import (
    OTHER_SUPPLIER,
    SUPPLIER,
    allocate,
    balance,
    catalogue,
    order,
    ranking,
    reasons,
    row,
    sources,
)

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)


def taking(catalogue_id: str, quantity: int) -> Taking:
    """So many boots from a catalogue."""
    return Taking(catalogue_id=catalogue_id, product_id="BOOTS", quantity=Decimal(quantity))


def decide(placed: OrderPlaced, known: domain.Sources, stock: dict[tuple[str, str], int | Decimal]) -> Decision:
    """An order ranked, allocated from the stock, and decided."""
    plan = domain.rank_candidates(placed, known)
    allocated = allocate(domain.allocation_request(placed, plan, 1), stock)
    return domain.decide(Route(placed, plan, 1), allocated, NOW, NOW + timedelta(hours=24))


def test_a_smaller_priority_is_asked_first_and_none_comes_last() -> None:
    known = sources(
        [catalogue("A"), catalogue("B", priority=2), catalogue("C", priority=1), catalogue("D", priority=0)],
        [balance("A"), balance("B"), balance("C"), balance("D")],
    )
    assert ranking(domain.rank_candidates(order(row()), known)) == ["D", "C", "B", "A"]


def test_without_weights_equal_priorities_go_by_catalogue_id() -> None:
    known = sources([catalogue(c, priority=1) for c in "CAB"], [balance(c) for c in "BCA"])
    assert ranking(domain.rank_candidates(order(row()), known)) == ["A", "B", "C"]


def test_a_catalogue_without_a_weight_comes_after_the_weighted_of_its_priority() -> None:
    known = sources(
        [catalogue("A", priority=1), catalogue("B", priority=1, route_weight=1)], [balance("A"), balance("B")]
    )
    assert ranking(domain.rank_candidates(order(row()), known)) == ["B", "A"]


@pytest.mark.parametrize("weights", [{"A": 30, "B": 70}, {"A": 1, "B": 1, "C": 2}, {"A": 99, "B": 1}])
def test_route_weights_share_the_orders_in_the_long_run(weights: dict[str, int]) -> None:
    known = sources([catalogue(c, priority=1, route_weight=w) for c, w in weights.items()], map(balance, weights))
    ids = [uuid5(UUID(int=0), str(number)) for number in range(6_000)]
    first = Counter(ranking(domain.rank_candidates(order(row(), order_id=order_id), known))[0] for order_id in ids)
    for catalogue_id, weight in weights.items():
        assert first[catalogue_id] / len(ids) == pytest.approx(weight / sum(weights.values()), abs=0.025)


def test_all_rows_of_an_order_go_by_the_same_draw_of_weights() -> None:
    known = sources(
        [catalogue(c, priority=1, route_weight=10) for c in "ABC"],
        [balance(c, product) for c in "ABC" for product in ("BOOTS", "SOCKS")],
    )
    for _ in range(50):
        plan = domain.rank_candidates(order(row("1"), row("2", "SOCKS")), known)
        assert ranking(plan, 0) == ranking(plan, 1)


@given(st.permutations("ABCDE"), st.uuids())
def test_the_ranking_does_not_depend_on_the_order_in_which_catalogues_are_known(names: list[str], of: UUID) -> None:
    known = {c: catalogue(c, priority=ord(c) % 2, route_weight=ord(c) % 3 * 10) for c in "ABCDE"}
    plain = domain.rank_candidates(order(row(), order_id=of), sources(known.values(), map(balance, known)))
    mixed = domain.rank_candidates(
        order(row(), order_id=of), sources((known[name] for name in names), map(balance, names))
    )
    assert ranking(plain) == ranking(mixed)


def test_each_catalogue_that_is_passed_over_keeps_the_first_rule_that_dropped_it() -> None:
    known = sources(
        [
            catalogue("closed", active=False),
            catalogue("withdrawn"),
            catalogue("other-ean"),
            catalogue("here"),
            catalogue("there"),
            catalogue("without"),
        ],
        [
            balance("closed"),
            balance("withdrawn", published=False),
            balance("other-ean", ean="222"),
            balance("here", ean="111"),
            balance("there", ean="111"),
        ],
    )
    plan = domain.rank_candidates(order(row(ean="111", catalogue_id="here")), known)
    assert ranking(plan) == ["here"]
    assert reasons(plan) == {
        "closed": "inactive",
        "withdrawn": "not published",
        "other-ean": "EAN differs",
        "there": "pinned elsewhere",
    }


def test_a_row_with_an_ean_alone_finds_every_product_that_carries_it() -> None:
    known = sources(
        [catalogue("A"), catalogue("B")],
        [balance("A", "X", ean="111"), balance("B", "Y", ean="111"), balance("B", "Z", ean="222")],
    )
    plan = domain.rank_candidates(order(row(product_id=None, ean="111")), known)
    assert [(c.catalogue_id, c.product_id) for c in plan.rows[0].ranked] == [("A", "X"), ("B", "Y")]


@pytest.mark.parametrize(
    "receiver",
    ["2345678-9", "23456789", "003723456789", "00372345678912345", " suomen tukku OY ", "catalogue-2", "Tukun Varasto"],
)
def test_a_purchase_order_goes_to_the_one_supplier_its_receiver_names(receiver: str) -> None:
    known = domain.sources(
        [
            domain.Catalogue("catalogue-1", SUPPLIER, "Posti Oy", "Postin varasto"),
            domain.Catalogue("catalogue-2", OTHER_SUPPLIER, "Suomen Tukku Oy", "tukun varasto"),
        ],
        [domain.Balance("catalogue-1", "BOOTS"), domain.Balance("catalogue-2", "BOOTS")],
    )
    plan = domain.rank_candidates(order(row(), po="PO-1", receiver=receiver), known)
    assert ranking(plan) == ["catalogue-2"]
    assert reasons(plan) == {"catalogue-1": "other supplier than PO"}


@pytest.mark.parametrize(("po", "receiver"), [({}, OTHER_SUPPLIER), ({"po": "PO-1"}, None), ({"po": "PO-1"}, "  ")])
def test_without_a_purchase_order_or_a_receiver_every_supplier_may_serve(
    po: dict[str, Any], receiver: str | None
) -> None:
    known = sources([catalogue("A"), catalogue("B")], [balance("A"), balance("B")])
    assert ranking(domain.rank_candidates(order(row(), receiver=receiver, **po), known)) == ["A", "B"]


@pytest.mark.parametrize("receiver", ["0037123456", "003723456789123456", "23456789-", "tukku"])
def test_a_receiver_that_names_nobody_matches_no_supplier(receiver: str) -> None:
    there = domain.Catalogue("catalogue-2", "2345678-8", "Suomen Tukku Oy")
    assert not domain.names_supplier(receiver, there)


def test_one_shipment_is_made_for_each_catalogue_with_the_rows_it_serves() -> None:
    known = sources(
        [catalogue("W2", priority=1, contract_number="612345"), catalogue("W1", priority=2)],
        [balance("W2"), balance("W1"), balance("W1", "SOCKS", description="Woollen socks", ean="33")],
    )
    decision = decide(
        order(row("1", quantity=5), row("2", "SOCKS", quantity=1)),
        known,
        {("W2", "BOOTS"): 3, ("W1", "BOOTS"): 4, ("W1", "SOCKS"): 9},
    )
    contents = {
        shipment.created.catalogue_id: [(r.external_id, r.product_id, int(r.quantity)) for r in shipment.created.rows]
        for shipment in decision.shipments
    }
    assert contents == {"W2": [("1", "BOOTS", 3)], "W1": [("1", "BOOTS", 2), ("2", "SOCKS", 1)]}
    assert [shipment.contract_number for shipment in decision.shipments] == ["612345", None]
    assert decision.shipments[1].created.rows[1].description == "Woollen socks"
    assert decision.shipments[1].created.rows[1].ean == "33"


def test_a_shipment_of_fragile_or_oversized_goods_asks_for_their_handling_and_no_other_does() -> None:
    known = sources(
        [catalogue("W1", priority=1), catalogue("W2"), catalogue("W3")],
        [
            balance("W1", oversized=True),
            balance("W1", "SOCKS", fragile=True),
            balance("W1", "HAT", fragile=True),
            balance("W2", "SKIS", oversized=True),
            balance("W2", "SAND", fragile=True),
            balance("W3", "GLOVES"),
        ],
    )
    decision = decide(
        order(*(row(product, product, 1) for product in ("BOOTS", "SOCKS", "HAT", "SKIS", "SAND", "GLOVES"))),
        known,
        {("W1", "BOOTS"): 1, ("W1", "SOCKS"): 1, ("W1", "HAT"): 1, ("W2", "SKIS"): 1, ("W3", "GLOVES"): 1},
    )
    handling = {shipment.created.catalogue_id: shipment.handling for shipment in decision.shipments}
    assert handling == {"W1": ("3104", "3174"), "W2": ("3174",), "W3": ()}


def test_a_service_row_follows_the_first_goods_row_that_ships() -> None:
    known = sources([catalogue("A"), catalogue("B")], [balance("A", "SOLD-OUT"), balance("B")])
    placed = order(
        row("gift", "WRAP", quantity=1, product_type="serviceProduct"), row("1", "SOLD-OUT"), row("2", quantity=2)
    )
    decision = decide(placed, known, {("B", "BOOTS"): 9})
    assert [(s.created.catalogue_id, [r.external_id for r in s.created.rows]) for s in decision.shipments] == [
        ("B", ["gift", "2"])
    ]
    assert decision.shipments[0].stocked == {"1", "2"}


def test_a_service_row_is_unserved_when_no_goods_ship() -> None:
    placed = order(row("1"), row("2", "WRAP", quantity=1, product_type="costProduct"))
    record = decide(placed, sources([], []), {}).record
    assert [(r.external_id, int(r.unserved), r.reason) for r in record.rows] == [
        ("1", 5, "unknown product"),
        ("2", 1, "no goods to follow"),
    ]


def test_an_unserved_row_says_why() -> None:
    known = sources([catalogue("A"), catalogue("B", active=False)], [balance("A"), balance("B"), balance("B", "SOCKS")])
    record = decide(order(row("1"), row("2", "SOCKS"), row("3", "HAT")), known, {("A", "BOOTS"): 2}).record
    assert [row.reason for row in record.rows] == ["no stock", "inactive", "unknown product"]


def test_a_refused_order_makes_no_shipment_and_says_so_on_every_row() -> None:
    known = sources([catalogue("A")], [balance("A"), balance("A", "SOCKS")])
    placed = order(row("1"), row("2", "SOCKS", mandatory=True), row("3", "WRAP", product_type="serviceProduct"))
    decision = decide(placed, known, {("A", "BOOTS"): 9, ("A", "SOCKS"): 1})
    assert decision.shipments == ()
    assert [row.reason for row in decision.record.rows] == ["order refused"] * 3


def test_an_order_and_a_catalogue_always_make_the_same_shipment_id() -> None:
    first, second = order(row()), order(row())
    ids = {domain.shipment_id(placed.order_id, c) for placed in (first, second) for c in ("A", "B")}
    assert len(ids) == 4
    assert domain.shipment_id(first.order_id, "A") in ids
    assert all(made.version == 8 and made.variant == UUID(int=0x8 << 60).variant for made in ids)
    assert {made.bytes[:6] for made in ids} == {first.order_id.bytes[:6], second.order_id.bytes[:6]}


@pytest.mark.parametrize(
    "answer",
    [
        RowAllocated(external_id="other", short=Decimal(0)),
        RowAllocated(external_id="1", short=Decimal(0), taken=(taking("Z", 1),)),
        RowAllocated(external_id="1", short=Decimal(0), taken=(taking("A", 6),)),
    ],
)
def test_an_allocation_that_cannot_be_of_its_order_is_told_apart(answer: RowAllocated) -> None:
    placed = order(row())
    route = Route(placed, domain.rank_candidates(placed, sources([catalogue("A")], [balance("A")])), 1)
    allocated = OrderAllocated(order_id=placed.order_id, round=1, outcome="full", rows=(answer,))
    assert domain.misfit(route, allocated) is not None


quantities = st.decimals(min_value="0.000001", max_value=1_000, places=6)
products, warehouses = ("BOOTS", "SOCKS", "HAT"), ("A", "B", "C")


@st.composite
def worlds(draw: st.DrawFn) -> tuple[OrderPlaced, domain.Sources, dict[tuple[str, str], int | Decimal]]:
    """An order, the catalogues it may be served from, and what is in them."""
    pairs = draw(st.sets(st.tuples(st.sampled_from(warehouses), st.sampled_from(products))))
    stock: dict[tuple[str, str], int | Decimal] = {
        pair: draw(st.one_of(st.integers(0, 5), quantities)) for pair in sorted(pairs)
    }
    rows = [
        row(
            str(number),
            draw(st.sampled_from(products)),
            draw(st.one_of(st.integers(1, 8).map(str), quantities.map(str))),
            mandatory=draw(st.booleans()) and draw(st.booleans()),
            partial_delivery_allowed=draw(st.booleans()),
            back_order=draw(st.booleans()),
            parent=str(draw(st.integers(0, number - 1))) if number and draw(st.integers(0, 3)) == 0 else None,
            product_type=draw(st.sampled_from([None, None, None, "serviceProduct"])),
        )
        for number in range(draw(st.integers(1, 5)))
    ]
    known = sources(
        [
            catalogue(c, priority=draw(st.one_of(st.none(), st.integers(1, 2))), active=draw(st.integers(0, 4)) > 0)
            for c in warehouses
        ],
        [balance(c, product) for c, product in sorted(pairs)],
    )
    return order(*rows), known, stock


@given(worlds())
def test_taken_and_waiting_and_unserved_are_the_quantity_and_shipments_are_what_was_taken(
    world: tuple[OrderPlaced, domain.Sources, dict[tuple[str, str], int | Decimal]],
) -> None:
    placed, known, stock = world
    decision = decide(placed, known, stock)
    shipped: defaultdict[str, Decimal] = defaultdict(Decimal)
    for shipment in decision.shipments:
        for shipped_row in shipment.created.rows:
            assert shipped_row.quantity > 0
            shipped[shipped_row.external_id] += shipped_row.quantity
    for decided, routed in zip(decision.record.rows, domain.order_routed(decision.route).rows, strict=True):
        taken = sum((taking.quantity for taking in decided.taken), Decimal(0))
        assert taken + decided.unserved == decided.quantity
        assert shipped[decided.external_id] == taken
        assert sum((part.quantity for part in routed.routed), Decimal(0)) == taken
        assert (decided.reason is not None) == (decided.unserved > 0)
        assert {part.shipment_id for part in routed.routed} <= {s.created.shipment_id for s in decision.shipments}


@given(worlds())
def test_the_result_can_be_recomputed_from_the_record_alone(
    world: tuple[OrderPlaced, domain.Sources, dict[tuple[str, str], int | Decimal]],
) -> None:
    placed, known, stock = world
    record = decide(placed, known, stock).record
    kept = domain.DecisionRecord.model_validate_json(record.model_dump_json())
    assert kept == record
    again = domain.recompute(kept)
    assert [(row.taken, row.waiting) for row in again.rows] == [(r.taken, r.waiting) for r in record.rows if r.stocked]


def test_an_end_of_sale_product_counts_nothing_when_a_record_is_recomputed() -> None:
    record = decide(order(row()), sources([catalogue("A")], [balance("A")]), {("A", "BOOTS"): 5}).record
    ended = record.rows[0].candidates[0].model_copy(update={"verdict": "end of sale"})
    changed = record.model_copy(update={"rows": (record.rows[0].model_copy(update={"candidates": (ended,)}),)})
    assert domain.recompute(changed).rows[0].taken == ()


def test_a_plan_kept_and_read_again_asks_the_same() -> None:
    known = sources([catalogue("A"), catalogue("B", active=False)], [balance("A", ean="1"), balance("B")])
    placed = order(row(), row("2", "WRAP", product_type="serviceProduct"))
    plan = domain.rank_candidates(placed, known)
    kept = domain.Plan.model_validate_json(plan.model_dump_json(exclude_defaults=True))
    again = OrderPlaced.model_validate_json(placed.model_dump_json(exclude_defaults=True))
    assert domain.allocation_request(again, kept, 1) == domain.allocation_request(placed, plan, 1)
    assert [demand.external_id for demand in domain.allocation_request(placed, plan, 1).rows] == ["1"]


@given(worlds(), st.data())
def test_the_result_that_inventory_really_gives_can_be_recomputed_from_the_record_alone(
    world: tuple[OrderPlaced, domain.Sources, dict[tuple[str, str], int | Decimal]], data: st.DataObject
) -> None:
    placed, known, stock = world
    balances = {
        (placed.retailer_id, *pair): allocation.Balance(
            number,
            Decimal(quantity),
            safety_stock=Decimal(data.draw(st.integers(0, 2))),
            sellable=data.draw(st.integers(0, 4)) > 0,
            end_of_sale=data.draw(st.integers(0, 4)) == 0,
            unlimited=data.draw(st.integers(0, 4)) == 0,
            back_order_allowed=data.draw(st.booleans()),
            back_order_room=data.draw(st.none() | st.integers(0, 9).map(Decimal)),
        )
        for number, (pair, quantity) in enumerate(stock.items())
    }
    plan = domain.rank_candidates(placed, known)
    answer = allocation.allocate(domain.allocation_request(placed, plan, 1), balances)
    route = Route(placed, plan, 1)
    assert domain.misfit(route, answer) is None
    record = domain.decide(route, answer, NOW, NOW).record
    assert domain.recompute(record).rows == answer.rows
