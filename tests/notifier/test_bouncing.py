"""Mails that are refused at once, and mails that come back: the log and the feed tell of both."""

from collections.abc import Sequence

import orjson

from notifier import app, bouncing, handlers, store
from notifier.domain import Choice
from notifier.settings import Settings
from shared import sealing
from shared.contracts import ShipmentCreated
from shared.postgres import Database
from tests import builders
from tests.notifier import messages
from tests.notifier.mail_server import MailServer
from tests.notifier.test_sender import log_of, sending, until

EMAILS = ("a@kuppi.example", "b@kuppi.example")


def notification(
    message_id: str, recipient: str, *, action: str = "failed", status: str = "5.1.1", original: str | None = None
) -> bytes:
    """What a mail server writes to the sender of a mail that it cannot deliver (RFC 3464)."""
    first = f"Original-Recipient: rfc822;{original}\n" if original else ""
    return (
        "From: MAILER-DAEMON@mx.example\nTo: hub@sluice.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nI am sorry to say that it failed.\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"{first}Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} <{recipient}>: no such\n user here\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nFrom: hub@sluice.example\nMessage-ID: {message_id}\n\n--b--\n"
    ).encode()


async def told(notes: Database) -> Sequence[dict[str, object]]:
    """The data of the supplier's events about mails."""
    async with notes.transaction() as tx:
        rows = await tx.fetch("SELECT content FROM events WHERE type = 'mail.refused' ORDER BY position")
    return [orjson.loads(row["content"])["data"] for row in rows]


async def announced(notes: Database, settings: Settings, *emails: str) -> ShipmentCreated:
    """A shipment whose mail the mail server has answered."""
    shipment = messages.shipment()
    async with notes.transaction() as tx:
        choices = {email: Choice() for email in emails}
        await store.save_settings(tx, messages.SUPPLIER, emails, True, "en", choices=choices)
        await handlers.announce_shipments([shipment], tx, settings)
    async with sending(notes, settings):
        await until(notes, lambda entry: entry["state"] in ("sent", "refused"))
    return shipment


