"""Papers set by Typst: from facts to PDF, or to a picture for printers of dots."""

import base64
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
import typst

from router.papers import barcodes, label_bars, words
from router.papers.facts import SIZES, LabelFacts, LabelSize, NoteFacts

Json = dict[str, Any]

NOTE_BARS_MM, NOTE_WHOLE_MM = 76.0, 174.0
"""The room for bars beside the letterhead of a delivery note, and in a line of their own."""
NOTE_MODULES_MM = (0.3, 0.2)
"""How wide the narrowest bar need not be more, and may not be less beside the letterhead."""

SCALES = (1.4, 1.2, 1.0, 0.85, 0.7, 0.58, 0.48)
"""How large a label may be set. The largest with which it is one page is taken; with the smallest it may be more."""
ROWS_OF_A_PAGE = 15
"""A note with more rows is seldom one page, and is not tried as one."""
PAGES = re.compile(rb"/Type/Pages/Count (\d+)")
"""What a PDF of Typst begins with: how many pages it has."""

WIDEST, WIDEST_EXCESS = "\ufdfd", 8
"""A whole sentence in Arabic that is one character of three bytes, and eleven times as wide as text is high."""

FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")


def label_pdf(facts: LabelFacts, size: LabelSize) -> bytes:
    """An address label as PDF, without tags for those who have it read to them: it is to be printed."""
    return _fitting(_label(facts, size))[1]


def label_pictures(facts: LabelFacts, size: LabelSize) -> list[bytes]:
    """An address label without its bars as PNG, a dot of the printer for each of its own; nearly always one page."""
    label = _label(facts, size)
    return _pictures("label", label | {"scale": _fitting(label)[0], "bars": None})


def note_pdf(facts: NoteFacts) -> bytes:
    """A delivery note as PDF, A4, tagged with what is a table and what a heading."""
    note = _note(facts)
    if len(facts.rows) <= ROWS_OF_A_PAGE and _pages(made := _pdf("note", note | {"one-page": True}, tagged=True)) == 1:
        return made
    return _pdf("note", note | {"one-page": False}, tagged=True)


def _fitting(label: Json) -> tuple[float, bytes]:
    """How large a label is set, and the label. To set it once more costs less than to measure it before."""
    *larger, smallest = SCALES
    for scale in larger:
        made = _pdf("label", label | {"scale": scale}, tagged=False)
        if _pages(made) == 1:
            return scale, made
    return smallest, _pdf("label", label | {"scale": smallest}, tagged=False)


def _pages(pdf: bytes) -> int:
    found = PAGES.search(pdf)
    assert found is not None, "Typst begins a PDF otherwise, without the number of its pages"
    return int(found[1])


def _label(facts: LabelFacts, size: LabelSize) -> Json:
    drawn = label_bars.LabelBars(facts.code, size)
    said = words.in_language(facts.language)
    width, height = SIZES[size]
    receiver = facts.receiver
    return {
        "title": facts.code,
        "language": facts.language,
        "words": said,
        "width": width,
        "height": height,
        "edge": label_bars.LABEL_EDGE_MM,
        "bars-height": label_bars.BARS_MM[size],
        "foot": label_bars.FOOT_MM,
        "above-bars": label_bars.ABOVE_BARS_MM,
        "sender": _lines(facts.sender),
        "receiver": {
            "name": _lines(receiver.name),
            "street": _lines(receiver.street),
            "town": _line(receiver.town),
            "country": _line(receiver.country),
            "telephone": _line(receiver.telephone),
        },
        "carrier": _line(facts.carrier),
        "service_code": _line(facts.service_code),
        "service": _line(facts.service),
        "extras": _lines(facts.extras),
        "number": str(facts.number),
        "of": str(facts.of),
        "details": [
            (said["order"], _line(facts.order)),
            (said["ordered_on"], _line(facts.ordered_on)),
            (said["weight"], _line(facts.weight)),
            (said["contract"], _line(facts.contract)),
            (said["routing"], _line(facts.routing)),
        ],
        "readable": barcodes.readable(facts.code),
        "bars": _bars(drawn.bars, facts.code) | {"at": drawn.at, "module": drawn.module},
    }


