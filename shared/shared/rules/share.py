"""What a row is to get, before it is answered."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from shared.contracts import Candidate
from shared.rules.balance import NOTHING


@dataclass(slots=True)
class Share:
    """What a row takes from each candidate, where the rest waits, and what it does not get.

    `turns` are its candidates in the order in which they had their turn. `to_wait` is what all shelves left of it, if
    that may wait somewhere: it does, or no place had room.
    """

    turns: tuple[Candidate, ...]
    taken: dict[Candidate, Decimal] = field(default_factory=dict)
    waiting: tuple[Candidate, Decimal] | None = None
    short: Decimal = NOTHING
    to_wait: Decimal = NOTHING


def once(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The candidates in their order; one that is named twice has the first of its turns."""
    return tuple(dict.fromkeys(candidates))