async def test_a_mail_that_is_refused_is_told_in_the_feed_once(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    mails.answer_recipient = lambda recipient: "550 no such user" if recipient in EMAILS else "250 ok"
    shipment = await announced(notes, settings, *EMAILS)
    (entry,) = await log_of(notes)
    assert (entry["state"], entry["answer"]) == ("refused", "550 no such user")
    assert await told(notes) == [
        {
            "deliveryId": entry["id"],
            "kind": "new-shipment",
            "messageId": entry["message_id"],
            "bounced": False,
            "recipients": 2,
            "shipmentId": str(shipment.shipment_id),
            "orderExternalId": "WEB-1",
        }
    ]


async def test_a_mail_that_one_of_its_recipients_refuses_is_told_too(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    mails.answer_recipient = lambda recipient: "550 no such user" if recipient == EMAILS[0] else "250 ok"
    await announced(notes, settings, *EMAILS)
    (entry,) = await log_of(notes)
    assert entry["state"] == "sent"
    assert [data["recipients"] for data in await told(notes)] == [1]


async def test_a_mail_that_comes_back_is_noted_and_told_once(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    shipment = await announced(notes, settings, *EMAILS)
    assert await told(notes) == []
    message_id = f"<{shipment.shipment_id}.new-shipment@sluice.example>"
    failed = bouncing.read(notification(message_id, "B@kuppi.example"))
    assert [one.answer for one in failed] == ["550 5.1.1 <B@kuppi.example>: no such user here"]
    assert [await bouncing.note(notes, failed) for _ in range(2)] == [1, 0]
    (entry,) = await log_of(notes)
    assert (entry["state"], entry["bounced"]) == ("sent", ["b@kuppi.example"])
    assert [(data["bounced"], data["recipients"]) for data in await told(notes)] == [(True, 1)]


async def test_what_was_forwarded_is_noted_of_the_address_that_it_was_sent_to(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    shipment = await announced(notes, settings, *EMAILS)
    message_id = f"<{shipment.shipment_id}.new-shipment@sluice.example>"
    forwarded = notification(message_id, "someone@else.example", original="a@kuppi.example")
    assert await bouncing.note(notes, bouncing.read(forwarded)) == 1
    (entry,) = await log_of(notes)
    assert entry["bounced"] == ["a@kuppi.example"]


async def test_a_forwarded_mail_that_names_none_of_ours_counts_only_with_a_message_id_nobody_can_guess(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    guessed = await announced(notes, settings, EMAILS[0])
    signing = Settings(**{**settings.model_dump(), "sealing_keys": sealing.new_key()})
    known = await announced(notes, signing, EMAILS[0])
    told_by = [
        bouncing.read(notification(one.message_ids.of(shipment.shipment_id, "new-shipment"), "someone@else.example"))
        for one, shipment in ((settings, guessed), (settings, known), (signing, known))
    ]
    assert [await bouncing.note(notes, failed) for failed in told_by] == [0, 0, 1]


async def test_a_mail_comes_back_from_whom_it_was_for_also_when_the_last_try_was_for_somebody_else(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    signing = Settings(**{**settings.model_dump(), "sealing_keys": sealing.new_key()})
    mails.answer_recipient = lambda recipient: "451 not now" if recipient == EMAILS[1] else "250 ok"
    shipment = messages.shipment()
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, EMAILS, True, "en")
        await handlers.announce_shipments([shipment], tx, signing)
    async with sending(notes, signing):
        await until(notes, lambda entry: entry["reached"] == [EMAILS[0]])
        async with notes.transaction() as tx:
            await store.save_settings(tx, messages.SUPPLIER, [EMAILS[1]], True, "en")
        mails.answer_recipient = lambda recipient: "250 ok"
        await until(notes, lambda entry: entry["state"] == "sent")
    message_id = signing.message_ids.of(shipment.shipment_id, "new-shipment")
    assert await bouncing.note(notes, bouncing.read(notification(message_id, EMAILS[0]))) == 1
    (entry,) = await log_of(notes)
    assert (entry["recipients"], entry["bounced"]) == ([EMAILS[1]], [EMAILS[0]])


async def test_the_log_says_why_a_mail_came_back(notes: Database, settings: Settings, mails: MailServer) -> None:
    shipment = await announced(notes, settings, *EMAILS)
    message_id = settings.message_ids.of(shipment.shipment_id, "new-shipment")
    await bouncing.note(notes, bouncing.read(notification(message_id, EMAILS[0])))
    signer = builders.Signer()
    async with builders.client_of(app.build(settings), notes, signer) as client:
        answer = await client.get("/ecommerce/v3/notifications", headers=signer.headers(messages.SUPPLIER, "supplier"))
    (bounce,) = answer.json()["content"][0]["bounces"]
    assert (bounce["email"], bounce["status"], bounce["answer"]) == (
        EMAILS[0],
        "5.1.1",
        f"550 5.1.1 <{EMAILS[0]}>: no such user here",
    )


def test_a_notification_is_read_however_odd_the_mail_that_it_quotes() -> None:
    message_id = "<00000000-0000-4000-8000-000000000000.new-shipment@sluice.example>"
    plain = notification(message_id, EMAILS[0])
    quoted = b"text/rfc822-headers\n\n"
    for odd in (
        b"text/rfc822-headers; charset=x-none\nContent-Transfer-Encoding: 8bit\n\nSubject: \xe4\xff\n",
        b"message/rfc822\n\nSubject: \xe4\xff\nContent-Type: text/plain; charset=x-none\n",
        b"message/rfc822\n\nContent-Type: text/plain; charset=utf-8\nX: \xff\xfe\x00\n",
    ):
        content = plain.replace(quoted, odd).replace(b"--b--", b"\n\xe4\xff body\n--b--")
        assert [one.message_id for one in bouncing.read(content)] == [message_id]


async def test_what_names_no_mail_of_ours_or_none_of_its_recipients_changes_nothing(
    notes: Database, settings: Settings, mails: MailServer
) -> None:
    shipment = await announced(notes, settings, *EMAILS)
    message_id = f"<{shipment.shipment_id}.new-shipment@sluice.example>"
    invented = messages.shipment().shipment_id
    for content in (
        notification(f"<{invented}.new-shipment@sluice.example>", EMAILS[0]),
        notification(message_id.replace("new-shipment", "reminder"), EMAILS[0]),
        notification(message_id, "someone@else.example"),
        notification(message_id, EMAILS[0], action="delayed", status="4.2.2"),
        notification("<spam@evil.example>", EMAILS[0]),
    ):
        assert await bouncing.note(notes, bouncing.read(content)) == 0
    assert await told(notes) == []


def test_what_is_no_notification_says_nothing() -> None:
    message_id = "<00000000-0000-4000-8000-000000000000.new-shipment@sluice.example>"
    for content in (
        b"",
        b"\x00\xff\xfe",
        b"Subject: hello\n\nGood day",
        f"Subject: Re\nIn-Reply-To: {message_id}\n\nThank you".encode(),
        f"Content-Type: message/delivery-status\nIn-Reply-To: {message_id}\n\nno fields at all".encode(),
        notification(message_id, "nobody").replace(b"--b\n", b"--c\n"),
    ):
        assert bouncing.read(content) == []
