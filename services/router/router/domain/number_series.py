"""Series of numbers that carriers give, and the tracking codes that are made of them.

Posti's own form is JJFI, six digits (the contract's), ten of the number and a check digit; any carrier reads an SSCC,
seventeen digits that begin with a company's prefix and the check digit of GS1 (General Specifications, 7.9).
"""

from dataclasses import dataclass
from typing import Literal

Form = Literal["JJFI", "SSCC"]
CheckDigit = Literal["LUHN", "GS1"]

JJFI, SSCC = "JJFI", "SSCC"
LUHN, GS1 = "LUHN", "GS1"

DIGITS = {JJFI: 16, SSCC: 17}
"""How many digits a code of each form has before its check digit: the prefix and the number."""

PREFIXES = {JJFI: (6, 6), SSCC: (8, 11)}
"""The least and the most digits of a prefix. That of an SSCC is the extension digit and the company's prefix."""


@dataclass(frozen=True)
class NumberSeries:
    """A series as an operator gave it: the numbers from `first` to `last`, both included, behind a prefix.

    It is for the shipments of a carrier with this contract number, or, with none, for those that have no series of
    their contract; with a retailer only for shipments of its orders. At most `low_at` numbers left are few.
    """

    name: str
    carrier: str
    form: Form
    prefix: str
    check_digit: CheckDigit
    first: int
    last: int
    low_at: int
    contract_number: str | None = None
    retailer_id: str | None = None


@dataclass(frozen=True)
class Used:
    """A series as it is kept: `next` is the first number not taken, `left_in_all` what it and its like have left.

    Its like are the series for the same shipments: the next of them goes on where one ends.
    """

    series: NumberSeries
    next: int
    left_in_all: int

    @property
    def left(self) -> int:
        """How many numbers it has left."""
        return self.series.last - self.next + 1

    @property
    def low(self) -> bool:
        """Whether it is time to give another series: it and its like have few numbers left."""
        return self.left_in_all <= self.series.low_at


@dataclass(frozen=True)
class Misfit:
    """Why a series may not become another, by the field that cannot be."""

    field: str
    message: str


def key_of(carrier: str) -> str:
    """A carrier's name as it is compared: in capitals or not, it is the same carrier."""
    return carrier.strip().casefold()


def largest(form: Form, prefix: str) -> int:
    """The largest number that has room behind a prefix."""
    return int(10 ** (DIGITS[form] - len(prefix))) - 1


def span(series: NumberSeries) -> tuple[int, int]:
    """The first and the last code of a series as whole numbers, of which every code of either form has its own."""
    above = 0 if series.form == JJFI else 10 ** DIGITS[SSCC]
    room = largest(series.form, series.prefix) + 1
    return above + int(series.prefix) * room + series.first, above + int(series.prefix) * room + series.last


def become(kept: Used, wanted: NumberSeries) -> NumberSeries | Misfit:
    """What a kept series becomes when an operator gives it anew, or why it may not.

    As long as nothing of it was used it may become anything. From then on its codes stay what they are, and it ends
    no earlier than it has got; for whom it is, and when it is low, may change at any time.
    """
    was = kept.series
    if kept.next == was.first:
        return wanted
    codes = {"form": "form", "prefix": "prefix", "check_digit": "check digit", "first": "first number"}
    for field, called in codes.items():
        if getattr(was, field) != getattr(wanted, field):
            return Misfit(field, f"Numbers of {was.name} are used already, so its {called} stays {getattr(was, field)}")
    if wanted.last < kept.next - 1:
        return Misfit("last", f"The numbers of {was.name} up to {kept.next - 1} are used already")
    return wanted


def tracking_code(form: Form, prefix: str, check_digit: CheckDigit, number: int) -> str:
    """The code that is made of a number of a series."""
    digits = f"{prefix}{number:0{DIGITS[form] - len(prefix)}d}"
    check = luhn_digit(digits[len(prefix) :]) if check_digit == LUHN else gs1_digit(digits)
    return f"{'JJFI' if form == JJFI else ''}{digits}{check}"


def luhn_digit(digits: str) -> int:
    """The check digit of Luhn (ISO/IEC 7812-1): every other digit from the right counts double, by its own digits."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def gs1_digit(digits: str) -> int:
    """The check digit of GS1: from the right, digits count three times and once in turn."""
    return -sum(int(digit) * (3 - 2 * (place % 2)) for place, digit in enumerate(reversed(digits))) % 10
