"""Where parcels are followed: for each carrier an address with the code in it. Some come with the router."""

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import TypeAdapter

from router.domain import tracking_link
from router.domain.tracking_link import TrackingLink
from router.store import carrier_links
from shared.postgres import Transaction

LINKS = TypeAdapter(tuple[TrackingLink, ...])


@cache
def built_in() -> tuple[TrackingLink, ...]:
    """The addresses that come with the router. They are not written to the database: a new release brings new ones."""
    return LINKS.validate_json((resources.files("router") / "data" / "tracking_links.json").read_bytes())


async def offered(tx: Transaction) -> Mapping[str, TrackingLink]:
    """The addresses that count here, by `key_of` their carriers: what an operator says goes before the built-in."""
    return tracking_link.offered(built_in(), await carrier_links.own_links(tx))
