"""Address labels as a person with a scanner meets them, on paper and from a thermal printer."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from router.papers import barcodes, label_bars, typesetting, zpl
from router.papers.facts import SIZES, Addressee, LabelSize
from tests.router import papers
from tests.router.papers import CODE, SSCC, label_facts

BOTH: tuple[LabelSize, ...] = ("107x192", "A5")
PRINTER_EDGE_MM = 2.5
"""What many printers cannot reach."""

LETTERS = st.sampled_from("abcdefgåäöÅÄÖWMijl0123456789-/.,'&#+()\"\\ŻółćęšžđИванщыЩΑθήνα東京都大阪")
WORDS = st.text(LETTERS, min_size=1, max_size=60)
LINES = st.lists(WORDS, min_size=1, max_size=10).map(" ".join)


@pytest.mark.parametrize("size", BOTH)
@pytest.mark.parametrize("code", [CODE, SSCC, "MH-1.2/3 4", "A>B^~_1"])
def test_a_scanner_reads_the_code_from_paper_and_from_a_thermal_printer(code: str, size: LabelSize) -> None:
    facts = label_facts(code=code)
    [page] = papers.pages(typesetting.label_pdf(facts, size))
    assert (round(page.width), round(page.height)) == SIZES[size]
    assert papers.scanned(page.picture) == [code]
    [picture] = papers.printed(zpl.label_zpl(facts, size), size)
    assert picture.size == tuple(8 * side for side in SIZES[size])
    assert papers.scanned(picture) == [code]


def test_bars_are_whole_dots_of_a_thermal_printer_and_have_quiet_zones() -> None:
    for size in BOTH:
        drawn = label_bars.LabelBars(CODE, size)
        assert drawn.module == 3
        assert drawn.at >= 10 * drawn.module
        [picture] = papers.printed(zpl.label_zpl(label_facts(), size), size)
        middle = SIZES[size][1] * 8 - label_bars.bars_above_bottom_mm(size) * 8 + 40
        row = [picture.getpixel((x, middle)) for x in range(picture.width)]
        dark = [x for x, shade in enumerate(row) if shade == 0]
        assert dark[0] == label_bars.LABEL_EDGE_MM * 8 + drawn.at
        assert dark[-1] - dark[0] + 1 == drawn.bars.total * 3


def test_an_sscc_says_what_it_is_and_other_eighteen_digits_do_not() -> None:
    assert barcodes.is_sscc(SSCC)
    assert not barcodes.is_sscc("376130321109103421")
    assert not barcodes.is_sscc("JJFI12345678901234")
    assert barcodes.readable(SSCC) == f"(00) {SSCC}"


@pytest.mark.parametrize("code", ["", "ÄÖ", "A\nB", "1A" * 40])
def test_a_code_that_cannot_be_a_barcode_of_the_label_makes_none(code: str) -> None:
    with pytest.raises(barcodes.Unprintable):
        label_bars.LabelBars(code, "107x192")


def test_the_label_says_who_sends_what_to_whom_and_how() -> None:
    [page] = papers.pages(typesetting.label_pdf(label_facts(), "107x192"))
    words = page.text.replace("\r\n", " ")
    for said in (
        "Webshop Oy",
        "c/o Posti, Keskusta",
        "33100 Tampere",
        "Puh. +358501234567",
        "2103",
        "Paketti noutopisteeseen",
        "3104: Särkyvää, käsiteltävä varoen",
        "Paketti 1/2",
        "Paino 2,5 kg",
        "Sopimus 612345",
        "Reititys 3200",
        CODE,
    ):
        assert said in words


@pytest.mark.parametrize(("language", "said"), [("fi", "VASTAANOTTAJA"), ("sv", "MOTTAGARE"), ("en", "TO")])
def test_the_label_speaks_the_orders_language(language: str, said: str) -> None:
    [page] = papers.pages(typesetting.label_pdf(label_facts(language=language), "A5"))
    assert said in page.text.split()


# A label takes a while to be set and read, so a failing one is shown as it was found.
@settings(
    max_examples=5,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
@given(
    name=st.lists(LINES, min_size=1, max_size=3),
    street=st.lists(LINES, max_size=3),
    town=LINES,
    sender=st.lists(LINES, max_size=4),
    extras=st.lists(LINES, max_size=6),
    size=st.sampled_from(BOTH),
)
def test_whatever_is_written_keeps_to_its_place_and_nothing_of_it_is_lost(
    name: list[str], street: list[str], town: str, sender: list[str], extras: list[str], size: LabelSize
) -> None:
    facts = label_facts(
        receiver=Addressee(tuple(name), tuple(street), town), sender=tuple(sender), extras=tuple(extras)
    )
    made = papers.pages(typesetting.label_pdf(facts, size))
    assert (
        papers.lost(made, *name, *street, town, *sender, *extras, facts.carrier, facts.order, *[CODE] * len(made)) == {}
    )
    foot = label_bars.LABEL_EDGE_MM + label_bars.BARS_MM[size] + label_bars.FOOT_MM - 0.5
    for page in made:
        inked = [glyph for glyph in page.glyphs if glyph.character not in papers.FURNITURE]
        assert min(glyph.left for glyph in inked) > PRINTER_EDGE_MM
        assert max(glyph.right for glyph in inked) < page.width - PRINTER_EDGE_MM
        assert max(glyph.top for glyph in inked) < page.height - PRINTER_EDGE_MM
        assert "".join(glyph.character for glyph in inked if glyph.bottom < foot) == CODE
        assert papers.scanned(page.picture) == [CODE]


def test_an_address_as_long_as_a_book_goes_on_on_a_further_label_with_the_same_code() -> None:
    facts = label_facts(receiver=Addressee(tuple(f"{number} Pitkäkatu" for number in range(300)), (), "00100 Helsinki"))
    made = papers.pages(typesetting.label_pdf(facts, "107x192"))
    assert len(made) > 1
    assert [papers.scanned(page.picture) for page in made] == [[CODE]] * len(made)
    assert "299 Pitkäkatu" in made[-1].text + made[-2].text
    printed = papers.printed(zpl.label_zpl(facts, "107x192"), "107x192")
    assert [papers.scanned(picture) for picture in printed] == [[CODE]] * len(made)


@pytest.mark.parametrize(
    "line", ["مركز الشرق الأوسط للتجارة العامة", "שדרות רוטשילד 45, תל אביב", "🎉👢🚀", "👩‍👧 perhe"]
)
def test_every_script_is_inked_on_paper_and_by_a_thermal_printer(line: str) -> None:
    without, with_it = (label_facts(receiver=Addressee((name,), (), "00100 Helsinki")) for name in ("-", line))
    for size in BOTH:
        [bare], [full] = (papers.pages(typesetting.label_pdf(facts, size)) for facts in (without, with_it))
        assert ink(full.picture) > ink(bare.picture)
        assert papers.scanned(full.picture) == [CODE]
        [bare_print], [full_print] = (papers.printed(zpl.label_zpl(facts, size), size) for facts in (without, with_it))
        assert ink(full_print) > ink(bare_print)
        assert papers.scanned(full_print) == [CODE]


@pytest.mark.parametrize("lines", [8, 14, 20])
def test_an_address_of_many_lines_is_set_smaller_and_stays_one_label(lines: int) -> None:
    facts = label_facts(receiver=Addressee(("Maija",) * lines, (), "00100 Helsinki"))
    heights = [
        max(glyph.top - glyph.bottom for glyph in page.glyphs if glyph.character == "M")
        for made in (label_facts(), facts)
        for page in papers.pages(typesetting.label_pdf(made, "107x192"))
    ]
    assert len(heights) == 2
    assert heights[1] < heights[0]
    assert len(typesetting.label_pictures(facts, "107x192")) == 1


@pytest.mark.parametrize("name", ["\ufdfd" * 3, "W" * 40, "株式会社" * 9, "\U0001f462" * 20])
def test_a_word_wider_than_the_label_is_broken_however_few_letters_it_has(name: str) -> None:
    [page] = papers.pages(typesetting.label_pdf(label_facts(receiver=Addressee((name,), (), "x")), "107x192"))
    edge = int(PRINTER_EDGE_MM / 25.4 * papers.DOTS_PER_INCH)
    width, height = page.picture.size
    assert ink(page.picture.crop((width - edge, 0, width, height))) == 0
    assert ink(page.picture.crop((0, 0, edge, height))) == 0


def ink(picture: Image.Image) -> int:
    """How many dots of a picture are dark."""
    return sum(picture.histogram()[:128])


def test_what_steers_instead_of_being_read_is_left_out() -> None:
    [page] = papers.pages(
        typesetting.label_pdf(
            label_facts(
                receiver=Addressee(("Ma\u202eija\x1b[1m\t#set #emph[x] *y* $z$", '")) #panic() \\u{41}\\'), (), "x")
            ),
            "A5",
        )
    )
    assert "Maija[1m #set #emph[x] *y* $z$" in page.text
    assert '")) #panic() \\u{41}\\' in page.text


def test_the_same_facts_make_the_same_label_to_the_last_byte() -> None:
    assert typesetting.label_pdf(label_facts(), "A5") == typesetting.label_pdf(label_facts(), "A5")
    assert zpl.label_zpl(label_facts(), "A5") == zpl.label_zpl(label_facts(), "A5")
