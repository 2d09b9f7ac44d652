"""One product that all orders want, and of which there is less than they want: inventory alone, asked by messages.

Inventory runs as a process, with PostgreSQL and a broker of its own; it gets as many requests as the broker carries.
Measured is the time between its first and its last answer, by the database; checked is that nothing was promised that
was not there, and that nobody went without while something was.
"""

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from signal import SIGTERM

import asyncpg
import httpx
import uuid_utils.compat as uuid_utils
from aiokafka import AIOKafkaProducer

from bench import loading, market, processes
from bench.parts.options import Options
from bench.report import Report
from bench.running import SETTINGS
from deploy.local import ports
from deploy.local.apache_kafka import ApacheKafka
from deploy.local.embedded_broker import EmbeddedBroker
from deploy.local.postgres_server import PostgresServer
from deploy.local.server_process import ServerProcess
from shared import kafka, outbox, schema
from shared.contracts import MESSAGES, AllocateOrder
from shared.contracts.allocation import Candidate, RowDemand
from shared.postgres import Database
from shared.settings import ServiceSettings
from tests.builders import Signer

CATALOGUE, PRODUCT = "hot", "wanted-by-all"
SHARE_IN_STOCK = 0.9
READY_S, STALLED_S = 60.0, 60.0


async def measure(options: Options, report: Report) -> None:
    """Measure allocations a second of the one product."""
    loading.told.print(f"{options.allocations:,} orders want one product …")
    async with AsyncExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-bench-")))
        server = await stack.enter_async_context(PostgresServer(data, settings=SETTINGS))
        broker: ApacheKafka | EmbeddedBroker = ApacheKafka(data) if options.kafka else EmbeddedBroker(data)
        await stack.enter_async_context(broker)
        await schema.migrate(server.dsn, "inventory", schema.migrations_of("inventory"))
        settings = ServiceSettings(
            database=server.dsn, kafka=broker.address, kafka_partitions=4, kafka_idempotence=options.kafka
        )
        await kafka.create_topics(settings, [message.topic for message in MESSAGES])
        stock = int(options.allocations * SHARE_IN_STOCK)
        pid = await _start_inventory(stack, data, settings, stock)
        before = processes.used(pid)
        await _ask(settings, options.allocations)
        connection = await asyncpg.connect(server.dsn)
        stack.push_async_callback(connection.close)
        await _until_answered(connection, options.allocations)
        after = processes.used(pid)
        batches = await connection.fetch(
            "SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at, count(*) AS orders"
            " FROM inventory.settlements GROUP BY 1 ORDER BY 1"
        )
        problems = await _problems(connection, options.allocations, stock)
    report.problems += [f"one product that all want: {problem}" for problem in problems]
    passed = batches[-1]["at"] - batches[0]["at"] if batches else 0.0
    if not passed:
        report.failed.append("one product that all want: too few to measure")
        return
    rate = sum(batch["orders"] for batch in batches[1:]) / passed
    report.figures["hot_allocations_per_second"] = rate
    report.parts["one product that all want"] = {
        "requests": options.allocations,
        "in_stock": stock,
        "per_second": rate,
        "batches": len(batches),
        "cpu_seconds_per_allocation": (after.cpu - before.cpu) / options.allocations if before and after else None,
    }
    loading.told.print(f"  {rate:,.0f} allocations/s in {len(batches)} batches; problems: {problems or 'none'}")


