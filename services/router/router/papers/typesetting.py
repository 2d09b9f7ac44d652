"""Papers set by Typst: from facts to PDF, or to a picture for printers of dots."""

import base64
import unicodedata
from collections.abc import Iterable, Mapping
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

FONT_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")


def label_pdf(facts: LabelFacts, size: LabelSize) -> bytes:
    """An address label as PDF."""
    return _pdf("label.typ", _label(facts, size, draw_bars=True))


def label_pictures(facts: LabelFacts, size: LabelSize) -> list[bytes]:
    """An address label without its bars as PNG, a dot of the printer for each of its own; nearly always one page."""
    dots_per_inch = label_bars.DOTS_PER_MM * label_bars.INCH_MM
    return _pages("label.typ", _label(facts, size, draw_bars=False), dots_per_inch)


def note_pdf(facts: NoteFacts) -> bytes:
    """A delivery note as PDF, A4."""
    return _pdf("note.typ", _note(facts), _logo(facts.logo))


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
        "bars": drawn.bars.widths,
        "bars-at": drawn.at,
        "module": drawn.module,
        "draw-bars": draw_bars,
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
        "order": _line(facts.order),
        "bars": drawn.widths,
        "bars-beside": beside,
        "module": min((NOTE_BARS_MM if beside else NOTE_WHOLE_MM) / drawn.total, widest),
        "deliver_to": _lines(facts.deliver_to),
        "buyer": _lines(facts.buyer),
        "details": [
            (said["ordered_on"], [_line(facts.ordered_on)]),
            *((reference.heading, _lines(reference.body.splitlines())) for reference in facts.references),
            (said["sent_by"], _lines((facts.sent_by,))),
            (said["parcel"], [_line(f"{facts.number}/{facts.of}")]),
            (said["weight"], _lines((facts.weight,))),
            (said["tracking_code"], _lines(facts.codes)),
        ],
        "rows": [{name: _row_part(name, value) for name, value in vars(row).items()} for row in facts.rows],
        "texts": [(_line(text.heading), _lines(text.body.splitlines())) for text in facts.texts],
        "returns": _lines(facts.returns.splitlines()),
    }


def _row_part(name: str, value: str) -> Json | str:
    return value if name in ("ordered", "delivered", "to_follow") else _line(value)


def _lines(texts: Iterable[str]) -> list[Json]:
    return [_line(text) for text in texts if text.strip()]


def _line(text: str) -> Json:
    """A line without what cannot be printed, and the direction it is written in."""
    shown = "".join(_shown(character) for character in text)
    first = next((kind for c in shown if (kind := unicodedata.bidirectional(c)) in ("L", "R", "AL")), "L")
    return {"text": shown, "rtl": first != "L"}


def _shown(character: str) -> str:
    """A character as it is printed: what steers a terminal or the order of other characters is not."""
    kind = unicodedata.category(character)
    if character in ("\u200c", "\u200d"):
        return character
    if kind in ("Zl", "Zp") or character.isspace():
        return " "
    return "" if kind in ("Cc", "Cf", "Cs", "Co", "Cn") else character


def _logo(logo: bytes) -> Mapping[str, str]:
    """A PNG the only way it can be handed over as a text: inside an SVG that is ours."""
    if not logo:
        return {}
    width, height = (int.from_bytes(logo[at : at + 4], "big") for at in (16, 20))
    image = base64.b64encode(logo).decode()
    return {
        "logo": f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{image}"/></svg>'
    }


@cache
def _compiler() -> typst.Compiler:
    fonts = [Path(str(resources.files(name))) for name in FONT_PACKAGES]
    return typst.Compiler(root=_folder(), font_paths=fonts, ignore_system_fonts=True)


@cache
def _folder() -> Path:
    return Path(str(resources.files("router.papers")))


def _pdf(template: str, facts: Json, more: Mapping[str, str] | None = None) -> bytes:
    inputs = {"facts": orjson.dumps(facts).decode(), **(more or {})}
    made = _compiler().compile(_folder() / template, format="pdf", sys_inputs=inputs, timestamp=0)
    assert isinstance(made, bytes)
    return made


def _pages(template: str, facts: Json, dots_per_inch: float) -> list[bytes]:
    inputs = {"facts": orjson.dumps(facts).decode()}
    made = _compiler().compile(_folder() / template, format="png", ppi=dots_per_inch, sys_inputs=inputs, timestamp=0)
    return made if isinstance(made, list) else [made or b""]
