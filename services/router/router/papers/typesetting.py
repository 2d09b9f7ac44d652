"""Papers set by Typst: from facts to PDF, or to a picture for printers of dots."""

import base64
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import orjson
import typst

from router.papers import barcodes, label_bars, words
from router.papers.facts import SIZES, LabelFacts, LabelSize, NoteFacts

Json = dict[str, Any]
Made = TypeVar("Made")

NOTE_BARS_MM, NOTE_WHOLE_MM = 76.0, 174.0
"""The room for bars beside the letterhead of a delivery note, and in a line of their own."""
NOTE_MODULES_MM = (0.3, 0.2)
"""How wide the narrowest bar need not be more, and may not be less beside the letterhead."""

SCALES = (1.4, 1.2, 1.0, 0.85, 0.7, 0.58, 0.48)
"""How large a label may be set. The largest with which it is one page is taken; with the smallest it may be more."""
PAGES = re.compile(rb"/Type/Pages/Count (\d+)")
"""What a PDF of Typst begins with: how many pages it has."""

WIDEST, WIDEST_EXCESS = "\ufdfd", 8
"""A whole sentence in Arabic that is one character of three bytes, and eleven times as wide as text is high."""

FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")


def label_pdf(facts: LabelFacts, size: LabelSize) -> bytes:
    """An address label as PDF."""
    label = _label(facts, size, draw_bars=True)
    return _on_one_page((_pdf("label", label | {"scale": scale}, tagged=False) for scale in SCALES), _pages)


def label_pictures(facts: LabelFacts, size: LabelSize) -> list[bytes]:
    """An address label without its bars as PNG, a dot of the printer for each of its own; nearly always one page."""
    label = _label(facts, size, draw_bars=False)
    return _on_one_page((_pictures("label", label | {"scale": scale}) for scale in SCALES), len)


def note_pdf(facts: NoteFacts) -> bytes:
    """A delivery note as PDF, A4."""
    note = _note(facts)
    return _on_one_page((_pdf("note", note | {"one-page": one}) for one in (True, False)), _pages)


def _on_one_page(tries: Iterable[Made], pages: Callable[[Made], int]) -> Made:
    """What is set on one page as the first, else the last. To set it once more costs less than to measure it before."""
    for made in tries:
        if pages(made) == 1:
            break
    return made


def _pages(pdf: bytes) -> int:
    found = PAGES.search(pdf)
    assert found is not None
    return int(found[1])


def _label(facts: LabelFacts, size: LabelSize, *, draw_bars: bool) -> Json:
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
        "bars": _bars(drawn.bars, facts.code) | {"at": drawn.at, "module": drawn.module} if draw_bars else None,
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
    """The most text sizes that a word can be wide: no letter of the fonts is wider than one for each byte, but one."""
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


def _pdf(template: str, facts: Json, *, tagged: bool = True) -> bytes:
    """A PDF, for readers of screens tagged with what is a table and what a heading."""
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