def _note(facts: NoteFacts) -> Json:
    said = words.in_language(facts.language)
    drawn = barcodes.plain_bars(facts.order)
    widest, narrowest = NOTE_MODULES_MM
    beside = drawn.total * narrowest <= NOTE_BARS_MM
    return {
        "title": f"{said['note']} {facts.order}",
        "language": facts.language,
        "words": said,
        "letterhead": _lines(facts.letterhead),
        "logo": _logo(facts.logo),
        "order": _line(facts.order),
        "bars": _bars(drawn, facts.order)
        | {"beside": beside, "module": min((NOTE_BARS_MM if beside else NOTE_WHOLE_MM) / drawn.total, widest)},
        "deliver_to": _lines(facts.deliver_to),
        "buyer": _lines(facts.buyer),
        "details": [
            (_line(name), _lines(values))
            for name, values in (
                (said["ordered_on"], [facts.ordered_on]),
                *((reference.heading, reference.body.splitlines()) for reference in facts.references),
                (said["sent_by"], [facts.sent_by]),
                (said["parcel"], [f"{facts.number}/{facts.of}"]),
                (said["weight"], [facts.weight]),
                (said["tracking_code"], facts.codes),
            )
        ],
        "rows": [{name: _line(value) for name, value in vars(row).items()} for row in facts.rows],
        "texts": [(_line(text.heading), _lines(text.body.splitlines())) for text in facts.texts],
        "returns": _lines(facts.returns.splitlines()),
    }


def _bars(drawn: barcodes.Bars, says: str) -> Json:
    return {"svg": drawn.svg(), "modules": drawn.total, "says": says}


def _lines(texts: Iterable[str]) -> list[Json]:
    return [_line(text) for text in texts if text.strip()]


def _line(text: str) -> Json:
    """A line without what cannot be printed, the direction it is written in, and how long its longest word may be."""
    shown = "".join(_shown(character) for character in text)
    first = next((kind for c in shown if (kind := unicodedata.bidirectional(c)) in ("L", "R", "AL")), "L")
    return {"text": shown, "rtl": first != "L", "longest": max(map(_length, shown.split(" ")))}


def _length(word: str) -> int:
    """The most text sizes that a word can be wide: no letter that is printed is wider than one a byte, but one."""
    return len(word.encode()) + WIDEST_EXCESS * word.count(WIDEST)


def _shown(character: str) -> str:
    """A character as it is printed: what steers a terminal or the order of other characters is not."""
    kind = unicodedata.category(character)
    if character in ("\u200c", "\u200d"):
        return character
    if kind in ("Zl", "Zp") or character.isspace():
        return " "
    return "" if kind in ("Cc", "Cf", "Cs", "Co", "Cn") else character


def _logo(logo: bytes) -> str | None:
    """A PNG the only way it can be handed over as a text: inside an SVG that is ours."""
    if not logo:
        return None
    width, height = (int.from_bytes(logo[at : at + 4], "big") for at in (16, 20))
    image = base64.b64encode(logo).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{image}"/></svg>'
    )


@cache
def _compiler() -> typst.Compiler:
    fonts = [Path(str(resources.files(name))) for name in FONT_PACKAGES]
    return typst.Compiler(root=Path(str(resources.files("router.papers"))), font_paths=fonts, ignore_system_fonts=True)


def _pdf(template: str, facts: Json, *, tagged: bool) -> bytes:
    made = _compiler().compile(_source(template, facts), format="pdf", timestamp=0, pdf_tags=tagged)
    assert isinstance(made, bytes)
    return made


def _pictures(template: str, facts: Json) -> list[bytes]:
    dots_per_inch = label_bars.DOTS_PER_MM * label_bars.INCH_MM
    made = _compiler().compile(_source(template, facts), format="png", ppi=dots_per_inch, timestamp=0)
    return made if isinstance(made, list) else [made or b""]


def _source(template: str, facts: Json) -> bytes:
    """What Typst is to set. Facts that came as its inputs would make it forget what it knows of the template."""
    told = orjson.dumps(facts).decode().replace("\\", "\\\\").replace('"', '\\"')
    return f'#import "/{template}.typ": {template}\n#{template}(json(bytes("{told}")))'.encode()
