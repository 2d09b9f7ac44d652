"""A file of delivery services is right as a whole, or all that is wrong with it is said."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from router.delivery import service_file, services
from router.delivery.faults import NotLoadable
from router.domain.delivery_service import Specifier


def entry(**fields: Any) -> dict[str, Any]:
    """A service as JSON; what is None is left out."""
    found: dict[str, Any] = {
        "id": "9000",
        "provider": "Polku",
        "deliveryOperator": "Polku Oy",
        "description": {"en": "By bicycle", "fi": "Pyörällä"},
    } | fields
    return {name: value for name, value in found.items() if value is not None}


def refused(data: Any) -> Sequence[str]:
    """What is said of a file that cannot be loaded."""
    with pytest.raises(NotLoadable) as caught:
        service_file.read(data if isinstance(data, bytes) else json.dumps(data).encode())
    return [str(fault) for fault in caught.value.faults]


def test_a_service_needs_little() -> None:
    (found,) = service_file.read(json.dumps([entry()]).encode())
    assert (found.id, found.provider, found.delivery_operator) == ("9000", "Polku", "Polku Oy")
    assert found.description == {"en": "By bicycle", "fi": "Pyörällä"}
    assert (found.tags, found.additional_services) == ((), ())
    assert found.workflows == ("WAREHOUSE", "DROPSHIPPING")
    assert found.package_types == ("PC",)


def test_a_service_may_have_all_there_is() -> None:
    extra = {"code": "3101", "description": {"en": "Cash"}, "specifiers": [{"name": "amount", "type": "number"}]}
    given = entry(tags=["PICKUP_POINT"], workflows=["WAREHOUSE"], packageTypes=["PC", "CW"], additionalServices=[extra])
    (found,) = service_file.read(json.dumps([given]).encode())
    assert (found.tags, found.workflows, found.package_types) == (("PICKUP_POINT",), ("WAREHOUSE",), ("PC", "CW"))
    assert found.additional_services[0].specifiers == (Specifier(name="amount", type="number"),)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"id": None}, "[1].id: is required"),
        ({"id": "a,b"}, "[1].id: has a character that may not be in it, or none"),
        ({"id": 2103}, "[1].id: Input should be a valid string"),
        ({"provider": " "}, "[1].provider: String should have at least 1 character"),
        ({"deliveryOperator": None}, "[1].deliveryOperator: is required"),
        (
            {"description": {"fi": "Pyörällä"}},
            "[1].description: lacks en, which is shown to whoever reads none of the others",
        ),
        ({"description": "By bicycle"}, "[1].description: Input should be a valid dictionary"),
        ({"workflows": ["SHOP"]}, "[1].workflows[0]: Input should be 'WAREHOUSE' or 'DROPSHIPPING'"),
        ({"tags": ["pickup"]}, "[1].tags[0]: has a character that may not be in it, or none"),
        ({"additionalService": []}, "[1].additionalService: is not a known field"),
        (
            {"additionalServices": [{"code": "1", "description": {"en": "x"}, "specifiers": [{"type": "date"}]}]},
            "[1].additionalServices[0].specifiers[0].type: Input should be 'text' or 'number'",
        ),
        (
            {"additionalServices": [{"code": "1", "description": {"en": "x"}}] * 2},
            "[1].additionalServices[1].code: is there already",
        ),
    ],
)
def test_what_is_wrong_with_a_service_is_named_by_its_place(fields: dict[str, Any], fault: str) -> None:
    assert fault in refused([entry(id="1"), entry(**fields)])


def test_everything_that_is_wrong_is_named() -> None:
    assert refused([entry(id=None), entry(id="1", provider=None, description={})]) == [
        "[0].id: is required",
        "[1].provider: is required",
        "[1].description: lacks en, which is shown to whoever reads none of the others",
    ]


def test_two_services_do_not_share_an_id() -> None:
    assert refused([entry(), entry(id="1"), entry()]) == ["[2].id: is the id of [0] already"]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "line 1: is not valid JSON: Expecting value"),
        (b"[\n{,}]", "line 2: is not valid JSON: Expecting property name enclosed in double quotes"),
        (b"{}", "file: Input should be a valid list"),
        (b'["\xe4"]', "file: is not UTF-8 (byte 2)"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(data: bytes, fault: str) -> None:
    assert refused(data) == [fault]


def test_what_is_built_in_is_described_in_three_languages_and_has_the_codes_shops_know() -> None:
    known = {service.id: service for service in services.built_in()}
    assert {"2102", "2103", "2104", "2108", "2461", "2015", "2017", "90010", "90030", "90080", "80010", "70010"} < set(
        known
    )
    for service in known.values():
        for description in (service.description, *(extra.description for extra in service.additional_services)):
            assert set(description) == {"en", "fi", "sv"}
    extras = {extra.code: extra for service in known.values() for extra in service.additional_services}
    assert set(extras) == {"3101", "3102", "3104", "3139", "3143", "3163", "3165", "3174", "3376", "2106"}
    assert [one.name for one in extras["3101"].specifiers] == ["amount", "account", "reference", "bic"]
    assert {
        service.delivery_operator
        for service in known.values()
        if any(e.code == "3376" for e in service.additional_services)
    } == {"Posti"}
