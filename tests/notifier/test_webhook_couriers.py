"""Couriers that die, or find that everything has changed meanwhile: no event is lost, and few come twice."""

import asyncio

import pytest
import structlog.testing

from notifier.settings import Settings
from notifier.webhooks import claims, courier, judging, signing, store
from shared import failpoints, sealing
from shared.postgres import Database
from tests.notifier import receivers
from tests.notifier.receivers import Receiver
from tests.notifier.webhooks import KEY, SHOP, couriers, hook, impatient, log_of, noted, subscribe, tell, until


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
