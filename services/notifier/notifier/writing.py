"""From a claimed mail to what the mail server is given: which letter it is, and which links stand in it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from notifier import choosing, domain, letter, notice, reporting
from notifier.letter import Envelope, Letter
from notifier.papers import NOTHING, Paper, Papers
from notifier.settings import Settings
from notifier.store import ClaimedMail, Told
from notifier.subjects import ParcelCoded
from shared import links
from shared.contracts import ShipmentCreated, ShipmentReminded
from shared.links import Signer

NOTE_GOOD_FOR = timedelta(days=60)
LEAVE_GOOD_FOR = timedelta(days=400)


class Writer:
    """Writes mails. The same mail for the same recipients, with the same papers, has the same bytes each time."""

    def __init__(self, settings: Settings, signer: Signer) -> None:
        """Without a key to sign with there are no links that need no account."""
        self._sender = settings.sender
        self._public_url = settings.public_url
        self._signer = signer
        self._attaches = settings.router_url is not None and signer.can_sign

    def attaches(self, mail: ClaimedMail) -> bool:
        """Whether papers are to be attached to the mail for anybody who has not got it."""
        if not self._attaches:
            return False
        kind = choosing.kind_of(mail.kind)
        wanting = {email for email in mail.contact.emails if choosing.attaches(mail.contact, email, kind)}
        return bool(wanting) and not wanting.difference(mail.reached).isdisjoint(mail.recipients)

    def papers_of(self, mail: ClaimedMail) -> Mapping[Paper, str]:
        """Where a mail's papers are, as path and query at the router. Raises ValueError for no message."""
        until = mail.created_at + NOTE_GOOD_FOR
        if choosing.kind_of(mail.kind) == domain.PAPERS:
            coded = ParcelCoded.model_validate_json(mail.content)
            whose = _parcel(coded)
            note = self._link(links.NOTE, links.NOTE_PATH, whose, until, "")
            if coded.own:
                return {"note": note}
            return {"label": self._link(links.LABEL, links.LABEL_PATH, whose, until, ""), "note": note}
        whose = [str(mail.shipment_id), mail.recipient_id]
        return {"note": self._link(links.NOTE, links.NOTE_PATH, whose, until, "")}

    def singly(self, mail: ClaimedMail, told: Sequence[Told]) -> bool:
        """Whether each recipient gets a mail of its own: because only it may leave such mails by the link in it, or
        because not everybody is told the same.
        """
        if len({frozenset(emails) for emails in mail.readers.values()}) > 1:
            return True
        return self._signer.can_sign and any(
            choosing.may_leave(mail.contact, email, kind) for email in mail.recipients for kind in _kinds(mail, told)
        )

    def write(
        self,
        mail: ClaimedMail,
        told: Sequence[Told],
        recipients: Sequence[str],
        papers: Papers = NOTHING,
        *,
        singly: bool,
    ) -> Letter:
        """The letter for these recipients, who are told the same.

        `told` is what a digest tells, to each what it wants, and `papers` what came of those that somebody wants
        attached. Raises ValueError for no message.
        """
        told = mail.told_to(recipients[0], told)
        kind = choosing.kind_of(mail.kind)
        envelope = Envelope(
            sender=self._sender,
            recipients=tuple(recipients),
            message_id=mail.message_id,
            written_at=mail.created_at,
            language=mail.language,
            supplier_name=mail.supplier_name or mail.recipient_id,
            retailer_name="",
            public_url=self._public_url,
            organisation=mail.recipient_id,
            leave=self._leaving(mail, told, recipients[0]) if singly else None,
            papers=papers if all(choosing.attaches(mail.contact, one, kind) for one in recipients) else NOTHING,
        )
        if len(told) < 2:
            return self._alone(told[0] if told else mail.told, envelope)
        reports = [reporting.report(one, self._about(one, envelope)) for one in told]
        digest = reporting.digest(reports, envelope)
        return notice.written(digest.subject, digest.heading, [one.notice for one in reports], digest.why, envelope)

    def _alone(self, told: Told, envelope: Envelope) -> Letter:
        match told.kind:
            case domain.NEW_SHIPMENT:
                shipment = ShipmentCreated.model_validate_json(told.content)
                return letter.announce(shipment, self._of_shipment(shipment, told, envelope))
            case domain.REMINDER:
                reminded = ShipmentReminded.model_validate_json(told.content)
                return letter.remind(reminded, self._of_shipment(reminded, told, envelope))
            case _:
                report = reporting.report(told, self._about(told, envelope))
                heading = report.notice.title
                return notice.written(
                    report.subject, heading, [report.notice], report.why, envelope, report.attachments
                )

    def _about(self, told: Told, envelope: Envelope) -> Envelope:
        """The envelope for one of the things that a mail tells: with its retailer's name and its links."""
        match told.kind:
            case domain.NEW_SHIPMENT:
                return self._of_shipment(ShipmentCreated.model_validate_json(told.content), told, envelope)
            case domain.REMINDER:
                return self._of_shipment(ShipmentReminded.model_validate_json(told.content), told, envelope)
            case domain.PAPERS:
                return self._of_parcel(ParcelCoded.model_validate_json(told.content), told, envelope)
            case _:
                return replace(envelope, retailer_name=told.retailer)

    def _of_shipment(self, shipment: ShipmentCreated | ShipmentReminded, told: Told, envelope: Envelope) -> Envelope:
        vendor = shipment.delivery.vendor if isinstance(shipment, ShipmentCreated) else None
        unnamed = told.retailer == shipment.retailer_id
        name = vendor.name if vendor is not None and unnamed else None
        envelope = replace(envelope, retailer_name=name or told.retailer)
        if not self._signer.can_sign:
            return envelope
        whose = [str(shipment.shipment_id), shipment.supplier_id]
        until = envelope.written_at + NOTE_GOOD_FOR
        return replace(
            envelope,
            answer=self._link(links.ANSWER, links.ANSWER_PATH, [*whose, envelope.language], shipment.accept_by),
            note=self._link(links.NOTE, links.NOTE_PATH, whose, until),
        )

    def _of_parcel(self, coded: ParcelCoded, told: Told, envelope: Envelope) -> Envelope:
        envelope = replace(envelope, retailer_name=told.retailer)
        if not self._signer.can_sign:
            return envelope
        whose, until, none = _parcel(coded), envelope.written_at + NOTE_GOOD_FOR, envelope.papers.none
        return replace(
            envelope,
            label=None if coded.own or "label" in none else self._link(links.LABEL, links.LABEL_PATH, whose, until),
            note=None if "note" in none else self._link(links.NOTE, links.NOTE_PATH, whose, until),
        )

    def _leaving(self, mail: ClaimedMail, told: Sequence[Told], email: str) -> str | None:
        kinds = [kind for kind in _kinds(mail, told) if choosing.may_leave(mail.contact, email, kind)]
        if not kinds or not self._signer.can_sign:
            return None
        subject = [mail.recipient_id, email, mail.language, *kinds]
        return self._link(links.LEAVE, links.LEAVE_PATH, subject, mail.created_at + LEAVE_GOOD_FOR)

    def _link(
        self, purpose: str, path: str, subject: Sequence[str], until: datetime, address: str | None = None
    ) -> str:
        """A link at our public address, or at another one."""
        at = self._public_url if address is None else address
        return links.address(at, path, self._signer.sign(purpose, subject, until))


def _parcel(coded: ParcelCoded) -> list[str]:
    """What the links to a parcel's papers are about."""
    parcel = [] if coded.parcel_id is None else [coded.parcel_id]
    return [str(coded.shipment_id), coded.supplier_id, coded.tracking_code, *parcel]


def _kinds(mail: ClaimedMail, told: Sequence[Told]) -> list[str]:
    """The kinds of news in a mail, each once."""
    return list(dict.fromkeys(one.kind for one in told)) if told else [choosing.kind_of(mail.kind)]
