"""Events on their way to receivers: signed, in order, each until it is taken, and nobody waits for anybody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
import structlog.testing
from aiohttp import web

from notifier import choosing, handlers
from notifier import store as store_of_mails
from notifier.feed import keeping
from notifier.feed import store as feed
from notifier.feed.telling import Entry
from notifier.sender import Sender
from notifier.settings import Settings
from notifier.webhooks import claims, courier, judging, resealing, signing, store
from notifier.webhooks.courier import Courier
from notifier.webhooks.guard import Guard
from notifier.webhooks.posting import Posting
from notifier.webhooks.store import Webhook
from shared import failpoints, sealing
from shared.postgres import Database
from tests import builders
from tests.notifier import messages, receivers
from tests.notifier.mail_server import MailServer
from tests.notifier.receivers import Receiver

SHOP, SUPPLIER = messages.RETAILER, messages.SUPPLIER
KEY = sealing.new_key()
ONCE: dict[str, Any] = {"webhook_retry_first_seconds": 60, "webhook_retry_longest_seconds": 60}
"""Who is refused does not come again during a test."""


def impatient(settings: Settings, **more: Any) -> Settings:
    """Settings of a notifier that may call this machine and does not wait long."""
    told = {
        "webhook_http": True,
        "webhook_networks": ("127.0.0.0/8",),
        "webhook_retry_first_seconds": 0.01,
        "webhook_retry_longest_seconds": 0.02,
        "webhook_timeout_seconds": 5.0,
        "sealing_keys": KEY,
        **more,
    }
    return Settings(**(settings.model_dump(exclude_defaults=True) | told))


@asynccontextmanager
async def couriers(notes: Database, settings: Settings, number: int = 1) -> AsyncIterator[list[Courier]]:
    """Couriers that share the work."""
    made = [
        Courier(
            settings,
            Posting(Guard(settings.webhook_networks, http=settings.webhook_http), settings.webhook_timeout_seconds),
        )
        for _ in range(number)
    ]
    for one in made:
        one.begin(notes)
    try:
        yield made
    finally:
        for one in made:
            await one.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receivers.running() as opened:
        yield opened


async def subscribe(
    notes: Database, address: str, *, organisation: str = SHOP, name: str = "hook", types: tuple[str, ...] = ()
) -> str:
    """Create a webhook at the beginning of a feed; its secret."""
    secret = signing.new_secret()
    sealed = sealing.Sealer([KEY]).seal(secret, courier.secret_name(organisation, name))
    async with notes.transaction() as tx:
        assert await store.create_webhook(tx, organisation, name, address, types, sealed, 0)
    return secret


async def tell(notes: Database, *numbers: int, organisation: str = SHOP, type_: str = "order.accepted") -> list[str]:
    """Put events into a feed; their ids."""
    made = [
        Entry(organisation, f"e{n}", type_, json.dumps({"id": f"e{n}", "type": type_, "data": {"ä": n}}).encode())
        for n in numbers
    ]
    async with notes.transaction() as tx:
        await feed.save_events(tx, made)
    return [entry.id for entry in made]


async def hook(notes: Database, name: str = "hook", organisation: str = SHOP) -> Webhook:
    async with notes.transaction() as tx:
        found = await store.webhook(tx, organisation, name)
    assert found is not None
    return found


async def log_of(notes: Database, name: str = "hook") -> list[tuple[str, int, int | None]]:
    """Ids, attempts and answers in the log of a webhook, oldest first."""
    webhook = await hook(notes, name)
    async with notes.transaction() as tx:
        rows = await store.deliveries_page(tx, webhook.id, 0, 1_000)
    return [(row["event_id"], row["attempt"], row["status"]) for row in reversed(rows)]


async def until(condition: Callable[[], object]) -> None:
    async def ask() -> object:
        return condition()

    await builders.eventually(ask, lambda found: found)


async def noted(notes: Database, position: int, name: str = "hook") -> Webhook:
    """The webhook once it has come so far."""
    return await builders.eventually(lambda: hook(notes, name), lambda found: found.position == position)


async def test_events_arrive_in_order_once_and_signed(notes: Database, settings: Settings, receiver: Receiver) -> None:
    secret = await subscribe(notes, receiver.address)
    ids = await tell(notes, *range(1, 51))
    async with couriers(notes, impatient(settings)):
        await noted(notes, 50)
        ids += await tell(notes, 51)
        webhook = await noted(notes, 51)
    assert receiver.took == ids
    assert [one.verified(secret)["id"] for one in receiver.received] == ids
    assert receiver.received[0].body == b'{"id": "e1", "type": "order.accepted", "data": {"\\u00e4": 1}}'
    assert receiver.received[0].headers["content-type"] == "application/json"
    assert await log_of(notes) == [(id_, 1, 200) for id_ in ids]
    assert (webhook.attempts, webhook.failing_since, webhook.behind) == (0, None, 0)


async def test_only_the_types_that_are_wanted_arrive(notes: Database, settings: Settings, receiver: Receiver) -> None:
    await subscribe(notes, receiver.address, types=("order.cancelled",))
    await tell(notes, *range(1, 30))
    wanted = await tell(notes, 30, type_="order.cancelled")
    await tell(notes, *range(31, 40))
    await tell(notes, 99, organisation=SUPPLIER, type_="order.cancelled")
    async with couriers(notes, impatient(settings)):
        await noted(notes, 39)
    assert receiver.took == wanted


async def test_an_event_that_is_refused_comes_again_before_any_later_one(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    receiver.way = receivers.refuses(3)
    await subscribe(notes, receiver.address)
    ids = await tell(notes, 1, 2, 3)
    async with couriers(notes, impatient(settings)):
        await noted(notes, 3)
    assert receiver.took == ids
    assert await log_of(notes) == [
        *(("e1", n, 503) for n in (1, 2, 3)),
        ("e1", 4, 200),
        ("e2", 1, 200),
        ("e3", 1, 200),
    ]


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


async def test_couriers_share_the_work_and_nothing_is_taken_twice(notes: Database, settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        hooks = [await stack.enter_async_context(receivers.running()) for _ in range(6)]
        for number, one in enumerate(hooks):
            await subscribe(notes, one.address, name=f"hook{number}")
        async with couriers(notes, impatient(settings), number=3):
            ids = [id_ for first in range(0, 60, 10) for id_ in await tell(notes, *range(first, first + 10))]
            for number in range(6):
                await noted(notes, 60, f"hook{number}")
        assert [one.took for one in hooks] == [ids] * 6


@pytest.mark.parametrize("point", ["courier.before-send", "courier.before-note", "courier.after-note"])
async def test_a_courier_that_dies_loses_nothing_and_repeats_at_most_what_was_not_noted(
    notes: Database, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    secret = await subscribe(notes, receiver.address)
    ids = await tell(notes, *range(1, 61))
    passed = 0

    def die(reached: str) -> None:
        nonlocal passed
        passed += reached == point
        if reached == point and passed == 2:
            raise failpoints.Struck(point)

    monkeypatch.setattr(failpoints, "reach", die)
    async with couriers(notes, impatient(settings)):
        await until(lambda: passed >= 2)
        await asyncio.sleep(0.05)
        async with notes.transaction() as tx:
            # What the database does by itself once the lease of one that died is over.
            await tx.execute("UPDATE webhooks SET leased_until = now() - interval '1 s'")
        await noted(notes, 60)
    assert list(dict.fromkeys(receiver.took)) == ids
    assert len(receiver.took) - len(ids) <= courier.UNNOTED
    assert {one.verified(secret)["id"] for one in receiver.received} == set(ids)


async def test_one_who_has_lost_its_lease_moves_nothing(notes: Database, settings: Settings) -> None:
    await subscribe(notes, "http://127.0.0.1:1/")
    await tell(notes, 1)
    async with notes.transaction() as tx:
        (first,) = await claims.claim_due(tx, 10, 60)
        assert await claims.claim_due(tx, 10, 60) == []
    async with notes.transaction() as tx:
        await tx.execute("UPDATE webhooks SET leased_until = now() - interval '1 s'")
    async with notes.transaction() as tx:
        (second,) = await claims.claim_due(tx, 10, 60)
        taken = judging.Verdict("taken")
        assert not await claims.note_progress(tx, first, 1, 0, taken, done=True)
        assert await claims.note_progress(tx, second, 1, 0, taken, done=True)


async def test_what_the_owner_changes_counts_from_the_next_request_on_and_nobody_sends_beside_it(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    old = await subscribe(notes, receiver.address)
    ids = await tell(notes, *range(1, 6))
    answered, new = asyncio.Event(), signing.new_secret()
    sealed = sealing.Sealer([KEY]).seal(new, courier.secret_name(SHOP, "hook"))
    async with receivers.running() as elsewhere:
        async with couriers(notes, impatient(settings), number=2):
            await noted(notes, 5)
            receiver.way = receivers.waits_for(answered)
            ids += await tell(notes, 6, 7)
            await until(lambda: len(receiver.received) == 6)
            async with notes.transaction() as tx:
                await store.change_webhook(tx, SHOP, "hook", elsewhere.address, (), None)
                await store.change_secret(tx, SHOP, "hook", sealed, 0)
                # Whoever looks now finds that it is being sent to.
                assert await claims.claim_due(tx, 10, 60) == []
            answered.set()
            await noted(notes, 7)
        assert (receiver.took, elsewhere.took) == (ids[:6], ids[6:])
        assert (receiver.received[5].verified(old)["id"], elsewhere.received[0].verified(new)["id"]) == ("e6", "e7")


async def test_after_a_webhook_is_deleted_or_goes_on_elsewhere_nothing_follows_the_request_in_hand(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    answered = asyncio.Event()
    receiver.way = receivers.waits_for(answered)
    for name in ("deleted", "resumed"):
        await subscribe(notes, f"{receiver.address}/{name}", name=name)
    await tell(notes, 1, 2, 3)
    async with couriers(notes, impatient(settings)):
        await until(lambda: len(receiver.received) == 2)
        async with notes.transaction() as tx:
            assert await store.delete_webhook(tx, SHOP, "deleted")
            await store.resume(tx, SHOP, "resumed", 2)
        answered.set()
        await noted(notes, 3, "resumed")
    assert sorted(receiver.took) == ["e1", "e1", "e3"]


async def test_what_cannot_be_noted_at_once_is_noted_later_and_not_sent_again(
    notes: Database, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribe(notes, receiver.address)
    ids = await tell(notes, 1, 2)
    passed = 0

    def break_down(reached: str) -> None:
        nonlocal passed
        passed += reached == "courier.before-note"
        if reached == "courier.before-note" and passed == 1:
            raise ConnectionResetError

    monkeypatch.setattr(failpoints, "reach", break_down)
    async with couriers(notes, impatient(settings)):
        await noted(notes, 2)
    assert passed > 1
    assert receiver.took == ids
    assert await log_of(notes) == [(id_, 1, 200) for id_ in ids]


async def test_what_was_noted_without_our_hearing_of_it_is_logged_once_and_its_pause_told(
    notes: Database, settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribe(notes, receiver.address)
    ids = await tell(notes, *range(1, courier.UNNOTED + 3))
    receiver.way = receivers.goes_away(after=len(ids) - 1)
    passed = 0

    def lose_the_answer(reached: str) -> None:
        nonlocal passed
        if reached == "courier.after-note":
            passed += 1
            raise ConnectionResetError

    monkeypatch.setattr(failpoints, "reach", lose_the_answer)
    with structlog.testing.capture_logs() as logs:
        async with couriers(notes, impatient(settings)):
            await until(lambda: "webhook paused" in [one["event"] for one in logs])
    assert passed == 2
    assert await log_of(notes) == [(id_, 1, 200) for id_ in ids[:-1]] + [(ids[-1], 1, 410)]
    assert (await hook(notes)).position == len(ids) - 1


async def test_both_secrets_sign_while_the_old_one_is_good(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    old, new = await subscribe(notes, receiver.address), signing.new_secret()
    sealed = sealing.Sealer([KEY]).seal(new, courier.secret_name(SHOP, "hook"))
    async with notes.transaction() as tx:
        assert await store.change_secret(tx, SHOP, "hook", sealed, 1)
    await tell(notes, 1)
    async with couriers(notes, impatient(settings)):
        await noted(notes, 1)
        async with notes.transaction() as tx:
            await tx.execute("UPDATE webhooks SET old_until = now() - interval '1 s'")
        await tell(notes, 2)
        await noted(notes, 2)
    both, only = receiver.received
    assert both.verified(old) == both.verified(new)
    assert only.verified(new)["id"] == "e2"
    with pytest.raises(Exception, match="No matching signature"):
        only.verified(old)


async def test_without_the_key_to_a_secret_nothing_is_sent_and_nothing_lost(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    await subscribe(notes, receiver.address)
    ids = await tell(notes, 1)
    created = await hook(notes)
    for wrong in ("", sealing.new_key()):
        async with couriers(notes, impatient(settings, sealing_keys=wrong)):
            tried = await builders.eventually(lambda: hook(notes), lambda found: found.next_at > created.next_at)
            # The receiver has refused nothing.
            assert (tried.attempts, tried.failing_since, await log_of(notes)) == (0, None, [])
    assert receiver.received == []
    async with couriers(notes, impatient(settings)):
        await noted(notes, 1)
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


async def test_secrets_come_under_the_newest_key_and_the_older_one_can_go(
    notes: Database, settings: Settings, receiver: Receiver
) -> None:
    secrets = [await subscribe(notes, receiver.address, name=f"hook{number}") for number in range(5)]
    lost = sealing.Sealer([sealing.new_key()]).seal("whsec_lost", "somebody's")
    async with notes.transaction() as tx:
        await tx.execute("UPDATE webhooks SET secret = $1 WHERE name = 'hook4'", lost)
        assert await store.change_secret(tx, SHOP, "hook3", sealing.Sealer([KEY]).seal("whsec_new", "a name"), 24)
    async with notes.transaction() as tx:
        assert await store.change_secret(tx, SHOP, "hook2", sealing.Sealer([KEY]).seal("whsec_new", "a name"), 24)
        await tx.execute("UPDATE webhooks SET old_secret = $1 WHERE name = 'hook2'", lost)
    newest = sealing.new_key()
    both = sealing.Sealer([newest, KEY])
    assert await resealing.seal_anew(notes, both, at_once=2) == 4
    assert await resealing.seal_anew(notes, both, at_once=2) == 0
    only = sealing.Sealer([newest])
    # What cannot be opened is left as it is, and what stands beside it is not.
    assert only.open((await hook(notes, "hook2")).secrets[0], "a name") == "whsec_new"
    assert (await hook(notes, "hook2")).secrets[1] == lost
    for number in (0, 1, 3):
        webhook = await hook(notes, f"hook{number}")
        assert only.open(webhook.secrets[-1], courier.secret_name(SHOP, webhook.name)) == secrets[number]
    assert (await hook(notes, "hook4")).secrets == (lost,)
    assert await resealing.seal_anew(notes, sealing.Sealer([])) == 0
