"""Events on their way to receivers: signed, in order, and each until it is taken."""

from contextlib import AsyncExitStack

import pytest

from notifier.settings import Settings
from notifier.webhooks import courier, resealing, signing, store
from shared import sealing
from shared.postgres import Database
from tests import builders
from tests.notifier import receivers
from tests.notifier.receivers import Receiver
from tests.notifier.webhooks import KEY, SHOP, SUPPLIER, couriers, hook, impatient, log_of, noted, subscribe, tell


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
    async with notes.transaction() as tx:
        assert await store.change_secret(tx, SHOP, "hook3", sealing.Sealer([KEY]).seal("whsec_newer", "a name"), 24)
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


async def test_a_long_log_is_counted_and_paged_from_an_index(notes: Database, receiver: Receiver) -> None:
    await subscribe(notes, receiver.address)
    mine = await hook(notes)
    async with notes.transaction() as tx:
        await tx.execute(
            "INSERT INTO webhooks (organisation, name, url, secret, position)"
            " SELECT 'S' || n, 'hook', '-', '', 0 FROM generate_series(1, 20) AS n"
        )
        await tx.execute(
            "INSERT INTO webhook_deliveries"
            " (webhook_id, organisation, kind, event_id, event_type, attempt, url, sent_at, milliseconds, answer)"
            " SELECT id, organisation, 'event', '-', '-', 1, url, now(), 1, repeat('-', 200)"
            " FROM generate_series(1, 1000), webhooks"
        )

    async def vacuumed() -> bool:
        async with notes.pool.acquire() as connection:
            await connection.execute("VACUUM ANALYZE webhook_deliveries")
            seen_by_all: bool = await connection.fetchval(
                "SELECT relallvisible = relpages FROM pg_class WHERE oid = 'webhook_deliveries'::regclass"
            )
        return seen_by_all

    await builders.eventually(vacuumed, bool)
    async with notes.transaction_of(SHOP) as tx:
        assert await store.count_deliveries(tx, mine.id) == 1_000
        plans = [
            "\n".join(line["QUERY PLAN"] for line in await tx.fetch(f"EXPLAIN {sql}", mine.id))
            for sql in (
                "SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1",
                "SELECT * FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY id DESC LIMIT 100",
            )
        ]
    assert "Index Only Scan using webhook_deliveries_counted" in plans[0]
    assert "Index Scan Backward using webhook_deliveries_counted" in plans[1]
