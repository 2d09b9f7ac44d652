"""What stands in a mail, in three languages, and what nobody can smuggle into it."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier import domain, letter, notice, reporting, wording
from notifier.domain import Language
from notifier.feed.telling import TYPES
from notifier.papers import Papers
from notifier.store import Told
from notifier.subjects import ParcelCoded, Week
from shared.contracts import Reference, ShipmentCreated
from tests.notifier import messages


def write(shipment: ShipmentCreated, language: Language = "en", retailer: str = "Webshop Oy") -> letter.Letter:
    return letter.announce(shipment, envelope(language, retailer))


def remind(shipment: ShipmentCreated, language: Language = "en", retailer: str = "Webshop Oy") -> letter.Letter:
    return letter.remind(messages.reminder(shipment), envelope(language, retailer))


def envelope(language: Language, retailer: str) -> letter.Envelope:
    return letter.Envelope(
        sender=Address("Sluice", addr_spec="hub@sluice.example"),
        recipients=("a@kuppi.example", "b@kuppi.example"),
        message_id="<1.new-shipment@sluice.example>",
        written_at=datetime(2026, 7, 1, 6, 0, tzinfo=UTC),
        language=language,
        supplier_name="Kuppi Oy",
        retailer_name=retailer,
        public_url="https://sluice.example/",
    )


def read(written: letter.Letter) -> tuple[EmailMessage, str, str]:
    """The mail, its text and its HTML."""
    message = message_from_bytes(written.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return message, plain.get_content(), html.get_content()


class Tags(HTMLParser):
    """The names of the tags in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)


