"""Pickup points in the database: found by place and by words, and replaced as a whole."""

import asyncio
import math
import random
from typing import Any

import asyncpg
import pytest

from router.delivery import points
from router.domain import pickup_point
from router.domain.delivery_service import Reach
from router.domain.pickup_point import PickupPoint, Selection
from router.store import pickup_points
from router.store.pickup_points import Wanted
from tests.router.conftest import Router
from tests.router.examples import RETAILER
from tests.router.pickup_points import PLACES, load, point

ALL = [point(name) for name in PLACES]


def kilometres(one: PickupPoint, latitude: float, longitude: float) -> float:
    """The way over the globe, by the haversine formula."""
    north, to_north = math.radians(one.latitude), math.radians(latitude)
    rise = math.sin((to_north - north) / 2) ** 2
    turn = math.sin(math.radians(longitude - one.longitude) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(rise + math.cos(north) * math.cos(to_north) * turn))


async def near(router: Router, wanted: Wanted | None = None, codes: set[str] | None = None, **asked: Any) -> list[str]:
    """The ids of what is found."""
    sought = pickup_point.sought(**asked)
    async with router.database.transaction() as tx:
        return [
            found.external_id for found in await points.found(tx, sought, wanted or Wanted(), codes or (), limit=100)
        ]


async def test_the_nearest_of_many_points_come_first(router: Router) -> None:
    chance = random.Random(7)
    many = [
        point("kamppi", f"p{n}", latitude=chance.uniform(-90, 90), longitude=chance.uniform(-180, 180))
        for n in range(500)
    ]
    await load(router.database, *many)
    for _ in range(5):
        here = chance.uniform(-90, 90), chance.uniform(-180, 180)
        ordered = sorted(many, key=lambda one: kilometres(one, *here))
        assert await near(router, coordinates=here) == [one.external_id for one in ordered][:100]


async def test_points_of_one_place_come_by_carrier_and_id(router: Router) -> None:
    await load(router.database, *(point("kamppi", name) for name in ("b", "B", "10", "9")))
    await load(router.database, point("kamppi", "z", service_provider="GLS"))
    assert await near(router, postal_code="00100") == ["z", "10", "9", "B", "b"]


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ({"postal_code": "33100"}, "keskusta"),
        ({"postal_code": "33210"}, "hameenkatu"),
        ({"postal_code": "33990"}, "keskusta"),
        ({"postal_code": "11120"}, "stockholm"),
        ({"postal_code": "90100", "post_office": "TAMPERE"}, "keskusta"),
        ({"post_office": "Hameenlinna"}, None),
        ({"postal_code": "90100"}, None),
    ],
)
async def test_where_an_address_is_the_points_tell(router: Router, asked: dict[str, Any], nearest: str | None) -> None:
    await load(router.database, *ALL)
    found = await near(router, **asked)
    assert (found[0] if found else None) == nearest
    assert len(found) in (0, len(ALL))


async def test_a_postal_code_means_the_middle_of_its_points(router: Router) -> None:
    west, middle, east = (point("kamppi", name, longitude=24.9 + n / 10) for n, name in enumerate("wme"))
    await load(router.database, west, east, point("kamppi", "m", longitude=25.0, postal_code="00200"))
    assert middle.longitude == 25.0
    assert (await near(router, postal_code="00100"))[0] == "m"


async def test_the_middle_of_points_on_both_sides_of_the_date_line_is_between_them(router: Router) -> None:
    fiji = [point("kamppi", name, longitude=east, latitude=-17.0) for name, east in (("w", 179.0), ("e", -179.0))]
    await load(router.database, *fiji, point("kamppi", "far", longitude=0.0, latitude=-17.0, postal_code="1"))
    assert (await near(router, postal_code="00100"))[-1] == "far"


