"""Papers attached to mails: for who wants them, from the router and nobody else."""

from datetime import UTC, datetime
from email.headerregistry import Address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier import app, choosing, domain, handlers, mime, papers, store
from notifier.domain import Choice
from notifier.hours import Timing
from notifier.settings import Settings
from shared import links
from shared.links import Signer
from shared.postgres import Database
from tests import builders
from tests.notifier import messages
from tests.notifier.attaching import CODE, KEY, PAPERS, WITH_NOTE, announced, attached, choose, tell
from tests.notifier.mail_server import MailServer, Received
from tests.notifier.paper_rooms import LABEL, NOTE, PaperRoom
from tests.notifier.test_digests import an_hour_later
from tests.notifier.test_sender import sending, until, until_settled

SIGNER = Signer([KEY])
SETTINGS = "/ecommerce/v3/notifications/settings"


def asked_about(room: PaperRoom) -> list[tuple[str, list[str]]]:
    """The paths that were asked for, and what the tokens say: whoever has the keys believes them."""
    purposes = {links.NOTE_PATH: links.NOTE, links.LABEL_PATH: links.LABEL}
    return [(path, SIGNER.read(purposes[path], token, datetime.now(UTC))) for path, token in room.asked]


async def test_the_note_is_attached_for_the_address_that_wants_it_and_linked_for_the_other(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    await choose(notes, a=WITH_NOTE, b=Choice())
    async with notes.transaction() as tx:
        await handlers.announce_shipments([shipment := messages.shipment()], tx, enclosing)
    async with sending(notes, enclosing):
        await until_settled(notes)
    found = {mail.recipients[0]: mail for mail in mails.received}
    assert {email: attached(mail) for email, mail in found.items()} == {
        "a@kuppi.example": {"Delivery note WEB-1.pdf": NOTE},
        "b@kuppi.example": {},
    }
    for mail in mails.received:
        assert mail.message["Message-ID"] == enclosing.message_ids.of(shipment.shipment_id, domain.NEW_SHIPMENT)
        assert f"https://sluice.example{links.NOTE_PATH}?t=" in mail.body("plain")
        assert f"https://sluice.example{links.NOTE_PATH}?t=" in mail.body("html")
        assert "SKU-1" in mail.body("html")
    assert asked_about(room) == [(links.NOTE_PATH, [str(shipment.shipment_id), messages.SUPPLIER])]


async def test_nobody_is_asked_for_papers_that_nobody_has_asked_for(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    await choose(notes, a=Choice(domain.USUAL | {domain.CANCELLED}))
    await announced(notes, enclosing)
    await tell(notes, enclosing, messages.delivered(messages.shipment(), CODE))
    async with sending(notes, enclosing):
        await until_settled(notes)
    assert (room.asked, [attached(mail) for mail in mails.received]) == ([], [{}])


async def test_a_parcel_with_its_code_comes_with_label_and_note_once_however_often_it_is_told(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    await choose(notes, "fi", a=PAPERS)
    shipment = messages.shipment()
    await tell(notes, enclosing, messages.delivered(shipment), messages.delivered(shipment, CODE, version=3))
    await tell(notes, enclosing, messages.delivered(shipment, CODE, version=4), messages.cancelled(messages.shipment()))
    async with sending(notes, enclosing):
        entries = await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    (entry,) = (entry for entry in entries if entry["state"] == "sent")
    (mail,) = mails.received
    assert attached(mail) == {f"Osoitelappu WEB-1 {CODE}.pdf": LABEL, f"Lähetysluettelo WEB-1 {CODE}.pdf": NOTE}
    whose = [str(shipment.shipment_id), messages.SUPPLIER, CODE, "1"]
    assert asked_about(room) == [(links.LABEL_PATH, whose), (links.NOTE_PATH, whose)]
    for text in (mail.body("plain"), mail.body("html")):
        assert CODE in text
        assert f"https://sluice.example{links.LABEL_PATH}?t=" in text
    assert (entry["kind"], entry["shipment_id"], entry["order_external_id"]) == (
        "papers",
        shipment.shipment_id,
        "WEB-1",
    )


async def test_each_parcel_has_a_mail_whatever_codes_it_shares_or_has_and_one_more_for_other_codes(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    await choose(notes, a=PAPERS)
    shipment = messages.shipment()
    first: dict[str, tuple[str, ...]] = {"1": ("A", "B", "C"), "2": ("S",), "3": ("S",)}
    await tell(notes, enclosing, messages.packed(shipment, first))
    await tell(notes, enclosing, messages.packed(shipment, first, version=3))
    await tell(notes, enclosing, messages.packed(shipment, first | {"2": ("N",)}, version=4))
    async with sending(notes, enclosing):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert len({mail.message["Message-ID"] for mail in mails.received}) == len(mails.received) == 4
    whose = {tuple(subject[2:]) for _, subject in asked_about(room)}
    assert whose == {("A", "1"), ("S", "2"), ("S", "3"), ("N", "2")}
    assert any("A, B, C" in mail.body("plain") for mail in mails.received)


async def test_a_parcel_with_its_suppliers_own_code_comes_with_the_note_and_no_label_is_asked_for(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    await choose(notes, a=PAPERS)
    await tell(notes, enclosing, messages.delivered(messages.shipment(), "OWN1", own=True))
    async with sending(notes, enclosing):
        entry = await until_settled(notes)
    (mail,) = mails.received
    assert (entry["attempts"], attached(mail)) == (1, {"Delivery note WEB-1 OWN1.pdf": NOTE})
    assert "a tracking code of your own" in mail.body("plain")
    assert links.LABEL_PATH not in mail.body("plain")
    assert [path for path, _ in room.asked] == [links.NOTE_PATH]


async def test_of_a_router_that_tells_of_no_parcels_each_code_has_a_mail(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    await choose(notes, a=PAPERS)
    told = messages.delivered(messages.shipment(), "A", "B").model_copy(update={"parcels": ()})
    await tell(notes, enclosing, told)
    async with sending(notes, enclosing):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert len(mails.received) == 2
    assert {tuple(subject[2:]) for _, subject in asked_about(room)} == {("A",), ("B",)}


async def test_a_digest_links_papers_and_attaches_none(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    hourly = Timing("hourly")
    await choose(notes, a=Choice(domain.USUAL | {domain.PAPERS}, hourly, attach_note=True))
    await announced(notes, enclosing)
    await tell(notes, enclosing, messages.delivered(messages.shipment(order="WEB-2"), CODE))
    await an_hour_later(notes)
    async with sending(notes, enclosing):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    (mail,) = mails.received
    assert (attached(mail), room.asked) == ({}, [])
    assert links.NOTE_PATH in mail.body("plain")
    assert links.LABEL_PATH in mail.body("plain")


@pytest.mark.parametrize(
    ("missing", "possible"), [({}, True), ({"router_url": None}, False), ({"sealing_keys": ""}, False)]
)
async def test_papers_can_be_chosen_where_they_can_be_had_and_nowhere_else(
    notes: Database, enclosing: Settings, missing: dict[str, object], possible: bool
) -> None:
    signer = builders.Signer()
    supplier = signer.headers(messages.SUPPLIER, "supplier")
    here = Settings(**{**enclosing.model_dump(), **missing})
    wanted = {
        "email": "a@kuppi.example",
        "kinds": ["new-shipment", "papers"],
        "timing": "instant",
        "attachNote": True,
    }
    plain = {"email": "b@kuppi.example", "kinds": ["reminder"], "timing": "instant", "attachNote": None}
    client: httpx.AsyncClient
    async with builders.client_of(app.build(here), notes, signer) as client:
        answer = await client.put(SETTINGS, headers=supplier, json={"addresses": [plain, wanted]})
        if possible:
            assert answer.status_code == 200
            del plain["attachNote"]
            assert (await client.get(SETTINGS, headers=supplier)).json()["addresses"] == [plain, wanted]
        else:
            assert answer.status_code == 400
            fields = [error["field"] for error in answer.json()["errors"]]
            assert fields == ["addresses[1].attachNote", "addresses[1].kinds"]
            assert (await client.get(SETTINGS, headers=supplier)).json()["emails"] == []


async def test_a_mail_to_who_has_chosen_papers_goes_as_ever_where_they_cannot_be_had_any_more(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=Choice(domain.USUAL | {domain.PAPERS}, attach_note=True))
    await announced(notes, settings)
    await tell(notes, settings, messages.delivered(messages.shipment(), CODE))
    async with sending(notes, settings):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert [attached(mail) for mail in mails.received] == [{}, {}]


async def test_who_leaves_a_kind_of_mails_keeps_the_papers_of_the_others(notes: Database) -> None:
    await choose(notes, a=Choice(domain.USUAL | {domain.CANCELLED}, attach_note=True), b=Choice())
    async with notes.transaction() as tx:
        contact = await store.contact_to_change(tx, messages.SUPPLIER)
    assert contact is not None
    left = choosing.without(contact, "a@kuppi.example", [domain.CANCELLED])
    assert left is not None
    assert (left.attach_note, domain.CANCELLED in left.kinds) == (True, False)


@given(st.text(max_size=80), st.lists(st.binary(max_size=120), max_size=2))
def test_whatever_an_order_is_called_its_papers_have_a_name_that_any_machine_takes(
    order: str, contents: list[bytes]
) -> None:
    name = papers.file_name("Delivery note", order)
    assert name.startswith("Delivery note")
    assert name.endswith(".pdf")
    assert len(name) <= papers.LONGEST_NAME + len(".pdf")
    assert name.isprintable()
    assert not set(name) & set('/\\:*?"<>|\r\n')
    at, sender = datetime(2026, 7, 1, tzinfo=UTC), Address(addr_spec="hub@sluice.example")
    headers = mime.Headers(sender, ("a@kuppi.example",), "Hello", at, "<1.papers@sluice.example>", "en")
    attachments = [mime.Attachment(name, content) for content in contents]
    mail = Received("", (), mime.mail(headers, "plain", "<p>", "=_1", attachments))
    assert [part.get_filename() for part in mail.message.iter_attachments()] == [name] * len(contents)
    assert [part.get_payload(decode=True) for part in mail.message.iter_attachments()] == contents
    assert (mail.body("plain"), mail.body("html")) == ("plain", "<p>")
    assert max(map(len, mail.content.split(b"\r\n"))) < 998
