"""Delivery notes as the customer reads them."""

from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from router.papers import logos, typesetting
from router.papers.facts import Text
from tests.router import papers
from tests.router.papers import note_facts, note_row

LETTERS = st.sampled_from("abcdefgåäöWMijl0123456789-/.,'&#()\"\\ŻółćИванщΑθήνα")
LINES = st.lists(st.text(LETTERS, min_size=1, max_size=60), min_size=1, max_size=8).map(" ".join)
EDGE_MM = 14.5


def test_the_note_says_what_is_here_and_what_is_still_to_come() -> None:
    [page] = papers.pages(typesetting.note_pdf(note_facts()))
    words = page.text.replace("\r\n", " ")
    for said in (
        "Lähetysluettelo",
        "asiakaspalvelu@example.com",
        "c/o Posti, Keskusta",
        "Kotikatu 1",
        "Myyntitilaus SO-1",
        "Tilattu Tässä Tulossa",
        "Kalastussaappaat 0109357-9-5002 · EAN 6419835068484 KPL 5 2 3",
        "Kiitos tilauksesta!",
        "Palautusohjeet Palauta 14 päivän kuluessa.",
        "Sivu 1/1",
    ):
        assert said in words
    assert papers.scanned(page.picture) == ["BAR-2026-000123"]


@pytest.mark.parametrize(
    ("language", "said"), [("fi", "Lähetysluettelo"), ("sv", "Följesedel"), ("en", "Delivery note")]
)
def test_the_note_speaks_the_orders_language(language: str, said: str) -> None:
    [page] = papers.pages(typesetting.note_pdf(note_facts(language=language)))
    assert said in page.text


@pytest.mark.parametrize("order", ["1", "A" * 30, "a-B_c.9" * 7, "0123456789" * 10, "x" * 100])
def test_a_scanner_reads_the_orders_number_however_long(order: str) -> None:
    [page] = papers.pages(typesetting.note_pdf(note_facts(order=order)), dots_per_inch=500)
    assert papers.scanned(page.picture) == [order]
    assert order in page.text.replace("\u200b", "").replace("\r\n", "")


def test_an_orders_number_is_plain_code_128_also_when_it_could_be_an_sscc() -> None:
    [page] = papers.pages(typesetting.note_pdf(note_facts(order=papers.SSCC)), dots_per_inch=500)
    [found] = zxingcpp.read_barcodes(page.picture)
    assert (found.text, found.content_type) == (papers.SSCC, zxingcpp.ContentType.Text)


def test_sixty_rows_go_on_on_further_pages_under_the_same_headings() -> None:
    rows = tuple(note_row(f"Tuote {number} " + "pitkä nimi " * (number % 9)) for number in range(60))
    made = papers.pages(typesetting.note_pdf(note_facts(rows=rows)))
    assert len(made) > 1
    assert papers.lost(made, *(row.description for row in rows)) == {}
    for number, page in enumerate(made, 1):
        assert f"Sivu {number}/{len(made)}" in page.text
        if "KPL" in page.text:
            assert "Tulossa" in page.text
    written = " ".join(page.text for page in made)
    assert all(f"Tuote {number} " in written.replace("\r\n", " ") for number in range(60))


def test_a_parcel_without_rows_says_so() -> None:
    [page] = papers.pages(typesetting.note_pdf(note_facts(rows=(), language="en")))
    assert "The parcel holds none of the order's rows." in page.text


@settings(
    max_examples=4,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
@given(
    letterhead=st.lists(LINES, max_size=6),
    deliver_to=st.lists(LINES, min_size=1, max_size=8),
    descriptions=st.lists(LINES, max_size=8),
    quantity=st.from_regex(r"[0-9]{1,12}(,[0-9]{1,6})?", fullmatch=True),
    returns=st.lists(LINES, max_size=10),
)
def test_whatever_is_written_stays_between_the_edges_and_nothing_of_it_is_lost(
    letterhead: list[str], deliver_to: list[str], descriptions: list[str], quantity: str, returns: list[str]
) -> None:
    facts = note_facts(
        letterhead=tuple(letterhead),
        deliver_to=tuple(deliver_to),
        rows=tuple(note_row(text, ordered=quantity, product=text[:80], unit=text[:40]) for text in descriptions),
        texts=(Text(deliver_to[0], "\n".join(deliver_to)),),
        returns="\n".join(returns),
    )
    made = papers.pages(typesetting.note_pdf(facts))
    heading = deliver_to[0].upper()
    parts = [part for text in descriptions for part in (text, text[:80], text[:40], quantity)]
    assert papers.lost(made, *letterhead, *deliver_to, *deliver_to, heading, *parts, *returns) == {}
    for page in made:
        inked = [glyph for glyph in page.glyphs if glyph.character not in papers.FURNITURE]
        assert min(glyph.left for glyph in inked) > EDGE_MM
        assert max(glyph.right for glyph in inked) < page.width - EDGE_MM
        assert max(glyph.top for glyph in inked) < page.height - EDGE_MM + 1
        assert min(glyph.bottom for glyph in inked) > 8


def picture_of(kind: str, size: tuple[int, int] = (600, 200), colour: str = "#c02060") -> bytes:
    """A picture of one colour."""
    made = BytesIO()
    Image.new("RGB", size, colour).save(made, kind)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_logo_stands_at_the_head_in_its_colours(kind: str) -> None:
    logo = logos.logo(picture_of(kind))
    assert logo.startswith(b"\x89PNG")
    pdf = typesetting.note_pdf(note_facts(logo=logo))
    with pypdfium2.PdfDocument(pdf) as document:
        drawn = document[0].render(scale=2).to_pil().convert("RGB")
    red, green, blue = drawn.getpixel((100, 100))
    assert abs(red - 0xC0) + abs(green - 0x20) + abs(blue - 0x60) < 12


@pytest.mark.parametrize(
    ("given_file", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "is an SVG"),
        (b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>', "is an SVG"),
        (b"%PDF-1.7", "is no picture"),
        (b"GIF89a" + bytes(100), "is no picture"),
        (picture_of("PNG")[:-40], "is a broken picture"),
        (picture_of("JPEG")[:200], "is a broken picture"),
        (picture_of("PNG", (2_001, 2_000)), "has 2001 by 2000 pixels"),
    ],
    ids=["svg", "xml", "pdf", "gif", "half a png", "half a jpeg", "too many pixels"],
)
def test_what_is_no_logo_is_refused_and_the_reason_said(given_file: bytes, why: str) -> None:
    with pytest.raises(logos.Unreadable, match=why):
        logos.logo(given_file)


def test_a_picture_that_claims_to_be_enormous_is_refused_before_it_is_unpacked() -> None:
    bomb = bytearray(picture_of("PNG"))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(logos.Unreadable):
        logos.logo(bytes(bomb))


def test_a_large_logo_is_kept_small_and_without_anything_else_that_was_in_the_file() -> None:
    given_file = picture_of("PNG", (2_000, 1_000)) + b"<script>whatever</script>"
    kept = logos.logo(given_file)
    assert Image.open(BytesIO(kept)).size == (380, 190)
    assert b"whatever" not in kept
