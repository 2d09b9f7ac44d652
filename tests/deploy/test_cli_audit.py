"""`sluice audit` ends with 1 where the books do not add up, and with 0 where they do."""

import json
from uuid import uuid4

import asyncpg
import httpx

from deploy.local import ports
from tests import builders
from tests.deploy import commands
from tests.deploy.commands import sluice


async def execute(database: str, sql: str, *arguments: object) -> None:
    """Run a statement as a superuser: somebody who tampers with the books."""
    connection = await asyncpg.connect(database)
    await connection.execute(sql, *arguments)
    await connection.close()


async def test_books_in_which_nothing_is_written_add_up(database: str) -> None:
    answer = await sluice("audit", SLUICE_DATABASE=database)
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[-1] == "The books add up."


async def stock_from_nowhere(database: str) -> None:
    """A balance of five of which only three were ever supplied."""
    await execute(database, "INSERT INTO inventory.catalogues VALUES ('shop', 'boots', 'maker', 'Catalog')")
    await execute(
        database,
        "INSERT INTO inventory.products (supplier_id, external_id, status, document)"
        " VALUES ('maker', 'BOOT-1', 'ACTIVE', '{}')",
    )
    await execute(
        database,
        "INSERT INTO inventory.balances (retailer_id, catalogue_id, supplier_id, product_id, quantity, supplied)"
        " VALUES ('shop', 'boots', 'maker', 'BOOT-1', 5, 3)",
    )


async def test_stock_that_came_from_nowhere_is_named_however_long_one_waits(database: str) -> None:
    await stock_from_nowhere(database)
    answer = await sluice("audit", "--wait", "0.1", SLUICE_DATABASE=database)
    assert answer.exit_code == 1
    assert "WRONG: balance of BOOT-1 in shop/boots: 5" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "The books do not add up."
    assert len(json.loads((await sluice("audit", "--json", SLUICE_DATABASE=database)).stdout)["problems"]) == 1


async def test_messages_on_their_way_are_told_and_are_no_fault(database: str) -> None:
    await execute(
        database,
        "INSERT INTO router.outbox (message_id, topic, key, value) VALUES ($1, 'router.x.v1', 'k', '')",
        uuid4(),
    )
    answer = await sluice("audit", SLUICE_DATABASE=database)
    assert answer.exit_code == 0
    assert "Messages and orders still on their way: 1" in answer.stdout
    assert (await sluice("audit", "--wait", "0.1", SLUICE_DATABASE=database)).exit_code == 1


async def test_an_audit_that_goes_on_logs_what_is_wrong_and_serves_it_as_a_metric(database: str) -> None:
    await stock_from_nowhere(database)
    port = ports.free_port()
    address = {"SLUICE_DATABASE": database, "SLUICE_HOST": ports.LOOPBACK}
    process = await commands.start("audit", "--every", "1s", "--metrics-port", str(port), **address)
    try:
        text = await builders.eventually(lambda: metrics(port), lambda found: 'check="balances"} 1.0' in found)
    finally:
        process.terminate()
        ended = await commands.ended(process)
    assert 'sluice_audit_wrong_units{check="mails"} 0.0' in text
    logged = [json.loads(line) for line in ended.output.splitlines()]
    (wrong,) = [line for line in logged if line["level"] == "error"]
    assert (wrong["event"], wrong["check"]) == ("the books do not add up", "balances")
    assert wrong["what"].startswith("balance of BOOT-1 in shop/boots: 5")


async def metrics(port: int) -> str:
    """What is served at a port; nothing as long as nobody listens there."""
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"http://{ports.LOOPBACK}:{port}/metrics")).text
        except httpx.HTTPError:
            return ""
