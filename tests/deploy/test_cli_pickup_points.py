"""`sluice pickup-points`: an operator loads them into the running system, all or nothing."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from deploy.local import demo_points
from tests.deploy.commands import run, sluice

HEADER = "externalId,type,serviceProvider,name,streetAddress,postalCode,postOffice,country,latitude,longitude"


def write(folder: Path, *lines: str) -> str:
    """A file with these lines under the header."""
    file = folder / "points.csv"
    file.write_text("\n".join((HEADER, *lines)), encoding="utf-8")
    return str(file)


def line(external_id: str, provider: str = "Posti", name: str = "Automaatti") -> str:
    return f"{external_id},LOCKER,{provider},{name},Tullikatu 6,33100,Tampere,FI,61.4978247,23.777128"


async def listed(database: str, *options: str) -> list[dict[str, Any]]:
    answer = await sluice("pickup-points", "list", *options, "--json", SLUICE_DATABASE=database)
    assert answer.exit_code == 0, answer.stderr
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    return found


def ids(found: Sequence[dict[str, Any]]) -> set[str]:
    return {one["externalId"] for one in found}


async def test_points_that_were_loaded_are_listed(database: str, tmp_path: Path) -> None:
    file = write(tmp_path, line("1"), line("2", "Matkahuolto", "Asema [bold]"))
    loaded = await sluice("pickup-points", "load", file, "--json", SLUICE_DATABASE=database)
    assert loaded.exit_code == 0, loaded.stderr
    assert json.loads(loaded.stdout) == [
        {"provider": "Matkahuolto", "before": 0, "now": 1},
        {"provider": "Posti", "before": 0, "now": 1},
    ]
    shown = await sluice("pickup-points", "list", "--provider", "Matkahuolto", SLUICE_DATABASE=database)
    assert "Asema [bold]" in shown.stdout
    assert "Tullikatu 6, 33100 Tampere" in shown.stdout
    assert "Automaatti" not in shown.stdout


async def test_loading_replaces_all_points_of_the_carriers_in_the_file_and_of_no_others(
    database: str, tmp_path: Path
) -> None:
    first = write(tmp_path, line("1"), line("2"), line("3", "Matkahuolto"))
    assert (await sluice("pickup-points", "load", first, SLUICE_DATABASE=database)).exit_code == 0
    again = await sluice("pickup-points", "load", write(tmp_path, line("2"), line("4")), SLUICE_DATABASE=database)
    assert again.exit_code == 0
    assert "Posti      2        2" in again.stdout
    assert ids(await listed(database)) == {"2", "3", "4"}


async def test_a_file_with_a_fault_loads_nothing_and_every_fault_is_named(database: str, tmp_path: Path) -> None:
    assert (await sluice("pickup-points", "load", write(tmp_path, line("1")), SLUICE_DATABASE=database)).exit_code == 0
    file = write(tmp_path, line("2"), line("3_"), line("4").replace("61.", "161."))
    refused = await sluice("pickup-points", "load", file, SLUICE_DATABASE=database)
    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        "line 3: externalId: has other characters than A to Z, a to z, 0 to 9 and -",
        "line 4: latitude: Input should be less than or equal to 90",
        f"Nothing was loaded: {file} has 2 faults.",
    ]
    assert ids(await listed(database)) == {"1"}


async def test_a_carrier_may_be_named_beside_the_file(database: str, tmp_path: Path) -> None:
    command = ("pickup-points", "load", "--provider", "Posti")
    assert (await sluice(*command, write(tmp_path, line("1", "")), SLUICE_DATABASE=database)).exit_code == 0
    assert [one["serviceProvider"] for one in await listed(database)] == ["Posti"]
    assert (await sluice(*command, write(tmp_path), SLUICE_DATABASE=database)).exit_code == 0
    assert await listed(database) == []
    other = await sluice(*command, write(tmp_path, line("1", "GLS")), SLUICE_DATABASE=database)
    assert (other.exit_code, other.stderr.splitlines()[0]) == (
        1,
        "line 2: serviceProvider: is not Posti, whose points are loaded",
    )


async def test_points_are_listed_as_shops_find_them(database: str) -> None:
    assert (await sluice("pickup-points", "load", str(demo_points.FILE), SLUICE_DATABASE=database)).exit_code == 0
    near = await listed(database, "--postal-code", "33100", "--service", "90080", "--limit", "1")
    assert [one["externalId"] for one in near] == ["5038"]
    assert ids(await listed(database, "--search", "kaleva", "--country", "fi")) == {"335403201"}


async def test_what_is_listed_can_be_loaded(database: str, tmp_path: Path) -> None:
    assert (await sluice("pickup-points", "load", str(demo_points.FILE), SLUICE_DATABASE=database)).exit_code == 0
    before = await listed(database, "--limit", "100")
    file = tmp_path / "points.json"
    file.write_text(json.dumps(before))
    assert (await sluice("pickup-points", "load", str(file), SLUICE_DATABASE=database)).exit_code == 0
    assert await listed(database, "--limit", "100") == before


@pytest.mark.parametrize("command", ["pickup-points load", "pickup-points list"])
async def test_each_command_tells_what_it_does_with_an_example(command: str) -> None:
    answer = await sluice(*command.split(), "--help")
    assert answer.exit_code == 0
    assert f"Example: sluice {command}" in answer.stdout
    assert "--data PATH" in answer.stdout


async def test_the_columns_of_the_file_are_told(tmp_path: Path) -> None:
    told = (await sluice("pickup-points", "load", "--help")).stdout
    assert all(column in told for column in (*HEADER.split(","), "serviceCodes", "capabilities"))
    missing = await sluice("pickup-points", "load", str(tmp_path / "nothing.csv"))
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)


@pytest.mark.parametrize("command", [("load", str(demo_points.FILE)), ("list",)])
async def test_without_a_running_system_it_is_said_how_to_start_one(tmp_path: Path, command: Sequence[str]) -> None:
    answer = await sluice("pickup-points", *command, "--data", str(tmp_path))
    assert answer.exit_code == 3
    assert answer.stderr.startswith(f"There is no running system in {tmp_path}; start one with sluice up")


async def test_a_file_or_a_pipe_gets_no_progress(database: str, tmp_path: Path) -> None:
    file = write(tmp_path, *(line(str(number)) for number in range(1_000)))
    answer = await run("pickup-points", "load", file, SLUICE_DATABASE=database)
    assert (answer.code, answer.complaint) == (0, "")
