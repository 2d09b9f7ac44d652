"""A batch is one transaction; what cannot work is parked, and its neighbours go on."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import asyncpg
import pytest

from shared import inbox as inboxes
from shared import parked
from shared.contracts import CatalogueChanged, Message, OrganisationChanged
from shared.inbox import ATTEMPTS, PATIENT_ATTEMPTS, Handler, Inbox, Unprocessable
from shared.postgres import Database, Transaction
from tests import builders
from tests.builders import Record
from tests.shared.echo import counted, echo, echoes, news


def inbox(house: Database, handler: Handler = echo) -> Inbox:
    return Inbox("router", house, OrganisationChanged, handler)


def records(*names: str) -> list[Record]:
    return [builders.record(news(name), offset=offset) for offset, name in enumerate(names)]


def broken(offset: int, **changes: object) -> Record:
    """A record with something wrong."""
    record = builders.record(news("broken"), offset=offset)
    for field, value in changes.items():
        setattr(record, field, value)
    return record


async def parked_in(house: Database) -> list[parked.ParkedMessage]:
    async with house.transaction() as tx:
        return await parked.parked(tx)


async def test_a_batch_is_handled_at_once_and_in_order(house: Database) -> None:
    sizes = []

    async def count(messages: Sequence[Message], tx: Transaction) -> None:
        sizes.append(len(messages))
        await echo(messages, tx)

    await inbox(house, count).take(records(*map(str, range(500))))
    assert sizes == [500]
    assert await echoes(house) == [str(number) for number in range(500)]


async def test_a_batch_is_one_transaction(house: Database) -> None:
    labels = {"service": "router", "topic": OrganisationChanged.topic}
    before = counted("sluice_batch_transactions_total", **labels)
    async with house.transaction() as tx:
        began = await tx.fetch_value("SELECT pg_current_xact_id()::text::bigint")
    await inbox(house).take(records(*map(str, range(50))))
    async with house.transaction() as tx:
        ended = await tx.fetch_value("SELECT pg_current_xact_id()::text::bigint")
    assert counted("sluice_batch_transactions_total", **labels) - before == 1
    assert ended - began == 2


async def test_a_message_is_handled_once_however_often_it_comes(house: Database) -> None:
    one, other = records("one", "other")
    await inbox(house).take([one, other, one])
    await inbox(house).take([other])
    await asyncio.gather(*(inbox(house).take([one, other]) for _ in range(4)))
    assert await echoes(house) == ["one", "other"]


async def test_two_replicas_given_the_same_batch_handle_it_once(house: Database) -> None:
    batch = records(*map(str, range(100)))
    await asyncio.gather(inbox(house).take(batch), inbox(house).take(batch[::-1]))
    assert sorted(await echoes(house)) == sorted(str(number) for number in range(100))


async def test_what_cannot_be_read_is_parked_and_its_neighbours_go_on(house: Database) -> None:
    alien = builders.record(
        CatalogueChanged(retailer_id="r", catalogue_id="c", supplier_id="s", active=True, version=1)
    )
    batch = [
        builders.record(news("first")),
        broken(1, value=b"{ not json"),
        broken(2, value=None),
        broken(3, headers=[]),
        broken(4, headers=[("message-id", b"\xff\xfe")]),
        broken(5, value=b"\x00\xff\xfe"),
        alien,
        builders.record(news("last"), offset=7),
    ]
    await inbox(house).take(batch)
    assert await echoes(house) == ["first", "last"]
    found = await parked_in(house)
    assert [(one.offset, one.attempts) for one in found] == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (0, 1)]
    assert found[0].value == "{ not json"
    assert found[0].error.startswith("not a OrganisationChanged: ")
    assert found[2].error == found[3].error == "no readable 'message-id' header"
    assert "business_id: Field required" in found[5].error


async def test_poison_that_comes_again_is_parked_once(house: Database) -> None:
    poison = broken(1, value=b"{")
    await inbox(house).take([poison, poison])
    await inbox(house).take([poison])
    assert len(await parked_in(house)) == 1


async def test_an_unprocessable_message_is_parked_at_once_and_its_neighbours_go_on(house: Database) -> None:
    calls = 0

    async def refuse(messages: Sequence[Message], tx: Transaction) -> None:
        nonlocal calls
        calls += 1
        await echo(messages, tx)
        if any(message.key == "bad" for message in messages):
            raise Unprocessable("row 2 names parent 9, which the order lacks")

    await inbox(house, refuse).take(records("a", "b", "bad", "c", "d"))
    assert await echoes(house) == ["a", "b", "c", "d"]
    (found,) = await parked_in(house)
    assert (found.key, found.error) == ("bad", "row 2 names parent 9, which the order lacks")
    assert found.attempts == 1
    assert calls <= 7


async def test_a_failure_that_passes_costs_nothing_but_time(house: Database) -> None:
    failures = iter(["deadlock", "serialisation"])

    async def fail_twice(messages: Sequence[Message], tx: Transaction) -> None:
        await echo(messages, tx)
        if failure := next(failures, None):
            raise RuntimeError(failure)

    await inbox(house, fail_twice).take(records("a", "b"))
    assert await echoes(house) == ["a", "b"]
    assert await parked_in(house) == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many attempts without the pauses between them."""
    monkeypatch.setattr(inboxes, "LONGEST_PAUSE_S", 0.0)


@pytest.mark.usefixtures("impatient")
async def test_a_batch_that_others_are_in_the_way_of_is_tried_for_longer_and_not_taken_apart(house: Database) -> None:
    sizes = []

    async def collide(messages: Sequence[Message], tx: Transaction) -> None:
        sizes.append(len(messages))
        await echo(messages, tx)
        if len(sizes) < PATIENT_ATTEMPTS:
            await tx.execute("DO $$ BEGIN RAISE 'not now' USING ERRCODE = '55P03'; END $$")

    await inbox(house, collide).take(records("a", "b"))
    assert sizes == [2] * PATIENT_ATTEMPTS
    assert await echoes(house) == ["a", "b"]
    assert await parked_in(house) == []


