"""`sluice parked`: a person looks at what a service has given up, and decides."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from shared.postgres import Database
from tests.deploy.commands import sluice

TOPIC = "order-intake.order-placed.v1"
MESSAGE = UUID(int=7)


@pytest.fixture
async def router(database: str) -> AsyncIterator[Database]:
    """The router's database, with the messages 1 and 2 parked."""
    opened = await Database.connect(database, "router", size=2)
    async with opened.transaction() as tx:
        await tx.execute(
            "INSERT INTO parked (message_id, topic, partition, record_offset, key, value, headers, error, attempts)"
            " SELECT $1, $2, 3, o, k, v, $3, e, 5 FROM unnest($4::bigint[], $5::bytea[], $6::bytea[], $7::text[])"
            " AS t (o, k, v, e)",
            MESSAGE,
            TOPIC,
            [["message-id", str(MESSAGE)]],
            [10, 11],
            [b"order-1", b"order-2"],
            [b'{"order_id": "order-1"}', b"\xff not JSON"],
            ["a row [3] lacks its parent\nfrom the second line on: a traceback", "not JSON"],
        )
    yield opened
    await opened.close()


async def left(router: Database) -> list[int]:
    """The ids that are still parked."""
    async with router.transaction() as tx:
        return [row["id"] for row in await tx.fetch("SELECT id FROM parked ORDER BY id")]


async def outbox(router: Database) -> list[tuple[str, str, bytes]]:
    """Topic, key and value of the messages to be sent."""
    async with router.transaction() as tx:
        rows = await tx.fetch("SELECT topic, key, value FROM outbox ORDER BY id")
        return [(row["topic"], row["key"], row["value"]) for row in rows]


async def test_the_parked_messages_of_all_services_are_listed_with_the_reason(router: Database, database: str) -> None:
    answer = await sluice("parked", "list", SLUICE_DATABASE=database)
    assert answer.exit_code == 0
    first, second = [line for line in answer.stdout.splitlines() if TOPIC in line]
    assert "a row [3] lacks its parent" in first
    assert "order-2" in second
    assert "traceback" not in answer.stdout


async def test_the_list_says_so_when_there_is_more(router: Database, database: str) -> None:
    answer = await sluice("parked", "list", "--service", "router", "--limit", "1", SLUICE_DATABASE=database)
    assert "router has more; --limit shows them." in answer.stdout
    assert "order-2" not in answer.stdout


async def test_the_list_is_there_for_programs_too(router: Database, database: str) -> None:
    answer = await sluice("parked", "list", "--json", SLUICE_DATABASE=database)
    first, second = json.loads(answer.stdout)
    assert (first["service"], first["id"], first["message_id"]) == ("router", 1, str(MESSAGE))
    assert second["value"] == "\\xff not JSON"


async def test_a_service_without_parked_messages_says_so(router: Database, database: str) -> None:
    answer = await sluice("parked", "list", "--service", "order_intake", SLUICE_DATABASE=database)
    assert (answer.exit_code, answer.stdout) == (0, "Nothing is parked.\n")


async def test_a_parked_message_is_shown_whole(router: Database, database: str) -> None:
    answer = await sluice("parked", "show", "router", "1", SLUICE_DATABASE=database)
    assert answer.exit_code == 0
    assert "from the second line on: a traceback" in answer.stdout
    assert '{\n  "order_id": "order-1"\n}' in answer.stdout
    assert str(MESSAGE) in answer.stdout


async def test_a_message_is_sent_again_as_it_was(router: Database, database: str) -> None:
    answer = await sluice("parked", "send", "router", "1", "2", SLUICE_DATABASE=database)
    assert (answer.exit_code, answer.stdout) == (0, "1, 2 of router: sent again.\n")
    assert await left(router) == []
    assert await outbox(router) == [
        (TOPIC, "order-1", b'{"order_id": "order-1"}'),
        (TOPIC, "order-2", b"\xff not JSON"),
    ]


async def test_a_mended_message_is_sent_in_its_place(router: Database, database: str, tmp_path: Path) -> None:
    mended = tmp_path / "mended.json"
    mended.write_bytes(b'{"order_id": "order-2"}')
    answer = await sluice("parked", "send", "router", "2", "--value-file", str(mended), SLUICE_DATABASE=database)
    assert answer.exit_code == 0
    assert await left(router) == [1]
    assert await outbox(router) == [(TOPIC, "order-2", b'{"order_id": "order-2"}')]


async def test_one_file_mends_one_message_only(router: Database, database: str, tmp_path: Path) -> None:
    mended = tmp_path / "mended.json"
    mended.touch()
    answer = await sluice("parked", "send", "router", "1", "2", "--value-file", str(mended), SLUICE_DATABASE=database)
    assert answer.exit_code == 2
    assert await left(router) == [1, 2]


async def test_a_message_is_discarded_once_a_person_has_said_yes(router: Database, database: str) -> None:
    refused = await sluice("parked", "discard", "router", "1", typed="n\n", SLUICE_DATABASE=database)
    assert refused.exit_code == 1
    assert await left(router) == [1, 2]
    agreed = await sluice("parked", "discard", "router", "1", typed="y\n", SLUICE_DATABASE=database)
    assert agreed.exit_code == 0
    assert await left(router) == [2]
    assert await outbox(router) == []


@pytest.mark.parametrize("command", ["show", "send", "discard"])
async def test_a_number_that_is_not_parked_is_named(router: Database, database: str, command: str) -> None:
    yes = ("--yes",) if command == "discard" else ()
    answer = await sluice("parked", command, "router", "9", *yes, SLUICE_DATABASE=database)
    assert answer.exit_code == 1
    assert answer.stderr == "router has no parked message 9; see sluice parked list.\n"


async def test_those_that_are_there_are_sent_though_another_is_not(router: Database, database: str) -> None:
    answer = await sluice("parked", "send", "router", "1", "9", SLUICE_DATABASE=database)
    assert (answer.exit_code, answer.stdout) == (1, "1 of router: sent again.\n")
    assert answer.stderr == "router has no parked message 9; see sluice parked list.\n"
    assert await left(router) == [2]
