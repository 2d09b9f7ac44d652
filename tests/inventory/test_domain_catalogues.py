"""When a catalogue is used, and what of a public one comes to those it was opened to."""

from collections.abc import Sequence
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import domain
from inventory.domain import (
    Activation,
    BalanceChange,
    Catalogue,
    Hindrance,
    Item,
    Key,
    Listing,
    Product,
    Restocked,
    Side,
    Wish,
)
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER

STATES: Sequence[Activation] = get_args(Activation)
SIDES: Sequence[Side] = get_args(Side)
WISHES: Sequence[Wish] = get_args(Wish)
POSSIBLE: Sequence[tuple[Side, Wish]] = (
    ("retailer", "ask"),
    ("retailer", "withdraw"),
    ("supplier", "activate"),
    ("supplier", "publish"),
    ("supplier", "decline"),
    ("supplier", "withdraw"),
)

states = st.sampled_from(STATES)
moves = st.lists(st.tuples(st.sampled_from(SIDES), st.sampled_from(WISHES)), max_size=12)


@given(moves)
def test_a_catalogue_is_used_while_its_retailer_wants_it_and_its_supplier_agreed(
    history: list[tuple[Side, Wish]],
) -> None:
    # A retailer's new catalogue is a request.
    state: Activation = "requested"
    wanted, agreed = True, False
    for side, wish in history:
        after = domain.agree(state, side, wish)
        if isinstance(after, Hindrance):
            continue
        state = after
        wanted = wish == "ask" or (wanted and wish != "withdraw")
        agreed = wish in ("activate", "publish") or (agreed and wish not in ("withdraw", "decline"))
        assert (state == "active") == (wanted and agreed)


@given(states, st.sampled_from(SIDES), st.sampled_from(WISHES))
def test_no_side_has_the_others_wishes_and_the_same_wish_twice_is_the_wish_once(
    state: Activation, side: Side, wish: Wish
) -> None:
    after = domain.agree(state, side, wish)
    if (side, wish) not in POSSIBLE:
        assert isinstance(after, Hindrance)
    elif not isinstance(after, Hindrance):
        assert domain.agree(after, side, wish) == after


@given(st.sampled_from(SIDES), st.sampled_from(WISHES))
def test_a_catalogue_of_ones_own_is_active_and_stays_so(side: Side, wish: Wish) -> None:
    after = domain.agree("active", side, wish, own=True)
    assert after == "active" or (isinstance(after, Hindrance) and wish in ("decline", "withdraw"))


@pytest.mark.parametrize(
    ("state", "wish", "after"),
    [
        ("requested", "activate", "active"),
        ("requested", "publish", "active"),
        ("requested", "decline", "declined"),
        ("declined", "activate", "active"),
        ("declined", "publish", "declined"),
        ("active", "decline", "active"),
        ("withdrawn", "activate", "withdrawn"),
        ("withdrawn", "publish", "withdrawn"),
        ("withdrawn", "decline", "withdrawn"),
    ],
)
def test_what_a_supplier_may_answer(state: Activation, wish: Wish, after: Activation) -> None:
    answered = domain.agree(state, "supplier", wish)
    assert (state if isinstance(answered, Hindrance) else answered) == after


@given(states)
def test_whoever_asks_waits_for_an_answer_unless_it_has_one(state: Activation) -> None:
    assert domain.agree(state, "retailer", "ask") == ("active" if state == "active" else "requested")


@pytest.mark.parametrize(
    ("catalogue", "code"),
    [
        (Catalogue(SHOP, "W"), None),
        (Catalogue(SHOP, "W", activation="requested"), None),
        (Catalogue(SHOP, "W", activation="declined"), "declined"),
        (Catalogue(SHOP, "W", active=False, activation="withdrawn"), "inactive"),
        (Catalogue(SHOP, "W", active=False), "inactive"),
        (Catalogue(SHOP, "W", public=True), None),
        (Catalogue(SHOP, "W", public=True, activation="requested"), "requested"),
        (Catalogue(SHOP, "W", public=True, activation="declined"), "declined"),
        (Catalogue(SUPPLIER, "W", public=True, own=True), None),
    ],
)
def test_what_may_be_published_into(catalogue: Catalogue, code: str | None) -> None:
    change = Item(3, changes=[("", BalanceChange("A", catalogue.retailer_id, "W", quantity=Decimal(1)))])
    result = domain.restock([change], {"A": Product("A")}, [catalogue], [])
    assert [(refused.index, refused.field, refused.code) for refused in result.refusals] == (
        [] if code is None else [(3, "catalogExternalId", code)]
    )


PUBLIC = Catalogue(SUPPLIER, "P", public=True, own=True)
APPROVED = Catalogue(SHOP, "P", public=True)


def publish(*changes: BalanceChange) -> list[Item]:
    """One item for each change."""
    return [Item(index, changes=[("", change)]) for index, change in enumerate(changes)]


def stocked(items: list[Item], catalogues: Sequence[Catalogue], listings: Sequence[Listing] = ()) -> Restocked:
    """What items make of a product A and its listings, with what follows from it in other catalogues."""
    result = domain.restock(items, {"A": Product("A")}, catalogues, listings)
    result.listings.update(domain.shared({listing.key: listing for listing in listings}, result, catalogues))
    return result


def shelf(result: Restocked) -> dict[str, tuple[float, bool]]:
    """The quantity of A, and whether it is published, by retailer."""
    return {key[0]: (float(listing.quantity), listing.published) for key, listing in result.listings.items()}


