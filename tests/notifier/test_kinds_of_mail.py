"""Kinds of mails that an organisation asks for: corrected stock, unroutable orders, returns, the weekly summary."""

from collections import Counter
from datetime import timedelta

from notifier import domain, handlers, store, summaries
from notifier.domain import Choice
from notifier.settings import Settings
from shared.contracts import OrderForgotten
from shared.postgres import Database, Record
from tests.notifier import messages
from tests.notifier.mail_server import MailServer
from tests.notifier.test_digests import IDS, sent
from tests.notifier.test_sender import log_of, sending, until


async def test_only_who_asked_is_told_of_what_is_corrected_or_unroutable(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    shipments = [messages.shipment() for _ in range(2)]
    for shipment in shipments:
        async with notes.transaction() as tx:
            await handlers.keep_contacts([messages.organisation(), messages.organisation(messages.RETAILER)], tx)
            await handlers.tell_of_corrections([messages.withdrawn(shipment)], tx, settings)
            await handlers.tell_of_routes([messages.unroutable(shipment)], tx, settings)
        if not await log_of(notes):
            kinds = frozenset({domain.STOCK_CORRECTED, domain.UNROUTABLE})
            async with notes.transaction() as tx:
                for who in (messages.SUPPLIER, messages.RETAILER):
                    emails = {f"{who}@x.fi": Choice(kinds)}
                    await store.save_settings(tx, who, [*emails], True, "en", choices=emails)
    async with sending(notes, settings):
        await until(notes, sent)
    got = Counter((mail.recipients[0], mail.message["Subject"].partition(":")[0]) for mail in mails.received)
    order = shipments[-1].order_id
    assert got == {
        (f"{messages.SUPPLIER}@x.fi", "Not enough in stock"): 1,
        (f"{messages.RETAILER}@x.fi", "Not enough in stock"): 1,
        (f"{messages.RETAILER}@x.fi", "Order WEB-1 cannot be delivered"): 1,
    }
    async with notes.transaction() as tx:
        await handlers.forget_mails([OrderForgotten(order_id=order)], tx)
        assert await tx.fetch_value("SELECT count(*) FROM mails") == 0


async def test_of_a_return_the_side_is_told_by_mail_that_did_not_say_so_itself(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    shipment, supplier, retailer = messages.shipment(), messages.SUPPLIER, messages.RETAILER
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation(), messages.organisation(retailer)], tx)
        for who in (supplier, retailer):
            emails = {f"{who}@x.fi": Choice(frozenset({domain.RETURN}))}
            await store.save_settings(tx, who, [*emails], True, "en", choices=emails)
    told = [
        messages.returned(shipment, by=retailer),
        messages.returned(shipment, "Received", by=supplier, version=2),
        messages.returned(messages.shipment(order="WEB-2"), "Cancelled", by=None, version=2),
    ]
    for _ in range(2):
        async with notes.transaction() as tx:
            await handlers.tell_of_returns(told, tx, settings)
    async with sending(notes, settings):
        await until(notes, sent)
    got = Counter((mail.recipients[0], mail.message["Subject"]) for mail in mails.received)
    assert got == {
        (f"{supplier}@x.fi", "Return on its way: order WEB-1"): 1,
        (f"{retailer}@x.fi", "Return received: order WEB-1"): 1,
        (f"{supplier}@x.fi", "Return cancelled: order WEB-2"): 1,
        (f"{retailer}@x.fi", "Return cancelled: order WEB-2"): 1,
    }
    [received] = [mail.message for mail in mails.received if "received" in mail.message["Subject"]]
    text = received.get_body(("plain",))
    assert text is not None
    assert "SKU-1 · does not fit: 1 / 2" in text.get_content()
    assert {entry["shipment_id"] for entry in await log_of(notes)} >= {shipment.shipment_id}


async def test_a_weekly_summary_counts_what_the_feed_has_told_and_comes_once(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    emails = {"a@x.fi": Choice(frozenset({domain.WEEKLY_SUMMARY}))}
    async with notes.transaction() as tx:
        now = await tx.now()
        await store.save_settings(tx, messages.SUPPLIER, [*emails], True, "en", choices=emails, summary_at=now)
        await tx.execute(
            "INSERT INTO events SELECT $1, n, n::text, 'shipment.created', now() - make_interval(days => n), ''"
            " FROM generate_series(1, 9) AS n",
            messages.SUPPLIER,
        )
    for _ in range(2):
        await summaries.sum_up(notes, IDS)
    async with sending(notes, settings):
        await until(notes, sent)
    (mail,) = mails.received
    assert mail.message["Subject"] == "Your week: 7 events"
    async with notes.transaction() as tx:
        assert await tx.fetch_value("SELECT summary_at > now() FROM contacts")


async def test_each_event_is_counted_in_one_weekly_summary_however_long_the_weeks_are(
    notes: Database, settings: Settings
) -> None:
    weekly = {"a@x.fi": Choice(frozenset({domain.WEEKLY_SUMMARY}))}

    async def week_until(days: int) -> list[int]:
        async with notes.transaction() as tx:
            await tx.execute("UPDATE contacts SET summary_at = now() + make_interval(days => $1)", days - 30)
        await summaries.sum_up(notes, IDS)
        return [sum(entry["content"]["counts"].values()) for entry in await summed_up(notes)]

    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, [*weekly], True, "en", choices=weekly)
        await tx.execute(
            "INSERT INTO events SELECT $1, n, n::text, 'shipment.created',"
            " now() - make_interval(days => 30, hours => 1) + make_interval(days => n), '' FROM generate_series(1, 30)"
            " AS n",
            messages.SUPPLIER,
        )
    # The first tells of seven days, the second of a short week, and the third of two, of which one had no summary.
    assert await week_until(10) == [7]
    assert await week_until(16) == [7, 6]
    assert await week_until(30) == [7, 6, 14]


async def summed_up(notes: Database) -> list[Record]:
    """The weekly summaries, as they came."""
    async with notes.transaction() as tx:
        return list(await tx.fetch("SELECT content FROM mails WHERE kind = 'weekly-summary' ORDER BY id"))


async def test_new_settings_take_no_summary_away_that_is_due(notes: Database) -> None:
    weekly = {"a@x.fi": Choice(frozenset({domain.WEEKLY_SUMMARY}))}
    left = []
    for days in (-1, 7, 6, None, 7):
        async with notes.transaction() as tx:
            at = None if days is None else await tx.now() + timedelta(days=days)
            await store.save_settings(tx, messages.SUPPLIER, [*weekly], True, "en", choices=weekly, summary_at=at)
            left.append(await tx.fetch_one("SELECT summary_at <= now() AS due, summed_up_to AS counted FROM contacts"))
            await tx.execute("UPDATE contacts SET summed_up_to = 5")
    assert [(row["due"], row["counted"]) for row in left if row] == [
        (True, None),
        (True, 5),
        (True, 5),
        (None, None),
        (False, None),
    ]
