"""Address labels for thermal printers: what is written is a picture of the very label the PDF shows, the bars are the
printer's own, drawn sharp in its dots.

A printer's built-in fonts know few scripts, and how wide they are differs from one to the next; a picture is the same
everywhere and keeps to its place.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby

from PIL import Image

from router.papers import barcodes, label_bars, typesetting
from router.papers.facts import SIZES, LabelFacts, LabelSize
from router.papers.label_bars import DOTS_PER_MM, LABEL_EDGE_MM

DARK = 128
"""A dot is black where the picture is darker than this."""

MOST_REPEATED = 19 + 20 * 20
ONES, TWENTIES = "GHIJKLMNOPQRSTUVWXY", "ghijklmnopqrstuvwxyz"


def label_zpl(facts: LabelFacts, size: LabelSize) -> bytes:
    """An address label in ZPL, for 203 dots an inch. Raises barcodes.Unprintable as the PDF does."""
    pictures = typesetting.label_pictures(facts, size)
    return "".join(_page(facts, size, picture) for picture in pictures).encode("ascii")


def _page(facts: LabelFacts, size: LabelSize, picture: bytes) -> str:
    width, height = (side * DOTS_PER_MM for side in SIZES[size])
    drawn = label_bars.LabelBars(facts.code, size)
    bars_height = label_bars.bars_height_mm(size) * DOTS_PER_MM
    x = LABEL_EDGE_MM * DOTS_PER_MM + drawn.at
    y = height - round(label_bars.bars_above_bottom_mm(size) * DOTS_PER_MM)
    return (
        f"^XA^CI28^PW{width}^LL{height}^LH0,0\n"
        f"{_graphic(picture, width, height)}"
        f"^FO{x},{y}^BY{drawn.module}^BCN,{bars_height},N,N,N,{_mode(facts.code)}^FH_^FD{_data(facts.code)}^FS\n"
        "^XZ\n"
    )


def _mode(code: str) -> str:
    """`N` for a code that begins with what it is, `A` for one whose shortest form the printer finds itself."""
    return "N" if barcodes.is_sscc(code) else "A"


def _data(code: str) -> str:
    if barcodes.is_sscc(code):
        return f">;>800{code}"
    # In a barcode's data `>` begins a command, and `>0` is the character.
    return "".join(
        ">0" if character == ">" else character if character.isalnum() else f"_{ord(character):02X}"
        for character in code
    )


def _graphic(picture: bytes, width: int, height: int) -> str:
    """The part of a picture that is not white, as a graphic field."""
    with Image.open(BytesIO(picture)) as opened:
        grey = opened.convert("L").crop((0, 0, width, height))
    black = grey.point([255 if shade < DARK else 0 for shade in range(256)]).convert("1", dither=Image.Dither.NONE)
    box = black.getbbox()
    if box is None:
        return ""
    # A row of a graphic is whole bytes.
    left, top, right, bottom = box[0] // 8 * 8, box[1], -(-box[2] // 8) * 8, box[3]
    dots = black.crop((left, top, right, bottom))
    per_row = dots.width // 8
    data = dots.tobytes()
    rows = [data[at : at + per_row].hex().upper() for at in range(0, len(data), per_row)]
    return f"^FO{left},{top}^GFA,{len(data)},{len(data)},{per_row},{''.join(_compressed(rows))}^FS\n"


def _compressed(rows: Sequence[str]) -> Iterator[str]:
    """Rows of hexadecimal digits as ZPL writes them short: `:` repeats a row, `,` ends one with white."""
    before = None
    for row in rows:
        if row == before:
            yield ":"
            continue
        before = row
        bare = row.rstrip("0")
        if len(bare) % 2:
            bare += "0"
        for digit, group in groupby(bare):
            yield from _repeated(digit, len(list(group)))
        if len(bare) < len(row):
            yield ","


def _repeated(digit: str, times: int) -> Iterator[str]:
    while times:
        part = min(times, MOST_REPEATED)
        times -= part
        twenties, ones = divmod(part, 20)
        count = (TWENTIES[twenties - 1] if twenties else "") + (ONES[ones - 1] if ones else "")
        yield digit if part == 1 else f"{count}{digit}"
