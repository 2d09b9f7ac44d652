"""The embedded PostgreSQL keeps what it was told, comes back from every death, and says plainly why it cannot start."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import asyncpg
import pytest

from deploy.local import trouble
from deploy.local.postgres_server import PostgresServer

STARTER = """
import asyncio, sys
from pathlib import Path
from deploy.local.postgres_server import PostgresServer

async def main():
    async with PostgresServer(Path(sys.argv[1])) as server:
        print(server.dsn, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def told(dsn: str, *statements: str) -> object:
    """The first value of the last statement's answer."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])


async def test_it_keeps_its_data_its_port_and_its_password_over_a_restart(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path)
    await server.start()
    first = server.dsn
    await told(first, "CREATE TABLE orders (id int)", "INSERT INTO orders VALUES (1) RETURNING id")
    await server.stop()
    await server.start()
    assert server.dsn == first
    assert await told(first, "SELECT count(*) FROM orders") == 1
    await server.stop()
    await server.stop()


async def test_it_is_postgresql_18_and_waits_for_the_disk(tmp_path: Path) -> None:
    async with PostgresServer(tmp_path) as server:
        assert server.version.startswith("18.")
        assert await told(server.dsn, "SHOW fsync") == "on"
        assert await told(server.dsn, "SHOW synchronous_commit") == "on"
        assert await told(server.dsn, "SHOW server_encoding") == "UTF8"
        assert await told(server.dsn, "SELECT current_database() || ' ' || current_user") == "sluice sluice"


async def test_it_never_runs_as_root_and_needs_the_password(tmp_path: Path) -> None:
    async with PostgresServer(tmp_path) as server:
        assert (tmp_path / "postgres").stat().st_uid != 0
        password = (tmp_path / "postgres.password").read_text()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.dsn.replace(password, "guess"))
    assert (tmp_path / "postgres.password").stat().st_mode & 0o077 == 0


async def test_what_was_committed_survives_the_kill_of_the_server(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path)
    await server.start()
    open_connection = await asyncpg.connect(server.dsn)
    await told(server.dsn, "CREATE TABLE orders (id int)", "INSERT INTO orders VALUES (1) RETURNING id")
    os.kill(postmaster(tmp_path), signal.SIGKILL)

    async with PostgresServer(tmp_path) as again:
        assert await told(again.dsn, "SELECT count(*) FROM orders") == 1
    open_connection.terminate()
    await server.stop()


async def test_it_can_be_started_at_once_after_the_process_that_started_it_was_killed(tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert starter.stdout is not None
    dsn = (await starter.stdout.readline()).decode().strip()
    await told(dsn, "CREATE TABLE orders (id int)", "INSERT INTO orders VALUES (1) RETURNING id")
    first = postmaster(tmp_path)
    starter.kill()
    await starter.communicate()

    async with PostgresServer(tmp_path) as again:
        assert postmaster(tmp_path) != first
        assert await told(again.dsn, "SELECT count(*) FROM orders") == 1


async def test_a_lock_with_the_number_of_some_other_process_does_not_keep_it_from_starting(tmp_path: Path) -> None:
    async with PostgresServer(tmp_path):
        pass
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    async with PostgresServer(tmp_path) as server:
        assert await told(server.dsn, "SELECT 1") == 1


async def test_a_second_one_on_the_same_folder_is_told_who_has_it(tmp_path: Path) -> None:
    async with PostgresServer(tmp_path) as server:
        with pytest.raises(trouble.CannotStart, match=f"in use by process {postmaster(tmp_path)}"):
            await PostgresServer(tmp_path).start()
        assert await told(server.dsn, "SELECT 1") == 1


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(trouble.CannotStart, match=f"^PostgreSQL cannot start: port {port} is in use. Stop"):
            await PostgresServer(tmp_path, port).start()


async def test_a_folder_that_is_no_database_is_left_alone_and_named(tmp_path: Path) -> None:
    photos = tmp_path / "postgres" / "photos"
    photos.mkdir(parents=True)
    with pytest.raises(trouble.CannotStart, match=r"postgres is not a database folder .* Move it away"):
        await PostgresServer(tmp_path).start()
    assert photos.is_dir()


async def test_a_database_of_another_version_is_left_alone_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("16\n")
    with pytest.raises(trouble.CannotStart, match="was made by PostgreSQL 16, and this is PostgreSQL 18"):
        await PostgresServer(tmp_path).start()


async def test_a_damaged_database_is_one_line_that_names_the_log(tmp_path: Path) -> None:
    async with PostgresServer(tmp_path):
        pass
    (tmp_path / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(trouble.CannotStart, match=r"pg_control.*postgres\.log") as caught:
        await PostgresServer(tmp_path).start()
    assert "\n" not in str(caught.value)


async def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(trouble.CannotStart, match=r"file cannot be used .* name another with --data"):
        await PostgresServer(tmp_path / "file").start()


def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    output = "LOG:  starting\nFATAL:  could not write lock file: No space left on device\nLOG:  shut down\n"
    error = trouble.from_output("PostgreSQL", output, tmp_path, tmp_path / "log")
    assert error.why == f"the disk that holds {tmp_path} is full"


def test_the_last_cause_a_server_named_is_the_reason(tmp_path: Path) -> None:
    output = "LOG:  starting\nFATAL:  the first\n10:00 UTC [7] FATAL:  the last.\nHINT:  think\nLOG:  shut down\n"
    error = trouble.from_output("PostgreSQL", output, tmp_path, tmp_path / "log")
    assert str(error).startswith("PostgreSQL cannot start: the last. Read ")
