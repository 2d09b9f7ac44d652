"""What would have put a row into a catalogue: every answer is proved by ranking and taking again with the change."""

from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import AllocateOrder, CatalogueChanged, OrderAllocated, OrderPlaced, OrderRow
from shared.rules import counterfactual, plan, ranking, strategies, taking
from shared.rules.balance import Balance, Key
from shared.rules.counterfactual import Change
from shared.rules.plan import Plan
from tests.router import examples
from tests.router.examples import RETAILER, catalogue, order, row

PRODUCTS, NAMES = ("BOOTS", "SOCKS"), ("W1", "W2", "W3")


@dataclass(frozen=True)
class World:
    """An order, its retailer's catalogues, and what is in them."""

    placed: OrderPlaced
    catalogues: tuple[CatalogueChanged, ...]
    balances: dict[Key, Balance]
    together: bool = False
    strategy: str = "priority"

    def decide(self) -> tuple[Plan, AllocateOrder, OrderAllocated]:
        known = ranking.sources(
            examples.sources(self.catalogues, []).catalogues.values(),
            (
                ranking.Balance(
                    name,
                    product,
                    ean="1",
                    quantity=one.quantity,
                    safety_stock=one.safety_stock,
                    sellable=one.sellable,
                    unlimited=one.unlimited,
                )
                for (_, name, product), one in self.balances.items()
            ),
        )
        by_priority = ranking.rank_candidates(self.placed, known).model_copy(update={"all_or_nothing": self.together})
        ranked = strategies.planned(self.strategy, self.placed, by_priority)
        request = plan.allocation_request(self.placed, ranked, 1)
        return ranked, request, taking.allocate(request, self.balances)

    def explain(self) -> dict[str, tuple[Change, ...]]:
        ranked, request, answer = self.decide()
        return counterfactual.counterfactuals(request, {one.external_id: one.seen for one in answer.rows}, ranked)

    def served(self, row_id: str, at: str) -> Decimal:
        """How much of a row comes from the shelves of a catalogue."""
        _, _, answer = self.decide()
        taken = next(one.taken for one in answer.rows if one.external_id == row_id)
        return sum((one.quantity for one in taken if one.catalogue_id == at), Decimal(0))

    def numbers(self) -> list[Decimal]:
        """Every quantity in it."""
        kept = [number for one in self.balances.values() for number in (one.quantity, one.safety_stock)]
        return [*kept, *(one.quantity for one in self.placed.rows)]

    def with_priority(self, at: str, priority: int | None) -> "World":
        changed = tuple(
            one.model_copy(update={"priority": priority}) if one.catalogue_id == at else one for one in self.catalogues
        )
        return replace(self, catalogues=changed)

    def with_units(self, at: str, units: Decimal, row_id: str) -> "World":
        """So many units more of the first product that a row may have from a catalogue."""
        _, request, _ = self.decide()
        demand = next(one for one in request.rows if one.external_id == row_id)
        keys = [(RETAILER, at, one.product_id) for one in demand.candidates if one.catalogue_id == at]
        key = next(key for key in keys if self.balances[key].sellable)
        there = self.balances[key]
        return replace(self, balances={**self.balances, key: replace(there, quantity=there.quantity + units)})


units = st.one_of(st.integers(0, 6).map(Decimal), st.decimals(0, 6, places=1))
rarely = st.sampled_from([False, False, False, True])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    count = draw(st.integers(1, 4))
    bundled = draw(rarely)
    rows = [
        row(
            str(number),
            None if (by_ean := draw(rarely)) else draw(st.sampled_from(PRODUCTS)),
            str(draw(units)),
            ean="1" if by_ean else None,
            mandatory=draw(rarely),
            partial_delivery_allowed=not draw(rarely),
            back_order=draw(st.booleans()),
            catalogue_id="W1" if draw(rarely) else None,
            parent=str(draw(st.integers(0, count - 1))) if bundled else None,
        )
        for number in range(count)
    ]
    catalogues = tuple(
        catalogue(
            name,
            priority=draw(st.none() | st.integers(0, 3)),
            route_weight=draw(st.sampled_from([None, None, 30])),
            active=not draw(st.sampled_from([False] * 5 + [True])),
        )
        for name in NAMES
    )
    balances = {
        (RETAILER, name, product): Balance(
            number,
            draw(units),
            safety_stock=Decimal(draw(st.sampled_from([0, 0, 2]))),
            sellable=not draw(st.sampled_from([False] * 5 + [True])),
            unlimited=draw(st.sampled_from([False] * 5 + [True])),
            back_order_allowed=draw(st.booleans()),
        )
        for number, (name, product) in enumerate((name, product) for name in NAMES for product in PRODUCTS)
    }
    placed = order(*rows, order_id=UUID(int=draw(st.integers(1, 2**64))))
    return World(placed, catalogues, balances, draw(rarely))


