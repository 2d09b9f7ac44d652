"""Past orders decided again: the same rules decide the same, and others show what they would have changed."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as any_

from router.domain import DecisionRecord, Preferences
from router.replaying import past, stored
from router.replaying.past import Page
from router.store.past_orders import PastOrder
from shared.contracts import OrderPlaced
from shared.rules import ranking
from shared.rules.figures import Figures, Group
from shared.rules.ranking import Catalogue
from shared.rules.replay import UNCHANGED, CatalogueRules, Rules
from shared.rules.settled import Promised
from tests.router.examples import RETAILER, order, row
from tests.rules import decided_orders

FIRST, SECOND = Catalogue("W1", "north", priority=1), Catalogue("W2", "south", priority=2)


def replayed(orders: PastOrder | Sequence[PastOrder], **changed: object) -> Page:
    """What comes of orders under changed rules."""
    listed = [orders] if isinstance(orders, PastOrder) else orders
    return past.replay_page(listed, Rules(**changed))  # type: ignore[arg-type]


def closing(name: str) -> dict[str, CatalogueRules]:
    """The rule that closes a catalogue."""
    return {name: CatalogueRules(closed=True)}


def boots(quantity: int = 5, *, first: int = 9, second: int = 9) -> PastOrder:
    """An order for boots, of which two catalogues have so many."""
    return decided_orders.decided(
        order(row(quantity=quantity)),
        decided_orders.known([FIRST, SECOND], "BOOTS", quantity=Decimal(9)),
        decided_orders.shelf(("W1", "BOOTS", first), ("W2", "BOOTS", second)),
    )


def promised(one: Promised) -> tuple[str, str, Decimal]:
    """A promise, whoever tells of it."""
    return one.catalogue_id, one.product_id, one.quantity


def served(page: Page) -> dict[str, Decimal]:
    """Units from the shelf of each catalogue, after."""
    return {group.name: after.units for group, _, after in page.compared.of("catalogue") if after.units}


@settings(max_examples=300)
@given(any_.integers(0, 2**32))
def test_the_same_rules_decide_every_stored_order_exactly_as_it_was_decided(seed: int) -> None:
    page = replayed(decided_orders.random_order(seed))
    assert page.differences == ()
    assert (page.compared.orders, page.compared.changed) == (1, 0)
    before, after = page.compared.total
    assert before == after


@settings(max_examples=100)
@given(any_.integers(0, 2**32), any_.sampled_from(decided_orders.CATALOGUES))
def test_under_any_rules_what_was_ordered_is_served_waits_or_is_not_served(seed: int, closed: str) -> None:
    page = replayed(
        decided_orders.random_order(seed),
        strategy="highest-stock",
        catalogues=closing(closed),
        products={"BOOTS": Decimal(1)},
    )
    before, after = page.compared.total
    assert before.units + before.backordered + before.unserved == after.units + after.backordered + after.unserved
    assert closed not in served(page)


def test_another_priority_sends_an_order_to_another_catalogue() -> None:
    page = replayed(boots(), catalogues={"W2": CatalogueRules(priority=0)})
    assert served(page) == {"W2": 5}
    assert page.compared.changed == 1
    assert page.differences == ()


def test_a_closed_catalogue_gets_nothing_and_the_others_get_what_they_have() -> None:
    page = replayed(boots(5, second=3), catalogues=closing("W1"))
    assert served(page) == {"W2": 3}
    before, after = page.compared.total
    assert [before.unserved, after.unserved] == [0, 2]


def test_the_narrowest_safety_stock_counts() -> None:
    stored = boots(9)
    assert served(replayed(stored, products={"BOOTS": Decimal(1)})) == {"W1": 8, "W2": 1}
    at_first = CatalogueRules(safety_stock=Decimal(2))
    both = {"products": {"BOOTS": Decimal(1)}}
    assert served(replayed(stored, catalogues={"W1": at_first}, **both)) == {"W1": 7, "W2": 2}
    of_boots = CatalogueRules(safety_stock=Decimal(2), products={"BOOTS": Decimal(4)})
    assert served(replayed(stored, catalogues={"W1": of_boots}, **both)) == {"W1": 5, "W2": 4}


def test_a_route_weight_of_nothing_leaves_the_orders_to_the_other_catalogue() -> None:
    equals = [
        Catalogue("W1", "north", priority=1, route_weight=50),
        Catalogue("W2", "south", priority=1, route_weight=50),
    ]
    orders = [
        decided_orders.decided(
            order(row(quantity=1)),
            decided_orders.known(equals, "BOOTS"),
            decided_orders.shelf(("W1", "BOOTS", 9), ("W2", "BOOTS", 9)),
        )
        for _ in range(40)
    ]
    page = replayed(orders)
    assert served(page).keys() == {"W1", "W2"}
    assert served(replayed(orders, catalogues={"W1": CatalogueRules(route_weight=0)})) == {"W2": 40}


def test_another_strategy_chooses_by_the_stock_that_was_known_then() -> None:
    stored = decided_orders.decided(
        order(row(quantity=2)),
        ranking.sources(
            [FIRST, SECOND],
            [
                ranking.Balance("W1", "BOOTS", quantity=Decimal(3)),
                ranking.Balance("W2", "BOOTS", quantity=Decimal(7)),
            ],
        ),
        decided_orders.shelf(("W1", "BOOTS", 3), ("W2", "BOOTS", 7)),
    )
    assert served(replayed(stored, strategy="highest-stock")) == {"W2": 2}
    kept = {"W2": CatalogueRules(safety_stock=Decimal(5))}
    assert served(replayed(stored, strategy="highest-stock", catalogues=kept)) == {"W1": 2}


def test_a_past_order_keeps_the_strategy_it_was_decided_by() -> None:
    stored = decided_orders.decided(
        order(row(quantity=2)),
        ranking.sources(
            [FIRST, SECOND],
            [
                ranking.Balance("W1", "BOOTS", quantity=Decimal(3)),
                ranking.Balance("W2", "BOOTS", quantity=Decimal(7)),
            ],
        ),
        decided_orders.shelf(("W1", "BOOTS", 3), ("W2", "BOOTS", 7)),
        Preferences("highest-stock"),
    )
    assert served(replayed(stored)) == {"W2": 2}
    assert served(replayed(stored, strategy="priority")) == {"W1": 2}


def test_a_row_sees_what_the_rows_before_it_took_also_when_decided_again() -> None:
    stored = decided_orders.decided(
        order(row("1", quantity=6), row("2", quantity=6)),
        decided_orders.known([FIRST, SECOND], "BOOTS"),
        decided_orders.shelf(("W1", "BOOTS", 7), ("W2", "BOOTS", 9)),
    )
    page = replayed(stored, catalogues={"W2": CatalogueRules(priority=0)})
    assert served(page) == {"W1": 3, "W2": 9}


def test_a_bundle_takes_before_the_rows_between_its_own_also_when_decided_again() -> None:
    stored = decided_orders.decided(
        order(row("1", quantity=1), row("2", "SOCKS", quantity=3), row("3", "SOCKS", quantity=2, parent="1")),
        decided_orders.known([FIRST], "BOOTS", "SOCKS"),
        decided_orders.shelf(("W1", "BOOTS", 1), ("W1", "SOCKS", 4)),
    )
    page = replayed(stored)
    assert page.differences == ()
    before, _ = page.compared.total
    assert [before.units, before.unserved] == [5, 1]


def test_figures_tell_shipments_splits_cost_and_what_waits() -> None:
    stored = decided_orders.decided(
        order(row("1", quantity=12, back_order=True), row("2", "SOCKS", quantity=1)),
        decided_orders.known([FIRST, SECOND], "BOOTS", wholesale_price=Decimal("2.5")),
        decided_orders.shelf(("W1", "BOOTS", 4), ("W2", "BOOTS", 5), back_order_allowed=True),
    )
    page = replayed(stored, cost_per_shipment=Decimal(10), catalogues=closing("W2"))
    before, after = page.compared.total
    assert before == Figures(
        orders=1,
        split_orders=1,
        shipments=2,
        units=Decimal(9),
        backordered=Decimal(3),
        unserved=Decimal(1),
        cost=Decimal(50),
    )
    assert [after.shipments, after.split_orders, after.units, after.backordered] == [1, 0, 4, 8]
    assert after.cost == 40
    groups = {group: (one, other) for kind in ("retailer", "supplier") for group, one, other in page.compared.of(kind)}
    assert groups[Group("retailer", RETAILER)] == (before, after)
    assert [one.units for one in groups[Group("supplier", "south")]] == [5, 0]
    assert [one.cost for one in groups[Group("supplier", "north")]] == [10 + 10 + Decimal("7.5"), 40]


def test_a_unit_without_a_price_is_counted_as_such() -> None:
    before, _ = replayed(boots(5)).compared.total
    assert [before.cost, before.unpriced] == [0, 5]


def test_an_order_nobody_was_asked_for_is_left_out() -> None:
    stored = boots(5)
    unasked = stored._replace(
        record=stored.record.replace('"verdict":"taken"', '"verdict":"not asked"').replace(
            '"verdict":"served already"', '"verdict":"not asked"'
        )
    )
    compared = replayed(unasked).compared
    assert (compared.orders, compared.skipped) == (0, 1)


def test_a_record_that_does_not_follow_from_its_numbers_is_told() -> None:
    stored = boots(5)
    lost = stored._replace(record=stored.record.replace('"quantity":"9"', '"quantity":"3"', 1))
    [difference] = replayed(lost).differences
    assert difference.external_id == "A-1"
    assert difference.what == "row 1 was 5 from W1, 0 unserved, is 3 from W1, 2 from W2, 0 unserved"


def test_orders_that_did_not_keep_their_priorities_are_asked_in_the_order_they_were_asked_in() -> None:
    nameless = [Catalogue("W2", "south"), Catalogue("W1", "north")]
    stored = decided_orders.decided(
        order(row(quantity=5)), decided_orders.known(nameless, "BOOTS"), decided_orders.shelf(("W1", "BOOTS", 9))
    )
    early = stored._replace(plan=_turned(stored.plan), record=_turned(stored.record.encode()).decode())
    assert replayed(early).differences == ()
    assert Rules() == UNCHANGED


def _turned(document: bytes) -> bytes:
    """The same document with the two catalogues in each other's place."""
    return document.replace(b'"W1"', b'"W?"').replace(b'"W2"', b'"W1"').replace(b'"W?"', b'"W2"')


