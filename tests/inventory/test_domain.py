"""What becomes of a promise, and what a change of a product touches."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory import domain
from inventory.domain import BalanceChange, Catalogue, Item, Listing, Product, ProductChange
from tests.inventory.orders import SHOP

untimed = settings(deadline=None)


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
        progress = domain.Progress(delivered, closed, version, quantity)
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
