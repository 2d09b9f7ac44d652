"""Papers as a person with a scanner meets them: pictures, the words on them, and the barcodes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
import zplkit
import zxingcpp
from PIL import Image
from zplkit.rendering import Limits

from router.papers.facts import SIZES, Addressee, LabelFacts, LabelSize, NoteFacts, NoteRow, Text

POINTS_PER_MM = 72 / 25.4
DOTS_PER_INCH = 203
CODE = "JJFI65432100000000224"
SSCC = "376130321109103420"
FURNITURE = frozenset(" \n\r\t\u200b\u200c\u200d\u00ad\ufffe\ufeff")
"""What a reader may add or leave out without losing anything: blanks, and where words and emoji may be parted."""


def label_facts(**changes: Any) -> LabelFacts:
    """The facts of a Finnish parcel to a pickup point, but for the changes."""
    usual: dict[str, Any] = {
        "language": "fi",
        "code": CODE,
        "sender": ("Webshop Oy", "Postintaival 7", "00230 Helsinki"),
        "receiver": Addressee(
            ("Maija Meikäläinen", "c/o Posti, Keskusta"), ("Tullikatu 6",), "33100 Tampere", "", "+358501234567"
        ),
        "carrier": "Posti",
        "service_code": "2103",
        "service": "Paketti noutopisteeseen",
        "extras": ("3104: Särkyvää, käsiteltävä varoen", "3174: Ylisuuri"),
        "weight": "2,5 kg",
        "number": 1,
        "of": 2,
        "order": "BAR-2026-000123",
        "ordered_on": "2.1.2026",
        "contract": "612345",
        "routing": "3200",
    }
    return LabelFacts(**usual | changes)


def note_facts(**changes: Any) -> NoteFacts:
    """The facts of a Finnish delivery note with two rows, but for the changes."""
    usual: dict[str, Any] = {
        "language": "fi",
        "letterhead": ("Webshop Oy", "Postintaival 7", "00230 Helsinki", "asiakaspalvelu@example.com"),
        "logo": b"",
        "order": "BAR-2026-000123",
        "ordered_on": "2.1.2026",
        "references": (Text("Myyntitilaus", "SO-1"),),
        "deliver_to": ("Maija Meikäläinen", "c/o Posti, Keskusta", "Tullikatu 6", "33100 Tampere"),
        "buyer": ("Maija Meikäläinen", "Kotikatu 1", "00100 Helsinki"),
        "sent_by": "Posti, Paketti noutopisteeseen",
        "codes": (CODE,),
        "weight": "2,5 kg",
        "number": 1,
        "of": 2,
        "rows": (note_row("Kalastussaappaat"), note_row("Villasukat")),
        "texts": (Text("", "Kiitos tilauksesta!"),),
        "returns": "Palauta 14 päivän kuluessa.",
    }
    return NoteFacts(**usual | changes)


def note_row(description: str, **changes: Any) -> NoteRow:
    """A row of which two of five are in the parcel, but for the changes."""
    usual = {
        "product": "0109357-9-5002",
        "ean": "6419835068484",
        "unit": "KPL",
        "ordered": "5",
        "delivered": "2",
        "to_follow": "3",
    }
    return NoteRow(description=description, **usual | changes)


@dataclass(frozen=True)
class Glyph:
    """A character of a page and its place, in millimetres from the page's lower left corner."""

    character: str
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True)
class Page:
    """A page of a PDF."""

    width: float
    height: float
    text: str
    glyphs: tuple[Glyph, ...]
    picture: Image.Image


def pages(pdf: bytes, dots_per_inch: int = DOTS_PER_INCH) -> list[Page]:
    """The pages of a PDF, drawn as a printer would; the coarsest has 203 dots an inch."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [_page(page, dots_per_inch) for page in document]


def _page(page: Any, dots_per_inch: int) -> Page:
    text = page.get_textpage()
    width, height = page.get_size()
    drawn = page.render(scale=dots_per_inch / 72).to_pil()
    return Page(
        width / POINTS_PER_MM, height / POINTS_PER_MM, text.get_text_range(), tuple(_glyphs(text)), drawn.convert("L")
    )


def _glyphs(text: Any) -> Iterator[Glyph]:
    for at in range(text.count_chars()):
        left, bottom, right, top = (side / POINTS_PER_MM for side in text.get_charbox(at))
        if right > left and top > bottom:
            yield Glyph(text.get_text_range(at, 1), left, bottom, right, top)


def printed(zpl: bytes, size: LabelSize) -> list[Image.Image]:
    """What a thermal printer prints of a label in ZPL. Raises zplkit's error for what it does not understand."""
    width, height = (8 * side for side in SIZES[size])
    options = zplkit.Options(profile="zd621", width=width, height=height, dpi=DOTS_PER_INCH)
    made = zplkit.render(zpl, options, limits=Limits(graphic_bytes=1_000_000))
    assert list(made.warnings) == []
    rasters = [label.rasterize() for label in made.labels]
    return [Image.frombytes("L", (raster.width, raster.height), raster.pixels) for raster in rasters]


def scanned(picture: Image.Image) -> list[str]:
    """The codes that a scanner reads from a picture; an SSCC without its application identifier."""
    return [found.text.removeprefix("(00)") for found in zxingcpp.read_barcodes(picture)]


def letters(*texts: str) -> Counter[str]:
    """How often each character is in texts, blanks aside."""
    return Counter(character for text in texts for character in text if character not in FURNITURE)


def lost(made: list[Page], *texts: str) -> Counter[str]:
    """The characters of texts that are not on the pages, or not as often."""
    # The reader takes a hyphen at the end of a line for one that parts a word, and says so by this character.
    return letters(*texts) - letters(*(page.text.replace("\ufffe", "-") for page in made))