async def _start_inventory(stack: AsyncExitStack, data: Path, settings: ServiceSettings, stock: int) -> int:
    """Inventory with the product; its process id."""
    signer = Signer()
    database = await Database.connect(settings.database, "inventory", size=1)
    async with database.transaction() as tx:
        await signer.announce(tx)
    await database.close()
    port = ports.free_port()
    process = await ServerProcess.start(
        [sys.executable, "-m", "deploy.local.cli", "run", "inventory", "--data", data],
        log=data / "inventory.log",
        dies_by=SIGTERM,
        environment={
            **loading.ENVIRONMENT,
            "SLUICE_DATABASE": settings.database,
            "SLUICE_KAFKA": settings.kafka,
            "SLUICE_KAFKA_IDEMPOTENCE": str(settings.kafka_idempotence),
            "SLUICE_KAFKA_SESSION_MS": "4000",
            "INVENTORY_PORT": str(port),
        },
    )
    stack.push_async_callback(process.stop, (SIGTERM, 40.0))
    address = f"http://{ports.LOOPBACK}:{port}"
    async with asyncio.timeout(READY_S), httpx.AsyncClient(base_url=address, trust_env=False) as client:
        while "service ready" not in process.output:
            if not process.running:
                raise RuntimeError(f"inventory ended:\n{process.output[-2_000:]}")
            await asyncio.sleep(0.1)
        shop = signer.headers(market.SHOP.business_id, "retailer")
        supplier = signer.headers(market.SUPPLIERS[0].business_id, "supplier")
        terms = {"supplierId": market.SUPPLIERS[0].business_id, "backOrderAllowed": False}
        item = {
            "product": {"externalId": PRODUCT, "eanCode": market.ean(0, 0)},
            "balances": [
                {
                    "productExternalId": PRODUCT,
                    "retailerId": market.SHOP.business_id,
                    "catalogExternalId": CATALOGUE,
                    "quantity": stock,
                }
            ],
        }
        for path, body, who in (("catalogs/hot", terms, shop), ("inventory", [item], supplier)):
            answer = await _put(client, f"/ecommerce/v3/{path}", body, who)
            if answer.is_error or (path == "inventory" and answer.json()):
                raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:500]}")
    return processes.our_child("run", "inventory")


async def _put(client: httpx.AsyncClient, path: str, body: object, headers: dict[str, str]) -> httpx.Response:
    """Put something; the service may not listen yet though it is ready."""
    while True:
        try:
            return await client.put(path, json=body, headers=headers)
        except httpx.ConnectError:
            await asyncio.sleep(0.1)


async def _ask(settings: ServiceSettings, count: int) -> None:
    """Ask for one unit for each of so many orders."""
    candidate = Candidate(catalogue_id=CATALOGUE, product_id=PRODUCT)
    rows = (RowDemand(external_id="1", quantity=Decimal(1), candidates=(candidate,)),)
    topic = kafka.topic_name(settings, AllocateOrder.topic)
    producer: AIOKafkaProducer = kafka.new_producer(settings, "bench")
    await producer.start()
    try:
        sent = []
        for _ in range(count):
            request = AllocateOrder(
                order_id=uuid_utils.uuid7(),
                round=1,
                retailer_id=market.SHOP.business_id,
                placed_at=datetime.now(UTC),
                rows=rows,
            )
            headers = [(outbox.MESSAGE_ID, str(uuid_utils.uuid7()).encode())]
            value = request.model_dump_json(exclude_defaults=True).encode()
            sent.append(await producer.send(topic, value, key=request.key.encode(), headers=headers))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def _until_answered(connection: asyncpg.Connection, wanted: int) -> None:
    """Wait until all are answered, or no more are for long."""
    answered, patience = -1, time.monotonic() + STALLED_S
    while time.monotonic() < patience:
        now_answered = await connection.fetchval("SELECT count(*) FROM inventory.settlements")
        if now_answered >= wanted:
            return
        if now_answered > answered:
            answered, patience = now_answered, time.monotonic() + STALLED_S
        await asyncio.sleep(0.5)


async def _problems(connection: asyncpg.Connection, wanted: int, stock: int) -> list[str]:
    """What does not add up: answers, what was promised, what is left, messages given up."""
    found = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM inventory.settlements) AS answered,"
        " (SELECT coalesce(sum(quantity), 0) FROM inventory.allocations) AS promised,"
        " (SELECT sum(quantity) FROM inventory.balances) AS quantity,"
        " (SELECT sum(allocated) FROM inventory.balances) AS allocated,"
        " (SELECT count(*) FROM inventory.parked) AS parked"
    )
    assert found is not None
    expected = {"answered": wanted, "promised": stock, "quantity": 0, "allocated": stock, "parked": 0}
    return [f"{what} is {found[what]}, not {value}" for what, value in expected.items() if found[what] != value]
