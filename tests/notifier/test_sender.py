"""The sender against a real mail server that accepts, refuses, puts off, hangs up, goes away and comes back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from notifier import app, handlers, store
from notifier.domain import Verdict
from notifier.notebook import Notebook
from notifier.sender import IN_HAND, Sender
from notifier.settings import Settings
from notifier.store import Tried
from shared import sealing
from shared.contracts import ShipmentCreated
from shared.postgres import Database, Record
from tests import builders
from tests.notifier import messages
from tests.notifier.mail_server import MailServer


@asynccontextmanager
async def sending(notes: Database, settings: Settings) -> AsyncIterator[Sender]:
    sender = Sender(settings)
    sender.begin(notes)
    try:
        yield sender
    finally:
        await sender.stop()


async def announce(notes: Database, settings: Settings, *shipments: ShipmentCreated) -> None:
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation()], tx)
        await handlers.announce_shipments(shipments, tx, settings)


async def log_of(notes: Database) -> list[Record]:
    async with notes.transaction() as tx:
        return list(await store.mails_page(tx, messages.SUPPLIER, 0, 1_000))


async def until(notes: Database, wanted: Callable[[Record], bool]) -> list[Record]:
    """The log once every entry is as wanted."""
    return await builders.eventually(lambda: log_of(notes), lambda entries: all(map(wanted, entries)))


async def until_settled(notes: Database) -> Record:
    """The only entry of the log once it is settled."""
    (entry,) = await until(notes, lambda entry: entry["state"] in ("sent", "refused", "not wanted"))
    return entry


async def test_a_new_shipment_is_mailed_to_its_supplier(notes: Database, settings: Settings, mails: MailServer) -> None:
    shipment = messages.shipment()
    await announce(notes, settings, shipment)
    async with sending(notes, settings):
        entry = await until_settled(notes)
    (mail,) = mails.received
    assert (mail.sender, mail.recipients) == ("hub@sluice.example", ("orders@kuppi.example",))
    assert mail.message["Message-ID"] == f"<{shipment.shipment_id}.new-shipment@sluice.example>"
    assert mail.message["From"] == "Sluice <hub@sluice.example>"
    assert mail.message["Subject"] == entry["subject"] == f"New shipment: order WEB-1, {messages.RETAILER}"
    assert "SKU-1" in mail.body("plain")
    assert "SKU-1" in mail.body("html")
    assert (entry["state"], entry["attempts"], entry["answer"]) == ("sent", 1, "250 taken")
    assert entry["reached"] == ["orders@kuppi.example"]


async def test_a_reminder_is_mailed_to_its_supplier(notes: Database, settings: Settings, mails: MailServer) -> None:
    shipment = messages.shipment()
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation()], tx)
        await handlers.remind_suppliers([messages.reminder(shipment)], tx, settings)
    async with sending(notes, settings):
        entry = await until_settled(notes)
    (mail,) = mails.received
    assert mail.message["Message-ID"] == f"<{shipment.shipment_id}.reminder@sluice.example>"
    assert mail.message["Subject"] == entry["subject"]
    assert "Friday 3 July 2026 at 00:30 (Finnish time)" in mail.body("plain")
    assert (entry["kind"], entry["state"]) == ("reminder", "sent")


async def test_a_mail_wakes_the_sender_of_its_process_at_once(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    patient = settings.model_copy(update={"poll_seconds": 3600.0})
    async with sending(notes, patient):
        await announce(notes, settings, messages.shipment())
        entry = await until_settled(notes)
    assert entry["state"] == "sent"


async def test_the_mail_speaks_the_language_and_the_names_that_are_known(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    retailer = messages.organisation(messages.RETAILER, name="Webshop Oy", email=None)
    async with notes.transaction() as tx:
        await handlers.keep_contacts([retailer, messages.organisation(language="sv")], tx)
        await handlers.announce_shipments([messages.shipment()], tx, settings)
    async with sending(notes, settings):
        await until_settled(notes)
    assert mails.received[0].message["Subject"] == "Ny försändelse: order WEB-1, Webshop Oy"


async def test_a_mail_refused_for_good_is_not_tried_again(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    mails.answer_recipient = lambda recipient: "550 no such user"
    await announce(notes, settings, messages.shipment())
    async with sending(notes, settings):
        entry = await until_settled(notes)
    assert (entry["state"], entry["attempts"], entry["answer"]) == ("refused", 1, "550 no such user")
    assert mails.received == []


@pytest.mark.parametrize("answer", ["421 closing, try later", "451 greylisted, try later"])
async def test_a_mail_put_off_is_tried_again_with_the_same_bytes(
    notes: Database, settings: Settings, mails: MailServer, answer: str
) -> None:
    answers = iter([answer, answer])
    mails.answer_data = lambda: next(answers, "250 taken")
    await announce(notes, settings, messages.shipment())
    async with sending(notes, settings):
        entry = await until_settled(notes)
    assert (entry["state"], entry["attempts"]) == ("sent", 3)
    assert len(mails.received) == 1


async def test_a_mail_put_off_for_longer_than_patience_lasts_is_refused(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    mails.answer_data = lambda: "451 later"
    impatient = settings.model_copy(update={"retry_days": 1e-9})
    await announce(notes, settings, messages.shipment())
    async with sending(notes, impatient):
        entry = await until_settled(notes)
    assert entry["state"] == "refused"
    assert "given up after" in entry["answer"]


async def test_a_mail_taken_for_one_recipient_is_tried_again_for_the_other_only(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    later = iter(["450 busy"])
    mails.answer_recipient = lambda recipient: next(later, "250 ok") if recipient.startswith("b@") else "250 ok"
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, ["a@kuppi.example", "b@kuppi.example"], True, "en")
        await handlers.announce_shipments([messages.shipment()], tx, settings)
    async with sending(notes, settings):
        entry = await until_settled(notes)
    assert [mail.recipients for mail in mails.received] == [("a@kuppi.example",), ("b@kuppi.example",)]
    assert mails.received[0].content == mails.received[1].content
    assert (entry["state"], entry["reached"]) == ("sent", ["a@kuppi.example", "b@kuppi.example"])


async def test_mails_wait_while_the_server_is_down_and_go_when_it_is_back(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await mails.stop()
    await announce(notes, settings, *(messages.shipment() for _ in range(6)))
    async with sending(notes, settings):
        await builders.eventually(
            lambda: log_of(notes), lambda log: any("cannot be reached" in (entry["answer"] or "") for entry in log)
        )
        assert {entry["state"] for entry in await log_of(notes)} <= {"pending", "sending"}
        await mails.start()
        entries = await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert [entry["attempts"] for entry in entries] == [1] * 6
    assert len(mails.received) == 6


async def test_a_connection_the_server_closed_costs_no_try(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    one_connection = settings.model_copy(update={"smtp_connections": 1, "poll_seconds": 3600.0})
    async with sending(notes, one_connection):
        await announce(notes, settings, messages.shipment())
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
        mails.hang_up()
        await announce(notes, settings, messages.shipment())
        entries = await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert [entry["attempts"] for entry in entries] == [1, 1]
    assert mails.connections == 2


async def test_connections_are_kept_for_the_next_mail(notes: Database, settings: Settings, mails: MailServer) -> None:
    await announce(notes, settings, *(messages.shipment() for _ in range(40)))
    async with sending(notes, settings.model_copy(update={"poll_seconds": 3600.0})):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert mails.connections <= settings.smtp_connections


async def test_what_was_claimed_but_not_begun_is_given_back_at_a_stop_as_if_never_tried(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await announce(notes, settings, *(messages.shipment() for _ in range(20)))
    async with sending(notes, settings.model_copy(update={"smtp_connections": 1})):
        await builders.eventually(lambda: log_of(notes), lambda _: mails.received)
    left = [entry for entry in await log_of(notes) if entry["state"] != "sent"]
    assert {entry["state"] for entry in left} <= {"pending"}
    assert {(entry["attempts"], entry["answer"]) for entry in left} <= {(0, None)}


async def test_no_more_is_sent_than_may_be_repeated_while_the_database_takes_no_notes(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await announce(notes, settings, *(messages.shipment() for _ in range(25)))
    async with notes.transaction() as tx:
        await tx.execute("UPDATE mails SET next_at = now() - make_interval(mins => 1)")
    one_connection = settings.model_copy(update={"smtp_connections": 1})
    async with sending(notes, one_connection):
        await builders.eventually(lambda: log_of(notes), lambda _: mails.received)
        async with notes.transaction() as tx:
            await tx.execute("SELECT FROM mails WHERE state = 'sending' FOR UPDATE")
            (noted,) = await tx.fetch("SELECT count(*) FROM mails WHERE state = 'sent'")

            async def sent() -> int:
                return len(mails.received)

            enough = min(25, noted["count"] + IN_HAND)
            await builders.eventually(sent, lambda count: count >= enough)
            for _ in range(10):
                await log_of(notes)
            assert len(mails.received) <= noted["count"] + IN_HAND
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert len(mails.received) == 25


async def test_several_senders_share_the_work_and_send_each_mail_once(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    shipments = [messages.shipment() for _ in range(60)]
    await announce(notes, settings, *shipments)
    async with sending(notes, settings), sending(notes, settings), sending(notes, settings):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    sent = Counter(mail.message["Message-ID"] for mail in mails.received)
    assert sent == Counter(f"<{shipment.shipment_id}.new-shipment@sluice.example>" for shipment in shipments)


async def test_a_mail_accepted_but_not_noted_before_a_crash_comes_again_as_the_same_mail(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await announce(notes, settings, messages.shipment())
    async with sending(notes, settings):
        await until_settled(notes)
    async with notes.transaction() as tx:
        await tx.execute("UPDATE mails SET state = 'sending', reached = '{}', sent_at = NULL, next_at = now()")
    async with sending(notes, settings):
        await until_settled(notes)
    first, again = mails.received
    assert first.content == again.content


async def test_a_mail_that_cannot_be_written_holds_up_no_other(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await announce(notes, settings, messages.shipment())
    async with notes.transaction() as tx:
        await tx.execute("UPDATE mails SET content = '{}'")
    await announce(notes, settings, messages.shipment())
    async with sending(notes, settings):
        entries = await until(notes, lambda entry: bool(entry["state"] == "sent" or entry["attempts"] > 1))
    assert [entry["state"] == "sent" for entry in entries] == [True, False]
    assert len(mails.received) == 1


async def test_mails_go_on_when_the_connections_to_the_database_were_cut(
    notes: Database, settings: Settings, mails: MailServer, database: str
) -> None:
    async with sending(notes, settings):
        admin = await asyncpg.connect(database)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice-notifier'"
        )
        await admin.close()
        reconnected = await Database.connect(database, "notifier")
        await announce(reconnected, settings, messages.shipment())
        entry = await until_settled(reconnected)
        await reconnected.close()
    assert entry["state"] == "sent"


async def test_a_supplier_who_turned_mail_off_meanwhile_gets_none(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await announce(notes, settings, messages.shipment())
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, ["a@kuppi.example"], False, "en")
    async with sending(notes, settings):
        entry = await until_settled(notes)
    assert entry["state"] == "not wanted"
    assert mails.received == []


async def test_a_stop_finishes_the_mails_in_hand(notes: Database, settings: Settings, mails: MailServer) -> None:
    await announce(notes, settings, *(messages.shipment() for _ in range(20)))
    async with sending(notes, settings):
        await builders.eventually(lambda: log_of(notes), lambda _: mails.received)
    entries = await log_of(notes)
    assert {entry["state"] for entry in entries} <= {"sent", "pending"}
    assert len(mails.received) == sum(entry["state"] == "sent" for entry in entries)


@pytest.fixture
def singly(settings: Settings) -> Settings:
    """Settings with a key, so that each address gets a mail of its own, by which it may leave."""
    return Settings(**{**settings.model_dump(), "sealing_keys": sealing.new_key()})


async def announce_to(notes: Database, settings: Settings, *emails: str) -> None:
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, emails, True, "en")
        await handlers.announce_shipments([messages.shipment()], tx, settings)


async def test_a_stop_between_two_recipients_keeps_who_has_the_mail(
    notes: Database, singly: Settings, mails: MailServer
) -> None:
    await announce_to(notes, singly, "a@kuppi.example", "b@kuppi.example")
    sender = Sender(singly)
    stops: list[asyncio.Task[None]] = []

    def taken() -> str:
        stops.append(asyncio.create_task(sender.stop()))
        return "250 taken"

    mails.answer_data = taken
    sender.begin(notes)
    await builders.eventually(lambda: log_of(notes), lambda _: stops)
    await stops[0]
    (entry,) = await log_of(notes)
    assert (entry["state"], entry["reached"]) == ("pending", ["a@kuppi.example"])
    mails.answer_data = lambda: "250 taken"
    async with sending(notes, singly):
        await until_settled(notes)
    assert [mail.recipients for mail in mails.received] == [("a@kuppi.example",), ("b@kuppi.example",)]


async def test_a_stop_whose_time_is_over_keeps_who_has_the_mail(
    notes: Database, singly: Settings, mails: MailServer
) -> None:
    await announce_to(notes, singly, "a@kuppi.example", "b@kuppi.example")
    mails.silent_to = "b@kuppi.example"
    async with sending(notes, singly.model_copy(update={"drain_seconds": 0.1})):
        await builders.eventually(lambda: log_of(notes), lambda _: mails.received)
    (entry,) = await log_of(notes)
    assert (entry["state"], entry["reached"]) == ("pending", ["a@kuppi.example"])


async def test_an_address_that_cannot_be_written_to_takes_the_mail_from_no_other(
    notes: Database, singly: Settings, mails: MailServer
) -> None:
    await announce_to(notes, singly, "a@kuppi.example", "b@kuppi.example\n", "c@kuppi.example")
    async with sending(notes, singly):
        await until(notes, lambda entry: bool(entry["attempts"] > 2))
    assert [mail.recipients for mail in mails.received] == [("a@kuppi.example",), ("c@kuppi.example",)]


async def test_a_sender_that_lost_its_mail_to_another_tells_nobody_that_it_was_refused(
    notes: Database, settings: Settings
) -> None:
    await announce(notes, settings, messages.shipment())
    async with notes.transaction() as tx:
        (late,) = await store.claim_due(tx, 1, 0)
    async with notes.transaction() as tx:
        await store.claim_due(tx, 1, 60)
    notebook = Notebook(notes, 10.0, lambda: None)
    notebook.note(Tried(late, "s", Verdict("refused", (), "550 no")))
    await notebook.close()
    async with notes.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM events WHERE type = 'mail.refused'") == 0


def test_every_service_has_a_sender_of_its_own(settings: Settings) -> None:
    one, other = app.build(settings), app.build(settings)
    assert one.parts[0] is not other.parts[0]
