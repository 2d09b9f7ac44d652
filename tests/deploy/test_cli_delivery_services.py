"""`sluice delivery-services`: an operator says which carriers' services there are."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.commands import sluice

BICYCLE = {"id": "9000", "provider": "Polku", "deliveryOperator": "Polku", "description": {"en": "By [bold] bicycle"}}


def write(folder: Path, *services: dict[str, Any]) -> str:
    file = folder / "services.json"
    file.write_text(json.dumps(services))
    return str(file)


async def listed(database: str, *options: str) -> dict[str, dict[str, Any]]:
    answer = await sluice("delivery-services", "list", *options, "--json", SLUICE_DATABASE=database)
    assert answer.exit_code == 0, answer.stderr
    return {service["id"]: service for service in json.loads(answer.stdout)}


async def test_a_service_that_was_loaded_is_listed_beside_those_built_in(database: str, tmp_path: Path) -> None:
    loaded = await sluice("delivery-services", "load", write(tmp_path, BICYCLE), SLUICE_DATABASE=database)
    assert (loaded.exit_code, loaded.stdout) == (0, "1 delivery service loaded.\n")
    shown = await sluice("delivery-services", "list", SLUICE_DATABASE=database)
    assert "By [bold] bicycle" in shown.stdout
    assert "2103" in shown.stdout


async def test_with_replace_all_there_are_no_others(database: str, tmp_path: Path) -> None:
    command = ("delivery-services", "load", write(tmp_path, BICYCLE), "--replace-all")
    assert (await sluice(*command, SLUICE_DATABASE=database)).exit_code == 0
    assert set(await listed(database)) == {"9000"}
    assert {"2103", "90080"} < set(await listed(database, "--built-in"))


async def test_what_is_listed_can_be_changed_and_loaded(database: str, tmp_path: Path) -> None:
    before = await listed(database)
    before["2103"]["description"]["en"] = "Changed"
    command = ("delivery-services", "load", write(tmp_path, *before.values()), "--replace-all")
    assert (await sluice(*command, SLUICE_DATABASE=database)).exit_code == 0
    assert await listed(database) == before


async def test_a_file_with_a_fault_loads_nothing_and_every_fault_is_named(database: str, tmp_path: Path) -> None:
    before = await listed(database)
    file = write(tmp_path, BICYCLE, {"id": "1", "deliveryOperator": "Polku", "description": {"fi": "Pyörällä"}})
    refused = await sluice("delivery-services", "load", file, SLUICE_DATABASE=database)
    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        "[1].provider: is required",
        "[1].description: lacks en, which is shown to whoever reads none of the others",
        f"Nothing was loaded: {file} has 2 faults.",
    ]
    assert await listed(database) == before


@pytest.mark.parametrize("command", ["delivery-services load", "delivery-services list"])
async def test_each_command_tells_what_it_does_with_an_example(command: str) -> None:
    answer = await sluice(*command.split(), "--help")
    assert answer.exit_code == 0
    assert f"Example: sluice {command}" in answer.stdout
    assert "--data PATH" in answer.stdout


async def test_without_a_running_system_it_is_said_how_to_start_one(tmp_path: Path) -> None:
    for command in (("load", write(tmp_path, BICYCLE)), ("list",)):
        answer = await sluice("delivery-services", *command, "--data", str(tmp_path))
        assert answer.exit_code == 3
        assert answer.stderr.startswith(f"There is no running system in {tmp_path}; start one with sluice up")
