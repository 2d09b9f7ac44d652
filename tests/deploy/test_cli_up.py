"""`sluice up` that cannot start says why in one line, leaves nothing running and ends with a code that is not 0."""

import socket
from pathlib import Path

import pytest

from deploy.local import ports
from tests import servers
from tests.deploy.commands import Ended, run


async def up(data: Path, *more: str) -> Ended:
    return await run("up", "--data", str(data), "--no-demo", *more)


def assert_refused(ended: Ended, *words: str) -> None:
    assert ended.code == 3
    (line,) = ended.complaints
    assert line.startswith(("Sluice cannot start: ", "PostgreSQL cannot start: "))
    for word in words:
        assert word in line


async def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert_refused(await up(tmp_path, "--port", str(port)), f"port {port} is in use", "choose another port")


async def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    dsn = f"postgresql://shop:hidden-word@{ports.LOOPBACK}:{ports.free_port()}/sluice"
    ended = await up(tmp_path, "--port", str(ports.free_port()), "--postgres", dsn)
    assert_refused(ended, "PostgreSQL given with --postgres cannot be reached", "Check the address")
    assert "hidden-word" not in ended.complaint


async def test_a_broker_that_does_not_answer(tmp_path: Path, postgres_server: servers.Database) -> None:
    kafka = f"{ports.LOOPBACK}:{ports.free_port()}"
    more = ("--port", str(ports.free_port()), "--postgres", postgres_server.dsn, "--kafka", kafka)
    assert_refused(await up(tmp_path, *more), f"Kafka given with --kafka cannot be reached at {kafka}")


async def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    data = tmp_path / "file"
    data.touch()
    assert_refused(await up(data, "--port", str(ports.free_port())), str(data), "--data")


async def test_a_data_folder_with_something_else_in_the_place_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "garbage").write_text("no database")
    assert_refused(await up(tmp_path, "--port", str(ports.free_port())), "is not a database folder", "--data")


@pytest.mark.parametrize("content", ["garbage", '{"pid": "x"}'])
async def test_a_note_of_where_the_system_is_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "running.json").write_text(content)
    ended = await run("parked", "list", "--data", str(tmp_path))
    assert ended.code == 3
    (line,) = ended.complaints
    assert "running.json cannot be read" in line
