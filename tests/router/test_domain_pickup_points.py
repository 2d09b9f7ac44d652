"""What is meant by an address or a few words, and which pickup points a service delivers to."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import domain
from router.domain import delivery_service, pickup_point
from router.domain.delivery_service import AdditionalOffer, DeliveryService, Reach
from router.domain.pickup_point import Address, Place, Selection, Sought, Words
from shared.contracts import AdditionalService

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)
CODES = st.text("0123456789", min_size=1, max_size=5)


def great_circle(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way over a globe of radius 1 between two places in degrees, by the haversine formula."""
    (north, east), (to_north, to_east) = ((math.radians(a), math.radians(b)) for a, b in (one, other))
    rise = math.sin((to_north - north) / 2) ** 2
    turn = math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    return 2 * math.asin(math.sqrt(min(1.0, rise + turn)))


def straight(one: Place, other: Place) -> float:
    return math.dist((one.x, one.y, one.z), (other.x, other.y, other.z))


def service(code: str, *tags: str, operator: str = "Posti", extras: tuple[str, ...] = ()) -> DeliveryService:
    return DeliveryService(
        id=code,
        provider=operator,
        delivery_operator=operator,
        description={"en": code},
        tags=tags,
        additional_services=tuple(AdditionalOffer(code=extra, description={"en": extra}) for extra in extras),
    )


SERVICES = (
    service("2103", "PICKUP_POINT", extras=("3104", "3376")),
    service("2104", extras=("3104",)),
    service("90080", "PICKUP_POINT", operator="Matkahuolto"),
    service("STORE", "STORE_PICKUP", operator="Store"),
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Hämeenkatu 10", "hameenkatu 10"),
        ("ÅBO", "abo"),
        ("Jyväskylä", "jyvaskyla"),
        ("Jyva\u0308skyla\u0308", "jyvaskyla"),
        ("  Koti & Piha,  Leppävaara ", "koti piha leppavaara"),
        ("Straße", "strasse"),
        ("!?", ""),
    ],
)
def test_texts_are_compared_without_capitals_accents_and_signs(text: str, key: str) -> None:
    assert pickup_point.key(text) == key


@pytest.mark.parametrize("code", ["113 50", "113-50", " 11350 "])
def test_a_postal_code_is_compared_without_blanks_and_dashes(code: str) -> None:
    assert pickup_point.postal_key(code) == "11350"


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ({}, None),
        ({"postal_code": "00100", "post_office": "Helsinki", "street_address": "Tie 1"}, Address("00100", "helsinki")),
        ({"post_office": "Helsinki"}, Address("", "helsinki")),
        ({"street_address": "Hämeenkatu 10"}, Words(("hameenkatu",))),
        ({"search": "Helsinki", "postal_code": "33100"}, Words(("helsinki",))),
        ({"search": "33100"}, Address("33100", "")),
        ({"search": "33100, Tampere"}, Address("33100", "tampere")),
        ({"search": "Mannerheimintie 5 A, Helsinki"}, Words(("mannerheimintie", "helsinki"))),
        ({"search": "5"}, Words(("5",))),
        ({"search": "Tampere tampere"}, Words(("tampere",))),
        ({"search": "1234567"}, Words(("1234567",))),
        ({"search": "!!"}, Words(())),
        ({"search": " ", "post_office": " "}, None),
    ],
)
def test_what_is_asked_for_is_understood(asked: dict[str, Any], meant: Sought) -> None:
    assert pickup_point.sought(**asked) == meant


def test_coordinates_go_before_an_address_and_free_text_before_both() -> None:
    asked: dict[str, Any] = {"coordinates": (60.0, 25.0), "postal_code": "33100"}
    assert pickup_point.sought(**asked) == pickup_point.place(60.0, 25.0)
    assert pickup_point.sought(search="Turku", **asked) == Words(("turku",))


def test_a_long_text_is_searched_by_its_first_words() -> None:
    found = pickup_point.sought(search=" ".join(f"word{number}" for number in range(50)))
    assert found == Words(tuple(f"word{number}" for number in range(pickup_point.MOST_WORDS)))


