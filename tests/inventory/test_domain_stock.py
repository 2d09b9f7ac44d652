"""What becomes of the figures of a supplier, and of its product ids."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from inventory import domain
from inventory.domain import BalanceChange, Item, Listing, Product
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
def test_a_shelf_holds_what_its_supplier_says_and_never_less_than_is_promised(
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
            after.append((on_hand - left, left))
        assert (index in refused) == any(quantity < 0 for quantity, _ in after)
        books = books if index in refused else after
    assert [(one.quantity, one.allocated) for one in result.listings.values()] == books


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
