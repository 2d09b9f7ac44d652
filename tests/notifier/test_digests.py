"""Several addresses with times of their own: digests, quiet hours, weekly summaries, and each mail once to each."""

from collections import Counter
from datetime import time

from notifier import domain, gathering, handlers, store
from notifier.domain import Choice
from notifier.feed import keeping
from notifier.hours import Quiet, Timing
from notifier.message_ids import MessageIds
from notifier.settings import Settings
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
