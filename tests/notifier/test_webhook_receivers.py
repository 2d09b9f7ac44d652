"""Receivers that are slow, broken, gone or not to be spoken to: no other waits, and their owner hears of it."""

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Any

from aiohttp import web

from notifier import choosing, handlers
from notifier import store as store_of_mails
from notifier.feed import keeping
from notifier.sender import Sender
from notifier.settings import Settings
from notifier.webhooks import claims, courier, judging, store
from shared.postgres import Database
from tests import builders
from tests.notifier import messages, receivers
from tests.notifier.mail_server import MailServer
from tests.notifier.receivers import Receiver
from tests.notifier.webhooks import SHOP, couriers, hook, impatient, log_of, noted, subscribe, tell, until

ONCE: dict[str, Any] = {"webhook_retry_first_seconds": 60, "webhook_retry_longest_seconds": 60}
"""Who is refused does not come again during a test."""


async def test_a_receiver_that_is_slow_or_silent_or_broken_delays_no_other(notes: Database, settings: Settings) -> None:
    never = asyncio.Event()

    async def hangs_up(request: web.Request, _: receivers.Received) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response(status=500)

    async with AsyncExitStack() as stack:
        slow, broken, good = [await stack.enter_async_context(receivers.running()) for _ in range(3)]
        slow.way, broken.way = receivers.waits_for(never), hangs_up
        for name, address in (
            ("slow", slow.address),
            ("broken", broken.address),
            ("nobody", "http://127.0.0.1:1/"),
            ("good", good.address),
        ):
            await subscribe(notes, address, name=name)
        ids = await tell(notes, *range(1, 21))
        async with couriers(notes, impatient(settings, **ONCE)):
            await noted(notes, 20, "good")
            assert good.took == ids
            await until(lambda: len(slow.received) == 1)
            for name in ("broken", "nobody"):
                await builders.eventually(lambda name=name: hook(notes, name), lambda found: found.attempts == 1)  # type: ignore[misc]
            never.set()
            await noted(notes, 20, "slow")
    assert slow.took == ids
    assert (await log_of(notes, "broken"), await log_of(notes, "nobody")) == ([("e1", 1, None)], [("e1", 1, None)])


