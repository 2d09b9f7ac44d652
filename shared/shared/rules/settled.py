"""What an order gets and why, in small values: deciding compares and counts them more often than it sends them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from shared.contracts import Outcome


class Promised(Protocol):
    """A quantity promised from a balance, whoever tells of it."""

    @property
    def catalogue_id(self) -> str: ...
    @property
    def product_id(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...


class Promise(NamedTuple):
    """A quantity promised from a balance."""

    catalogue_id: str
    product_id: str
    quantity: Decimal


class Sighting(Protocol):
    """A candidate as it was seen when its turn came (see `Seen`), whoever tells of it."""

    @property
    def catalogue_id(self) -> str: ...
    @property
    def product_id(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def allocated(self) -> Decimal: ...
    @property
    def held(self) -> Decimal: ...
    @property
    def safety_stock(self) -> Decimal: ...
    @property
    def unlimited(self) -> bool: ...
    @property
    def back_order_room(self) -> Decimal | None: ...
    @property
    def verdict(self) -> str: ...


class Sight(NamedTuple):
    """A candidate as it was seen when its turn came; the fields are those of `Seen`."""

    catalogue_id: str
    product_id: str
    quantity: Decimal
    allocated: Decimal
    held: Decimal
    safety_stock: Decimal
    taken: Decimal
    waiting: Decimal
    unlimited: bool
    back_order_room: Decimal | None
    verdict: str


class RowSettled(NamedTuple):
    """What a row gets: taken + waiting + short = its quantity. `seen` is empty where nobody asked why."""

    external_id: str
    taken: tuple[Promise, ...]
    waiting: tuple[Promise, ...]
    short: Decimal
    seen: tuple[Sight, ...] = ()


class Settled(NamedTuple):
    """What an order gets, row by row."""

    outcome: Outcome
    rows: Sequence[RowSettled]
