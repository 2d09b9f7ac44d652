"""A balance as a decision sees it: what may be taken from it, and what it is once something was (routing.md R1, R2)."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

Key = tuple[str, str, str]
"""A balance's retailer, catalogue and product."""

NOTHING = Decimal(0)
ENDLESS = Decimal("Infinity")

Place = TypeVar("Place", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Balance:
    """A published product's stock in a catalogue: what is available, what is promised, what is kept back.

    `held` is what others hold for a while: no expired hold, nor the order's own (R6). `back_order_allowed` is the
    balance's own word, else its catalogue's; `back_order_room` is how much more may wait there, None without a limit.
    """

    id: int
    quantity: Decimal
    allocated: Decimal = NOTHING
    safety_stock: Decimal = NOTHING
    held: Decimal = NOTHING
    sellable: bool = True
    active: bool = True
    end_of_sale: bool = False
    unlimited: bool = False
    back_order_allowed: bool = False
    back_order_room: Decimal | None = None


def bar_of(balance: Balance) -> str | None:
    """R1: the first rule that keeps a balance from serving anything, from the shelf or later; None when it may."""
    if not balance.active:
        return "inactive"
    if balance.end_of_sale:
        return "end of sale"
    return None if balance.sellable else "not sellable"


def free_of(balance: Balance) -> Decimal:
    """R2: what may be taken is the available quantity less holds and safety stock, and never less than nothing.

    What is unlimited never runs out: `Infinity`.
    """
    if balance.unlimited:
        return ENDLESS
    return max(NOTHING, balance.quantity - balance.held - balance.safety_stock)


def room_of(balance: Balance) -> Decimal | None:
    """R4: how much more may wait at a balance: nothing where that is not allowed, None for as much as one likes."""
    if not balance.back_order_allowed:
        return NOTHING
    return None if balance.back_order_room is None else max(NOTHING, balance.back_order_room)


def after(balance: Balance, taken: Decimal = NOTHING, waiting: Decimal = NOTHING) -> Balance:
    """The balance once so much was taken from it and so much more waits at it."""
    room = balance.back_order_room
    return Balance(
        balance.id,
        balance.quantity if balance.unlimited else balance.quantity - taken,
        balance.allocated + taken,
        balance.safety_stock,
        balance.held,
        balance.sellable,
        balance.active,
        balance.end_of_sale,
        balance.unlimited,
        balance.back_order_allowed,
        None if room is None else room - waiting,
    )


def take_in_order(needed: Decimal, free: Iterable[tuple[Place, Decimal]]) -> dict[Place, Decimal]:
    """R3: each place in turn gives what it has, until nothing is needed. `free` is the most each can give."""
    taken: dict[Place, Decimal] = {}
    for place, most in free:
        part = min(most, needed)
        if part > 0:
            taken[place] = taken.get(place, NOTHING) + part
            needed -= part
    return taken


class Shelf:
    """What an order finds while its rows take in turn: what one took is gone for the next."""

    def __init__(self, retailer_id: str, balances: Mapping[Key, Balance]) -> None:
        self._retailer_id = retailer_id
        self._before = balances
        self.changed: dict[Key, Balance] = {}

    def find(self, catalogue_id: str, product_id: str) -> Balance | None:
        """The balance of a product in a catalogue as it is now; None when nothing is known of it."""
        key = (self._retailer_id, catalogue_id, product_id)
        return self.changed.get(key) or self._before.get(key)

    def free(self, catalogue_id: str, product_id: str) -> Decimal:
        """How much of it an order may take now: nothing of what is unknown or barred."""
        balance = self.find(catalogue_id, product_id)
        return NOTHING if balance is None or bar_of(balance) else free_of(balance)

    def move(self, catalogue_id: str, product_id: str, taken: Decimal = NOTHING, waiting: Decimal = NOTHING) -> None:
        """Take so much of a balance, and let so much more wait at it."""
        key = (self._retailer_id, catalogue_id, product_id)
        self.changed[key] = after(self.changed.get(key) or self._before[key], taken, waiting)
