"""What becomes of a shipment's mail, in whatever order its news arrive."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from notifier import handlers
from notifier.settings import Settings
from shared.contracts import OrderForgotten, OrganisationChanged, ShipmentCreated, ShipmentReminded
from shared.postgres import Database, Transaction
from shared.subscriptions import Subscriptions
from tests import builders
from tests.notifier import messages


async def keep(notes: Database, *changes: OrganisationChanged) -> None:
    async with notes.transaction() as tx:
        await handlers.keep_contacts(changes, tx)


async def announce(notes: Database, settings: Settings, *shipments: ShipmentCreated) -> None:
    async with notes.transaction() as tx:
        await handlers.announce_shipments(shipments, tx, settings)


async def remind(notes: Database, settings: Settings, *reminders: ShipmentReminded) -> None:
    async with notes.transaction() as tx:
        await handlers.remind_suppliers(reminders, tx, settings)


async def states(notes: Database) -> list[str]:
    async with notes.transaction() as tx:
        return [row["state"] for row in await tx.fetch("SELECT state FROM mails ORDER BY id")]


async def contact(notes: Database) -> tuple[str, list[str], str]:
    async with notes.transaction() as tx:
        row = await tx.fetch_one("SELECT * FROM contacts WHERE business_id = $1", messages.SUPPLIER)
    assert row is not None
    return row["name"], row["emails"], row["language"]


async def test_a_shipment_of_a_known_supplier_is_announced(notes: Database, settings: Settings) -> None:
    await keep(notes, messages.organisation())
    await announce(notes, settings, messages.shipment(), messages.shipment())
    assert await states(notes) == ["pending", "pending"]


async def test_a_shipment_that_overtakes_the_news_of_its_supplier_waits(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, messages.shipment())
    assert await states(notes) == ["waiting"]
    await keep(notes, messages.organisation())
    assert await states(notes) == ["pending"]


async def test_a_supplier_without_an_address_gets_no_mail(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, messages.shipment())
    await keep(notes, messages.organisation(email=None))
    await announce(notes, settings, messages.shipment())
    assert await states(notes) == ["not wanted", "not wanted"]


async def test_an_address_to_which_no_mail_can_be_sent_counts_as_none(notes: Database, settings: Settings) -> None:
    await keep(notes, messages.organisation(email="orders@kuppi.example\nBcc: evil@x.fi"))
    assert await contact(notes) == ("Kuppi Oy", [], "en")


async def test_one_shipment_makes_one_mail_however_often_it_is_said(notes: Database, settings: Settings) -> None:
    shipment = messages.shipment()
    await announce(notes, settings, shipment, shipment)
    await announce(notes, settings, shipment)
    assert await states(notes) == ["waiting"]


async def test_the_newest_word_of_an_organisation_counts(notes: Database, settings: Settings) -> None:
    new = messages.organisation(email="new@kuppi.example", name="Kuppi Oyj", language="sv-FI", version=3)
    await keep(notes, new, messages.organisation(version=2))
    await keep(notes, messages.organisation(version=1))
    assert await contact(notes) == ("Kuppi Oyj", ["new@kuppi.example"], "sv")


async def test_settings_a_supplier_gave_itself_stay(notes: Database, settings: Settings) -> None:
    async with notes.transaction() as tx:
        await tx.execute(
            "INSERT INTO contacts (business_id, emails, language, own) VALUES ($1, $2, 'fi', true)",
            messages.SUPPLIER,
            ["own@kuppi.example"],
        )
    await keep(notes, messages.organisation(email=None, language="en"))
    assert await contact(notes) == ("Kuppi Oy", ["own@kuppi.example"], "fi")


@pytest.mark.parametrize("earlier", [0, 1])
async def test_news_of_supplier_and_shipment_at_the_same_moment_leave_no_mail_waiting(
    notes: Database, settings: Settings, earlier: int
) -> None:
    await announce(notes, settings, *(messages.shipment() for _ in range(earlier)))
    announced, go_on = asyncio.Event(), asyncio.Event()

    async def announce_slowly(shipments: Sequence[ShipmentCreated], tx: Transaction) -> None:
        await handlers.announce_shipments(shipments, tx, settings)
        announced.set()
        await go_on.wait()

    slowly = Subscriptions()
    slowly.on(ShipmentCreated)(announce_slowly)
    (inbox,) = slowly.inboxes("notifier", notes, settings)
    slow = asyncio.create_task(inbox.take([builders.record(messages.shipment())]))
    await announced.wait()
    news = asyncio.create_task(keep(notes, messages.organisation()))
    try:
        await builders.eventually(lambda: blocked(notes), bool)
    finally:
        go_on.set()
        await asyncio.gather(slow, news)
    assert set(await states(notes)) == {"pending"}


async def blocked(notes: Database) -> int:
    """How many locks are waited for."""
    async with notes.transaction() as tx:
        count: int = await tx.fetch_value("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return count


async def test_a_message_taken_twice_changes_nothing(notes: Database, settings: Settings) -> None:
    inboxes = handlers.subscriptions.inboxes("notifier", notes, settings)
    (inbox,) = (inbox for inbox in inboxes if inbox.type_of_message is ShipmentCreated)
    record = builders.record(messages.shipment(), message_id=uuid4())
    await inbox.take([record, record])
    await inbox.take([record])
    assert await states(notes) == ["waiting"]


async def test_a_reminder_is_one_mail_more_with_an_id_of_its_own(notes: Database, settings: Settings) -> None:
    shipment = messages.shipment()
    await keep(notes, messages.organisation())
    await announce(notes, settings, shipment)
    for _ in range(2):
        await remind(notes, settings, messages.reminder(shipment))
    async with notes.transaction() as tx:
        mails = await tx.fetch("SELECT kind, state, message_id FROM mails ORDER BY id")
    assert [(mail["kind"], mail["state"]) for mail in mails] == [("new-shipment", "pending"), ("reminder", "pending")]
    assert mails[1]["message_id"] == f"<{shipment.shipment_id}.reminder@sluice.example>"


async def test_a_reminder_that_overtakes_the_news_of_its_supplier_waits(notes: Database, settings: Settings) -> None:
    await remind(notes, settings, messages.reminder(messages.shipment()))
    assert await states(notes) == ["waiting"]
    await keep(notes, messages.organisation())
    assert await states(notes) == ["pending"]


async def test_a_supplier_that_wants_no_mail_is_not_reminded_by_mail(notes: Database, settings: Settings) -> None:
    await keep(notes, messages.organisation(email=None))
    await remind(notes, settings, messages.reminder(messages.shipment()))
    assert await states(notes) == ["not wanted"]


async def test_mails_go_with_their_order_reminders_too_and_those_of_others_stay(
    notes: Database, settings: Settings
) -> None:
    old, stays = messages.shipment(), messages.shipment()
    await keep(notes, messages.organisation())
    await announce(notes, settings, old, stays)
    await remind(notes, settings, messages.reminder(old))
    async with notes.transaction() as tx:
        await handlers.forget_mails([OrderForgotten(order_id=old.order_id)], tx)
        rows = await tx.fetch("SELECT shipment_id FROM mails")
    assert [row["shipment_id"] for row in rows] == [stays.shipment_id]
