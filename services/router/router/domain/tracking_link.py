"""Where the parcels of a carrier are followed on the way."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from router.domain.number_series import key_of
from router.domain.shipment import Parcel
from shared.contracts import Part

CODE = "{code}"
"""What stands for the code in an address."""


class TrackingLink(Part):
    """A carrier, and the address at which its parcels are followed; None when there is none."""

    carrier: str
    tracking_url: str | None = None

    def address_of(self, code: str) -> str | None:
        """Where a code is followed."""
        return None if self.tracking_url is None else self.tracking_url.replace(CODE, quote(code, safe=""))


def offered(built_in: Iterable[TrackingLink], own: Iterable[TrackingLink]) -> Mapping[str, TrackingLink]:
    """The links by `key_of` their carriers: one's own go before those that are built in."""
    return {key_of(link.carrier): link for link in (*built_in, *own)}


def links_of(parcel: Parcel, carrier: str | None, links: Mapping[str, TrackingLink]) -> tuple[str, ...]:
    """Where each code of a parcel is followed, as far as its carrier is known and has such an address."""
    link = links.get(key_of(carrier or ""))
    addresses = (link.address_of(code) for code in parcel.tracking_codes) if link is not None else ()
    return tuple(address for address in addresses if address is not None)
