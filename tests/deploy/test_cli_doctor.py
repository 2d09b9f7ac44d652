"""`sluice doctor` says what is missing and what to do, and nothing else makes it fail."""

import json
import socket
from pathlib import Path
from typing import Any

from deploy.local import ports
from deploy.local.whereabouts import Whereabouts
from tests import servers
from tests.deploy.commands import sluice


async def look(data: Path, port: int | None = None, **environment: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and what was found by the thing looked at."""
    asked = ("--data", str(data), "--port", str(port or ports.free_port()), "--json")
    answer = await sluice("doctor", *asked, **environment)
    return answer.exit_code, {found["what"]: found for found in json.loads(answer.stdout)}


async def test_a_machine_on_which_nothing_runs_yet_is_well(tmp_path: Path) -> None:
    code, found = await look(tmp_path / "not" / "yet")
    assert code == 0
    assert [found[what]["state"] for what in ("Python", "dbmate", "disk", "data folder")] == ["ok"] * 4
    assert [found[what]["state"] for what in ("database", "Kafka", "mail server")] == ["note"] * 3
    assert found["database"]["what_to_do"] == "Start the system with sluice up"


async def test_servers_that_answer_are_well(tmp_path: Path, database: str, embedded_broker: servers.Broker) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as mail:
        code, found = await look(
            tmp_path,
            SLUICE_DATABASE=database,
            SLUICE_KAFKA=embedded_broker.address,
            NOTIFIER_SMTP=f"{ports.LOOPBACK}:{mail.getsockname()[1]}",
        )
    assert code == 0
    assert [found[what]["state"] for what in ("database", "Kafka", "mail server")] == ["ok"] * 3


async def test_servers_that_do_not_answer_are_missing(tmp_path: Path) -> None:
    nowhere = f"{ports.LOOPBACK}:{ports.free_port()}"
    code, found = await look(
        tmp_path, SLUICE_DATABASE=f"postgresql://{nowhere}/sluice", SLUICE_KAFKA=nowhere, SLUICE_SMTP=nowhere
    )
    assert code == 1
    assert [found[what]["state"] for what in ("database", "Kafka", "mail server")] == ["missing"] * 3


async def test_a_database_that_was_not_migrated_is_to_be(tmp_path: Path, postgres_server: servers.Database) -> None:
    async with servers.clone(postgres_server.dsn, "template1") as dsn:
        code, found = await look(tmp_path, SLUICE_DATABASE=dsn)
    assert code == 1
    assert found["database"]["what_to_do"] == "Run sluice migrate"


async def test_a_port_that_is_taken_is_missing_unless_the_running_system_has_it(tmp_path: Path) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        code, found = await look(tmp_path, port)
        assert (code, found[f"port {port}"]["state"]) == (1, "missing")
        Whereabouts(address=f"http://{ports.LOOPBACK}:{port}", pid=1).save(tmp_path)
        code, found = await look(tmp_path, port)
        assert (code, found[f"port {port}"]["state"]) == (0, "ok")


async def test_the_servers_of_a_system_that_was_stopped_are_not_missed(tmp_path: Path) -> None:
    nowhere = f"postgresql://{ports.LOOPBACK}:{ports.free_port()}/sluice"
    Whereabouts(address="http://x", pid=0, environment={"SLUICE_DATABASE": nowhere}).save(tmp_path)
    code, found = await look(tmp_path)
    assert (code, found["database"]["state"]) == (0, "note")


async def test_a_data_folder_that_is_a_file_is_to_be_moved(tmp_path: Path) -> None:
    data = tmp_path / "file"
    data.touch()
    answer = await sluice("doctor", "--data", str(data), "--port", str(ports.free_port()))
    assert answer.exit_code != 0
    assert str(data) in answer.stdout + answer.stderr
