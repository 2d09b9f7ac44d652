"""Draws the samples of docs/papers: `python -m tests.router.draw_papers`, after a change of what papers look like."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw

from router.papers import logos, typesetting, zpl
from router.papers.facts import Addressee, NoteFacts, Text
from tests.router import papers
from tests.router.papers import CODE, SSCC, label_facts, note_facts, note_row

FOLDER = Path(__file__).parents[2] / "docs" / "papers"
WIDTH = {"label": 430, "note": 700}
SHADES = 16

FINNISH = label_facts()
SWEDISH = label_facts(
    language="sv",
    code=SSCC,
    sender=("Nätbutiken Ab", "Strandvägen 12", "22100 Mariehamn"),
    receiver=Addressee(("Björn Åkerström",), ("Storgatan 1 B 17",), "111 22 Stockholm", "SWEDEN", "+46701234567"),
    service_code="2104",
    service="Paket hem till dörren",
    extras=("3104: Ömtåligt, hanteras varsamt",),
    ordered_on="2026-01-02",
    routing="",
)
COMING_BACK = label_facts(
    language="en",
    sender=("Maija Meikäläinen", "Kotikatu 1 A 5", "00100 Helsinki"),
    receiver=Addressee(("Supplier Oy, returns",), ("Varastokatu 3",), "33100 Tampere", "", "+358501234567"),
    service_code="2108",
    service="Return from the consumer to the sender",
    extras=("Return RMA-17",),
    weight="",
    of=1,
    ordered_on="2 January 2026",
    routing="",
)
WORST = label_facts(
    language="en",
    sender=("A company with a name so long that nobody has ever said it in one breath " * 2, "Street " * 20, "00100 X"),
    receiver=Addressee(
        (
            "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswessenschafe",
            "مركز الشرق الأوسط للتجارة العامة",
            "c/o שדרות רוטשילד 45, תל אביב",
        ),
        (
            "東京都千代田区千代田1番1号",
            "Проспект Мира 🏠 12, квартира 3",
            "Llanfairpwllgwyngyllgogerychwyrndrobwll " * 4,
        ),
        "00100 Taumatawhakatangihangakoauauotamateaturipukakapiki",
        "NEW ZEALAND",
        "+358 50 123 4567",
    ),
    service="Parcel to a pickup point, with a name that goes on and on as such names do",
    extras=tuple(f"31{number:02}: An additional service, number {number}, in words" for number in range(9)),
)


def notes() -> Iterator[tuple[str, NoteFacts]]:
    """The notes, each with its name."""
    products = (
        "Kalastussaappaat, koko 43",
        "Villasukat, harmaat",
        "Retkikeitin 🔥 kaasulla",
        "Teltta kahdelle, vihreä",
    )
    yield (
        "note-fi",
        note_facts(
            logo=logo(),
            rows=tuple(
                note_row(
                    f"{products[number % 4]}{', ' + 'vettä hylkivä ja kestävä ' * 4 if number % 7 == 3 else ''}",
                    product=f"SKU-{5_000 + number}",
                )
                for number in range(60)
            ),
            returns="Palautusoikeus on 14 päivää.\n1. Pakkaa tuote alkuperäiseen pakkaukseensa.\n2. Liitä mukaan tämä"
            " lähetysluettelo.\n3. Vie paketti mihin tahansa noutopisteeseen.",
        ),
    )
    yield (
        "note-sv",
        note_facts(
            language="sv",
            letterhead=("Nätbutiken Ab", "Strandvägen 12", "22100 Mariehamn", "kundtjanst@example.com"),
            ordered_on="2026-01-02",
            references=(Text("Inköpsorder", "111222333"),),
            deliver_to=("Björn Åkerström", "Storgatan 1 B 17", "111 22 Stockholm", "SWEDEN"),
            buyer=("Björn Åkerström", "Storgatan 1 B 17", "111 22 Stockholm", "SWEDEN"),
            sent_by="Posti, Paket hem till dörren",
            codes=(SSCC,),
            rows=(note_row("Fiskestövlar, storlek 43", unit="ST"), note_row("Ullstrumpor", unit="PAR", to_follow="0")),
            texts=(Text("Hälsning", "Grattis på födelsedagen! 🎂"), Text("", "Tack för att du handlar hos oss.")),
            returns="Returnera inom 14 dagar. Lägg följesedeln i paketet.",
        ),
    )
    yield (
        "note-en",
        note_facts(
            language="en",
            order="A-NUMBER-OF-AN-ORDER-THAT-A-SHOP-MADE-FROM-ALL-IT-KNEW/2026/01/02#000000000000000000000123",
            ordered_on="2 January 2026",
            references=(Text("Purchase order", "4500012345" * 5),),
            deliver_to=WORST.receiver.name + WORST.receiver.street,
            rows=(
                note_row("A" * 150, ordered="1000000.5", delivered="999999.25", to_follow="1.25"),
                note_row("حذاء صيد مقاوم للماء مقاس ٤٣", unit="قطعة"),
                note_row("לבן כותנה גרביים, מידה 43", unit="זוג"),
                note_row("防水長靴 四十三号", unit="足"),
            ),
            texts=(
                Text("", "A greeting that somebody wrote, with an address https://example.com/" + "very-long/" * 15),
            ),
            returns="Send it back within 14 days.",
        ),
    )


def logo() -> bytes:
    """The logo of a shop that does not exist."""
    drawn = Image.new("RGB", (900, 200), "white")
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((10, 10, 190, 190), fill="#20639b")
    pen.polygon([(230, 190), (330, 10), (430, 190)], fill="#ed553b")
    pen.rectangle((470, 10, 890, 190), fill="#173f5f")
    made = BytesIO()
    drawn.save(made, "PNG")
    return logos.logo(made.getvalue())


def draw(name: str, kind: str, pictures: list[Image.Image]) -> None:
    """Write pages side by side, small enough for a repository."""
    height = max(picture.height for picture in pictures)
    gap = 12
    sheet = Image.new("L", (sum(picture.width + gap for picture in pictures) + gap, height + 2 * gap), 150)
    left = gap
    for picture in pictures:
        sheet.paste(picture, (left, gap))
        left += picture.width + gap
    scale = WIDTH[kind] / pictures[0].width
    small = sheet.resize((round(sheet.width * scale), round(sheet.height * scale)), Image.Resampling.LANCZOS)
    small.quantize(SHADES).save(FOLDER / f"{name}.png", optimize=True)


def main() -> None:
    """Draw all of them, and read every barcode back."""
    for name, facts, size in (
        ("label-fi", FINNISH, "107x192"),
        ("label-sv-a5", SWEDISH, "A5"),
        ("label-return-en", COMING_BACK, "107x192"),
        ("label-en", WORST, "107x192"),
    ):
        made = papers.pages(typesetting.label_pdf(facts, "A5" if size == "A5" else "107x192"))
        assert all(papers.scanned(page.picture) == [facts.code] for page in made), name
        draw(name, "label", [page.picture for page in made])
    printed = papers.printed(zpl.label_zpl(WORST, "107x192"), "107x192")
    assert all(papers.scanned(picture) == [CODE] for picture in printed)
    draw("label-en-zpl", "label", printed)
    for name, note in notes():
        made = papers.pages(typesetting.note_pdf(note))
        draw(name, "note", [page.picture for page in made[:2]])


if __name__ == "__main__":
    main()