@pytest.mark.usefixtures("impatient")
async def test_a_message_that_others_are_always_in_the_way_of_is_parked_at_last(house: Database) -> None:
    async def collide(messages: Sequence[Message], tx: Transaction) -> None:
        await echo(messages, tx)
        if any(message.key == "bad" for message in messages):
            await tx.execute("DO $$ BEGIN RAISE 'not now' USING ERRCODE = '40P01'; END $$")

    await inbox(house, collide).take(records("a", "bad"))
    assert await echoes(house) == ["a"]
    (found,) = await parked_in(house)
    assert (found.key, found.attempts) == ("bad", PATIENT_ATTEMPTS)
    assert found.error == "DeadlockDetectedError (SQLSTATE 40P01): not now"


async def test_a_parked_message_and_the_log_tell_nobodys_name(
    house: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async with house.transaction() as tx:
        await tx.execute("CREATE TABLE people (name text, age integer CONSTRAINT grown_up CHECK (age >= 18))")

    async def insert(messages: Sequence[Message], tx: Transaction) -> None:
        await tx.execute("INSERT INTO people VALUES ($1, 7)", messages[0].key)

    await inbox(house, insert).take(records("Aino"))
    (found,) = await parked_in(house)
    assert found.error.startswith("CheckViolationError (SQLSTATE 23514, table people, constraint grown_up): ")
    logged = capsys.readouterr().out
    assert "grown_up" in logged
    assert "in insert" in logged
    assert "Aino" not in found.error + logged


async def test_a_message_on_which_the_handler_always_crashes_is_parked_and_the_rest_handled(house: Database) -> None:
    async def crash(messages: Sequence[Message], tx: Transaction) -> None:
        await echo(messages, tx)
        if any(message.key == "bad" for message in messages):
            raise ZeroDivisionError("by nought")

    await inbox(house, crash).take(records("a", "bad", "b"))
    assert await echoes(house) == ["a", "b"]
    (found,) = await parked_in(house)
    assert (found.key, found.error, found.attempts) == ("bad", "ZeroDivisionError: by nought", ATTEMPTS)


async def test_signs_that_postgresql_cannot_keep_do_not_stop_the_parking(house: Database) -> None:
    async def refuse(messages: Sequence[Message], tx: Transaction) -> None:
        raise Unprocessable("a\x00b")

    record = broken(1, key=b"\x00\xff")
    record.headers = [*record.headers, ("odd\x00name", b"\x00\xff"), ("odd\x00name", b"again")]
    await inbox(house, refuse).take([record])
    (found,) = await parked_in(house)
    assert found.error == "a\\x00b"
    assert found.headers[1:] == [["odd\\x00name", "\\x00\\xff"], ["odd\\x00name", "again"]]


async def test_nothing_is_given_up_while_the_database_is_away(house: Database, database: str) -> None:
    losses = iter(range(ATTEMPTS + 1))
    admin = await asyncpg.connect(database)

    async def lose_connection(messages: Sequence[Message], tx: Transaction) -> None:
        await echo(messages, tx)
        if next(losses, None) is not None:
            await admin.execute("SELECT pg_terminate_backend($1, 5000)", tx.connection.get_server_pid())

    await inbox(house, lose_connection).take(records("a"))
    await admin.close()
    assert next(losses, None) is None
    assert await echoes(house) == ["a"]
    assert await parked_in(house) == []


async def test_a_cancelled_batch_leaves_nothing_behind(house: Database) -> None:
    batch, reached = records("a"), asyncio.Event()

    async def hang(messages: Sequence[Message], tx: Transaction) -> None:
        await echo(messages, tx)
        reached.set()
        await asyncio.Event().wait()

    taking = asyncio.create_task(inbox(house, hang).take(batch))
    await reached.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert await echoes(house) == []
    await inbox(house).take(batch)
    assert await echoes(house) == ["a"]


async def test_parked_messages_are_sent_again_under_a_new_id_and_once(house: Database) -> None:
    await inbox(house).take([broken(1, value=b"{"), broken(2, value=b"[")])
    first, second = [one.id for one in await parked_in(house)]
    async with house.transaction() as tx:
        assert await parked.send_again(tx, [first], value=b"mended") == [first]
        assert await parked.send_again(tx, [first]) == []
        assert await parked.discard(tx, [first, second]) == [second]
        (row,) = await tx.fetch("SELECT * FROM outbox")
    assert (row["topic"], row["key"], row["value"]) == (OrganisationChanged.topic, "broken", b"mended")
    assert await parked_in(house) == []


async def test_a_record_without_a_value_is_not_sent_again_and_stays_parked(house: Database) -> None:
    await inbox(house).take([broken(1, value=b"{"), broken(2, value=None)])
    full, empty = [one.id for one in await parked_in(house)]
    async with house.transaction() as tx:
        with pytest.raises(parked.NothingToSend, match=f"message {empty} has no value"):
            await parked.send_again(tx, [full, empty])
    assert [one.id for one in await parked_in(house)] == [full, empty]


async def test_a_message_without_a_key_can_be_parked_and_sent_again(house: Database) -> None:
    await inbox(house).take([broken(1, key=None, value=None, headers=[("message-id", str(uuid4()).encode())])])
    (found,) = await parked_in(house)
    assert (found.key, found.value) == (None, None)
    async with house.transaction() as tx:
        assert await parked.send_again(tx, [found.id], value=b"{}") == [found.id]
