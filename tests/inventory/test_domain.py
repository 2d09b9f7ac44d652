"""Who gets what: the rules of allocation, against a slow way of doing the same, and what becomes of a promise."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import domain
from inventory.domain import Balance, BalanceChange, Catalogue, Item, Key, Listing, Product, ProductChange
from shared.contracts import AllocateOrder, OrderAllocated, Taking
from tests.inventory import orders
from tests.inventory.orders import SHOP

PLACES = ("W1/A", "W2/A", "W3/A", "W1/B", "W2/B", "W4/gone")

untimed = settings(deadline=None)

units = st.decimals(0, 12, places=1)
rows = st.builds(
    lambda number, quantity, places, **flags: orders.row(str(number), float(quantity), *places, **flags),
    number=st.just(0),
    quantity=units,
    places=st.lists(st.sampled_from(PLACES), max_size=6),
    mandatory=st.sampled_from([False, False, False, True]),
    partial_delivery_allowed=st.booleans(),
)
requests = st.lists(rows, max_size=5).map(
    lambda made: orders.order(*(one.model_copy(update={"external_id": str(n)}) for n, one in enumerate(made)))
)
shelves = st.fixed_dictionaries(
    {
        place: st.builds(
            Balance,
            id=st.just(number),
            quantity=units,
            allocated=units,
            safety_stock=st.decimals(0, 3, places=1),
            sellable=st.sampled_from([True, True, True, False]),
            active=st.sampled_from([True, True, True, False]),
            end_of_sale=st.sampled_from([False, False, False, True]),
        )
        for number, place in enumerate(PLACES[:-1])
    }
).map(lambda shelf: {key_of(place): balance for place, balance in shelf.items()})


def key_of(place: str) -> Key:
    catalogue, product = place.split("/")
    return SHOP, catalogue, product


def shelf_of(**stocked: float) -> dict[Key, Balance]:
    """Balances by `W1_A=3`."""
    return {
        key_of(place.replace("_", "/")): Balance(number, Decimal(str(quantity)))
        for number, (place, quantity) in enumerate(stocked.items())
    }


def slowly(order: AllocateOrder, balances: Mapping[Key, Balance]) -> dict[str, dict[str, Decimal]]:
    """The same promises, a tenth of a unit at a time."""
    tenths = {
        f"{key[1]}/{key[2]}": int(max(Decimal(0), one.quantity - one.safety_stock) * 10)
        for key, one in balances.items()
        if one.sellable and one.active and not one.end_of_sale
    }
    promised: dict[str, dict[str, Decimal]] = {}
    whole = True
    for row in order.rows:
        need, got = int(row.quantity * 10), dict[str, Decimal]()
        for candidate in row.candidates:
            place = f"{candidate.catalogue_id}/{candidate.product_id}"
            if not row.partial_delivery_allowed and tenths.get(place, 0) < need:
                continue
            while need and tenths.get(place, 0):
                need, tenths[place] = need - 1, tenths[place] - 1
                got[place] = got.get(place, Decimal(0)) + Decimal("0.1")
        promised[row.external_id] = got
        whole = whole and not (row.mandatory and need)
    return promised if whole else {row.external_id: {} for row in order.rows}


def promises(answer: OrderAllocated) -> dict[str, dict[str, Decimal]]:
    return {
        row.external_id: {f"{one.catalogue_id}/{one.product_id}": one.quantity for one in row.taken}
        for row in answer.rows
    }


@untimed
@given(requests, shelves)
def test_allocation_is_what_counting_tenths_of_units_gives(order: AllocateOrder, shelf: dict[Key, Balance]) -> None:
    assert promises(domain.allocate(order, shelf)) == slowly(order, shelf)


@untimed
@given(requests, shelves)
def test_taken_waiting_and_short_make_the_quantity_of_every_row(
    order: AllocateOrder, shelf: dict[Key, Balance]
) -> None:
    answer = domain.allocate(order, shelf)
    for demand, row in zip(order.rows, answer.rows, strict=True):
        assert row.external_id == demand.external_id
        assert sum(one.quantity for one in (*row.taken, *row.waiting)) + row.short == demand.quantity
        assert all(taking.quantity > 0 for taking in row.taken)
        assert {(s.catalogue_id, s.product_id): s.taken for s in row.seen if s.taken} == {
            (t.catalogue_id, t.product_id): t.quantity for t in row.taken
        }
        assert [(s.catalogue_id, s.product_id) for s in row.seen] == [
            (c.catalogue_id, c.product_id) for c in dict.fromkeys(demand.candidates)
        ]


@untimed
@given(requests, shelves)
def test_nothing_is_promised_twice_and_safety_stock_stays(order: AllocateOrder, shelf: dict[Key, Balance]) -> None:
    answer = domain.allocate(order, shelf)
    after = domain.balances_after(shelf, SHOP, answer)
    for key, balance in after.items():
        taken = shelf[key].quantity - balance.quantity
        assert 0 < taken <= domain.free_of(shelf[key])
        assert balance.allocated - shelf[key].allocated == taken


@untimed
@given(requests, shelves, st.randoms(use_true_random=False))
def test_the_order_in_which_balances_were_read_does_not_matter(
    order: AllocateOrder, shelf: dict[Key, Balance], random: object
) -> None:
    shuffled = list(shelf.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert domain.allocate(order, dict(shuffled)) == domain.allocate(order, shelf)


@untimed
@given(st.lists(units, max_size=5), units)
def test_each_candidate_in_turn_gives_what_it_has(free: list[Decimal], needed: Decimal) -> None:
    offers = [Taking(catalogue_id=str(n), product_id="A", quantity=quantity) for n, quantity in enumerate(free)]
    takings = domain.take_in_order(needed, offers)
    assert sum(taking.quantity for taking in takings) == min(needed, sum(free, Decimal(0)))
    used = [int(taking.catalogue_id) for taking in takings]
    assert used == sorted(used)
    assert all(taking.quantity == free[int(taking.catalogue_id)] for taking in takings[:-1])


def test_the_same_product_on_two_rows_counts_together() -> None:
    wanted = orders.order(orders.row("1", 2, "W1/A"), orders.row("2", 2, "W1/A", "W2/A"))
    answer = domain.allocate(wanted, shelf_of(W1_A=3, W2_A=1))
    assert orders.taken(answer.rows) == {"1": {"W1/A": 2}, "2": {"W1/A": 1, "W2/A": 1}}
    assert [(float(seen.quantity), float(seen.allocated)) for seen in answer.rows[1].seen] == [(1, 2), (1, 0)]
    assert answer.outcome == "full"


def test_every_candidate_says_why_it_serves_or_not() -> None:
    shelf = shelf_of(W1_A=5, W2_A=5, W3_A=5, W4_A=1, W5_A=3, W6_A=2)
    shelf[key_of("W1/A")] = replace(shelf[key_of("W1/A")], active=False)
    shelf[key_of("W2/A")] = replace(shelf[key_of("W2/A")], end_of_sale=True)
    shelf[key_of("W3/A")] = replace(shelf[key_of("W3/A")], sellable=False)
    shelf[key_of("W4/A")] = replace(shelf[key_of("W4/A")], safety_stock=Decimal(1))
    places = [f"W{n}/A" for n in range(8)]
    answer = domain.allocate(orders.order(orders.row("1", 3, *places)), shelf)
    assert orders.verdicts(answer.rows) == [
        "unknown",
        "inactive",
        "end of sale",
        "not sellable",
        "no stock",
        "taken",
        "served already",
        "unknown",
    ]


def test_a_row_that_must_be_whole_comes_from_one_catalogue_or_not_at_all() -> None:
    whole = orders.row("1", 3, "W1/A", "W2/A", partial_delivery_allowed=False)
    answer = domain.allocate(orders.order(whole), shelf_of(W1_A=2, W2_A=3))
    assert orders.taken(answer.rows) == {"1": {"W2/A": 3}}
    assert orders.verdicts(answer.rows) == ["whole row needed", "taken"]
    answer = domain.allocate(orders.order(whole), shelf_of(W1_A=2, W2_A=2))
    assert answer.outcome == "none"
    assert answer.rows[0].short == 3
    assert orders.verdicts(answer.rows) == ["whole row needed", "whole row needed"]


def test_a_mandatory_row_that_is_not_served_refuses_the_whole_order() -> None:
    wanted = orders.order(orders.row("1", 2, "W1/A"), orders.row("2", 2, "W1/B", mandatory=True))
    answer = domain.allocate(wanted, shelf_of(W1_A=5, W1_B=1))
    assert answer.outcome == "refused"
    assert [row.taken for row in answer.rows] == [(), ()]
    assert [float(row.short) for row in answer.rows] == [2, 2]
    assert orders.verdicts(answer.rows) == ["order refused", "order refused"]
    assert domain.balances_after(shelf_of(W1_A=5, W1_B=1), SHOP, answer) == {}


def test_the_outcome_says_how_much_of_the_order_is_served() -> None:
    wanted = orders.order(orders.row("1", 2, "W1/A"), orders.row("2", 2, "W1/B"))
    assert domain.allocate(wanted, shelf_of(W1_A=2, W1_B=2)).outcome == "full"
    assert domain.allocate(wanted, shelf_of(W1_A=2)).outcome == "partial"
    assert domain.allocate(wanted, {}).outcome == "none"


@untimed
@given(
    st.decimals(1, 9, places=1),
    st.lists(st.tuples(st.integers(1, 6), st.decimals(0, 10, places=1), st.booleans()), max_size=8),
)
def test_a_promise_ends_the_same_however_often_and_late_the_news_come(
    quantity: Decimal, news: list[tuple[int, Decimal, bool]]
) -> None:
    promise = domain.Promise(quantity, Decimal(0), Decimal(0), 0)
    for version, delivered, closed in news:
        progress = domain.Progress(delivered, closed, version)
        after = domain.settle(promise, progress)
        assert (after is None) == (version <= promise.version)
        if after is None:
            continue
        assert domain.settle(after, progress) is None
        assert after.delivered >= 0
        assert after.returned >= promise.returned or closed
        assert after.delivered + after.returned <= quantity
        if closed:
            assert after.delivered + after.returned == quantity
        promise = after


def listing(product: str) -> Listing:
    return Listing(1, SHOP, "W", product, Decimal(5), published=True, version=1)


def test_a_product_at_its_end_of_sale_has_nothing_left_whatever_the_same_item_says() -> None:
    ended = ProductChange("A", {}, status="EOS")
    item = Item(0, ended, [("balances[0].", BalanceChange("A", SHOP, "W", quantity=Decimal(9)))])
    result = domain.restock([item], {"A": Product("A")}, [Catalogue(SHOP, "W")], [listing("A")])
    (after,) = result.listings.values()
    assert after.published
    assert after.quantity == 0


def test_only_another_ean_name_status_or_handling_touches_every_listing() -> None:
    known = Product("A", "1", "Boots", oversized=True)
    assert not domain.touches_all_listings(ProductChange("A", {"colour": "red"}), known)
    assert not domain.touches_all_listings(ProductChange("A", {}, ean="1", name="Boots", status="ACTIVE"), known)
    assert not domain.touches_all_listings(ProductChange("A", {}, ean="2"), None)
    assert domain.touches_all_listings(ProductChange("A", {}, ean="2"), known)
    assert domain.touches_all_listings(ProductChange("A", {}, name="Shoes"), known)
    assert domain.touches_all_listings(ProductChange("A", {}, status="EOS"), known)
    assert not domain.touches_all_listings(ProductChange("A", {}, fragile=False, oversized=True), known)
    assert domain.touches_all_listings(ProductChange("A", {}, fragile=True), known)
    assert domain.touches_all_listings(ProductChange("A", {}, oversized=False), known)
