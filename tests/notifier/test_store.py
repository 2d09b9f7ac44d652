"""Claims, leases and verdicts, as the database keeps them."""

from datetime import timedelta

import asyncpg
import pytest

from notifier import domain, handlers, store
from notifier.domain import Choice, Verdict
from notifier.settings import Settings
from notifier.store import PutOff, Tried
from shared.postgres import Database, Transaction
from tests.notifier import messages


async def announce(notes: Database, settings: Settings, count: int) -> None:
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation()], tx)
        await handlers.announce_shipments([messages.shipment() for _ in range(count)], tx, settings)


async def test_two_senders_never_claim_the_same_mail(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, 5)
    async with notes.transaction() as one, notes.transaction() as other:
        first = await store.claim_due(one, 3, 60)
        second = await store.claim_due(other, 3, 60)
    assert len(first) == 3
    assert len(second) == 2
    assert not {mail.id for mail in first} & {mail.id for mail in second}
    async with notes.transaction() as tx:
        assert await store.claim_due(tx, 3, 60) == []


async def test_a_mail_whose_sender_died_is_claimed_again_when_its_lease_ends(
    notes: Database, settings: Settings
) -> None:
    await announce(notes, settings, 1)
    async with notes.transaction() as tx:
        (dead,) = await store.claim_due(tx, 1, 0)
    async with notes.transaction() as tx:
        (again,) = await store.claim_due(tx, 1, 60)
    assert (again.id, again.message_id, again.attempts) == (dead.id, dead.message_id, 2)


async def test_a_sender_that_comes_too_late_notes_nothing(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, 1)
    async with notes.transaction() as tx:
        (late,) = await store.claim_due(tx, 1, 0)
    async with notes.transaction() as tx:
        await store.claim_due(tx, 1, 60)
    async with notes.transaction() as tx:
        assert await store.note_tries(tx, [Tried(late, "s", Verdict("refused", (), "550 no"))]) == set()
        (mail,) = await store.mails_page(tx, messages.SUPPLIER, 0, 10)
    assert (mail["state"], mail["attempts"]) == ("sending", 2)


async def test_who_has_no_room_for_papers_claims_what_nobody_wants_papers_with(
    notes: Database, settings: Settings
) -> None:
    wish = Choice(domain.USUAL | {domain.PAPERS, domain.CANCELLED}, attach_note=True)
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, ["a@b.example"], True, "en", choices={"a@b.example": wish})
        await handlers.keep_contacts([messages.organisation(messages.OTHER_SUPPLIER)], tx)
        plain = messages.shipment(supplier=messages.OTHER_SUPPLIER)
        await handlers.announce_shipments([shipment := messages.shipment(), plain], tx, settings)
        told = [messages.delivered(shipment, "A"), messages.cancelled(messages.shipment())]
        await handlers.tell_of_shipments(told, tx, settings)
    async with notes.transaction() as tx:
        claimed = await store.claim_due(tx, 9, 60, with_papers=False)
        left = await store.claim_due(tx, 9, 60)
    assert {(mail.kind, mail.recipient_id) for mail in claimed} == {
        ("new-shipment", messages.OTHER_SUPPLIER),
        ("cancelled", messages.SUPPLIER),
    }
    assert [mail.kind for mail in left] == ["new-shipment", "papers"]


async def test_waiting_for_papers_is_no_try_and_its_time_is_remembered_until_there_is_one(
    notes: Database, settings: Settings
) -> None:
    await announce(notes, settings, 1)
    waited = []
    for _ in range(2):
        async with notes.transaction() as tx:
            (mail,) = await store.claim_due(tx, 1, 60)
            waited.append((mail.attempts, mail.waited_s > 0, mail.tried_s))
        async with notes.transaction() as tx:
            await store.put_off(tx, [PutOff(mail, "waits for its papers", 0)])
    async with notes.transaction() as tx:
        (mail,) = await store.claim_due(tx, 1, 60)
    async with notes.transaction() as tx:
        await store.note_tries(tx, [Tried(mail, "s", Verdict("pending", (), "451 later", 0))])
    async with notes.transaction() as tx:
        (mail,) = await store.claim_due(tx, 1, 60)
    assert waited == [(1, False, 0), (1, True, 0)]
    assert (mail.attempts, mail.waited_s, mail.tried_s > 0) == (2, 0, True)


