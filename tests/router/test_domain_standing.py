"""However messages come, every row of an order is somewhere, none of it twice, and inventory agrees in the end."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from router import domain
from router.domain import Route, Row, Shipment
from router.domain import standing as standings
from shared.contracts import OrderPlaced
from tests.router.examples import order, row
from tests.router.happenings import NOW, answer
from tests.router.inventory_stand_in import ZERO
from tests.router.standing_world import KNOWN, World

ORDER = UUID("01a200a6-c97d-739a-bc3a-8e55169286d9")


@st.composite
def orders(draw: st.DrawFn) -> OrderPlaced:
    """An order of one to three rows, of which one may be a service."""
    rows = [
        row(
            str(number),
            quantity=draw(st.integers(1, 8)),
            back_order=draw(st.booleans()),
            partial_delivery_allowed=draw(st.integers(0, 3)) > 0,
        )
        for number in range(draw(st.integers(1, 2)))
    ]
    if draw(st.booleans()):
        rows.append(row("gift", "WRAP", quantity=1, product_type="serviceProduct"))
    return order(*rows, order_id=ORDER, held=draw(st.integers(0, 3)) == 0)


@settings(max_examples=120)
@given(orders(), st.data())
def test_every_row_is_somewhere_at_every_moment_and_inventory_agrees_in_the_end(
    placed: OrderPlaced, data: st.DataObject
) -> None:
    world = World(placed, data)
    for _ in range(data.draw(st.integers(0, 25))):
        act = data.draw(
            st.sampled_from(
                [
                    *[world.hear] * 5,
                    *[world.stock_comes] * 2,
                    world.stock_goes,
                    world.supplier_acts,
                    world.reconcile,
                    world.retry,
                    world.retailer_cancels_a_part,
                    world.retailer_stops_waiting,
                    world.retailer_releases,
                    world.retailer_cancels,
                ]
            )
        )
        act()
        world.at += timedelta(minutes=1)
        world.check()
    world.come_to_rest()


def test_an_answer_that_comes_twice_counts_once() -> None:
    placed = order(row(), order_id=ORDER)
    plan = domain.rank_candidates(placed, KNOWN)
    got = answer(placed, 1, {"1": ({("W1", "BOOTS"): 2}, {}, 3)})
    route = domain.decide(Route(placed, plan, 1), got, NOW, NOW).route
    ask = domain.later_ask(route, domain.later_order(route, domain.unserved(route.standing)), plan, retry=True)
    assert ask is not None
    again = answer(placed, 2, {"1": ({("W2", "BOOTS"): 1}, {}, 2)})
    once = domain.take_answer(route, ask, again, NOW).route
    assert domain.take_answer(once, ask, again, NOW) == domain.Changed(once)


def test_a_service_that_is_left_alone_and_rejected_has_no_goods_to_follow() -> None:
    placed = order(row(), row("gift", "WRAP", quantity=1, product_type="serviceProduct"), order_id=ORDER)
    got = answer(placed, 1, {"1": ({("W1", "BOOTS"): 5}, {}, 0)})
    decision = domain.decide(Route(placed, domain.rank_candidates(placed, KNOWN), 1), got, NOW, NOW)
    goods, gift = decision.standing.rows
    alone = decision.standing.replaced([standings.changed(goods, pieces=(), cancelled=goods.quantity)])
    created = decision.shipments[0].created
    rejected = Shipment(
        shipment_id=created.shipment_id,
        order_id=ORDER,
        order_external_id=created.order_external_id,
        retailer_id=created.retailer_id,
        supplier_id=created.supplier_id,
        catalogue_id=created.catalogue_id,
        status="Cancelled",
        status_at=NOW,
        version=2,
        created_at=NOW,
        updated_at=NOW,
        accept_by=NOW,
        delivery=created.delivery,
        rows=(Row("gift", "WRAP", gift.quantity),),
    )
    loss = domain.reconcile(replace(decision.route, standing=alone), {created.shipment_id: rejected})
    assert loss is not None
    assert loss.route.standing is not None
    (left,) = [one for one in loss.route.standing.rows if not one.stocked]
    assert (len(left.pieces), int(left.rerouting), int(left.unserved)) == (0, 0, 1)
    assert left.reason == "no goods to follow"


def test_the_reason_of_a_row_goes_when_nothing_is_unserved_any_more() -> None:
    unserved = domain.RowStanding(external_id="1", quantity=Decimal(2), unserved=Decimal(2), reason="no stock")
    assert standings.changed(unserved, unserved=ZERO, waiting=Decimal(2)).reason is None
    assert standings.changed(unserved, unserved=Decimal(1), waiting=Decimal(1)).reason == "no stock"
