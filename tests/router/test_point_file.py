"""A file of pickup points is right as a whole, or all that is wrong with it is said."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from deploy.local import demo_points
from router.delivery import point_file
from router.delivery.faults import NotLoadable
from router.domain.pickup_point import PickupPoint

HEADER = "externalId,type,serviceProvider,name,streetAddress,postalCode,postOffice,country,latitude,longitude"
LINE = '5410,POSTOFFICE,Matkahuolto,"Matkahuolto, Kamppi",Narinkka 1,00100,Helsinki,FI,60.169,24.933'
KAMPPI = PickupPoint(
    service_provider="Matkahuolto",
    external_id="5410",
    type="POSTOFFICE",
    name="Matkahuolto, Kamppi",
    street_address="Narinkka 1",
    postal_code="00100",
    post_office="Helsinki",
    country="FI",
    latitude=60.169,
    longitude=24.933,
)


def item(**fields: Any) -> dict[str, Any]:
    """A point as JSON; what is None is left out."""
    values = dict(zip(HEADER.split(","), LINE.replace('"Matkahuolto, Kamppi"', "Kamppi").split(","), strict=True))
    found: dict[str, Any] = {**values, "latitude": 60.169, "longitude": 24.933} | fields
    return {name: value for name, value in found.items() if value is not None}


def csv(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *lines)).encode()


def refused(data: bytes, provider: str | None = None) -> Sequence[str]:
    """What is said of a file that cannot be loaded."""
    with pytest.raises(NotLoadable) as caught:
        point_file.read(data, provider)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    "data",
    [
        csv(LINE),
        csv(LINE, "", ",,,,,,,,,"),
        b"\xef\xbb\xbf" + csv(LINE).replace(b"\n", b"\r\n"),
        csv(LINE.replace(",", ";").replace("Matkahuolto; ", "Matkahuolto, "), header=HEADER.replace(",", ";")),
        csv(LINE, header=HEADER.replace("externalId", "External ID").replace("streetAddress", "street_address")),
        json.dumps([item(name="Matkahuolto, Kamppi")]).encode(),
        json.dumps([item(name="Matkahuolto, Kamppi", country="fi", serviceCodes=None, capabilities=[])]).encode(),
    ],
    ids=["csv", "blank lines", "from a spreadsheet", "semicolons", "free headers", "json", "json with nothing said"],
)
def test_the_same_points_are_read_from_every_kind_of_file(data: bytes) -> None:
    assert point_file.read(data) == [KAMPPI]


def test_a_point_may_name_services_and_capabilities() -> None:
    (found,) = point_file.read(csv(f"{LINE},90080 90010,Outdoors", header=f"{HEADER},serviceCodes,capabilities"))
    assert (found.service_codes, found.capabilities) == (("90080", "90010"), ("outdoors",))
    (again,) = point_file.read(json.dumps([item(serviceCodes=["90080", "90010"], capabilities=["Outdoors"])]).encode())
    assert (again.service_codes, again.capabilities) == (found.service_codes, found.capabilities)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"externalId": "54_10"}, "externalId: has other characters than A to Z, a to z, 0 to 9 and -"),
        ({"externalId": "5,41E+06"}, "externalId: has other characters than A to Z, a to z, 0 to 9 and -"),
        ({"externalId": "äö"}, "externalId: has other characters than A to Z, a to z, 0 to 9 and -"),
        ({"externalId": None}, "externalId: is required"),
        ({"type": "Locker"}, "type: has a character that may not be in it, or none"),
        ({"serviceProvider": None}, "serviceProvider: is required, except of a STORE"),
        ({"name": "  "}, "name: String should have at least 1 character"),
        ({"streetAddress": ""}, "streetAddress: is required"),
        ({"postalCode": "100"}, "postalCode: has five digits in Finland; did a spreadsheet drop zeros?"),
        ({"country": "Finland"}, "country: is not a country code of two letters, such as FI"),
        ({"latitude": "60,169"}, "latitude: is not a number with a point, such as 61.4978"),
        ({"latitude": "2026-01-02"}, "latitude: is not a number with a point, such as 61.4978"),
        ({"latitude": 90.1}, "latitude: Input should be less than or equal to 90"),
        ({"longitude": "nan"}, "longitude: Input should be a finite number"),
        ({"longitude": None}, "longitude: is required"),
        ({"postcode": "00100"}, "postcode: is not a known field"),
        ({"name": "a\u0000b"}, "name: has a character that may not be in it, or none"),
    ],
)
def test_what_is_wrong_with_a_point_is_named(fields: dict[str, Any], fault: str) -> None:
    data = json.dumps([item(externalId="1"), item(**fields)]).encode()
    assert refused(data) == [f"item 2: {fault}"]


def test_only_finnish_postal_codes_have_five_digits_for_sure() -> None:
    (found,) = point_file.read(json.dumps([item(country="gb", postalCode="SW1A 1AA")]).encode())
    assert (found.country, found.postal_code) == ("GB", "SW1A 1AA")


def test_every_bad_line_of_a_file_is_named_and_everything_that_is_wrong_with_it() -> None:
    bad = LINE.replace("5410", "54 10").replace("60.169", "up")
    assert refused(csv(LINE, bad, LINE.replace("5410", "5411"), LINE + ",more")) == [
        "line 3: externalId: has other characters than A to Z, a to z, 0 to 9 and -",
        "line 3: latitude: is not a number with a point, such as 61.4978",
        "line 5: has 11 cells under 10 columns",
    ]


def test_two_points_of_a_carrier_do_not_share_an_id_and_those_of_two_carriers_may() -> None:
    assert len(point_file.read(csv(LINE, LINE.replace("Matkahuolto,", "Posti,", 1)))) == 2
    assert refused(csv(LINE, LINE)) == ["line 3: externalId: 5410 is on line 2 already"]


def test_a_shop_needs_no_carrier() -> None:
    (shop,) = point_file.read(json.dumps([item(type="STORE", serviceProvider=None)]).encode())
    assert (shop.type, shop.service_provider) == ("STORE", "")


def test_whose_points_they_are_may_be_said_beside_the_file() -> None:
    unnamed = json.dumps([item(serviceProvider=None)]).encode()
    assert [point.service_provider for point in point_file.read(unnamed, "Posti")] == ["Posti"]
    assert refused(csv(LINE), "Posti") == ["line 2: serviceProvider: is not Posti, whose points are loaded"]
    assert point_file.read(csv(), "Posti") == []
    assert point_file.read(b"[]", "Posti") == []


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (csv(), "file: has no points; to remove all that a provider has, name it"),
        (b"[]", "file: has no points; to remove all that a provider has, name it"),
        (b'[{"externalId": ]', "line 1: is not valid JSON: Expecting value"),
        (b'{"points": []}', "file: is not a JSON array"),
        (b"[5410]", "item 1: is not an object"),
        (csv(LINE).replace(b"Helsinki", b"J\xe4rvenp\xe4\xe4"), "line 2: is not UTF-8; save the file as CSV UTF-8"),
        (csv(LINE, 'x,"y'), "line 3: is not valid CSV: unexpected end of data"),
        (csv(LINE, header=HEADER.replace("country", "land")), "line 1: the column country is missing"),
        (csv(LINE, header=HEADER.replace("latitude", "longitude")), "line 1: the column longitude is there twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(data: bytes, fault: str) -> None:
    assert fault in refused(data)


def test_a_misspelt_column_is_named_beside_those_there_are() -> None:
    (fault,) = refused(csv(f"{LINE},x", header=f"{HEADER},capabilites"))
    assert fault.startswith("line 1: the column 'capabilites' is not known; there are externalId, type, ")


def test_progress_adds_up_to_the_lines_of_the_file() -> None:
    told: list[int] = []
    point_file.read(csv(*(LINE.replace("5410", str(number)) for number in range(1_234))), progress=told.append)
    assert sum(told) == 1_234
    assert len(told) > 1


def test_the_points_of_the_demo_are_right_and_have_the_ids_of_the_public_examples() -> None:
    found = {
        (point.service_provider, point.external_id): point for point in point_file.read(demo_points.FILE.read_bytes())
    }
    assert {("Posti", "001003200"), ("Posti", "002303200"), ("Matkahuolto", "5410"), ("Matkahuolto", "5038")} < set(
        found
    )
    keskusta = found["Posti", "331003200"]
    assert (keskusta.name, keskusta.street_address, keskusta.postal_code) == ("Posti, Keskusta", "Tullikatu 6", "33100")
    assert (keskusta.latitude, keskusta.longitude) == (61.4978247, 23.777128)
    types = {point.type for point in found.values()}
    assert types == {"POSTOFFICE", "SMARTPOST", "LOCKER", "POBOX", "PRIVATE_LOCKER", "STORE"}