async def test_a_mail_given_back_was_not_tried(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, 1)
    async with notes.transaction() as tx:
        (mail,) = await store.claim_due(tx, 1, 60)
        await store.give_back(tx, [mail], "cannot reach the mail server")
        row = await tx.fetch_one("SELECT * FROM mails")
    assert row is not None
    assert (row["state"], row["attempts"], row["first_tried_at"]) == ("pending", 0, None)
    assert row["answer"] == "cannot reach the mail server"


async def test_a_mail_that_is_to_be_tried_later_is_not_due_before(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, 1)
    async with notes.transaction() as tx:
        (mail,) = await store.claim_due(tx, 1, 60)
        await store.note_tries(tx, [Tried(mail, "s", Verdict("pending", (), "451 later", 600))])
    async with notes.transaction() as tx:
        assert await store.claim_due(tx, 1, 60) == []
        (row,) = await store.mails_page(tx, messages.SUPPLIER, 0, 10)
        assert row["next_at"] - await tx.now() > timedelta(minutes=9)


async def test_a_mail_counts_as_sent_only_with_somebody_who_has_it(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, 1)
    async with notes.transaction() as tx:
        (mail,) = await store.claim_due(tx, 1, 60)
    async with notes.pool.acquire() as connection:
        tx = Transaction(connection, notes.schema)
        with pytest.raises(asyncpg.CheckViolationError):
            await store.note_tries(tx, [Tried(mail, "s", Verdict("sent", (), "250 ok"))])


async def test_the_api_can_change_nothing_of_a_mail_but_that_it_may_go(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, 1)
    for forbidden in ("DELETE FROM mails", "UPDATE mails SET message_id = 'x'", "DELETE FROM contacts"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with notes.transaction_of(messages.SUPPLIER) as tx:
                await tx.execute(forbidden)


async def test_the_books_tell_the_auditor_of_every_shipment(notes: Database, settings: Settings) -> None:
    shipment = messages.shipment()
    async with notes.transaction() as tx:
        await handlers.announce_shipments([shipment], tx, settings)
        (entry,) = await store.books(tx)
    assert (entry["shipment_id"], entry["state"], entry["attempts"]) == (shipment.shipment_id, "waiting", 0)
    assert entry["message_id"] == f"<{shipment.shipment_id}.new-shipment@sluice.example>"


async def test_each_mail_of_a_batch_is_noted_with_its_own_answer(notes: Database, settings: Settings) -> None:
    await announce(notes, settings, 3)
    async with notes.transaction() as tx:
        sent, refused, late = await store.claim_due(tx, 3, 60)
        await tx.execute("UPDATE mails SET attempts = 2 WHERE id = $1", late.id)
        noted = await store.note_tries(
            tx,
            [
                Tried(sent, "s", Verdict("sent", ("orders@kuppi.example", "b@kuppi.example"), "250 ok")),
                Tried(refused, None, Verdict("refused", (), "")),
                Tried(late, "s", Verdict("refused", (), "550 no")),
            ],
        )
        rows = await tx.fetch("SELECT state, subject, reached, answer, recipients FROM mails ORDER BY id")
    assert noted == {sent.id, refused.id}
    to = ["orders@kuppi.example"]
    assert [tuple(row[c] for c in ("state", "subject", "reached", "answer", "recipients")) for row in rows] == [
        ("sent", "s", ["orders@kuppi.example", "b@kuppi.example"], "250 ok", to),
        ("refused", None, [], None, to),
        ("sending", None, [], None, []),
    ]
