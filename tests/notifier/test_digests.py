"""Several addresses with times of their own: digests, quiet hours, weekly summaries, and each mail once to each."""

from collections import Counter
from datetime import time, timedelta

from notifier import domain, gathering, handlers, store, summaries
from notifier.domain import Choice
from notifier.feed import keeping
from notifier.hours import Quiet, Timing
from notifier.message_ids import MessageIds
from notifier.settings import Settings
from shared import schema
from shared.contracts import OrderForgotten, ShipmentCreated
from shared.links import Signer
from shared.postgres import Database, Record
from tests import builders
from tests.notifier import messages
from tests.notifier.mail_server import MailServer
from tests.notifier.test_sender import log_of, sending, until

IDS = MessageIds("sluice.example", Signer([]))
HOURLY = Choice(timing=Timing("hourly"))


async def choose(notes: Database, quiet: Quiet | None = None, **chosen: Choice) -> None:
    """Let the supplier's addresses choose, by what comes before the @."""
    emails = {f"{name}@kuppi.example": choice for name, choice in chosen.items()}
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, [*emails], True, "en", choices=emails, quiet=quiet)


async def announce(notes: Database, settings: Settings, *shipments: ShipmentCreated) -> None:
    async with notes.transaction() as tx:
        await handlers.announce_shipments(shipments, tx, settings)


async def an_hour_later(notes: Database) -> None:
    """Let what waits for a digest be due, and gather it."""
    async with notes.transaction() as tx:
        await tx.execute("UPDATE mails SET next_at = now() WHERE timing <> 'instant' AND digest_id IS NULL")
    await gathering.gather(notes, IDS)


async def entries_of(notes: Database, kind: str) -> list[Record]:
    return [entry for entry in await log_of(notes) if entry["kind"] == kind]


def sent(entry: Record) -> bool:
    return bool(entry["state"] == "sent")


async def test_several_shipments_go_in_one_digest_and_each_has_its_one_mail_in_the_books(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=HOURLY)
    shipments = [messages.shipment(order=f"WEB-{number}") for number in range(3)]
    await announce(notes, settings, *shipments)
    await gathering.gather(notes, IDS)
    assert {(entry["state"], entry["digest_id"]) for entry in await log_of(notes)} == {("pending", None)}
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, sent)
    (mail,) = mails.received
    (digest,) = await entries_of(notes, domain.DIGEST)
    assert mail.message["Message-ID"] == digest["message_id"]
    for number in range(3):
        assert f"WEB-{number}" in mail.body("plain")
        assert f"WEB-{number}" in mail.body("html")
    async with notes.transaction() as tx:
        books = await store.books(tx)
    assert Counter(row["shipment_id"] for row in books) == Counter(one.shipment_id for one in shipments)
    assert {(row["state"], row["message_id"]) for row in books} == {("sent", digest["message_id"])}
    for entry in await entries_of(notes, domain.NEW_SHIPMENT):
        assert (entry["reached"], entry["digest_id"]) == (["a@kuppi.example"], digest["id"])


async def test_each_address_is_told_once_of_each_shipment_at_its_own_time(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=Choice(), b=HOURLY)
    await announce(notes, settings, messages.shipment(order="WEB-1"), messages.shipment(order="WEB-2"))
    async with sending(notes, settings):
        await builders.eventually(lambda: log_of(notes), lambda log: sum(map(sent, log)) == 2)
        assert [mail.recipients for mail in mails.received] == [("a@kuppi.example",)] * 2
        await an_hour_later(notes)
        await until(notes, sent)
    assert Counter(mail.recipients for mail in mails.received) == {("a@kuppi.example",): 2, ("b@kuppi.example",): 1}
    async with notes.transaction() as tx:
        assert len(await store.books(tx)) == 2


async def test_a_digest_of_one_mail_is_that_mail(notes: Database, settings: Settings, mails: MailServer) -> None:
    await choose(notes, a=HOURLY)
    shipment = messages.shipment()
    await announce(notes, settings, shipment)
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, sent)
    assert mails.received[0].message["Message-ID"] == f"<{shipment.shipment_id}.new-shipment@sluice.example>"


async def test_a_digest_that_was_taken_but_not_noted_comes_again_as_the_same_one(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=HOURLY)
    await announce(notes, settings, messages.shipment(order="WEB-1"), messages.shipment(order="WEB-2"))
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, sent)
    async with notes.transaction() as tx:
        await tx.execute(
            "UPDATE mails SET reached = '{}', sent_at = NULL, state = CASE WHEN kind = 'digest' THEN 'sending' ELSE"
            " 'pending' END, next_at = CASE WHEN kind = 'digest' THEN now() ELSE 'infinity' END"
        )
    # What comes meanwhile goes in another one.
    await announce(notes, settings, messages.shipment(order="WEB-3"))
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, sent)
    first, *later = mails.received
    assert sorted(mail.content == first.content for mail in later) == [False, True]


