"""Pickup points as the tests need them: a few real places of Helsinki, Tampere and Stockholm."""

from typing import Any

from router.delivery import points
from router.domain.pickup_point import PickupPoint
from shared.postgres import Database

PLACES = {
    "kamppi": ("Kamppi", "Urho Kekkosen katu 1", "00100", "Helsinki", "FI", 60.1688, 24.9321),
    "elielinaukio": ("Elielinaukio", "Elielinaukio 2", "00100", "Helsinki", "FI", 60.1721, 24.9382),
    "kallio": ("Kallio", "Toinen linja 7", "00530", "Helsinki", "FI", 60.1826, 24.9490),
    "keskusta": ("Posti, Keskusta", "Tullikatu 6", "33100", "Tampere", "FI", 61.4978247, 23.777128),
    "hameenkatu": ("Automaatti", "Hämeenkatu 30", "33200", "Tampere", "FI", 61.4980, 23.7506),
    "hervanta": ("Hervanta", "Insinöörinkatu 23", "33720", "Tampere", "FI", 61.4509, 23.8504),
    "stockholm": ("Hötorget", "Kungsgatan 37", "111 56", "Stockholm", "SE", 59.3348, 18.0632),
}


def point(name: str, external_id: str | None = None, **fields: Any) -> PickupPoint:
    """One of the places as a locker of Posti."""
    title, street, code, city, country, latitude, longitude = PLACES[name]
    values: dict[str, Any] = {
        "service_provider": "Posti",
        "external_id": external_id or name,
        "type": "LOCKER",
        "name": title,
        "street_address": street,
        "postal_code": code,
        "post_office": city,
        "country": country,
        "latitude": latitude,
        "longitude": longitude,
    }
    return PickupPoint(**values | fields)


async def load(database: Database, *loaded: PickupPoint) -> None:
    """Load points in the place of all their carriers had."""
    async with database.transaction() as tx:
        await points.replace(tx, loaded, {one.service_provider for one in loaded})