@settings(max_examples=60)
@given(worlds())
def test_every_change_puts_the_row_there_and_a_smaller_one_does_not(world: World) -> None:
    rows = {one.external_id: one for one in world.placed.rows}
    found = world.explain()
    assert found.keys() == rows.keys()
    for row_id, changes in found.items():
        for catalogue_id, more, priority, sentence in changes:
            assert world.served(row_id, catalogue_id) < rows[row_id].quantity
            before = world if priority is None else world.with_priority(catalogue_id, priority)
            after = before if more is None else before.with_units(catalogue_id, more, row_id)
            if more is None and priority is None:
                assert sentence.startswith("nothing: ")
                continue
            assert after.served(row_id, catalogue_id) == rows[row_id].quantity
            if more is not None:
                assert more > 0
                less = before.with_units(catalogue_id, more - Decimal("0.1"), row_id)
                assert less.served(row_id, catalogue_id) < rows[row_id].quantity
            elif priority is not None and priority_of(world, sentence.rpartition(" ")[2]) is not None:
                later = world.with_priority(catalogue_id, priority + 1)
                assert later.served(row_id, catalogue_id) < rows[row_id].quantity


@settings(max_examples=60)
@given(worlds())
def test_where_most_stock_is_asked_first_so_many_units_more_put_the_row_there_and_one_less_does_not(
    world: World,
) -> None:
    world = replace(world, strategy="highest-stock")
    whole = all(number == int(number) for number in world.numbers())
    for row_id, changes in world.explain().items():
        wanted = next(one.quantity for one in world.placed.rows if one.external_id == row_id)
        for catalogue_id, more, priority, sentence in changes:
            assert priority is None
            assert world.served(row_id, catalogue_id) < wanted
            if more is not None:
                assert world.with_units(catalogue_id, more, row_id).served(row_id, catalogue_id) == wanted
                less = world.with_units(catalogue_id, more - (1 if whole else Decimal("0.1")), row_id)
                assert less.served(row_id, catalogue_id) < wanted
            elif sentence == f"nothing: {counterfactual.NEITHER}":
                for units in (1, 3, 40):
                    tall = world.with_units(catalogue_id, Decimal(units), row_id)
                    assert tall.served(row_id, catalogue_id) < wanted


@settings(max_examples=20)
@given(worlds(), st.sampled_from(["fewest-shipments", "lowest-cost"]))
def test_where_a_plan_is_searched_for_only_what_bars_a_catalogue_is_said(world: World, strategy: str) -> None:
    for changes in replace(world, strategy=strategy).explain().values():
        for _, more, priority, sentence in changes:
            assert (more, priority) == (None, None)
            barred = ("inactive", "not sellable", "pinned elsewhere")
            assert sentence.removeprefix("nothing: ").startswith((*barred, "the order is refused for row"))


@settings(max_examples=60)
@given(worlds())
def test_where_nothing_is_said_to_do_no_stock_and_no_priority_does(world: World) -> None:
    for row_id, changes in world.explain().items():
        wanted = next(one.quantity for one in world.placed.rows if one.external_id == row_id)
        for catalogue_id, more, priority, sentence in changes:
            if more is not None or priority is not None:
                continue
            may_serve = sentence.rpartition(": ")[2] not in ("inactive", "not sellable", "pinned elsewhere")
            for tried in (priority_of(world, catalogue_id), 0, 1, 2, 3):
                changed = world.with_priority(catalogue_id, tried)
                for units in (1, 3, 40) if may_serve else ():
                    tall = changed.with_units(catalogue_id, Decimal(units), row_id)
                    assert tall.served(row_id, catalogue_id) < wanted
                assert changed.served(row_id, catalogue_id) < wanted


def priority_of(world: World, name: str) -> int | None:
    return next(one.priority for one in world.catalogues if one.catalogue_id == name)


