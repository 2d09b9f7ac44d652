"""Which carrier a parcel is a matter of."""

from collections.abc import Iterator, Mapping

from router.carriers.built_in import BuiltIn
from router.carriers.carrier import Carrier
from router.carriers.through_nshift import ThroughNShift
from router.domain import Parcel, coding

BUILT_IN: Carrier = BuiltIn()
THROUGH_NSHIFT: Carrier = ThroughNShift()


def called(name: str | None) -> Carrier:
    """The carrier of this name: the built-in one stands in for all that have no system of their own."""
    return THROUGH_NSHIFT if coding.is_nshift(name) else BUILT_IN


def that_coded(parcel: Parcel) -> Carrier:
    """The carrier that a parcel's codes are from. Such as have none yet, or their supplier's own, nShift may book."""
    return THROUGH_NSHIFT if parcel.tracking_from in (None, coding.NSHIFT) else BUILT_IN


def shared_out(names: Mapping[str, str]) -> Iterator[tuple[Carrier, dict[str, str]]]:
    """Parcels, by id with what their carriers are called, to those who book them: each carrier with its own."""
    for carrier in (BUILT_IN, THROUGH_NSHIFT):
        if own := {parcel_id: name for parcel_id, name in names.items() if called(name) is carrier}:
            yield carrier, own
