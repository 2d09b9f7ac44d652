"""How a fragment of a document, or a whole one, changes the stored one."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from order_intake.document import merging
from tests.order_intake.orders import SHOP, document, library_order, v3

values = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3)
objects = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), values, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), values | inner | st.lists(inner, max_size=2), max_size=3),
    max_leaves=6,
)


@st.composite
def items(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows or comments: each with a number of its own, or none."""
    numbers = draw(st.lists(st.sampled_from("1234"), unique=True, max_size=4))
    numbered = [draw(objects) | {"externalId": number} for number in numbers]
    return draw(st.permutations(numbered))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Documents and fragments: some have rows, comments, and a date that makes them whole."""
    made: dict[str, Any] = draw(objects)
    if draw(st.booleans()):
        made["rows"] = draw(items())
    if draw(st.booleans()):
        made["comments"] = draw(items()) + draw(st.lists(objects, max_size=1))
    if draw(st.booleans()):
        made["orderDate"] = "2026-01-02T08:00:00Z"
    return made


def present(document: Any) -> Any:
    """A document without its nulls, which say nothing."""
    if isinstance(document, dict):
        return {name: present(value) for name, value in document.items() if value is not None}
    return document


@given(documents(), documents())
def test_the_same_change_again_changes_nothing(stored: dict[str, Any], change: dict[str, Any]) -> None:
    once = merging.merge(stored, change)
    assert merging.merge(once, change) == once


@given(documents())
def test_an_empty_fragment_changes_nothing(stored: dict[str, Any]) -> None:
    assert merging.merge(stored, {}) == stored


@given(documents())
def test_a_document_that_is_sent_back_changes_nothing(stored: dict[str, Any]) -> None:
    assert merging.merge(stored, stored) == stored


@given(documents(), documents())
def test_what_a_change_does_not_name_stays(stored: dict[str, Any], change: dict[str, Any]) -> None:
    before = copy.deepcopy((stored, change))
    merged = merging.merge(stored, change)
    assert (stored, change) == before
    for name in stored.keys() - change.keys():
        assert merged[name] == stored[name]
    assert merged.keys() <= stored.keys() | change.keys()


@given(documents(), documents())
def test_what_a_change_names_is_as_it_says(stored: dict[str, Any], change: dict[str, Any]) -> None:
    merged = merging.merge(stored, change)
    for name in change.keys() - {"rows", "comments"}:
        if not isinstance(change[name], dict):
            assert merged.get(name) == change[name]


@given(items(), items(), st.booleans())
def test_rows_go_by_their_numbers(stored: list[dict[str, Any]], rows: list[dict[str, Any]], whole: bool) -> None:
    change = {"rows": rows} | ({"orderDate": "2026-01-02T08:00:00Z"} if whole else {})
    merged = merging.merge({"rows": stored}, change)["rows"]
    old, new = [row["externalId"] for row in stored], [row["externalId"] for row in rows]
    expected = new if whole else old + [number for number in new if number not in old]
    assert [row["externalId"] for row in merged] == expected
    unnamed = {row["externalId"]: row for row in stored if row["externalId"] not in new}
    assert all(row == unnamed.get(row["externalId"], row) for row in merged)


def test_objects_merge_field_by_field_and_null_takes_a_field_out() -> None:
    stored = v3("A-1", 5, pickupPointId="001", references=[{"name": "SO", "value": "1"}])
    merged = merging.merge(
        stored, {"pickupPointId": None, "client": {"telephone": "1", "email": None}, "references": []}
    )
    assert "pickupPointId" not in merged
    assert "email" not in merged["client"]
    assert (merged["client"]["telephone"], merged["client"]["name"]) == ("1", stored["client"]["name"])
    assert merged["references"] == []


def test_a_null_that_is_stored_is_no_difference_to_a_null_that_is_given() -> None:
    stored = library_order()
    assert stored["rows"][0]["productEANCode"] is None
    assert merging.merge(stored, {"rows": [{"externalId": "1", "productEANCode": None}]}) == stored


def test_a_row_that_is_given_twice_stays_twice_to_be_refused() -> None:
    rows = [{"externalId": "1", "quantity": 1}, {"externalId": "1", "quantity": 2}, {"quantity": 3}, "rubbish"]
    merged = merging.merge(document("A-1", 5), {"rows": rows})["rows"]
    assert [row["quantity"] for row in merged[:-1]] == [1, 2, 3]
    assert merged[-1] == "rubbish"


def test_comments_with_a_number_stay_and_the_others_are_replaced_together() -> None:
    old, own = {"type": "pickingNote", "value": "old"}, {"type": "reference", "value": "own", "externalId": "91"}
    new = {"type": "pickingNote", "value": "new"}
    assert merging.merge({"comments": [old, own]}, {"comments": [new]}) == {"comments": [new, own]}
    changed = merging.merge({"comments": [old, own]}, {"comments": [{"externalId": "91", "value": "other"}]})
    assert changed == {"comments": [own | {"value": "other"}]}
    assert merging.merge({"comments": [old, own]}, {"comments": None}) == {}


def test_what_we_answered_is_not_asked_for() -> None:
    answered = v3("A-1", 5)
    answered |= {"clientId": SHOP, "status": {"value": "Created"}, "trackingCodes": ["J"]}
    answered["metadata"] |= {"sourceOrganization": SHOP, "insertDate": "x", "updateDate": "y"}
    answered["rows"][0] |= {"status": {}, "deliveredQuantity": 0, "shipmentIds": [], "reason": "no stock"}
    assert merging.asked(answered, SHOP) == v3("A-1", 5)
    assert merging.asked({"clientId": "x", "metadata": {"sourceOrganization": "Shop"}}, SHOP) == {
        "clientId": "x",
        "metadata": {"sourceOrganization": "Shop"},
    }
    odd: dict[str, Any]
    for odd in ({"rows": None}, {"rows": [1]}, {"metadata": []}):
        assert merging.asked(odd, SHOP) == odd