def shop(*placed_rows: OrderRow, **stock: int) -> World:
    """Boots and socks by `W1_BOOTS=3`; W1 has priority 10, W2 20, W3 none."""
    priorities = {"W1": 10, "W2": 20, "W3": None}
    balances = {
        (RETAILER, *name.split("_", 1)): Balance(number, Decimal(there))
        for number, (name, there) in enumerate(stock.items())
    }
    catalogues = tuple(catalogue(name, priority=priority) for name, priority in priorities.items())
    return World(order(*placed_rows), catalogues, balances)  # type: ignore[arg-type]


def test_a_row_says_how_much_stock_or_which_priority_each_other_catalogue_lacked() -> None:
    world = shop(row("1", quantity=5), W1_BOOTS=5, W2_BOOTS=9, W3_BOOTS=1)
    assert world.explain() == {
        "1": (
            Change("W2", None, 9, "priority 9, before W1"),
            Change("W3", Decimal(4), 9, "4 more units and priority 9, before W1"),
        )
    }
    world = shop(row("1", quantity=5), W1_BOOTS=0, W2_BOOTS=4, W3_BOOTS=1)
    assert world.explain() == {
        "1": (
            Change("W1", Decimal(5), None, "5 more units"),
            Change("W2", Decimal(1), None, "1 more unit"),
            Change("W3", Decimal(4), 19, "4 more units and priority 19, before W2"),
        )
    }


def test_a_catalogue_without_a_priority_comes_before_others_without_by_any() -> None:
    world = shop(row("1", quantity=5), W3_BOOTS=5, W4_BOOTS=5)
    world = replace(world, catalogues=(*world.catalogues, catalogue("W4")))
    assert world.explain() == {"1": (Change("W4", None, 1, "priority 1, before W3"),)}


def test_what_earlier_rows_would_take_of_it_is_counted() -> None:
    world = shop(row("1", quantity=3), row("2", quantity=2), W1_BOOTS=1, W2_BOOTS=9)
    assert world.explain()["2"] == (Change("W1", Decimal(4), None, "4 more units"),)


def test_what_bars_a_catalogue_is_said_instead_of_a_change() -> None:
    world = shop(row("1", quantity=5, catalogue_id="W1"), W1_BOOTS=0, W2_BOOTS=9)
    assert world.explain()["1"] == (
        Change("W1", Decimal(5), None, "5 more units"),
        Change("W2", None, None, "nothing: pinned elsewhere"),
    )


def test_a_row_of_a_refused_order_names_the_row_that_refused_it() -> None:
    world = shop(row("1", quantity=1), row("2", "SOCKS", quantity=2, mandatory=True), W1_BOOTS=9, W1_SOCKS=1)
    assert world.explain() == {
        "1": (Change("W1", None, None, "nothing: the order is refused for row 2"),),
        "2": (Change("W1", Decimal(1), None, "1 more unit"),),
    }


def test_an_order_ranked_by_something_else_has_no_priority_to_change() -> None:
    world = shop(row("1", quantity=5), W1_BOOTS=5, W2_BOOTS=9)
    ranked, request, answer = world.decide()
    seen = {one.external_id: one.seen for one in answer.rows}
    early = ranked.model_copy(
        update={"catalogues": tuple(one.model_copy(update={"priority": None}) for one in reversed(ranked.catalogues))}
    )
    assert counterfactual.counterfactuals(request, seen, early) == {
        "1": (Change("W2", None, 1, "priority 1, before W1"),)
    }
    for strategy in ("highest-stock", "lowest-cost"):
        other = ranked.model_copy(update={"strategy": strategy})
        assert counterfactual.counterfactuals(request, seen, other) == {"1": ()}


def test_where_most_stock_is_asked_first_more_units_bring_a_catalogue_to_the_front() -> None:
    world = replace(shop(row("1", quantity=5), W1_BOOTS=5, W2_BOOTS=9, W3_BOOTS=6), strategy="highest-stock")
    assert world.explain() == {
        "1": (Change("W3", Decimal(4), None, "4 more units"), Change("W1", Decimal(4), None, "4 more units"))
    }


def test_an_order_that_is_too_large_to_try_answers_as_many_rows_as_it_can() -> None:
    many = [row(str(number), quantity=1) for number in range(300)]
    world = shop(row("0", "SOCKS", quantity=1), *many[1:], W1_BOOTS=9, W2_BOOTS=9, W1_SOCKS=0)
    found = world.explain()
    assert found["0"] == (Change("W1", Decimal(1), None, "1 more unit"),)
    assert len(found) < 300
