"""What is nobody's mistake in the code is said in one line that tells what to do."""

from pathlib import Path

import aiokafka.errors
import asyncpg
import httpx
import pytest

from deploy.local.cli import refusals
from portal.settings import Settings
from shared.schema import MigrationFailed
from shared.sealing import BadKey
from tests import servers
from tests.deploy.commands import sluice

NEEDS_A_SYSTEM = (
    "organisation list",
    "organisation add 0109357-9 --name N --role supplier",
    "key add 0109357-9 --account a",
    "key revoke a",
    "parked list",
    "parked show router 1",
    "redrive",
    "audit",
    "demo",
    "migrate",
    "run router",
)


@pytest.mark.parametrize("command", NEEDS_A_SYSTEM)
async def test_without_a_running_system_every_command_says_how_to_start_one(command: str, tmp_path: Path) -> None:
    answer = await sluice(*command.split(), "--data", str(tmp_path))
    assert answer.exit_code == 3
    assert answer.stderr == (
        f"There is no running system in {tmp_path}; start one with sluice up, "
        "or set SLUICE_DATABASE and SLUICE_KAFKA.\n"
    )


@pytest.mark.parametrize("command", ["run shop", "parked list --service shop", "parked show shop 1"])
async def test_an_unknown_service_is_answered_with_the_five(command: str) -> None:
    answer = await sluice(*command.split())
    assert answer.exit_code == 2
    assert answer.stderr == "There is no service shop; it is order-intake, router, inventory, notifier or portal.\n"


async def test_a_database_without_the_schemas_is_to_be_migrated(postgres_server: servers.Database) -> None:
    async with servers.clone(postgres_server.dsn, "template1") as dsn:
        answer = await sluice("organisation", "list", SLUICE_DATABASE=dsn)
    assert answer.exit_code == 3
    assert "sluice migrate" in answer.stderr


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncpg.InvalidPasswordError("password authentication failed"), "Check the user and the password"),
        (asyncpg.InvalidCatalogNameError('database "x" does not exist'), "Create it"),
        (asyncpg.UndefinedTableError('relation "outbox" does not exist'), "sluice migrate"),
        (asyncpg.InvalidParameterValueError('role "sluice_portal" does not exist'), "sluice migrate"),
        (asyncpg.DiskFullError("no space left"), "no space left"),
        (aiokafka.errors.KafkaConnectionError("no broker"), "SLUICE_KAFKA"),
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)"), "sluice up"),
        (PermissionError(13, "Permission denied", "/data/mail"), "/data/mail cannot be used: Permission denied"),
        (TimeoutError(), "does not answer in time"),
        (httpx.ConnectError("refused"), "The running system does not answer"),
        (BadKey("number 2 of the sealing keys is none"), "SLUICE_SEALING_KEYS"),
        (MigrationFailed("schema router: syntax error\nat line 3"), "syntax error at line 3"),
        (ExceptionGroup("two", [ValueError(), OSError("no route")]), "no route"),
    ],
)
def test_a_trouble_is_told_in_one_line_with_the_code_3(error: Exception, words: str) -> None:
    refusal = refusals.of(error)
    assert refusal is not None
    assert refusal.code == 3
    assert words in refusal.line
    assert "\n" not in refusal.line


def test_a_setting_that_is_not_valid_is_named_without_its_value() -> None:
    with pytest.raises(ValueError, match="port") as caught:
        Settings.model_validate({"database": "d", "kafka": "k", "port": "hidden-word"})
    refusal = refusals.of(caught.value)
    assert refusal is not None
    assert "PORT: " in refusal.line
    assert "hidden-word" not in refusal.line


async def test_settings_of_mail_and_webhooks_that_are_not_valid_are_said_in_one_line(tmp_path: Path) -> None:
    addresses = {"SLUICE_DATABASE": "postgresql://nobody@127.0.0.1:1/none", "SLUICE_KAFKA": "127.0.0.1:1"}
    for name, value, words in (
        ("SLUICE_SEALING_KEYS", "hidden-word", "number 1 of the sealing keys is none"),
        ("NOTIFIER_WEBHOOK_NETWORKS", "intranet", "WEBHOOK_NETWORKS: "),
        ("NOTIFIER_PUBLIC_URL", "sluice.example", "PUBLIC_URL: "),
    ):
        answer = await sluice("run", "notifier", "--data", str(tmp_path), **addresses, **{name: value})
        assert answer.exit_code == 3, name
        assert answer.stderr.startswith("The settings are not valid: ")
        assert words in answer.stderr
        assert answer.stderr.count("\n") == 1
        assert "hidden-word" not in answer.stderr


def test_a_mistake_in_the_code_keeps_its_traceback() -> None:
    assert refusals.of(KeyError("order")) is None
