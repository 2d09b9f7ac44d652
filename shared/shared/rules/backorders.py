"""Where what is not on any shelf may wait (routing.md R4)."""

from collections.abc import Iterable
from decimal import Decimal

from shared.rules.balance import Shelf, bar_of, room_of
from shared.rules.share import Place


def place_to_wait(turns: Iterable[Place], quantity: Decimal, shelf: Shelf) -> Place | None:
    """R4: the first candidate that allows backorders and has room for all of it; None when there is none."""
    return next((place for place in turns if has_room(place, quantity, shelf)), None)


def has_room(place: Place, quantity: Decimal, shelf: Shelf) -> bool:
    """Whether so much may wait at a candidate."""
    balance = shelf.find(place.catalogue_id, place.product_id)
    if balance is None or bar_of(balance) or not balance.back_order_allowed:
        return False
    room = room_of(balance)
    return room is None or room >= quantity
