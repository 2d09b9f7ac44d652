"""The feed: every event once, in one order, and nobody sees a later one before an earlier one."""

import asyncio
from contextlib import suppress

from notifier import handlers
from notifier.feed import keeping, news, store
from notifier.feed.telling import Entry
from notifier.settings import Settings
from shared.postgres import Database
from tests.notifier import messages


def entry(number: int, *, organisation: str = messages.RETAILER) -> Entry:
    """An event of an organisation."""
    return Entry(organisation, f"e{number}", "order.accepted", f'{{"id":"e{number}"}}'.encode())


async def read(notes: Database, organisation: str = messages.RETAILER, after: int = 0) -> list[tuple[int, str]]:
    """Positions and ids of an organisation's events, as it may read them itself."""
    async with notes.transaction_of(organisation) as tx:
        return [(told.position, told.id) for told in await store.events_after(tx, organisation, after, 1_000, 10**9)]


async def roll_back(notes: Database, *entries: Entry) -> None:
    """Put events into a feed, and then take all of it back."""
    with suppress(ZeroDivisionError):
        async with notes.transaction() as tx:
            await store.save_events(tx, entries)
            raise ZeroDivisionError


async def test_events_come_in_the_order_in_which_they_were_told_without_gaps(notes: Database) -> None:
    for numbers in ((1, 2, 3), (4,), (5, 6)):
        async with notes.transaction() as tx:
            await store.save_events(tx, [entry(number) for number in numbers])
    assert await read(notes) == [(n, f"e{n}") for n in range(1, 7)]
    assert await read(notes, after=4) == [(5, "e5"), (6, "e6")]


async def test_an_event_that_comes_again_is_told_once_and_leaves_no_gap(notes: Database) -> None:
    for numbers in ((1, 2, 1), (2, 3), (1,), (4, 4)):
        async with notes.transaction() as tx:
            await store.save_events(tx, [entry(number) for number in numbers])
    assert await read(notes) == [(1, "e1"), (2, "e2"), (3, "e3"), (4, "e4")]


async def test_what_was_rolled_back_leaves_no_gap(notes: Database) -> None:
    await roll_back(notes, entry(1), entry(2))
    async with notes.transaction() as tx:
        await store.save_events(tx, [entry(3)])
    assert await read(notes) == [(1, "e3")]


async def test_a_reader_never_passes_an_event_that_is_committed_later(notes: Database) -> None:
    """Eight writers hold their transactions open; a reader follows by cursor meanwhile and ends with every event."""
    writers, each = 8, 12
    seen: list[tuple[int, str]] = []
    done = asyncio.Event()

    async def write(writer: int) -> None:
        for number in range(each):
            async with notes.transaction() as tx:
                await store.save_events(tx, [entry(writer * 1_000 + number * 10 + k) for k in range(3)])
                # Others begin, and would be visible first if they could.
                await asyncio.sleep(0.002 * (writer % 3))

    async def follow() -> None:
        last = False
        while not last:
            last = done.is_set()
            seen.extend(await read(notes, after=seen[-1][0] if seen else 0))

    following = asyncio.create_task(follow())
    await asyncio.gather(*map(write, range(writers)))
    done.set()
    await following
    assert [position for position, _ in seen] == list(range(1, writers * each * 3 + 1))
    assert len({id_ for _, id_ in seen}) == len(seen)


async def test_two_writers_of_the_same_feeds_do_not_lock_each_other_up(notes: Database) -> None:
    parties = [f"P{number:02}" for number in range(20)]

    async def write(writer: int) -> None:
        for number in range(10):
            mine = parties if writer % 2 else parties[::-1]
            async with notes.transaction() as tx:
                await store.save_events(tx, [entry(writer * 100 + number, organisation=party) for party in mine])

    await asyncio.gather(*map(write, range(4)))
    for party in parties:
        assert [position for position, _ in await read(notes, party)] == list(range(1, 41))


async def test_a_batch_is_in_the_feeds_of_all_it_concerns_and_of_nobody_else(
    notes: Database, settings: Settings
) -> None:
    shipments = [messages.shipment(), messages.shipment(supplier=messages.OTHER_SUPPLIER)]
    async with notes.transaction() as tx:
        await handlers.announce_shipments(shipments, tx, settings)
    ids = [f"{shipment.shipment_id}_created" for shipment in shipments]
    assert await read(notes) == [(1, ids[0]), (2, ids[1])]
    assert await read(notes, messages.SUPPLIER) == [(1, ids[0])]
    assert await read(notes, messages.OTHER_SUPPLIER) == [(1, ids[1])]
    async with notes.transaction_of(messages.OTHER_SUPPLIER) as tx:
        assert await store.events_after(tx, messages.SUPPLIER, 0, 10, 10**9) == []
        assert await store.standing(tx, messages.SUPPLIER) == store.Standing()


async def test_old_events_go_and_the_rest_keeps_its_positions(notes: Database) -> None:
    async with notes.transaction() as tx:
        await store.save_events(tx, [entry(number) for number in range(1, 8)])
        await tx.execute("UPDATE events SET told_at = now() - interval '31 days' WHERE position <= 5")
    assert await keeping.prune(notes, 30, bite=2) == 5
    assert await read(notes) == [(6, "e6"), (7, "e7")]
    async with notes.transaction() as tx:
        assert await store.standing(tx, messages.RETAILER) == store.Standing(position=7, pruned=5)
        await store.save_events(tx, [entry(8)])
    assert await keeping.prune(notes, 30) == 0
    assert (await read(notes))[-1] == (8, "e8")


async def test_who_listens_hears_of_a_commit_and_of_no_roll_back(notes: Database) -> None:
    with news.listening(messages.RETAILER) as heard:
        await roll_back(notes, entry(1))
        assert not heard.is_set()
        async with notes.transaction() as tx:
            await store.save_events(tx, [entry(1)])
        assert heard.is_set()
    assert news.waited_for() == []