@pytest.mark.parametrize(
    ("listed", "selection"),
    [
        ("", Selection()),
        ("STORE", Selection(wanted=("store",))),
        ("!STORE", Selection(unwanted=("store",))),
        (" SMARTPOST , !pobox,, ! ", Selection(wanted=("smartpost",), unwanted=("pobox",))),
    ],
)
def test_an_exclamation_mark_says_what_is_not_wanted(listed: str, selection: Selection) -> None:
    assert pickup_point.selection(listed) == selection


@pytest.mark.parametrize(("text", "country"), [("FI", "FI"), ("fi", "FI"), ("FI:18", "FI"), ("", ""), (":", "")])
def test_of_a_country_with_a_region_the_country_counts(text: str, country: str) -> None:
    assert pickup_point.country_code(text) == country


@given(CODES, st.lists(CODES))
def test_the_longest_common_beginning_is_shared_and_no_other_code_shares_more(code: str, others: list[str]) -> None:
    start = pickup_point.common_start(code, others)
    assert code.startswith(start)
    assert not start or any(other.startswith(start) for other in others)
    assert not any(other.startswith(code[: len(start) + 1]) for other in others if len(start) < len(code))


@given(CODES, st.lists(CODES, min_size=1))
def test_the_codes_just_before_and_after_share_as_much_as_any(code: str, others: list[str]) -> None:
    before = [max(other for other in others if other <= code)] if any(other <= code for other in others) else []
    after = [min(other for other in others if other >= code)] if any(other >= code for other in others) else []
    assert pickup_point.common_start(code, [*before, *after]) == pickup_point.common_start(code, others)


@given(*[st.tuples(LATITUDES, LONGITUDES)] * 3)
def test_the_straight_line_through_the_globe_orders_as_the_way_over_it(
    here: tuple[float, float], one: tuple[float, float], other: tuple[float, float]
) -> None:
    over = great_circle(here, one) - great_circle(here, other)
    through = straight(pickup_point.place(*here), pickup_point.place(*one)) - straight(
        pickup_point.place(*here), pickup_point.place(*other)
    )
    assert abs(over) < 1e-6 or (over < 0) == (through < 0)


@pytest.mark.parametrize(
    ("codes", "reach"),
    [
        ({"2103"}, Reach(("2103",), ("Posti",), ())),
        ({"2103", "90080"}, Reach(("2103", "90080"), ("Posti", "Matkahuolto"), ())),
        ({"2104"}, Reach(("2104",), (), ())),
        ({"STORE"}, Reach(("STORE",), (), ("Store",))),
        ({"9999"}, Reach((), (), ())),
        ({"9999", "2103"}, Reach(("2103",), ("Posti",), ())),
    ],
)
def test_a_service_reaches_the_points_of_its_carrier_if_it_delivers_to_points_at_all(
    codes: set[str], reach: Reach
) -> None:
    assert delivery_service.within_reach(SERVICES, codes) == reach


def test_what_the_operator_says_of_a_service_goes_before_what_is_built_in() -> None:
    changed = service("2103", operator="Another")
    found = delivery_service.offered(SERVICES, {"2103": changed, "2104": None, "1": service("1")})
    assert [one.id for one in found] == ["1", "2103", "90080", "STORE"]
    assert found[1] is changed


PARCELS = (
    domain.Parcel(parcel_id="1", service_code="2103", additional_services=(AdditionalService(service_code="3104"),)),
    domain.Parcel(parcel_id="2", service_code="2103", package_type="CW"),
)


@pytest.mark.parametrize(
    ("operator", "offered"),
    [
        (None, ["2103", "2104", "90080", "STORE"]),
        ("posti ", ["2103", "2104"]),
        ("Matkahuolto", ["2103", "90080"]),
        ("Nobody", ["2103"]),
    ],
)
def test_a_shipment_may_go_by_the_carrier_asked_for_and_by_what_it_has(
    operator: str | None, offered: list[str]
) -> None:
    found = delivery_service.choices(SERVICES, PARCELS, operator)
    assert [choice.service.id for choice in found] == offered
    assert [choice.service.id for choice in found if choice.chosen] == ["2103"]


def test_what_any_parcel_of_a_service_has_is_chosen_of_that_service_only() -> None:
    first, second, *_ = delivery_service.choices(SERVICES, PARCELS, None)
    assert (set(first.additional_services), set(first.package_types)) == ({"3104"}, {"PC", "CW"})
    assert not second.additional_services | second.package_types
