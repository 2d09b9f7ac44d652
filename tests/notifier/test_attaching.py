"""Papers attached to mails: for who wants them, from the router and nobody else, and never at the price of a mail."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier import app, choosing, domain, fetching, handlers, mime, papers, store
from notifier.domain import Choice, Patience
from notifier.enclosing import AT_ONCE, HELD
from notifier.fetching import Fetching
from notifier.hours import Timing
from notifier.papers import Paper
from notifier.settings import Settings
from shared import links, sealing
from shared.contracts import ShipmentChanged
from shared.links import Signer
from shared.postgres import Database
from tests import builders
from tests.notifier import messages, paper_rooms
from tests.notifier.mail_server import MailServer, Received
from tests.notifier.paper_rooms import LABEL, NOTE, PaperRoom
from tests.notifier.test_digests import an_hour_later
from tests.notifier.test_sender import announce, log_of, sending, until, until_settled

KEY = sealing.new_key()
SIGNER = Signer([KEY])
CODE = "JJFI65432100000000224"
WITH_NOTE = Choice(attach_note=True)
PAPERS = Choice(frozenset({domain.PAPERS}))
SETTINGS = "/ecommerce/v3/notifications/settings"


@pytest.fixture
async def room() -> AsyncIterator[PaperRoom]:
    async with paper_rooms.running() as opened:
        yield opened


@pytest.fixture
def enclosing(settings: Settings, room: PaperRoom) -> Settings:
    """Settings of a notifier that may attach papers."""
    return Settings(**{**settings.model_dump(), "sealing_keys": KEY, "router_url": f"{room.address}/"})


async def choose(notes: Database, language: domain.Language = "en", **chosen: Choice) -> None:
    emails = {f"{name}@kuppi.example": choice for name, choice in chosen.items()}
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, [*emails], True, language, choices=emails)


async def tell(notes: Database, settings: Settings, *changes: ShipmentChanged) -> None:
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
        entry = await until_settled(notes)
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


@pytest.mark.parametrize("status", [404, 410])
async def test_a_label_that_there_is_certainly_not_is_not_waited_for_and_nobody_says_whose_the_code_is(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom, status: int
) -> None:
    room.status, room.certain = lambda path: status if path == links.LABEL_PATH else 200, True
    await choose(notes, a=PAPERS)
    await tell(notes, enclosing, messages.delivered(messages.shipment(), CODE))
    async with sending(notes, enclosing):
        entry = await until_settled(notes)
    (mail,) = mails.received
    assert (entry["attempts"], attached(mail)) == (1, {f"Delivery note WEB-1 {CODE}.pdf": NOTE})
    assert "has given no address label" in mail.body("plain")
    assert "of your own" not in mail.body("plain")
    assert links.LABEL_PATH not in mail.body("plain")


async def test_who_does_not_know_of_a_label_has_not_said_that_there_is_none(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    room.status = lambda path: 404
    await choose(notes, a=PAPERS)
    await tell(notes, enclosing, messages.delivered(messages.shipment(), CODE))
    async with sending(notes, enclosing):
        await until_settled(notes)
    (mail,) = mails.received
    assert attached(mail) == {}
    for said in ("could not be attached", links.LABEL_PATH, links.NOTE_PATH):
        assert said in mail.body("plain")
    assert "of your own" not in mail.body("plain")


async def test_a_mail_of_papers_that_there_are_certainly_not_is_not_wanted(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    room.status, room.certain = lambda path: 404, True
    await choose(notes, a=Choice(domain.USUAL | {domain.PAPERS}, attach_note=True))
    await tell(notes, enclosing, messages.delivered(messages.shipment(), CODE))
    await announced(notes, enclosing)
    async with sending(notes, enclosing):
        entries = await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    assert {entry["kind"]: entry["state"] for entry in entries} == {"papers": "not wanted", "new-shipment": "sent"}
    assert len(mails.received) == 1


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


@pytest.mark.parametrize("trouble", [500, 503, 429, "away"])
async def test_a_mail_waits_for_papers_while_the_router_cannot_give_them_and_comes_with_them_later(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom, trouble: int | str
) -> None:
    if isinstance(trouble, int):
        room.status = lambda path: trouble
    else:
        await room.close()
    await choose(notes, a=WITH_NOTE)
    await announced(notes, enclosing)
    async with sending(notes, enclosing):
        (entry,) = await builders.eventually(
            lambda: log_of(notes), lambda log: "waits for its papers: " in (log[0]["answer"] or "")
        )
        assert (entry["state"] == "sent", mails.received) == (False, [])
        room.status = lambda path: 200
        if trouble == "away":
            await room.open()
        entry = await until_settled(notes)
    (mail,) = mails.received
    assert attached(mail) == {"Delivery note WEB-1.pdf": NOTE}
    # Waiting for papers uses up none of the tries that a mail has at the mail server.
    assert (entry["state"], entry["attempts"], entry["answer"]) == ("sent", 1, "250 taken")


async def test_when_patience_ends_a_mail_goes_without_its_papers_and_says_so(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    await room.close()
    await choose(notes, a=WITH_NOTE)
    await announced(notes, enclosing)
    async with sending(notes, enclosing.model_copy(update={"attach_minutes": 0.002})):
        entry = await until_settled(notes)
    (mail,) = mails.received
    assert (entry["state"], entry["attempts"], attached(mail)) == ("sent", 1, {})
    for text in (mail.body("plain"), mail.body("html")):
        assert "could not be attached" in text
        assert links.NOTE_PATH in text


async def test_when_patience_ends_a_mail_takes_along_what_there_is(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    room.status = lambda path: 503 if path == links.LABEL_PATH else 200
    await choose(notes, a=PAPERS)
    await tell(notes, enclosing, messages.delivered(messages.shipment(), CODE))
    async with sending(notes, enclosing.model_copy(update={"attach_minutes": 0.002})):
        await until_settled(notes)
    (mail,) = mails.received
    assert attached(mail) == {f"Delivery note WEB-1 {CODE}.pdf": NOTE}
    for said in ("could not be attached", links.LABEL_PATH):
        assert said in mail.body("plain")


@pytest.mark.parametrize(
    ("status", "content"),
    [(302, NOTE), (403, NOTE), (200, b"<html>"), (200, b"%PDF-" + bytes(fetching.MOST_BYTES))],
    ids=["elsewhere", "refused", "no PDF", "too large"],
)
async def test_what_is_no_paper_of_a_bearable_size_is_not_attached_and_nobody_else_is_asked(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom, status: int, content: bytes
) -> None:
    room.status, room.content = lambda path: status, lambda path: content
    await choose(notes, a=WITH_NOTE)
    await announced(notes, enclosing)
    async with sending(notes, enclosing):
        entry = await until_settled(notes)
    (mail,) = mails.received
    assert (entry["attempts"], attached(mail)) == (1, {})
    assert "could not be attached" in mail.body("plain")
    assert [path for path, _ in room.asked] == [links.NOTE_PATH]


async def test_a_silent_router_holds_up_no_mail_that_wants_nothing_of_it(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    room.slow = True
    await choose(notes, a=WITH_NOTE)
    one_connection = enclosing.model_copy(update={"smtp_connections": 1})
    for _ in range(30):
        await announced(notes, enclosing)
    async with sending(notes, one_connection):
        await builders.eventually(lambda: log_of(notes), lambda _: room.asked)
        await choose(notes, a=Choice())
        await announce(notes, enclosing, messages.shipment())
        await builders.eventually(lambda: log_of(notes), lambda _: mails.received)
        assert len(mails.received) == 1
    entries = await log_of(notes)
    # What was being asked for is given back at a stop as if never tried.
    assert {entry["state"] for entry in entries} == {"sent", "pending"}
    assert {entry["attempts"] for entry in entries if entry["state"] == "pending"} == {0}


async def test_while_many_mails_wait_for_papers_no_more_are_claimed_and_others_go_on(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    room.slow = True
    await choose(notes, a=PAPERS)
    codes = [f"JJFI{number}" for number in range(HELD + 60)]
    await tell(notes, enclosing, messages.delivered(messages.shipment(), *codes))
    # With so long a pause between two looks, only who is woken takes any.
    woken = enclosing.model_copy(update={"smtp_connections": 1, "poll_seconds": 60})
    async with sending(notes, woken):
        await builders.eventually(lambda: log_of(notes), lambda _: len(room.asked) == AT_ONCE)
        other = messages.shipment(supplier=messages.OTHER_SUPPLIER)
        async with notes.transaction() as tx:
            await handlers.keep_contacts([messages.organisation(messages.OTHER_SUPPLIER)], tx)
            await handlers.announce_shipments([other], tx, enclosing)
        entries = await builders.eventually(lambda: log_of(notes), lambda _: mails.received)
        assert len(mails.received) == 1
        claimed = [entry for entry in entries if entry["state"] == "sending"]
        assert HELD <= len(claimed) < len(entries)
        assert {entry["answer"] for entry in entries} == {None}
        room.slow, room.status = False, lambda path: 503
        room.released.set()
        await until(notes, lambda entry: entry["state"] == "sent" or "answers 503" in (entry["answer"] or ""))
    room.status = lambda path: 200
    async with sending(notes, enclosing):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert len(mails.received) == len(codes) + 1


async def test_only_a_router_that_cannot_be_reached_is_left_alone_but_by_who_asks_for_the_last_time(
    room: PaperRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "FETCH_S", 0.1)
    fetcher = Fetching(room.address, rest_s=600)
    wanted: dict[Paper, str] = {"note": f"{links.NOTE_PATH}?t=1"}
    try:
        room.slow = True
        for _ in range(2):
            with pytest.raises(fetching.NotNow):
                await fetcher.fetch(wanted)
        assert len(room.asked) == 2
        room.released.set()
        await room.close()
        with pytest.raises(fetching.NotNow):
            await fetcher.fetch(wanted)
        room.slow = False
        await room.open()
        monkeypatch.undo()
        with pytest.raises(fetching.NotNow):
            await fetcher.fetch(wanted)
        assert len(room.asked) == 2
        assert (await fetcher.fetch(wanted, last=True)).attached == {"note": NOTE}
    finally:
        await fetcher.close()


async def test_a_mail_that_the_mail_server_puts_off_comes_with_the_same_bytes(
    notes: Database, enclosing: Settings, mails: MailServer, room: PaperRoom
) -> None:
    await choose(notes, a=WITH_NOTE)
    await announced(notes, enclosing)
    async with sending(notes, enclosing):
        await until_settled(notes)
    async with notes.transaction() as tx:
        await tx.execute("UPDATE mails SET state = 'sending', reached = '{}', sent_at = NULL, next_at = now()")
    async with sending(notes, enclosing):
        await until_settled(notes)
    first, again = mails.received
    assert first.content == again.content
    assert attached(first)


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


@given(st.floats(0, 1_000), st.floats(0.01, 100), st.floats(1, 600))
def test_no_mail_waits_for_papers_longer_than_patience_lasts(waited_s: float, first_s: float, whole_s: float) -> None:
    pause_s = papers.asked_again_s(waited_s, Patience(first_s, 3_600.0, whole_s))
    assert (pause_s is None) == (waited_s >= whole_s)
    if pause_s is not None:
        assert 0 < pause_s <= whole_s - waited_s
        assert pause_s in (whole_s - waited_s, max(waited_s, first_s))


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
