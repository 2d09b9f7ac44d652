"""A notice for each kind of thing that mails tell of, from the message it was heard by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from notifier import domain, letter, notice_words, papers, wording
from notifier.letter import Envelope
from notifier.mime import Attachment
from notifier.notice import Notice
from notifier.store import Told
from notifier.subjects import ParcelCoded, Week
from notifier.webhooks.paused import WebhookPaused
from notifier.wording import Wording
from shared.contracts import (
    OrderRouted,
    PromiseWithdrawn,
    ReturnChanged,
    ShipmentChanged,
    ShipmentCreated,
    ShipmentReminded,
)

MOST_ROWS = 60
"""A notice lists so many rows; the thing itself has all of them."""


@dataclass(frozen=True)
class Report:
    """A notice with the subject it has when it comes by itself, and why it comes; and what is attached to it."""

    subject: str
    notice: Notice
    why: str
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True)
class Digest:
    """What stands over and under several reports in one mail: subject, heading, and why it comes."""

    subject: str
    heading: str
    why: str


def report(told: Told, envelope: Envelope) -> Report:
    """What a mail says of something. Raises KeyError for a kind of mail that there is not, ValueError for no
    message.
    """
    return _REPORTS[told.kind](told, envelope)


def digest(reports: Sequence[Report], envelope: Envelope) -> Digest:
    """What stands over and under several reports in one mail."""
    words = notice_words.WORDS[envelope.language]
    names = {"count": str(len(reports)), "first": reports[0].subject}
    why = words.why.format(organisation=domain.one_line(envelope.supplier_name))
    return Digest(words.digest_subject.format(**names), words.digest_heading.format(**names), why)


def _created(told: Told, envelope: Envelope) -> Report:
    shipment = ShipmentCreated.model_validate_json(told.content)
    words = wording.WORDINGS[envelope.language]
    names = letter.names_in(words, shipment, envelope)
    delivery = shipment.delivery
    operator = f" ({delivery.delivery_operator})" if delivery.delivery_operator else ""
    facts = [
        (words.deadline, names["deadline"]),
        (words.order, shipment.order_external_id),
        *((f"{words.reference} {one.name}", one.value) for one in delivery.references),
        (words.retailer, names["retailer"]),
        (words.catalogue, shipment.catalogue_name or shipment.catalogue_id),
        *([(words.service, f"{delivery.service_code}{operator}")] if delivery.service_code else []),
        *(
            [(words.additional_services, ", ".join(one.service_code for one in delivery.additional_services))]
            if delivery.additional_services
            else []
        ),
        *([(words.pickup_point, delivery.pickup_point_id)] if delivery.pickup_point_id else []),
        *([(words.ship_on, shipped)] if (shipped := letter.day(words, delivery.requested_ship_date)) else []),
        *([(words.deliver_on, there)] if (there := letter.day(words, delivery.requested_delivery_date)) else []),
        *((words.notes, note) for note in letter.notes(shipment)),
    ]
    rows = [
        (
            " · ".join(filter(None, (row.description, row.product_id, row.ean))),
            f"{words.write_quantity(row.quantity)} {row.unit or ''}".strip(),
        )
        for row in shipment.rows
    ]
    subject = words.subject.format(**names)
    notice = Notice(subject, facts=facts, rows=_listed(rows), lines=letter.address_lines(shipment))
    return Report(subject, _linked(notice, envelope), words.why.format(**names))


def _reminded(told: Told, envelope: Envelope) -> Report:
    reminded = ShipmentReminded.model_validate_json(told.content)
    words = wording.WORDINGS[envelope.language]
    names = letter.names_in(words, reminded, envelope)
    facts = [(words.deadline, names["deadline"]), (words.order, reminded.order_external_id)]
    subject = words.reminder_subject.format(**names)
    notice = Notice(subject, words.reminder_introduction.format(**names), facts)
    return Report(subject, _linked(notice, envelope), words.why.format(**names))


def _papers(told: Told, envelope: Envelope) -> Report:
    coded = ParcelCoded.model_validate_json(told.content)
    words, own = _words(envelope)
    names = {"order": told.order_external_id, "retailer": domain.one_line(envelope.retailer_name)}
    facts = [
        (own.tracking_code, ", ".join((coded.tracking_code, *coded.further_codes))),
        (words.order, told.order_external_id),
        (words.retailer, envelope.retailer_name),
        (words.catalogue, coded.catalogue_id),
    ]
    subject = own.papers_subject.format(**names)
    introduction = own.papers_introduction
    if coded.own:
        introduction = own.note_alone
    elif "label" in envelope.papers.none:
        introduction = own.no_label
    lines = [own.missing] if envelope.papers.missing else []
    report = _own(subject, _linked(Notice(subject, introduction, facts, lines=lines), envelope), envelope)
    found = papers.attachments(envelope.papers, own.files, told.order_external_id, coded.tracking_code)
    return replace(report, attachments=found)


def _cancelled(told: Told, envelope: Envelope) -> Report:
    changed = ShipmentChanged.model_validate_json(told.content)
    words, own = _words(envelope)
    names = {"order": told.order_external_id, "retailer": domain.one_line(envelope.retailer_name)}
    facts = [
        (words.order, told.order_external_id),
        (words.retailer, envelope.retailer_name),
        (words.catalogue, changed.catalogue_id),
    ]
    subject = own.cancelled_subject.format(**names)
    return _own(subject, Notice(subject, own.cancelled_introduction, facts), envelope)


def _corrected(told: Told, envelope: Envelope) -> Report:
    withdrawn = PromiseWithdrawn.model_validate_json(told.content)
    words, own = _words(envelope)
    order = told.order_external_id or str(withdrawn.order_id)
    to_supplier = envelope.organisation == withdrawn.supplier_id
    facts = [
        (words.order, order),
        (words.catalogue, withdrawn.catalogue_id),
        *([(own.cause, withdrawn.cause)] if to_supplier else []),
    ]
    rows = [(row.product_id, words.write_quantity(row.quantity)) for row in withdrawn.rows]
    subject = own.stock_subject.format(order=order)
    introduction = own.stock_to_supplier if to_supplier else own.stock_to_retailer
    return _own(subject, Notice(subject, introduction, facts, _listed(rows)), envelope)


def _unroutable(told: Told, envelope: Envelope) -> Report:
    routed = OrderRouted.model_validate_json(told.content)
    words, own = _words(envelope)
    order = told.order_external_id or str(routed.order_id)
    rows = [
        (" · ".join(filter(None, (row.external_id, row.reason))), words.write_quantity(row.unserved))
        for row in routed.rows
        if row.unserved
    ]
    subject = own.unroutable_subject.format(order=order)
    notice = Notice(subject, own.unroutable_introduction, [(words.order, order)], _listed(rows))
    return _own(subject, notice, envelope)


def _returned(told: Told, envelope: Envelope) -> Report:
    returned = ReturnChanged.model_validate_json(told.content)
    words, own = _words(envelope)
    said = own.returns[returned.status]
    facts = [
        (words.order, returned.order_external_id),
        (words.retailer, envelope.retailer_name),
        (words.catalogue, returned.catalogue_id),
        (own.return_id, str(returned.return_id)),
    ]
    rows = [
        (
            " · ".join((row.product_id, own.reasons.get(row.reason, row.reason))),
            " / ".join(
                words.write_quantity(quantity)
                for quantity in ([row.received] if returned.status == "Received" else []) + [row.quantity]
            ),
        )
        for row in returned.rows
    ]
    subject = said.subject.format(order=returned.order_external_id)
    return _own(subject, Notice(subject, said.introduction, facts, _listed(rows)), envelope)


def _week(told: Told, envelope: Envelope) -> Report:
    week = Week.model_validate_json(told.content)
    words, own = _words(envelope)
    counts: Mapping[str, int] = week.counts
    facts = [(name, str(counts[kind])) for kind, name in own.week_facts.items() if counts.get(kind)]
    subject = own.week_subject.format(count=sum(counts.get(kind, 0) for kind in own.week_facts))
    introduction = own.week_introduction.format(until=words.write_moment(week.until.astimezone(letter.HELSINKI)))
    return _own(subject, Notice(subject, introduction, facts), envelope)


def _paused(told: Told, envelope: Envelope) -> Report:
    paused = WebhookPaused.model_validate_json(told.content)
    words, own = _words(envelope)
    path = f"{envelope.public_url.rstrip('/')}/ecommerce/v3/webhooks/{paused.name}"
    facts = [
        (own.webhook, paused.name),
        (own.url, paused.url),
        (own.why_paused, domain.one_line(paused.why, domain.MAX_ANSWER)),
        (own.since, words.write_moment(paused.paused_at.astimezone(letter.HELSINKI))),
    ]
    steps = [step.format(path=path) for step in own.webhook_steps]
    notice = Notice(own.webhook_heading, own.webhook_introduction, facts, steps=steps)
    return Report(own.webhook_subject.format(name=paused.name), notice, own.webhook_why)


def _words(envelope: Envelope) -> tuple[Wording, notice_words.Words]:
    return wording.WORDINGS[envelope.language], notice_words.WORDS[envelope.language]


def _own(subject: str, notice: Notice, envelope: Envelope) -> Report:
    organisation = domain.one_line(envelope.supplier_name)
    return Report(subject, notice, notice_words.WORDS[envelope.language].why.format(organisation=organisation))


def _linked(notice: Notice, envelope: Envelope) -> Notice:
    """A notice of a shipment or a parcel with the links that its supplier may follow."""
    words = notice_words.WORDS[envelope.language]
    offered = ((words.answer, envelope.answer), (words.label, envelope.label), (words.note, envelope.note))
    return replace(notice, links=[(name, link) for name, link in offered if link])


def _listed(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return rows if len(rows) <= MOST_ROWS else [*rows[:MOST_ROWS], ("…", f"+ {len(rows) - MOST_ROWS}")]


_REPORTS: Mapping[str, Callable[[Told, Envelope], Report]] = {
    domain.NEW_SHIPMENT: _created,
    domain.REMINDER: _reminded,
    domain.PAPERS: _papers,
    domain.CANCELLED: _cancelled,
    domain.STOCK_CORRECTED: _corrected,
    domain.UNROUTABLE: _unroutable,
    domain.RETURN: _returned,
    domain.WEEKLY_SUMMARY: _week,
    domain.WEBHOOK_PAUSED: _paused,
}