async def test_without_a_country_a_code_is_of_the_country_with_most_points(router: Router) -> None:
    finnish = [point("kamppi", "a"), point("elielinaukio", "b")]
    await load(router.database, *finnish, point("stockholm", "s", postal_code="00100"))
    assert (await near(router, postal_code="00100"))[-1] == "s"
    assert await near(router, Wanted(country="SE"), postal_code="00100") == ["s"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("TAMPERE", {"keskusta", "hameenkatu", "hervanta"}),
        ("hämeenkatu", {"hameenkatu"}),
        ("hameen", {"hameenkatu"}),
        ("katu tampere", {"keskusta", "hameenkatu", "hervanta"}),
        ("Insinöörinkatu 23, Tampere", {"hervanta"}),
        ("Kirkkokatu 1, Helsinki", {"kamppi", "elielinaukio", "kallio"}),
        ("hotorget", {"stockholm"}),
        ("Katu Helsinki", {"kamppi"}),
        ("nowhere", set()),
        ("%", set()),
        ("_", set()),
    ],
)
async def test_words_find_the_points_that_have_the_most_of_them(router: Router, words: str, found: set[str]) -> None:
    await load(router.database, *ALL)
    assert set(await near(router, search=words)) == found


async def test_of_as_many_words_the_city_counts_more_than_the_street(router: Router) -> None:
    await load(router.database, *ALL)
    assert set(await near(router, search="Hämeenkatu Helsinki")) == {"kamppi", "elielinaukio", "kallio"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(types=Selection(wanted=("store",))), {"shop", "posti-shop"}),
        (Wanted(types=Selection(unwanted=("store", "pobox"))), {"indoors", "outdoors", "own"}),
        (Wanted(capabilities=Selection(wanted=("outdoors",))), {"outdoors"}),
        (Wanted(capabilities=Selection(unwanted=("outdoors",))), {"indoors", "own", "box", "shop", "posti-shop"}),
        (Wanted(service_provider="Matkahuolto"), {"own"}),
        (Wanted(reach=Reach(("2103",), ("Posti",), ())), {"indoors", "outdoors", "box"}),
        (Wanted(reach=Reach(("90080",), (), ())), {"own"}),
        (Wanted(reach=Reach(("S",), (), ("Store",))), {"shop"}),
        (Wanted(reach=Reach(("S",), ("Posti",), ("Posti",))), {"shop", "posti-shop", "indoors", "outdoors", "box"}),
        (Wanted(reach=Reach((), (), ())), set()),
    ],
)
async def test_only_the_points_that_are_asked_for_are_found(router: Router, wanted: Wanted, found: set[str]) -> None:
    await load(
        router.database,
        point("kamppi", "indoors"),
        point("kamppi", "outdoors", capabilities=("outdoors", "lit")),
        point("kamppi", "box", type="POBOX"),
        point("kamppi", "posti-shop", type="STORE"),
    )
    await load(router.database, point("kamppi", "own", service_provider="Matkahuolto", service_codes=("90080", "1")))
    await load(router.database, point("kamppi", "shop", type="STORE", service_provider=""))
    assert set(await near(router, wanted)) == found
    assert set(await near(router, wanted, search="kamppi")) == found


async def test_a_service_that_is_not_offered_has_no_points(router: Router) -> None:
    await load(router.database, *ALL)
    assert await near(router, codes={"9999"}) == []
    assert len(await near(router, codes={"9999", "2103"})) == len(ALL)


async def test_whoever_reads_while_points_are_replaced_sees_the_old_ones(router: Router) -> None:
    await load(router.database, *ALL)
    async with router.database.transaction() as tx:
        await points.replace(tx, [point("kamppi", "new")], {"Posti"})
        assert len(await near(router)) == len(ALL)
    assert await near(router) == ["new"]


async def test_the_points_of_other_carriers_stay(router: Router) -> None:
    await load(router.database, *ALL, point("kamppi", "mh", service_provider="Matkahuolto"))
    async with router.database.transaction() as tx:
        await points.replace(tx, [], {"Posti"})
        assert await pickup_points.count_points(tx) == {"Matkahuolto": 1}


async def test_two_loads_of_one_carrier_come_one_after_the_other(router: Router) -> None:
    await asyncio.gather(*(load(router.database, *ALL) for _ in range(3)))
    assert len(await near(router)) == len(ALL)


async def test_progress_adds_up_to_what_is_written(router: Router) -> None:
    told: list[int] = []
    many = [point("kamppi", str(number)) for number in range(points.AT_ONCE + 1)]
    async with router.database.transaction() as tx:
        await points.replace(tx, many, {"Posti"}, told.append)
    assert told == [points.AT_ONCE, 1]


@pytest.mark.parametrize("table", ["pickup_points", "delivery_services"])
async def test_nobody_changes_points_and_services_through_the_api(router: Router, table: str) -> None:
    async with router.database.transaction_of(RETAILER) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(f"DELETE FROM {table}")
