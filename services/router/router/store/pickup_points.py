"""Pickup points, and the nearest of them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from router.domain import pickup_point
from router.domain.delivery_service import Reach
from router.domain.pickup_point import STORE, PickupPoint, Place, Selection
from shared.postgres import Record, Transaction

COLUMNS = (
    "service_provider, external_id, type, name, street_address, postal_code, post_office, country, latitude,"
    " longitude, service_codes, capabilities"
)
EARTH_RADIUS_M = 6_371_000
KEYS = ("postal_key", "city_key", "text_key")


@dataclass(frozen=True)
class Wanted:
    """Which points are asked for; what is left out does not matter."""

    reach: Reach | None = None
    types: Selection = field(default_factory=Selection)
    capabilities: Selection = field(default_factory=Selection)
    country: str = ""
    service_provider: str | None = None

    def condition(self, add: Callable[[object], str]) -> str:
        """The condition on `pickup_points`; `add` takes a value and gives back its parameter."""
        asked = ["true"]
        if self.country:
            asked.append(f"country = {add(self.country)}")
        if self.service_provider is not None:
            asked.append(f"service_provider = {add(self.service_provider)}")
        if self.types.wanted:
            asked.append(f"lower(type) = ANY({add(list(self.types.wanted))}::text[])")
        if self.types.unwanted:
            asked.append(f"lower(type) <> ALL({add(list(self.types.unwanted))}::text[])")
        if self.capabilities.wanted:
            asked.append(f"capabilities @> {add(list(self.capabilities.wanted))}::text[]")
        if self.capabilities.unwanted:
            asked.append(f"NOT capabilities && {add(list(self.capabilities.unwanted))}::text[]")
        if self.reach is not None:
            asked.append(self._reached(self.reach, add))
        return " AND ".join(asked)

    def _reached(self, reach: Reach, add: Callable[[object], str]) -> str:
        codes, operators = add(list(reach.codes)), add(list(reach.operators))
        shop_operators = add([*reach.shop_operators, *([""] if reach.any_shop else [])])
        return (
            f"(service_codes && {codes}::text[] OR service_codes = '{{}}' AND service_provider ="
            f" ANY(CASE type WHEN '{STORE}' THEN {shop_operators}::text[] ELSE {operators}::text[] END))"
        )


async def points(tx: Transaction, wanted: Wanted, limit: int) -> list[PickupPoint]:
    """The first points by country, postal code and name."""
    arguments = _Arguments()
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM pickup_points WHERE {wanted.condition(arguments.add)}"  # noqa: S608
        ' ORDER BY country, postal_key, name COLLATE "C", service_provider, external_id'
        f" LIMIT {arguments.add(limit)}",
        *arguments.values,
    )
    return [_point(row) for row in rows]


async def points_called(tx: Transaction, external_id: str) -> list[PickupPoint]:
    """The points with an id, which each provider gives away for itself."""
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM pickup_points WHERE external_id = $1 ORDER BY service_provider",  # noqa: S608
        external_id,
    )
    return [_point(row) for row in rows]


async def nearest_points(tx: Transaction, wanted: Wanted, place: Place, limit: int) -> list[PickupPoint]:
    """The points nearest to a place, nearest first; of the same place by provider and id."""
    arguments = _Arguments()
    x, y, z = (f"{arguments.add(side)}::float8" for side in (place.x, place.y, place.z))
    rows = await tx.fetch(
        f"SELECT {COLUMNS} FROM pickup_points WHERE {wanted.condition(arguments.add)}"  # noqa: S608
        f" ORDER BY {_distance(x, y, z)}, service_provider, external_id LIMIT {arguments.add(limit)}",
        *arguments.values,
    )
    return [_point(row) for row in rows]


async def points_with(tx: Transaction, wanted: Wanted, words: Sequence[str], limit: int) -> list[PickupPoint]:
    """The points that have the most of these words, those in the middle of them first.

    Of as many words, those in the postal code or the city count more than those in the street or the name.
    """
    arguments = _Arguments()
    hits = " + ".join(_hit(arguments.add(word)) for word in words)
    rows = await tx.fetch(
        f"WITH found AS MATERIALIZED (SELECT {COLUMNS}, x, y, z, {hits} AS hits"  # noqa: S608
        f" FROM pickup_points WHERE {wanted.condition(arguments.add)}),"
        " best AS MATERIALIZED (SELECT * FROM found WHERE hits > 0 AND hits = (SELECT max(hits) FROM found)),"
        " middle AS MATERIALIZED (SELECT avg(x) AS mx, avg(y) AS my, avg(z) AS mz FROM best)"
        f" SELECT {COLUMNS} FROM best, middle"
        f" ORDER BY {_distance('mx', 'my', 'mz')}, service_provider, external_id LIMIT {arguments.add(limit)}",
        *arguments.values,
    )
    return [_point(row) for row in rows]


async def neighbouring_codes(tx: Transaction, postal_key: str, country: str) -> Sequence[str]:
    """The postal codes of points just before and just after one, itself included.

    In their order, the code with the longest common beginning is next to it.
    """
    where = "country = $2" if country else "$2 = ''"
    rows = await tx.fetch(
        f"(SELECT postal_key FROM pickup_points WHERE {where} AND postal_key <= $1 ORDER BY postal_key DESC LIMIT 1)"  # noqa: S608
        " UNION ALL"
        f" (SELECT postal_key FROM pickup_points WHERE {where} AND postal_key >= $1 ORDER BY postal_key LIMIT 1)",
        postal_key,
        country,
    )
    return [row["postal_key"] for row in rows]


async def middle_of_codes(tx: Transaction, start: str, country: str) -> Place | None:
    """The middle of the points whose postal code begins so; without a country, of those of the country with most."""
    return await _middle(tx, "postal_key ^@ $1", start, country)


async def middle_of_city(tx: Transaction, city_key: str, country: str) -> Place | None:
    """The middle of the points in a city; without a country, of those of the country with most."""
    return await _middle(tx, "city_key = $1", city_key, country)


async def count_points(tx: Transaction) -> Mapping[str, int]:
    """How many points each provider has."""
    rows = await tx.fetch("SELECT service_provider, count(*) FROM pickup_points GROUP BY service_provider ORDER BY 1")
    return {row["service_provider"]: row["count"] for row in rows}


async def lock_points(tx: Transaction) -> None:
    """Let nobody else write points until the end of the transaction; reading goes on."""
    await tx.execute("LOCK TABLE pickup_points IN SHARE ROW EXCLUSIVE MODE")


async def analyse_points(tx: Transaction) -> None:
    """Let PostgreSQL know how many points there are of what, so that it finds them the quickest way."""
    await tx.execute("ANALYZE pickup_points")


async def delete_points(tx: Transaction, providers: Collection[str]) -> None:
    """Delete all points of these providers."""
    await tx.execute("DELETE FROM pickup_points WHERE service_provider = ANY($1::text[])", list(providers))


async def save_points(tx: Transaction, added: Iterable[PickupPoint]) -> None:
    """Write new points."""
    await tx.connection.copy_records_to_table(
        "pickup_points",
        columns=[*COLUMNS.split(", "), *KEYS],
        records=[
            (
                point.service_provider,
                point.external_id,
                point.type,
                point.name,
                point.street_address,
                point.postal_code,
                point.post_office,
                point.country,
                point.latitude,
                point.longitude,
                list(point.service_codes),
                list(point.capabilities),
                pickup_point.postal_key(point.postal_code),
                pickup_point.key(point.post_office),
                pickup_point.key(f"{point.street_address} {point.name}"),
            )
            for point in added
        ],
    )


class _Arguments:
    """The parameters of a statement that is put together."""

    def __init__(self) -> None:
        self.values: list[object] = []

    def add(self, value: object) -> str:
        """Take a value, and give back its parameter."""
        self.values.append(value)
        return f"${len(self.values)}"


def _hit(word: str) -> str:
    return (
        f"CASE WHEN strpos(postal_key, {word}) > 0 OR strpos(city_key, {word}) > 0 THEN 101"
        f" WHEN strpos(text_key, {word}) > 0 THEN 100 ELSE 0 END"
    )


def _distance(x: str, y: str, z: str) -> str:
    """In whole metres, so that the last bit of a sum does not decide which of two neighbours comes first."""
    squares = " + ".join(f"({side} - {other}) * ({side} - {other})" for side, other in (("x", x), ("y", y), ("z", z)))
    return f"round({EARTH_RADIUS_M} * sqrt({squares}))"


async def _middle(tx: Transaction, condition: str, value: str, country: str) -> Place | None:
    where = "country = $2" if country else "$2 = ''"
    row = await tx.fetch_one(
        f"SELECT avg(x) AS x, avg(y) AS y, avg(z) AS z FROM pickup_points WHERE {condition} AND {where}"  # noqa: S608
        " GROUP BY country ORDER BY count(*) DESC, country LIMIT 1",
        value,
        country,
    )
    return None if row is None else Place(row["x"], row["y"], row["z"])


def _point(row: Record) -> PickupPoint:
    return PickupPoint(
        service_provider=row["service_provider"],
        external_id=row["external_id"],
        type=row["type"],
        name=row["name"],
        street_address=row["street_address"],
        postal_code=row["postal_code"],
        post_office=row["post_office"],
        country=row["country"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        service_codes=tuple(row["service_codes"]),
        capabilities=tuple(row["capabilities"]),
    )
