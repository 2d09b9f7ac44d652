"""A mail about a shipment, from the shipment's data to the bytes the mail server gets.

The same mail, with the same papers, always has the same bytes; in any case a repeated one can be told by its
Message-ID, and is not a second one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import markupsafe
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape
from jinja2.ext import Extension
from markupsafe import Markup

from notifier import domain, mime, notice_words, papers, wording
from notifier.domain import Language
from notifier.papers import NOTHING, Papers
from notifier.wording import Wording
from shared.contracts import ShipmentCreated, ShipmentReminded

Told = ShipmentCreated | ShipmentReminded
"""What a mail tells a supplier."""

HELSINKI = ZoneInfo("Europe/Helsinki")
MAX_TEXT = 4_000
NOTES_FOR_SUPPLIERS = ("pickingNote", "packingNote", "deliveryNote")

_PLAIN = re.compile(r"\{\{ ([a-z_.]+) \}\}")
_STYLE = re.compile(r"\{% set ([a-z_]+) = \"([^\"]*)\" %\}")


@dataclass(frozen=True)
class Letter:
    """A mail ready to be sent."""

    subject: str
    content: bytes


@dataclass(frozen=True)
class Envelope:
    """What a mail needs besides what it tells.

    The `organisation` it goes to is named `supplier_name`. The links that its reader may follow without an account, if
    any: to `answer` a shipment, to its delivery `note` and the `label` of a parcel, and to `leave` such mails. `papers`
    is what came of those that are to be attached.
    """

    sender: Address
    recipients: tuple[str, ...]
    message_id: str
    written_at: datetime
    language: Language
    supplier_name: str
    retailer_name: str
    public_url: str
    organisation: str = ""
    answer: str | None = None
    note: str | None = None
    label: str | None = None
    leave: str | None = None
    papers: Papers = NOTHING


def leaving(envelope: Envelope) -> tuple[str, str] | None:
    """The words and the address of the link by which a recipient gets no more of such mails, if it may."""
    if envelope.leave is None:
        return None
    return notice_words.WORDS[envelope.language].leave, envelope.leave


def announce(shipment: ShipmentCreated, envelope: Envelope) -> Letter:
    """The mail that tells a supplier of a new shipment, as text and as HTML."""
    words = wording.WORDINGS[envelope.language]
    names = names_in(words, shipment, envelope)
    given: dict[str, Any] = {
        "heading": words.heading,
        "delivery": shipment.delivery,
        "introduction": words.introduction.format(**names),
        "steps": [step.format(**names) for step in words.steps],
        "ship_on": day(words, shipment.delivery.requested_ship_date),
        "deliver_on": day(words, shipment.delivery.requested_delivery_date),
        "address": address_lines(shipment),
        "notes": notes(shipment),
    }
    return _written(shipment, envelope, names, words.subject.format(**names), "new_shipment", given)


def remind(reminded: ShipmentReminded, envelope: Envelope) -> Letter:
    """The mail that reminds a supplier of a shipment it has not opened, as text and as HTML."""
    words = wording.WORDINGS[envelope.language]
    names = names_in(words, reminded, envelope)
    given: dict[str, Any] = {
        "heading": words.reminder_heading,
        "introduction": words.reminder_introduction.format(**names),
        "steps": [step.format(**names) for step in words.reminder_steps],
    }
    return _written(reminded, envelope, names, words.reminder_subject.format(**names), "reminder", given)


def names_in(words: Wording, shipment: Told, envelope: Envelope) -> dict[str, str]:
    """What the texts in braces are filled in with."""
    return {
        "order": shipment.order_external_id,
        "retailer": domain.one_line(envelope.retailer_name),
        "supplier": domain.one_line(envelope.supplier_name),
        "deadline": words.write_moment(shipment.accept_by.astimezone(HELSINKI)),
    }


def _written(
    shipment: Told, envelope: Envelope, names: dict[str, str], subject: str, template: str, given: dict[str, Any]
) -> Letter:
    """A mail from its two templates, with what every mail is given."""
    words, signed = wording.WORDINGS[envelope.language], notice_words.WORDS[envelope.language]
    said: dict[str, Any] = {
        "language": envelope.language,
        "shipment": shipment,
        "retailer": names["retailer"],
        "deadline": names["deadline"],
        "why": words.why.format(**names),
        "link": envelope.answer or f"{envelope.public_url.rstrip('/')}/ecommerce/v3/shipments/{shipment.shipment_id}",
        "link_words": signed.answer if envelope.answer else words.link,
        "note": None if envelope.note is None else (signed.note, envelope.note),
        "missing": signed.missing if envelope.papers.missing else None,
        "leave": leaving(envelope),
        **given,
    }
    subject = domain.one_line(subject)
    headers = mime.Headers(
        envelope.sender,
        envelope.recipients,
        subject,
        envelope.written_at,
        envelope.message_id,
        words.language,
        envelope.leave,
    )
    text, html = (
        _template(envelope.language, f"{template}.{kind}").render(said).removesuffix("\n") + "\n"
        for kind in ("txt", "html")
    )
    attached = papers.attachments(envelope.papers, signed.files, shipment.order_external_id)
    return Letter(subject, mime.mail(headers, text, html, f"=_{shipment.shipment_id}", attached))


def day(words: Wording, moment: datetime | None) -> str | None:
    """A day as the language writes it, where most of our readers are."""
    return None if moment is None else words.write_day(moment.astimezone(HELSINKI))


def address_lines(shipment: ShipmentCreated) -> list[str]:
    """Where a shipment goes."""
    to = shipment.delivery.delivery_address
    place = " ".join(part for part in (to.postal_code, to.post_office) if part)
    lines = "\n".join(part for part in (to.name, to.street_address, place, to.country, to.telephone, to.email) if part)
    return [line.strip() for line in lines.splitlines() if line.strip()]


def notes(shipment: ShipmentCreated) -> list[str]:
    """What the retailer has to say to the supplier, line by line."""
    said = (note.value for note in shipment.delivery.comments if note.type in NOTES_FOR_SUPPLIERS)
    return [line for note in said for line in note.splitlines() if line.strip()]


@cache
def _template(language: Language, name: str) -> Template:
    """A template in a language, with that language's words written into it once."""
    environment = Environment(
        loader=PackageLoader("notifier"),
        extensions=[_Words],
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["words"] = wording.WORDINGS[language]
    return environment.get_template(name)


class _Words(Extension):
    """Makes `{{ words.heading }}` in a template a part of its text, and so too a style that it or the frame has set."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """A template's source with all that is the same in every mail put in."""
        given = {f"words.{field}": text for field, text in vars(self.environment.globals["words"]).items()}
        given |= dict(_STYLE.findall(self._frame())) | dict(_STYLE.findall(source))
        html = name is not None and name.endswith(".html")

        def put_in(found: re.Match[str]) -> str:
            text = given.get(found[1])
            if not isinstance(text, str):
                return found[0]
            return str(markupsafe.escape(text)) if html else text

        return _PLAIN.sub(put_in, source)

    def _frame(self) -> str:
        """The source of the template that all mails are put in."""
        assert self.environment.loader is not None
        return self.environment.loader.get_source(self.environment, "frame.html")[0]


def printable(value: Any) -> Any:
    """What a template may write: text as one line, without the signs that hide or turn round other text; nothing for
    what is not given.
    """
    if value is None:
        return ""
    # What a macro gives has been through here before, and is HTML.
    return domain.one_line(value, MAX_TEXT) if isinstance(value, str) and not isinstance(value, Markup) else value
