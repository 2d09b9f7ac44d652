"""Whoever types `sluice` finds out how it is meant, at once."""

import asyncio
import os
import sys

import pytest

from tests.deploy.commands import run, sluice

COMMANDS = (
    "up", "run", "migrate", "gateway", "audit", "redrive", "replay", "demo", "doctor",
    "organisation add", "organisation list", "key add", "key revoke",
    "parked list", "parked show", "parked send", "parked discard",
    "pickup-points load", "pickup-points list", "delivery-services load", "delivery-services list",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_tells_what_it_does_with_an_example_and_takes_the_data_folder(command: str) -> None:
    answer = await sluice(*command.split(), "--help")
    assert answer.exit_code == 0
    assert "Example:" in answer.stdout
    assert f"sluice {command}" in " ".join(answer.stdout.partition("Example:")[2].split())
    assert "--data PATH" in answer.stdout
    assert "SLUICE_DATA" in answer.stdout


async def test_the_command_alone_lists_what_there_is() -> None:
    answer = await run("--help")
    assert answer.code == 0
    assert answer.complaint == ""
    for command in COMMANDS:
        assert f"\n  {command.split()[0]} " in answer.output


async def test_asking_for_help_loads_nothing_heavy() -> None:
    script = "import sys, deploy.local.cli; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env={"PATH": os.environ["PATH"]}, stdout=asyncio.subprocess.PIPE
    )
    loaded = set((await process.communicate())[0].decode().split())
    assert process.returncode == 0
    assert not loaded & {
        "aiokafka",
        "asyncpg",
        "fastapi",
        "faststream",
        "httpx",
        "pydantic",
        "shared.service",
        "portal",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("up", "--port", "0"),
        ("up", "--kafka", "nowhere"),
        ("redrive", "--since", "soon"),
        ("demo", "--orders", "0"),
        ("parked", "send", "router"),
        ("sing",),
    ],
)
async def test_a_wrong_command_line_is_refused_with_2(arguments: tuple[str, ...]) -> None:
    answer = await sluice(*arguments)
    assert answer.exit_code == 2
    assert "Error: " in answer.stderr
