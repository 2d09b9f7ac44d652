"""Addresses as they stand on papers: line by line, with the pickup point where the parcel waits."""

import re

from router.domain.pickup_point import PickupPoint
from router.papers import countries, words
from router.papers.facts import Addressee, Lines
from router.papers.words import Language
from shared.contracts import Party

CARE_OF = "c/o"
HOME = "FI"
"""An address in the country that parcels leave from does without its name."""


def lines(text: str | None) -> Lines:
    """The lines of a text, without those that are blank."""
    return tuple(" ".join(line.split()) for line in (text or "").splitlines() if line.strip())


def town(party: Party | PickupPoint) -> str:
    """Postal code and town on one line."""
    return " ".join((*lines(party.postal_code), *lines(party.post_office)))


def country(code: str | None) -> str:
    """The country's name, for a parcel that leaves the country."""
    return "" if code in (None, "", HOME) else countries.name(code).upper()


def block(party: Party | None, *, telephone: bool = False) -> Lines:
    """A party as lines. Without anything known of it there are none."""
    if party is None:
        return ()
    contact = (*lines(party.telephone), *lines(party.email)) if telephone else ()
    found = (*lines(party.name), *lines(party.street_address), town(party), country(party.country), *contact)
    return tuple(line for line in found if line)


def addressee(
    party: Party, client: Party | None, pickup_point_id: str | None, point: PickupPoint | None, language: Language
) -> Addressee:
    """Who gets the parcel, and where.

    A parcel that waits at a pickup point goes to that point's address, care of it, unless the address is care of that
    point already; one that is not known is named by its id.
    """
    telephone = party.telephone or (client.telephone if client else None)
    name, street = lines(party.name), lines(party.street_address)
    if point is not None and not _is_care_of((*name, *street), " ".join(lines(point.name))):
        return Addressee(
            name=(*name, f"{CARE_OF} {' '.join(lines(point.name))}"),
            street=lines(point.street_address),
            town=town(point),
            country=country(point.country),
            telephone=telephone or "",
        )
    is_unknown = pickup_point_id and point is None
    unknown = (f"{words.word('pickup_point', language)} {pickup_point_id}",) if is_unknown else ()
    return Addressee(
        name=name,
        street=(*street, *unknown),
        town=town(party),
        country=country(party.country),
        telephone=telephone or "",
    )


def _is_care_of(address: Lines, point: str) -> bool:
    """Whether a line of an address says that it is care of a pickup point, and not of somebody else."""
    named = re.compile(rf"(?<!\w){re.escape(point.casefold())}(?!\w)")
    return bool(point) and any(CARE_OF in line and named.search(line) for line in map(str.casefold, address))


def as_lines(receiver: Addressee) -> Lines:
    """An addressee as lines, without the telephone."""
    return tuple(line for line in (*receiver.name, *receiver.street, receiver.town, receiver.country) if line)