async def test_a_receiver_that_does_not_answer_in_time_is_tried_again(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    receiver.way = receivers.waits_for(asyncio.Event())
    await subscribe(notes, receiver.address)
    await tell(notes, 1)
    async with couriers(notes, impatient(settings, webhook_timeout_seconds=0.2)):
        await until(lambda: len(receiver.received) > 1)
        receiver.way = None
        await noted(notes, 1)
    assert (await log_of(notes))[0] == ("e1", 1, None)


async def test_an_answer_without_end_is_cut_off_and_counts_by_its_status(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    async def endless(request: web.Request, _: receivers.Received) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionResetError):
            while True:
                await response.write(b"x" * 65_536)
        return response

    receiver.way = endless
    await subscribe(notes, receiver.address)
    await tell(notes, 1)
    async with couriers(notes, impatient(settings)):
        webhook = await noted(notes, 1)
    async with notes.transaction() as tx:
        (row,) = await store.deliveries_page(tx, webhook.id, 0, 10)
    assert len(row["answer"]) <= 1_000


async def test_redirects_are_not_followed(notes: Database, settings: Settings, receiver: Receiver) -> None:
    async with receivers.running() as elsewhere:
        receiver.way = receivers.says(307, Location=elsewhere.address)
        await subscribe(notes, receiver.address)
        await tell(notes, 1)
        async with couriers(notes, impatient(settings, **ONCE)):
            webhook = await builders.eventually(lambda: hook(notes), lambda found: found.attempts == 1)
        assert elsewhere.received == []
    async with notes.transaction() as tx:
        (row,) = await store.deliveries_page(tx, webhook.id, 0, 10)
    assert (row["status"], row["answer"]) == (307, "redirects are not followed. no")


async def test_nothing_is_sent_into_our_own_network(notes: Database, settings: Settings, receiver: Receiver) -> None:
    """Whatever the database says: the guard of the process decides, by address and by name."""
    port = receiver.address.split(":")[2]
    for name, host in (("address", "127.0.0.1"), ("name", "localhost"), ("number", "2130706433"), ("six", "[::1]")):
        await subscribe(notes, f"http://{host}:{port}", name=name)
    await tell(notes, 1)
    async with couriers(notes, impatient(settings, webhook_networks=(), **ONCE)):
        for name in ("address", "name", "number", "six"):
            await builders.eventually(lambda name=name: hook(notes, name), lambda found: found.attempts == 1)  # type: ignore[misc]
    assert receiver.received == []


async def test_a_pause_that_the_receiver_asks_for_is_kept(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    receiver.way = receivers.says(429, Retry_After="3600")
    await subscribe(notes, receiver.address)
    await tell(notes, 1)
    async with couriers(notes, impatient(settings)):
        await builders.eventually(lambda: hook(notes), lambda found: found.attempts == 1)
    async with notes.transaction() as tx:
        wait = (await hook(notes)).next_at - await tx.now()
    assert 3_500 < wait.total_seconds() <= 3_600


async def test_who_is_gone_is_paused_at_once_and_told_so(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    receiver.way = receivers.says(410)
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation(SHOP, name="Shop")], tx)
    await subscribe(notes, receiver.address)
    await tell(notes, 1, 2)
    async with couriers(notes, impatient(settings)):
        webhook = await builders.eventually(lambda: hook(notes), lambda found: found.state == "paused")
    assert (webhook.position, webhook.why) == (0, "the receiver says that it is gone (410)")
    async with notes.transaction() as tx:
        (mail,) = await store_of_mails.mails_page(tx, SHOP, 0, 10)
    assert (mail["kind"], mail["state"]) == ("webhook-paused", "pending")


async def test_the_owner_hears_of_a_pause_by_mail_also_when_its_address_comes_later(
    notes: Database, settings: Settings, receiver: Receiver, mails: MailServer
) -> None:
    receiver.way = receivers.says(410)
    await subscribe(notes, receiver.address, name="shop")
    await tell(notes, 1)
    sender = Sender(settings)
    sender.begin(notes)
    async with couriers(notes, impatient(settings)):
        await builders.eventually(lambda: hook(notes, "shop"), lambda found: found.state == "paused")
    assert mails.received == []
    async with notes.transaction() as tx:
        # An address, and no mail about shipments: what is paused is told all the same.
        given = await store_of_mails.save_settings(tx, SHOP, ["shop@example.com"], new_shipment=False, language="en")
        await store_of_mails.settle_waiting(tx, choosing.wishes({SHOP: given.contact}))
    await until(lambda: mails.received)
    await sender.stop()
    (mail,) = mails.received
    assert (mail.recipients, mail.message["Subject"]) == (("shop@example.com",), "The webhook shop has been paused")
    for kind in ("plain", "html"):
        assert "https://sluice.example/ecommerce/v3/webhooks/shop/resume" in mail.body(kind)
        assert "the receiver says that it is gone (410)" in mail.body(kind)


async def test_who_refuses_for_too_long_is_paused_and_goes_on_where_it_was(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    receiver.way = receivers.says(500, "out of\r\norder")
    await subscribe(notes, receiver.address)
    ids = await tell(notes, 1, 2)
    async with couriers(notes, impatient(settings, webhook_retry_days=0.000001)):
        webhook = await builders.eventually(lambda: hook(notes), lambda found: found.state == "paused")
        assert webhook.why == f"refused {webhook.attempts} times, last: 500 out of order"
        receiver.way = None
        ids += await tell(notes, 3)
        async with notes.transaction() as tx:
            await store.resume(tx, SHOP, "hook", webhook.position)
        await noted(notes, 3)
    assert receiver.took == ids


async def test_a_webhook_that_is_so_far_behind_that_events_are_gone_is_paused_rather_than_sent_what_is_left(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    await subscribe(notes, receiver.address)
    await tell(notes, 1, 2, 3)
    async with notes.transaction() as tx:
        await tx.execute("UPDATE events SET told_at = now() - interval '31 days' WHERE position < 3")
    await keeping.prune(notes, 30)
    async with couriers(notes, impatient(settings)):
        webhook = await builders.eventually(lambda: hook(notes), lambda found: found.state == "paused")
    assert (webhook.position, webhook.why) == (0, courier.TOO_FAR_BEHIND)
    assert receiver.received == []


async def test_patience_begins_anew_after_an_event_was_taken(notes: Database, settings: Settings) -> None:
    await subscribe(notes, "http://127.0.0.1:1/")
    await tell(notes, 1, 2)
    async with notes.transaction() as tx:
        await tx.execute("UPDATE webhooks SET attempts = 9, failing_since = now() - interval '3 days'")
        (claimed,) = await claims.claim_due(tx, 1, 60)
        assert claimed.failing_s > 250_000
        # The event that was refused for so long was taken, and the next one is refused for the first time.
        assert await claims.note_progress(tx, claimed, 1, 1, judging.Verdict("again", 0.0), done=True)
    assert (await hook(notes)).failing_s < 60
