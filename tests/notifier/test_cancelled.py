"""Shipments that were cancelled or opened while mails about them waited: what is so no more is not told."""

from collections import Counter

from notifier import domain, handlers, store
from notifier.domain import Choice
from notifier.hours import Timing
from notifier.settings import Settings
from shared import schema
from shared.postgres import Database
from tests.notifier import messages
from tests.notifier.mail_server import MailServer
from tests.notifier.test_digests import HOURLY, an_hour_later, announce, choose, sent
from tests.notifier.test_sender import log_of, sending, until


async def test_whoever_is_written_about_new_shipments_is_written_about_cancelled_ones(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    """Who works from mails would send it otherwise."""
    await choose(notes, a=Choice())
    shipment, other = messages.shipment(order="WEB-1"), messages.shipment(order="WEB-2")
    await announce(notes, settings, shipment)
    async with sending(notes, settings):
        await until(notes, sent)
    async with notes.transaction() as tx:
        await handlers.announce_shipments([other], tx, settings)
        await handlers.tell_of_shipments([messages.cancelled(shipment), messages.cancelled(other)], tx, settings)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    # The second is cancelled while its announcement waits: its supplier may know of it by other ways.
    assert sorted(str(mail.message["Subject"]).partition(",")[0] for mail in mails.received) == [
        "New shipment: order WEB-1",
        "Shipment cancelled: order WEB-1",
        "Shipment cancelled: order WEB-2",
    ]


async def test_a_shipment_is_not_announced_of_which_it_was_heard_before_that_it_is_cancelled(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    """They are on two topics, and a notifier that was away may read either first."""
    nobody = messages.shipment(supplier=messages.OTHER_SUPPLIER)
    async with notes.transaction() as tx:
        await handlers.tell_of_shipments([messages.cancelled(nobody)], tx, settings)
    await choose(notes, a=Choice(), b=HOURLY)
    shipment, other = messages.shipment(order="WEB-1"), messages.shipment(order="WEB-2")
    async with notes.transaction() as tx:
        await handlers.tell_of_shipments([messages.cancelled(shipment)], tx, settings)
    await announce(notes, settings, shipment, other)
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    of_first = [entry for entry in await log_of(notes) if entry["order_external_id"] == "WEB-1"]
    assert [entry["state"] for entry in of_first if entry["kind"] == domain.NEW_SHIPMENT] == ["not wanted"]
    assert not any("New shipment: order WEB-1" in mail.body("plain") for mail in mails.received)
    told = [
        mail
        for mail in mails.received
        if "New shipment: order WEB-2" in f"{mail.message['Subject']}{mail.body('plain')}"
    ]
    assert sorted(mail.recipients for mail in told) == [("a@kuppi.example",), ("b@kuppi.example",)]


async def test_who_does_not_want_to_hear_of_new_shipments_hears_of_no_cancelled_ones_unless_it_chose_these(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation()], tx)
        emails = {"a@kuppi.example": Choice(), "b@kuppi.example": Choice(frozenset({domain.CANCELLED}))}
        await store.save_settings(tx, messages.SUPPLIER, [*emails], False, "en", choices=emails)
        await handlers.tell_of_shipments([messages.cancelled(messages.shipment())], tx, settings)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    assert [mail.recipients for mail in mails.received] == [("b@kuppi.example",)]


async def test_whoever_had_chosen_what_was_usual_is_told_of_cancelled_shipments_since_these_are_usual(
    notes: Database,
) -> None:
    before = domain.USUAL - {domain.CANCELLED}
    await choose(notes, a=Choice(before, Timing("hourly")), b=Choice(before - {domain.REMINDER}))
    migration = next(schema.migrations_of("notifier").glob("1069_*.sql")).read_text()
    async with notes.transaction() as tx:
        await tx.execute(migration.partition("-- migrate:down")[0])
        contact = (await store.contact_settings(tx, messages.SUPPLIER)).contact
    assert contact.choices["a@kuppi.example"] == HOURLY
    assert contact.choices["b@kuppi.example"].kinds == before - {domain.REMINDER}


async def test_nobody_is_told_to_send_a_shipment_that_was_cancelled_while_its_mail_waited(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=HOURLY, b=Choice(timing=Timing("daily", 9)))
    cancelled, kept, delivered = (messages.shipment(order=f"WEB-{number}") for number in range(1, 4))
    await announce(notes, settings, cancelled, kept, delivered)
    async with notes.transaction() as tx:
        await handlers.remind_suppliers([messages.reminder(cancelled)], tx, settings)
        changes = [messages.cancelled(cancelled), messages.delivered(delivered)]
        await handlers.tell_of_shipments(changes, tx, settings)
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    assert {mail.recipients for mail in mails.received} == {("a@kuppi.example",), ("b@kuppi.example",)}
    for mail in mails.received:
        assert "New shipment: order WEB-1" not in mail.body("plain")
        assert "Reminder: order WEB-1" not in mail.body("plain")
        assert "WEB-2" in mail.body("plain")
        assert "WEB-3" in mail.body("plain")
    about = [entry for entry in await log_of(notes) if entry["order_external_id"] == "WEB-1"]
    dropped = [entry for entry in about if entry["kind"] != domain.CANCELLED]
    assert len(about) > len(dropped)
    assert Counter(entry["kind"] for entry in dropped) == {domain.NEW_SHIPMENT: 2, domain.REMINDER: 2}
    assert {(entry["state"], entry["answer"]) for entry in dropped} == {
        ("not wanted", "the shipment had moved on before this was sent")
    }


async def test_nobody_is_reminded_of_a_shipment_that_was_opened_while_the_reminder_waited(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=HOURLY)
    opened, unopened = messages.shipment(order="WEB-1"), messages.shipment(order="WEB-2")
    async with notes.transaction() as tx:
        await handlers.remind_suppliers([messages.reminder(opened), messages.reminder(unopened)], tx, settings)
        fewer = messages.opened(unopened).model_copy(update={"status": "Created"})
        await handlers.tell_of_shipments([messages.opened(opened), fewer], tx, settings)
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    (mail,) = mails.received
    assert str(mail.message["Subject"]).startswith("Reminder: order WEB-2")


async def test_a_cancelled_shipment_is_announced_to_no_supplier_whose_address_comes_later(
    notes: Database, settings: Settings
) -> None:
    shipment = messages.shipment()
    await announce(notes, settings, shipment)
    async with notes.transaction() as tx:
        await handlers.tell_of_shipments([messages.cancelled(shipment)], tx, settings)
        await handlers.keep_contacts([messages.organisation()], tx)
    assert [entry["state"] for entry in await log_of(notes)] == ["not wanted"]
