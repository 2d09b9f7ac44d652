"""Whatever the router answers, a mail comes: with its papers, or without them once patience ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier import domain, fetching, handlers, papers
from notifier.domain import Choice, Patience
from notifier.enclosing import AT_ONCE, HELD
from notifier.fetching import Fetching
from notifier.papers import Paper
from notifier.settings import Settings
from shared import links
from shared.postgres import Database
from tests import builders
from tests.notifier import messages
from tests.notifier.attaching import CODE, PAPERS, WITH_NOTE, announced, attached, choose, tell
from tests.notifier.mail_server import MailServer
from tests.notifier.paper_rooms import NOTE, PaperRoom
from tests.notifier.test_sender import announce, log_of, sending, until, until_settled


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


@given(st.floats(0, 1_000), st.floats(0.01, 100), st.floats(1, 600))
def test_no_mail_waits_for_papers_longer_than_patience_lasts(waited_s: float, first_s: float, whole_s: float) -> None:
    pause_s = papers.asked_again_s(waited_s, Patience(first_s, 3_600.0, whole_s))
    assert (pause_s is None) == (waited_s >= whole_s)
    if pause_s is not None:
        assert 0 < pause_s <= whole_s - waited_s
        assert pause_s in (whole_s - waited_s, max(waited_s, first_s))
