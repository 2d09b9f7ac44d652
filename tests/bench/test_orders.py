"""The orders of the loads are what the benchmark says they are."""

import json
from collections import Counter

from bench import market, orders


def test_an_order_has_three_rows_of_two_or_three_suppliers_and_its_number_twice() -> None:
    for body in orders.templates(20):
        rows = json.loads(body)["rows"]
        assert len(rows) == 3
        assert len({row["externalProductId"].rpartition("-")[0] for row in rows}) in (2, 3)
        assert body.count(orders.NUMBER) == 2


def test_a_number_is_as_long_as_what_stands_for_it() -> None:
    assert len(orders.number("ABCDEF", 123_456)) == len(orders.NUMBER)


def test_the_big_order_has_200_rows_ten_for_each_of_twenty_catalogues() -> None:
    rows = json.loads(orders.wide_template())["rows"]
    assert len({row["externalProductId"] for row in rows}) == len(rows) == 200
    assert market.WIDE_CATALOGUES * market.WIDE_PRODUCTS == 200


def test_every_product_is_in_two_or_three_of_the_ten_catalogues() -> None:
    names = [name for catalogues in market.CATALOGUES.values() for name in catalogues]
    counts = Counter(
        len(set(market.places(catalogues, number)))
        for catalogues in market.CATALOGUES.values()
        for number in range(market.PRODUCTS_EACH)
    )
    assert len(set(names)) == 10
    assert counts.keys() == {2, 3}
    assert counts.total() == 1_000