@settings(max_examples=200)
@given(any_.integers(0, 2**32))
def test_what_a_replay_reads_of_an_order_is_what_was_stored(seed: int) -> None:
    one = decided_orders.random_order(seed)
    placed, record = OrderPlaced.model_validate_json(one.placed), DecisionRecord.model_validate_json(one.record)
    read, then = stored.placed(one), stored.decided(one)
    assert (read.order_id, read.retailer_id, read.external_id) == (
        placed.order_id,
        placed.retailer_id,
        placed.external_id,
    )
    assert [tuple(row) for row in read.rows] == [
        tuple(getattr(row, name) for name in stored.PlacedRow._fields) for row in placed.rows
    ]
    assert (then.rules, then.round, then.outcome) == (record.rules, record.round, record.outcome)
    goods = [row for row in record.rows if row.stocked]
    assert [(row.got.external_id, row.got.unserved) for row in then.rows] == [
        (row.external_id, row.unserved) for row in goods
    ]
    for mine, other in zip(then.rows, goods, strict=True):
        assert [promised(one) for one in mine.got.taken] == [promised(one) for one in other.taken]
        assert [promised(one) for one in mine.got.waiting] == [promised(one) for one in other.waiting]
        assert [one._asdict() for one in mine.candidates] == [one.model_dump() for one in other.candidates]


def test_what_an_early_release_left_out_of_an_order_has_its_usual_value() -> None:
    one = boots(5)
    bare = one._replace(
        record=one.record.replace('"waiting":"0",', "")
        .replace('"unlimited":false,', "")
        .replace('"back_order_room":"0",', "")
    )
    assert bare.record != one.record
    assert stored.decided(bare) == stored.decided(one)
    assert replayed(bare).differences == ()
