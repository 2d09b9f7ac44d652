"""Mails with papers: who wants them, what is told, and what has come."""

from email.message import EmailMessage

from notifier import domain, handlers, store
from notifier.domain import Choice
from notifier.settings import Settings
from shared import sealing
from shared.contracts import ShipmentChanged
from shared.postgres import Database
from tests.notifier import messages
from tests.notifier.mail_server import Received

KEY = sealing.new_key()
CODE = "JJFI65432100000000224"
WITH_NOTE = Choice(attach_note=True)
PAPERS = Choice(frozenset({domain.PAPERS}))


async def choose(notes: Database, language: domain.Language = "en", **chosen: Choice) -> None:
    """Let the supplier's addresses, by the names before the @, choose."""
    emails = {f"{name}@kuppi.example": choice for name, choice in chosen.items()}
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, [*emails], True, language, choices=emails)


async def tell(notes: Database, settings: Settings, *changes: ShipmentChanged) -> None:
    """Let changes of shipments be heard of, in one batch."""
    async with notes.transaction() as tx:
        await handlers.tell_of_shipments(changes, tx, settings)


async def announced(notes: Database, settings: Settings) -> None:
    """Let a new shipment be heard of, by the settings that are chosen."""
    async with notes.transaction() as tx:
        await handlers.announce_shipments([messages.shipment()], tx, settings)


def attached(mail: Received) -> dict[str, bytes]:
    """What is attached to a mail, by its names; all of it is a PDF, in lines that every server takes."""
    assert mail.content.isascii()
    assert max(map(len, mail.content.split(b"\r\n"))) < 998
    found: dict[str, bytes] = {}
    for part in mail.message.iter_attachments():
        assert isinstance(part, EmailMessage)
        assert (part.get_content_type(), part.get_content_disposition()) == ("application/pdf", "attachment")
        assert max(map(len, str(part.get_payload()).splitlines())) <= 76
        found[str(part.get_filename())] = part.get_content()
    return found