class Cells(HTMLParser):
    """What stands in the cells of a page, with their styles, and the style of the card that all of it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.card = ""
        self.found: list[tuple[str, str]] = []
        self._within = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("class") == "card":
            self.card = given.get("style") or ""
        if tag in ("td", "th"):
            self.found.append((given.get("style") or "", ""))
            self._within = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._within = False

    def handle_data(self, data: str) -> None:
        if self._within:
            style, text = self.found[-1]
            self.found[-1] = style, text + data


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_mail_says_all_that_the_supplier_needs(language: Language) -> None:
    shipment = messages.shipment()
    message, plain, html = read(write(shipment, language))
    words = wording.WORDINGS[language]
    assert words.language == message["Content-Language"] == language
    for text in (plain, html):
        for expected in (
            *(words.heading, "WEB-1", "Webshop Oy", "Cups and mugs", "4500012", "SKU-1", "6400000000001"),
            *("Coffee cup", "KPL", "SKU-2", "Maija Meikäläinen", "c/o Kioski", "00100 HELSINKI", "2103 (Posti)"),
            *("Ring the bell", words.address, words.deadline, words.next, words.link),
            f"https://sluice.example/ecommerce/v3/shipments/{shipment.shipment_id}",
        ):
            assert expected.casefold() in text.casefold()
        assert "internal" not in text


@pytest.mark.parametrize(
    ("language", "subject", "deadline", "day", "quantity"),
    [
        (
            "fi",
            "Uusi lähetys: tilaus WEB-1, Webshop Oy",
            "perjantaina 3.7.2026 klo 00.30 (Suomen aikaa)",
            "maanantaina 6.7.2026",
            "2,5",
        ),
        (
            "sv",
            "Ny försändelse: order WEB-1, Webshop Oy",
            "fredag 3 juli 2026 kl. 00.30 (finsk tid)",
            "måndag 6 juli 2026",
            "2,5",
        ),
        (
            "en",
            "New shipment: order WEB-1, Webshop Oy",
            "Friday 3 July 2026 at 00:30 (Finnish time)",
            "Monday 6 July 2026",
            "2.5",
        ),
    ],
)
def test_days_hours_and_quantities_are_written_as_the_language_does_in_finnish_time(
    language: Language, subject: str, deadline: str, day: str, quantity: str
) -> None:
    message, plain, html = read(write(messages.shipment(), language))
    assert message["Subject"] == subject
    for text in (plain, html):
        assert deadline in text
        assert day in text
        assert quantity in text
        assert "3.000000" not in text


def test_the_same_mail_has_the_same_bytes_each_time() -> None:
    shipment = messages.shipment()
    assert write(shipment).content == write(shipment).content
    assert remind(shipment).content == remind(shipment).content


@pytest.mark.parametrize(
    ("language", "subject", "deadline"),
    [
        (
            "fi",
            "Muistutus: tilaus WEB-1, Webshop Oy odottaa vastaustanne",
            "perjantaina 3.7.2026 klo 00.30 (Suomen aikaa)",
        ),
        ("sv", "Påminnelse: order WEB-1, Webshop Oy väntar på ert svar", "fredag 3 juli 2026 kl. 00.30 (finsk tid)"),
        (
            "en",
            "Reminder: order WEB-1, Webshop Oy is waiting for your answer",
            "Friday 3 July 2026 at 00:30 (Finnish time)",
        ),
    ],
)
def test_a_reminder_says_which_shipment_waits_until_when_and_what_happens_then(
    language: Language, subject: str, deadline: str
) -> None:
    shipment = messages.shipment()
    message, plain, html = read(remind(shipment, language))
    words = wording.WORDINGS[language]
    assert (message["Subject"], message["Content-Language"]) == (subject, language)
    link = f"https://sluice.example/ecommerce/v3/shipments/{shipment.shipment_id}"
    for text in (plain, html):
        for expected in (
            words.reminder_heading,
            "WEB-1",
            "Webshop Oy",
            "CUPS",
            deadline,
            words.reminder_steps[2],
            link,
        ):
            assert expected in text
        assert "Maija" not in text


def test_a_mail_is_ascii_with_short_lines_that_end_as_smtp_wants() -> None:
    content = write(messages.shipment(description="Ääkköset " * 100), "fi").content
    content.decode("ascii")
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)


HARMLESS = Tags(read(write(messages.shipment()))[2])
HARMLESS_REMINDER = Tags(read(remind(messages.shipment()))[2])

hostile = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60),
    st.sampled_from(
        [
            "x\r\nBcc: evil@x.fi",
            "x\n.\r\nMAIL FROM:<e@x>",
            "<script>alert(1)</script>",
            "\u202egnp.exe",
            "{order}",
            "{{7*7}}",
        ]
    ),
)


@settings(max_examples=30, deadline=None)
@given(hostile, hostile, hostile, hostile)
def test_nothing_a_retailer_writes_becomes_a_header_or_html(order: str, text: str, note: str, retailer: str) -> None:
    shipment = messages.shipment(order=order, description=text, note=note, receiver=text)
    for written, harmless in (
        (write(shipment, retailer=retailer), HARMLESS),
        (remind(shipment, retailer=retailer), HARMLESS_REMINDER),
    ):
        message, plain, html = read(written)
        assert message["Bcc"] is None
        assert [address.addr_spec for address in message["To"].addresses] == ["a@kuppi.example", "b@kuppi.example"]
        assert set(message.keys()) == {
            *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
            *("MIME-Version", "Content-Type"),
        }
        assert "\u202e" not in plain + html
        assert set(Tags(html).names) == set(harmless.names)


LINK = "https://sluice.example/ecommerce/v3/notifications/leave?t=token"
KINDS = (
    *(domain.NEW_SHIPMENT, domain.REMINDER, domain.CANCELLED),
    *(domain.STOCK_CORRECTED, domain.UNROUTABLE, domain.PAPERS, domain.RETURN),
)


def of_kind(kind: str, content: str, text: str) -> letter.Letter:
    """A mail with one notice and its papers, of which everything that others may write is this text."""
    whose = replace(envelope("en", text), supplier_name=text, organisation=messages.SUPPLIER, answer=LINK, leave=LINK)
    whose = replace(whose, papers=Papers({"label": b"%PDF", "note": b"%PDF"}, missing=True))
    told = reporting.report(Told(kind, content, text, text), whose)
    return notice.written(told.subject, told.notice.title, [told.notice] * 2, told.why, whose, told.attachments)


def told_of(kind: str, text: str) -> str:
    """The message that a mail of a kind tells of, in the words of others."""
    shipment = messages.shipment(order=text, description=text, note=text, receiver=text)
    shipment = shipment.model_copy(update={"catalogue_id": text, "catalogue_name": text})
    withdrawn = messages.withdrawn(shipment).model_copy(update={"cause": text})
    of_shipment = (shipment, messages.reminder(shipment), messages.cancelled(shipment))
    coded = ParcelCoded(
        order_id=shipment.order_id,
        shipment_id=shipment.shipment_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=text,
        tracking_code=text,
    )
    told = (*of_shipment, withdrawn, messages.unroutable(shipment), coded, messages.returned(shipment))
    return next(event for one, event in zip(KINDS, told, strict=True) if one == kind).model_dump_json()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(KINDS), hostile)
def test_nothing_that_others_write_becomes_a_header_or_html_of_a_notice(kind: str, text: str) -> None:
    message, plain, html = read(of_kind(kind, told_of(kind, text), text))
    _, _, harmless = read(of_kind(kind, told_of(kind, "harmless"), "harmless"))
    assert message["Bcc"] is None
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language"),
        *("MIME-Version", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"),
    }
    assert message["List-Unsubscribe"] == f"<{LINK}>"
    assert "\u202e" not in plain + html
    # A text of nothing but blanks leaves its row or its line out.
    assert set(Tags(html).names) <= set(Tags(harmless).names)


@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_says_the_same_as_text_and_as_html(kind: str) -> None:
    _, plain, html = read(of_kind(kind, told_of(kind, "Cup & saucer"), "Cup & saucer"))
    for expected in ("Cup & saucer", LINK):
        assert expected in plain
        assert expected.replace("&", "&amp;") in html


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_weekly_summary_names_all_that_happened_but_steps_on_the_way(language: Language) -> None:
    counts: dict[str, int] = dict.fromkeys(map(str, TYPES), 1)
    week = Week(until=datetime(2026, 7, 6, 5, tzinfo=UTC), counts=counts)
    told = reporting.report(Told(domain.WEEKLY_SUMMARY, week.model_dump_json(), "", ""), envelope(language, ""))
    steps = {"order.changed", "order.routed", "shipment.changed"}
    assert len(told.notice.facts) == len(counts.keys() - steps)
    assert str(len(told.notice.facts)) in told.subject


def test_mails_are_made_for_light_and_dark_and_fetch_nothing() -> None:
    for written in (write(messages.shipment()), of_kind(domain.CANCELLED, told_of(domain.CANCELLED, "x"), "x")):
        _, _, html = read(written)
        assert '<meta name="color-scheme" content="light dark">' in html
        assert "prefers-color-scheme: dark" in html
        assert not {"img", "script", "link", "iframe", "object"} & set(Tags(html).names)
        assert "url(" not in html


def test_no_word_however_long_moves_a_quantity_out_of_sight() -> None:
    word = "Lampunvarjostin" * 12
    shipment = messages.shipment(description=word, note=word, receiver=word, order=word[:100])
    named = shipment.delivery.model_copy(update={"references": (Reference(name=word, value=word),)})
    rows = tuple(row.model_copy(update={"product_id": word[:100]}) for row in shipment.rows)
    long = shipment.model_copy(update={"delivery": named, "rows": rows})
    for written, quantity in (
        (write(long, retailer=word), "2.5"),
        (of_kind(domain.NEW_SHIPMENT, long.model_dump_json(), word), "2.5"),
    ):
        _, _, html = read(written)
        cells = Cells(html)
        # What it holds may break, and is inherited by every cell in it.
        assert "word-break:break-word" in cells.card
        unbroken = [text.strip() for style, text in cells.found if "white-space:nowrap" in style]
        assert quantity in unbroken
        assert not [text for text in unbroken if len(text) > 40]
