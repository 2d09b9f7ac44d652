"""What becomes of the figures of a supplier, and of its product ids."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from inventory import domain
from inventory.domain import BalanceChange, Item, Listing, OpenPromise, Product, Since
from tests.inventory.orders import SHOP, SUPPLIER

units = st.decimals(0, 20, places=1)
differences = st.decimals(-20, 20, places=1)
figures = st.one_of(
    st.builds(lambda n: {"quantity": n}, units),
    st.builds(lambda n: {"on_hand": n}, units),
    st.builds(lambda n: {"adjust": n}, differences),
    st.just({}),
)


def listing(
    catalogue: str, product: str = "A", quantity: Decimal = Decimal(0), allocated: Decimal = Decimal(0)
) -> Listing:
    return Listing(None, SHOP, catalogue, product, quantity, published=True, version=1, allocated=allocated)


@given(
    st.lists(st.tuples(units, units), min_size=1, max_size=3),
    st.lists(st.tuples(figures, st.booleans()), max_size=4),
)
def test_a_shelf_holds_what_its_supplier_says_and_promises_never_more_than_it_holds(
    shelves: list[tuple[Decimal, Decimal]], changes: list[tuple[dict[str, Decimal], bool]]
) -> None:
    listings = [listing(str(number), "A", *shelf) for number, shelf in enumerate(shelves)]
    items = [
        Item(index, changes=[("", BalanceChange("A", **figure, release=release))])  # type: ignore[arg-type]
        for index, (figure, release) in enumerate(changes)
    ]
    result = domain.restock(items, {"A": Product("A")}, [], listings)
    refused = {refusal.index for refusal in result.refusals}
    books = [(quantity, allocated) for quantity, allocated in shelves]
    for index, (figure, release) in enumerate(changes):
        after = []
        for quantity, allocated in books:
            left = Decimal(0) if release else allocated
            on_hand = quantity + left
            on_hand = figure.get("quantity", quantity) + left if "quantity" in figure else on_hand
            on_hand = figure.get("on_hand", on_hand) + figure.get("adjust", Decimal(0))
            left = min(left, on_hand) if "on_hand" in figure else left
            after.append((on_hand - left, left))
        assert (index in refused) == any(quantity < 0 for quantity, _ in after)
        books = books if index in refused else after
    assert [(one.quantity, one.allocated) for one in result.listings.values()] == books


@given(units, units, figures, units, units)
def test_a_figure_of_a_moment_counts_no_unit_twice_that_was_promised_or_delivered_since(
    quantity: Decimal, allocated: Decimal, figure: dict[str, Decimal], promised: Decimal, delivered: Decimal
) -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    shelf = listing("W", "A", quantity, allocated)._replace(id=7)
    item = Item(0, changes=[("", BalanceChange("A", **figure, as_of=moment))])  # type: ignore[arg-type]
    news: dict[tuple[int | None, datetime], Since] = {(7, moment): Since(promised, delivered)}
    (after,) = domain.restock([item], {"A": Product("A")}, [], [shelf], news).listings.values()
    if "quantity" in figure:
        assert (after.quantity, after.allocated) == (max(Decimal(0), figure["quantity"] - promised), allocated)
    if "on_hand" in figure:
        there = max(Decimal(0), figure["on_hand"] - delivered)
        assert (after.quantity + after.allocated, after.allocated) == (there, min(allocated, there))


@given(
    st.lists(st.tuples(st.integers(0, 2), units.filter(bool), st.integers(0, 3)), max_size=6),
    st.dictionaries(st.integers(0, 2), units, max_size=3),
)
def test_only_the_excess_of_a_shelf_gives_way_and_the_newest_orders_first(
    made: list[tuple[int, Decimal, int]], excess: dict[int, Decimal]
) -> None:
    promises = [
        OpenPromise(UUID(int=n), "1", shelf, 1, units, datetime(2026, 1, 1 + day, tzinfo=UTC))
        for n, (shelf, units, day) in enumerate(made)
    ]
    gone = dict(domain.take_back(promises, excess))
    for shelf in range(3):
        its = sorted((p for p in promises if p.balance_id == shelf), key=lambda p: (p.placed_at, p.order_id))
        there = sum((p.open for p in its), Decimal(0))
        assert sum((gone.get(p, Decimal(0)) for p in its), Decimal(0)) == min(there, excess.get(shelf, Decimal(0)))
        touched = [p in gone for p in its]
        assert touched == sorted(touched)
        assert all(gone[p] == p.open for p in its[touched.index(True) + 1 :]) if any(touched) else True


def test_only_what_figures_of_a_moment_mean_is_looked_at() -> None:
    one, other = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
    listings = [listing("V", "A")._replace(id=1), listing("W", "A")._replace(id=2), listing("W", "B")._replace(id=3)]
    changes = [
        BalanceChange("A", quantity=Decimal(1), as_of=one),
        BalanceChange("A", SHOP, "W", quantity=Decimal(1), as_of=other),
        BalanceChange("A", "another shop", quantity=Decimal(1), as_of=other),
        BalanceChange("B", quantity=Decimal(1)),
        BalanceChange("C", quantity=Decimal(1), as_of=other),
    ]
    items = [Item(index, changes=[("", change)]) for index, change in enumerate(changes)]
    assert domain.moments(items, listings) == {(1, one), (2, one), (2, other)}
    assert domain.moments(items[3:4], listings) == set()


def test_what_is_of_a_moment_to_come_or_long_gone_is_refused() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for moment, code in (
        (now + timedelta(seconds=59), None),
        (now + timedelta(seconds=61), "in_future"),
        (now - timedelta(days=31), None),
        (now - timedelta(days=31, seconds=1), "too_old"),
    ):
        item = Item(3, changes=[("balances[0].", BalanceChange("A", quantity=Decimal(1), as_of=moment))])
        refusal = domain.untimely(item, now)
        assert (refusal and (refusal.index, refusal.field, refusal.code)) == (code and (3, "balances[0].asOf", code))


@given(st.lists(st.sampled_from([f"{SUPPLIER}-A", f"{SUPPLIER}-B", f"{SUPPLIER}-{SUPPLIER}-A", "A", "C"]), unique=True))
def test_ids_are_stripped_once_and_never_onto_another_product(known: list[str]) -> None:
    prefixed = [name for name in known if domain.stripped(SUPPLIER, name)]
    renamed, left = domain.plan_migration(SUPPLIER, prefixed, known, [])
    assert {*renamed, *(one.external_id for one in left)} == set(prefixed)
    after = [renamed.get(name, name) for name in known]
    assert len(set(after)) == len(known)
    assert all(new == old.removeprefix(f"{SUPPLIER}-") for old, new in renamed.items())


def test_only_the_business_id_with_its_dash_is_a_prefix() -> None:
    assert domain.stripped(SUPPLIER, f"{SUPPLIER}-10001") == "10001"
    for name in (f"{SUPPLIER}-", SUPPLIER, f"{SUPPLIER}0-A", f"X{SUPPLIER}-A", f"{SUPPLIER}.A"):
        assert domain.stripped(SUPPLIER, name) is None


def test_a_product_that_anything_is_promised_of_keeps_its_id_and_listings_not_published_stay() -> None:
    old, other = f"{SUPPLIER}-1", f"{SUPPLIER}-2"
    listings = [
        listing("V", old, Decimal(3)),
        listing("W", old, Decimal(0), Decimal("0.1")),
        listing("V", other, Decimal(3)),
        listing("W", other)._replace(published=False),
    ]
    renamed, left = domain.plan_migration(SUPPLIER, [old, other], [], listings)
    assert (renamed, [(one.external_id, one.code) for one in left]) == ({other: "2"}, [(old, "open_orders")])
    after = domain.listings_after(listings, renamed)
    assert [(key[1:], one.published, int(one.quantity)) for key, one in after.items()] == [
        (("V", other), False, 0),
        (("V", "2"), True, 3),
    ]


def test_a_shelf_that_returns_have_overfilled_can_be_changed_otherwise_and_emptied_but_not_filled() -> None:
    too_many = Decimal(domain.MOST_UNITS) + 5
    for change, left in (
        (BalanceChange("A", wholesale_price=Decimal(3)), too_many),
        (BalanceChange("A", adjust=Decimal(-1)), too_many - 1),
        (BalanceChange("A", adjust=Decimal(1)), None),
    ):
        result = domain.restock(
            [Item(0, changes=[("", change)])], {"A": Product("A")}, [], [listing("W", "A", too_many)]
        )
        refused = [(refusal.field, refusal.code) for refusal in result.refusals]
        assert refused == ([("adjust", "too_many")] if left is None else [])
        assert [one.quantity for one in result.listings.values()] == [too_many if left is None else left]
