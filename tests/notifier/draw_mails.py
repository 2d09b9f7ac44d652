"""Draws the samples of docs/mail with Chromium: `python -m tests.notifier.draw_mails`, after a change of what mails
look like.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from PIL import Image, ImageChops

from notifier import domain, letter, notice, reporting
from notifier.domain import Language
from notifier.letter import Letter
from notifier.store import Told
from notifier.subjects import ParcelCoded, Week
from router.api import answer_page, answer_words
from router.domain import Row, Shipment
from tests.notifier import messages
from tests.notifier.test_letter import envelope

FOLDER = Path(__file__).parents[2] / "docs" / "mail"
WIDTH, HIGHEST, SHADES = 720, 2_600, 32
LINK = "https://sluice.example/ecommerce/v3/answers?t=token"
DARK = "@media (prefers-color-scheme: dark)"
AT = datetime(2026, 7, 1, 6, tzinfo=UTC)


def enveloped(language: Language, retailer: str = "Verkkokauppa Oy") -> letter.Envelope:
    """An envelope with the links of a new shipment."""
    plain = envelope(language, retailer)
    return replace(plain, organisation=messages.SUPPLIER, answer=LINK, note=LINK, leave=LINK)


def digest(language: Language) -> Letter:
    """A digest of a new shipment, a reminder, a cancelled shipment and a correction."""
    shipment, other = messages.shipment(), messages.shipment(order="WEB-2")
    told = [
        Told(domain.NEW_SHIPMENT, shipment.model_dump_json(), "WEB-1", "Verkkokauppa Oy"),
        Told(domain.REMINDER, messages.reminder(other).model_dump_json(), "WEB-2", "Nätbutiken Ab"),
        Told(domain.CANCELLED, messages.cancelled(other).model_dump_json(), "WEB-3", "Nätbutiken Ab"),
        Told(domain.STOCK_CORRECTED, messages.withdrawn(other).model_dump_json(), "WEB-4", "Nätbutiken Ab"),
    ]
    reports = [reporting.report(one, replace(enveloped(language), retailer_name=one.retailer)) for one in told]
    over = reporting.digest(reports, enveloped(language))
    return notice.written(over.subject, over.heading, [one.notice for one in reports], over.why, enveloped(language))


def alone(kind: str, content: str, language: Language) -> Letter:
    """A mail with one notice, of a parcel's papers with the links to these."""
    label, note = (LINK, LINK) if kind == domain.PAPERS else (None, None)
    envelope = replace(enveloped(language), answer=None, label=label, note=note)
    told = reporting.report(Told(kind, content, "WEB-1", "Verkkokauppa Oy"), envelope)
    return notice.written(told.subject, told.notice.title, [told.notice], told.why, envelope)


def coded() -> str:
    """What a mail of papers tells."""
    shipment = messages.shipment()
    told = ParcelCoded(
        order_id=shipment.order_id,
        shipment_id=shipment.shipment_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=shipment.catalogue_id,
        tracking_code="JJFI65432100000000224",
    )
    return told.model_dump_json()


def html_of(written: Letter) -> str:
    """The HTML of a mail."""
    message = message_from_bytes(written.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("html",))
    assert part is not None
    html: str = part.get_content()
    return html


def page(language: str) -> str:
    """The page on which a shipment is answered."""
    created = messages.shipment()
    rows = tuple(
        Row(row.external_id, row.product_id, Decimal(row.quantity), description=row.description, unit=row.unit)
        for row in created.rows
    )
    shipment = Shipment(
        shipment_id=created.shipment_id,
        order_id=created.order_id,
        order_external_id="WEB-1",
        retailer_id=created.retailer_id,
        supplier_id=created.supplier_id,
        catalogue_id=created.catalogue_id,
        status="Created",
        status_at=AT,
        version=1,
        created_at=AT,
        updated_at=AT,
        accept_by=AT + timedelta(days=1),
        delivery=created.delivery,
        rows=rows,
    )
    return bytes(answer_page.question(answer_words.of(language), shipment).body).decode()


def pages() -> Iterator[tuple[str, str]]:
    """Each sample's name and HTML."""
    week = Week(until=AT, counts={"shipment.created": 112, "shipment.delivered": 97, "shipment.cancelled": 3})
    shipment = letter.announce(messages.shipment(), enveloped("fi"))
    yield "new-shipment-fi", html_of(shipment)
    yield "new-shipment-sv-dark", dark(html_of(letter.announce(messages.shipment(), enveloped("sv"))))
    yield "digest-en", html_of(digest("en"))
    yield "digest-en-dark", dark(html_of(digest("en")))
    yield "week-fi", html_of(alone(domain.WEEKLY_SUMMARY, week.model_dump_json(), "fi"))
    yield "papers-sv", html_of(alone(domain.PAPERS, coded(), "sv"))
    yield "answer-en", page("en")
    yield "answer-fi-dark", dark(page("fi"))


def dark(html: str) -> str:
    """A page as somebody sees it who prefers dark colours."""
    assert DARK in html
    return html.replace(DARK, "@media all")


def draw(html: str, to: Path) -> None:
    """Draw a page, as high as it is. Raises CalledProcessError when Chromium cannot."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("There is no Chromium here.")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_text(html)
        quietly = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        size = (f"--window-size={WIDTH},{HIGHEST}", f"--user-data-dir={folder}/x")
        picture = f"{folder}/page.png"
        asked = [browser, *quietly, *size, f"--screenshot={picture}", f"file://{folder}/page.html"]
        subprocess.run(asked, check=True, capture_output=True, timeout=120)
        with Image.open(picture) as drawn:
            whole = drawn.convert("RGB")
    ground = Image.new("RGB", whole.size, whole.getpixel((1, whole.height - 1)))
    box = ImageChops.difference(whole, ground).getbbox()
    bottom = min(whole.height, (box[3] if box else whole.height) + 16)
    whole.crop((0, 0, WIDTH, bottom)).quantize(SHADES).save(to, optimize=True)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, html in pages():
        draw(html, FOLDER / f"{name}.png")
