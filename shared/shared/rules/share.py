"""What is asked for a row, and what it is to get, before it is answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from shared.rules.balance import NOTHING


class Place(Protocol):
    """A balance that may serve a row, by its catalogue and product; whoever names it. Equal ones are the same place."""

    @property
    def catalogue_id(self) -> str: ...
    @property
    def product_id(self) -> str: ...
    def __hash__(self) -> int: ...


class Wanted(Protocol):
    """A row as it was ordered, whoever tells of it."""

    @property
    def external_id(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def mandatory(self) -> bool: ...
    @property
    def partial_delivery_allowed(self) -> bool: ...
    @property
    def back_order(self) -> bool: ...
    @property
    def parent(self) -> str | None: ...


class Demand(Wanted, Protocol):
    """What a row needs, and its candidates in the order in which they are to be asked."""

    @property
    def candidates(self) -> tuple[Place, ...]: ...


class Ordered(Protocol):
    """An order, whoever tells of it."""

    @property
    def order_id(self) -> UUID: ...
    @property
    def retailer_id(self) -> str: ...
    @property
    def rows(self) -> Sequence[Wanted]: ...


class At(NamedTuple):
    """A place that nobody is told of."""

    catalogue_id: str
    product_id: str


class Asked(NamedTuple):
    """A demand that nobody is told of: deciding something again asks for the same very often."""

    external_id: str
    quantity: Decimal
    mandatory: bool
    partial_delivery_allowed: bool
    back_order: bool
    parent: str | None
    candidates: tuple[At, ...]


AnyPlace = TypeVar("AnyPlace", bound=Place)


@dataclass(slots=True)
class Share:
    """What a row takes from each candidate, where the rest waits, and what it does not get.

    `turns` are its candidates in the order in which they had their turn. `to_wait` is what all shelves left of it, if
    that may wait somewhere: it does, or no place had room.
    """

    turns: tuple[Place, ...]
    taken: dict[Place, Decimal] = field(default_factory=dict)
    waiting: tuple[Place, Decimal] | None = None
    short: Decimal = NOTHING
    to_wait: Decimal = NOTHING


def once(candidates: Iterable[AnyPlace]) -> tuple[AnyPlace, ...]:
    """The candidates in their order; one that is named twice has the first of its turns."""
    return tuple(dict.fromkeys(candidates))
