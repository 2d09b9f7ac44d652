"""Where consumers fetch their parcels: what is meant by an address or by a few words, and how far it is."""

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

STORE = "STORE"
"""The type of a point that is a shop of the retailer rather than a carrier's."""

MOST_WORDS = 8

_POSTAL_CODE_FIRST = re.compile(r"([0-9]{4,6})(?![0-9])[\s,]*(.*)", re.DOTALL)


@dataclass(frozen=True)
class PickupPoint:
    """A place to fetch parcels. `service_codes` empty: every service of its provider that delivers to such a place."""

    service_provider: str
    external_id: str
    type: str
    name: str
    street_address: str
    postal_code: str
    post_office: str
    country: str
    latitude: float
    longitude: float
    service_codes: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A place as a vector from the middle of a globe of radius 1. The middle of several places is inside the globe."""

    x: float
    y: float
    z: float


@dataclass(frozen=True)
class Address:
    """Look for what is near a postal code, or near a city when nobody knows the code; both are keys."""

    postal_key: str
    city_key: str


@dataclass(frozen=True)
class Words:
    """Look for what has these words in its address or name; they are keys. Without words nothing is found."""

    words: tuple[str, ...]


Sought = Place | Address | Words | None
"""What is looked for; None is everything."""


@dataclass(frozen=True)
class Selection:
    """A list such as `STORE` or `!outdoors`: what is wanted of something, and what is not."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()


def sought(
    *,
    search: str = "",
    postal_code: str = "",
    post_office: str = "",
    street_address: str = "",
    coordinates: tuple[float, float] | None = None,
) -> Sought:
    """What is meant: free text goes before coordinates, these before an address. A text that begins with a postal code
    is an address, and a street alone is a text.
    """
    if search.strip():
        return _text(search)
    if coordinates is not None:
        return place(*coordinates)
    address = Address(postal_key(postal_code), key(post_office))
    if address.postal_key or address.city_key:
        return address
    return _text(street_address) if street_address.strip() else None


def _text(text: str) -> Address | Words:
    if found := _POSTAL_CODE_FIRST.fullmatch(text.strip()):
        return Address(postal_key(found[1]), key(found[2]))
    words = tuple(dict.fromkeys(key(text).split()))
    # House numbers and letters are in the addresses of others, too.
    telling = tuple(word for word in words if len(word) > (3 if word.isdigit() else 1))
    return Words((telling or words)[:MOST_WORDS])


def key(text: str) -> str:
    """A text as it is compared: no capitals, no accents, nothing but letters, digits and single blanks."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.split(r"[\W_]+", plain)).strip()


def postal_key(code: str) -> str:
    """A postal code as it is compared: no blanks, no dashes, no capitals."""
    return key(code).replace(" ", "")


def country_code(text: str) -> str:
    """A country as it is compared; of `FI:18`, as some shops keep it, the part before the colon (glue-api.md B)."""
    return text.partition(":")[0].strip().upper()


def selection(listed: str) -> Selection:
    """`A,!B`: A is wanted, B is not. Any case, given back in lower case."""
    names = [part.strip().lower() for part in listed.split(",")]
    return Selection(
        wanted=tuple(name for name in names if name and not name.startswith("!")),
        unwanted=tuple(bare for name in names if name.startswith("!") and (bare := name[1:].strip())),
    )


def common_start(code: str, others: Iterable[str]) -> str:
    """The longest beginning that a postal code shares with one of the others; empty when it shares none."""
    return max((_shared(code, other) for other in others), key=len, default="")


def _shared(one: str, other: str) -> str:
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length]:
        length += 1
    return one[:length]


def place(latitude: float, longitude: float) -> Place:
    """The place at these degrees."""
    north, east = math.radians(latitude), math.radians(longitude)
    return Place(math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north))
