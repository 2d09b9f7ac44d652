"""Code 128: which bars stand for a code, and how wide they are."""

from itertools import accumulate, groupby
from typing import NamedTuple

from barcode.codex import Code128, Gs1_128

SSCC_DIGITS = 18


class Unprintable(ValueError):
    """A code that cannot be a barcode of the room there is."""


class Bars(NamedTuple):
    """Widths in modules, bars and gaps in turn, the first a bar; `total` is their sum, without quiet zones."""

    widths: tuple[int, ...]
    total: int

    def svg(self) -> str:
        """The bars as a picture of vectors: a module is one wide, and a bar is one high."""
        ends = tuple(accumulate(self.widths))
        path = "".join(
            f"M{end - width} 0h{width}v1h-{width}z" for width, end in zip(self.widths[::2], ends[::2], strict=True)
        )
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.total}" height="1"><path d="{path}"/></svg>'


def bars(code: str) -> Bars:
    """The bars of a tracking code: an SSCC as GS1-128 with its application identifier, any other as plain Code 128.

    Raises Unprintable for what is not printable ASCII.
    """
    return _bars(code, as_sscc=is_sscc(code))


def plain_bars(text: str) -> Bars:
    """The bars of what is no tracking code, as plain Code 128 also when its digits could be an SSCC.

    Raises Unprintable for what is not printable ASCII.
    """
    return _bars(text, as_sscc=False)


def _bars(code: str, *, as_sscc: bool) -> Bars:
    if not code or not code.isascii() or not code.isprintable():
        raise Unprintable(f"{code!r} is not printable ASCII, so it cannot be a barcode")
    [modules] = (Gs1_128(f"00{code}") if as_sscc else Code128(code)).build()
    # The library ends with the stop character's bars; groups of equal modules are bars and gaps.
    widths = tuple(len(list(group)) for _, group in groupby(modules.strip("0")))
    return Bars(widths, sum(widths))


def is_sscc(code: str) -> bool:
    """Whether a code is a serial shipping container code: 18 digits of which the last checks the others (GS1)."""
    if len(code) != SSCC_DIGITS or not code.isascii() or not code.isdigit():
        return False
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(code[:-1]))
    return (weighted + int(code[-1])) % 10 == 0


def readable(code: str) -> str:
    """A code as people read it below its bars."""
    if is_sscc(code):
        return f"(00) {code}"
    return code