def test_publishing_by_name_into_a_catalogue_that_waits_is_consent() -> None:
    waiting = [Catalogue(SHOP, "W", activation="requested"), Catalogue(OTHER_SHOP, "V", activation="requested")]
    items = publish(BalanceChange("A", None, "W"), BalanceChange("gone", OTHER_SHOP, "V"))
    result = stocked(items, waiting)
    assert [refused.index for refused in result.refusals] == [1]
    assert domain.activated_by(items, result, waiting) == {(SHOP, "W")}


@pytest.mark.parametrize(
    "change",
    [
        BalanceChange("A", SHOP, "W", withdraw=True),
        BalanceChange("A", quantity=Decimal(3)),
        BalanceChange("A", SHOP, quantity=Decimal(3)),
    ],
)
def test_withdrawing_or_counting_is_no_consent(change: BalanceChange) -> None:
    waiting = [Catalogue(SHOP, "W", activation="requested")]
    left = [Listing(1, SHOP, "W", "A", published=True)]
    result = stocked(publish(change), waiting, left)
    assert result.refusals == []
    assert domain.activated_by(publish(change), result, waiting) == set()


def test_a_public_catalogue_is_meant_when_no_retailer_is_named() -> None:
    result = stocked(publish(BalanceChange("A", None, "P", quantity=Decimal(5))), [APPROVED, PUBLIC])
    assert result.refusals == []
    assert shelf(result) == {SUPPLIER: (5, True), SHOP: (5, True)}


def test_what_is_new_in_a_public_catalogue_reaches_whoever_was_approved_once() -> None:
    others = [
        Catalogue(OTHER_SHOP, "P", public=True, activation="requested"),
        Catalogue("3333333-3", "P"),
        Catalogue("4444444-4", "Q", public=True),
    ]
    first = stocked(publish(BalanceChange("A", None, "P", quantity=Decimal(5))), [PUBLIC, APPROVED, *others])
    assert shelf(first) == {SUPPLIER: (5, True), SHOP: (5, True)}
    kept = [listing._replace(quantity=Decimal(2)) for listing in first.listings.values() if listing.retailer_id == SHOP]
    kept += [listing for listing in first.listings.values() if listing.retailer_id == SUPPLIER]
    again = stocked(publish(BalanceChange("A", None, "P", quantity=Decimal(9))), [PUBLIC, APPROVED], kept)
    assert shelf(again) == {SUPPLIER: (9, True), SHOP: (2, True)}


@pytest.mark.parametrize("activation", STATES)
def test_what_leaves_a_public_catalogue_leaves_every_catalogue_that_came_of_it(activation: Activation) -> None:
    theirs = Catalogue(SHOP, "P", public=True, activation=activation)
    private = Catalogue(OTHER_SHOP, "P")
    listings = [
        Listing(n, one, "P", "A", Decimal(5), published=True) for n, one in enumerate((SUPPLIER, SHOP, OTHER_SHOP))
    ]
    withdrawn = stocked(publish(BalanceChange("A", SUPPLIER, "P", withdraw=True)), [PUBLIC, theirs, private], listings)
    assert shelf(withdrawn) == {SUPPLIER: (0, False), SHOP: (0, False), OTHER_SHOP: (5, True)}


quantities = st.decimals(0, 9, places=1)
listed = st.builds(
    Listing,
    id=st.integers(1, 99),
    retailer_id=st.just(SUPPLIER),
    catalogue_id=st.just("P"),
    product_id=st.sampled_from("ABCD"),
    quantity=quantities,
    wholesale_price=st.none() | quantities,
    allocated=quantities,
    published=st.booleans(),
    version=st.integers(1, 9),
)


@given(
    st.lists(listed, unique_by=lambda listing: listing.product_id),
    st.lists(listed, unique_by=lambda one: one.product_id),
)
def test_an_approved_retailer_gets_all_that_is_published_and_keeps_what_it_has(
    public: list[Listing], theirs: list[Listing]
) -> None:
    had: dict[Key, Listing] = {}
    for listing in theirs:
        listing = listing._replace(retailer_id=SHOP)
        had[listing.key] = listing
    now = {**had, **domain.opened(public, had, SHOP)}
    assert {key[2] for key, one in now.items() if one.published} == {
        one.product_id for one in [*public, *had.values()] if one.published
    }
    for listing in public:
        key = (SHOP, "P", listing.product_id)
        if key in had and (had[key].published or not listing.published):
            assert now[key] == had[key]
        elif listing.published:
            assert (now[key].quantity, now[key].wholesale_price) == (listing.quantity, listing.wholesale_price)
            # What orders hold, and the row itself, are the retailer's own.
            was = had.get(key, Listing(None, *key))
            assert (now[key].id, now[key].allocated, now[key].version) == (was.id, was.allocated, was.version)


@pytest.mark.parametrize(
    ("kind", "number", "fits"),
    [
        ("Posti", "612345", True),
        ("Posti", None, True),
        ("Posti", "512345", False),
        ("Posti", "61234", False),
        ("Posti", "6123456", False),
        ("Posti", "61234x", False),
        ("Posti", "6\u0661\u0662\u0663\u0664\u0665", False),
        ("Catalog", "ABC", True),
        ("Store", "ABC", True),
    ],
)
def test_postis_contracts_have_six_digits_and_begin_with_a_six(
    kind: domain.CatalogueType, number: str | None, fits: bool
) -> None:
    assert (domain.unfit_contract(kind, number) is None) == fits