async def test_who_no_longer_wants_it_when_a_digest_is_due_is_not_told(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=Choice(), b=HOURLY)
    await announce(notes, settings, messages.shipment(), messages.shipment())
    await choose(notes, a=Choice())
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    assert {mail.recipients for mail in mails.received} == {("a@kuppi.example",)}
    assert [entry["state"] for entry in await entries_of(notes, domain.DIGEST)] == ["not wanted"]


async def test_an_address_that_is_written_otherwise_by_now_is_told_once_what_waited_for_it(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=Choice(), b=HOURLY)
    await announce(notes, settings, messages.shipment(order="WEB-1"), messages.shipment(order="WEB-2"))
    await choose(notes, A=HOURLY, B=HOURLY)
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, sent)
    assert Counter(mail.recipients for mail in mails.received) == {("A@kuppi.example",): 2, ("B@kuppi.example",): 1}


async def test_a_digest_tells_each_address_only_what_it_wants_by_now(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=HOURLY, b=HOURLY)
    first, second = messages.shipment(), messages.shipment()
    await announce(notes, settings, first, second)
    async with notes.transaction() as tx:
        await handlers.tell_of_shipments([messages.cancelled(messages.shipment())], tx, settings)
    await choose(notes, a=Choice(frozenset({domain.CANCELLED})), b=Choice(domain.ABOUT_NEW))
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    subjects = {mail.recipients: str(mail.message["Subject"]) for mail in mails.received}
    assert subjects[("a@kuppi.example",)].startswith("Shipment cancelled")
    assert subjects[("b@kuppi.example",)].startswith("2 pieces of news: New shipment")
    assert len(mails.received) == 2
    went = [entry for entry in await log_of(notes) if entry["state"] == "sent"]
    assert {(entry["kind"], *entry["recipients"], *entry["reached"]) for entry in went} == {
        ("cancelled", *["a@kuppi.example"] * 2),
        ("new-shipment", *["b@kuppi.example"] * 2),
        ("digest", *["a@kuppi.example", "b@kuppi.example"] * 2),
    }


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


async def test_a_digest_that_nobody_wants_any_more_goes_to_nobody_who_wants_something_else(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, a=HOURLY)
    await announce(notes, settings, messages.shipment(), messages.shipment())
    await choose(notes, b=Choice(frozenset({domain.CANCELLED})))
    await an_hour_later(notes)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    assert {entry["state"] for entry in await log_of(notes)} == {"not wanted"}
    assert mails.received == []


async def test_a_mail_of_quiet_hours_waits_until_they_end(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    await choose(notes, quiet=Quiet(time.min, time.max), a=Choice())
    await announce(notes, settings, messages.shipment())
    (entry,) = await log_of(notes)
    assert entry["next_at"] is not None
    async with notes.transaction() as tx:
        await tx.execute("UPDATE mails SET next_at = now()")
    async with sending(notes, settings):
        (entry,) = await until(notes, lambda entry: entry["answer"] is not None)
    assert (entry["state"], entry["attempts"], mails.received) == ("pending", 0, [])
    await choose(notes, a=Choice())
    async with notes.transaction() as tx:
        await tx.execute("UPDATE mails SET next_at = now()")
    async with sending(notes, settings):
        await until(notes, sent)
    assert len(mails.received) == 1


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


async def test_mails_about_no_order_go_when_they_are_old(notes: Database, settings: Settings) -> None:
    await choose(notes, a=Choice())
    await announce(notes, settings, messages.shipment())
    for days, state in ((29, "refused"), (31, "refused"), (31, "pending")):
        async with notes.transaction() as tx:
            await tx.execute(
                "INSERT INTO mails (shipment_id, kind, recipient_id, retailer_id, order_external_id, message_id,"
                " content, state, created_at) VALUES (gen_random_uuid(), 'weekly-summary', $1, '', '', '', '{}', $3,"
                " now() - make_interval(days => $2))",
                messages.SUPPLIER,
                days,
                state,
            )
    async with notes.transaction() as tx:
        await tx.execute("UPDATE mails SET created_at = now() - interval '1 year' WHERE kind = 'new-shipment'")
    await keeping.prune(notes, 30, bite=1)
    assert sorted((entry["kind"], entry["state"]) for entry in await log_of(notes)) == [
        ("new-shipment", "pending"),
        ("weekly-summary", "pending"),
        ("weekly-summary", "refused"),
    ]


async def test_digests_go_with_the_last_order_they_tell_of(notes: Database, settings: Settings) -> None:
    await choose(notes, a=HOURLY)
    first, second = messages.shipment(), messages.shipment()
    await announce(notes, settings, first, second)
    await an_hour_later(notes)
    left = []
    for shipment in (first, second):
        async with notes.transaction() as tx:
            await handlers.forget_mails([OrderForgotten(order_id=shipment.order_id)], tx)
        left.append([entry["kind"] for entry in await log_of(notes)])
    assert left == [["digest", "new-shipment"], []]
