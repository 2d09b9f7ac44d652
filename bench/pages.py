"""How long a page of products takes, and a list of changes: `make bench`.

A PostgreSQL with the settings of `sluice up`, inventory as a process of its own, and one caller that waits for each
answer before it asks again. A time is from the request to the last byte of the answer. The last line is JSON.
"""

import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from signal import SIGTERM
from time import perf_counter

import httpx
import orjson
from rich.console import Console
from rich.table import Table

from bench import processes, stock
from deploy.local import ports
from deploy.local.postgres_server import PostgresServer
from deploy.local.server_process import ServerProcess
from shared import schema
from shared.postgres import Database
from tests.builders import Signer

ROOT = Path(__file__).parent.parent
PAGE_MS, PUT_MS, FILE_MS = 200, 1_000, 20_000
PAGES = 12
LINES, LINES_AT_ONCE = 100_000, 2_000
FILE = f"{LINES:,} products, {LINES_AT_ONCE:,} in a PUT"
WITHIN_S = 240
"""All of it ends by then, whatever happens."""

told = Console(stderr=True)


@dataclass
class Measured:
    """The times of one kind of request, in milliseconds, and how many bytes the last answer had."""

    name: str
    target: int
    times: list[float] = field(default_factory=list)
    size: int = 0
    peak_mb: float | None = None
    """The most memory that inventory held meanwhile, where that was looked at."""

    @property
    def median(self) -> float:
        """The time half of them took at most."""
        return statistics.median(self.times)

    def as_json(self) -> dict[str, object]:
        """The outcome for programs."""
        return {
            "name": self.name,
            "median_ms": round(self.median, 1),
            "max_ms": round(max(self.times), 1),
            "target_ms": self.target,
            "bytes": self.size,
            "runs": len(self.times),
            **({} if self.peak_mb is None else {"peak_mb": round(self.peak_mb)}),
        }


@dataclass
class Caller:
    """One of the two parties, asking one thing after another."""

    client: httpx.AsyncClient
    headers: dict[str, str]

    async def ask(self, method: str, path: str, body: bytes | None = None, *, packed: bool = False) -> bytes:
        """The bytes of an answer as they arrived. Raises RuntimeError when it is not 200."""
        headers = {**self.headers, "Accept-Encoding": "gzip" if packed else "identity"}
        async with self.client.stream(method, path, headers=headers, content=body) as answer:
            arrived = b"".join([part async for part in answer.aiter_raw()])
        if answer.status_code != 200:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {arrived[:500]!r}")
        return arrived

    async def change(self, path: str, items: bytes) -> None:
        """Put a list of items, all of which must be applied."""
        refused = await self.ask("PUT", path, items)
        if refused != b"[]":
            raise RuntimeError(f"PUT {path}: {refused[:500]!r}")


async def main() -> int:
    """Measure and tell; 1 when a target was missed or the time was not enough."""
    outcome: list[Measured] = []
    finished = False
    try:
        async with asyncio.timeout(WITHIN_S), AsyncExitStack() as stack:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-bench-")))
            told.print("Starting PostgreSQL and inventory …")
            supplier, shop = await _start(stack, data)
            await _load(supplier, shop)
            async for measured in _measurements(supplier, shop):
                told.print(f"{measured.name}: {measured.median:.0f} ms")
                outcome.append(measured)
            outcome.append(await _file(supplier))
            finished = True
    except TimeoutError:
        told.print(f"This machine does not get through it in {WITHIN_S} s; the rest was not measured")
    _tell(outcome)
    return int(not finished or any(one.median >= one.target for one in outcome))


async def _start(stack: AsyncExitStack, data: Path) -> tuple[Caller, Caller]:
    """A supplier and a shop, and before them all that they talk to."""
    server = await stack.enter_async_context(PostgresServer(data))
    await schema.migrate(server.dsn, "inventory", schema.migrations_of("inventory"))
    signer = Signer()
    database = await Database.connect(server.dsn, "inventory", size=1)
    async with database.transaction() as tx:
        await signer.announce(tx)
    await database.close()
    port = ports.free_port()
    process = await ServerProcess.start(
        [sys.executable, "-m", "bench.serving"],
        log=data / "inventory.log",
        dies_by=SIGTERM,
        environment={
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "SLUICE_DATABASE": server.dsn,
            "SLUICE_KAFKA": "none",
            "SLUICE_LOG_LEVEL": "WARNING",
            "INVENTORY_HOST": ports.LOOPBACK,
            "INVENTORY_PORT": str(port),
        },
    )
    stack.push_async_callback(process.stop, (SIGTERM, 10.0))
    client = await stack.enter_async_context(
        httpx.AsyncClient(base_url=f"http://{ports.LOOPBACK}:{port}", timeout=60, trust_env=False)
    )
    while True:
        try:
            await client.get("/livez")
            break
        except httpx.TransportError:
            if not process.running:
                raise RuntimeError(process.output) from None
            await asyncio.sleep(0.05)
    return (
        Caller(client, signer.headers(stock.SUPPLIER, "supplier")),
        Caller(client, signer.headers(stock.SHOP, "retailer")),
    )


async def _load(supplier: Caller, shop: Caller) -> None:
    """Make the catalogues and publish the products."""
    for name in stock.CATALOGUES:
        await shop.ask("PUT", f"/ecommerce/v3/catalogs/{name}", orjson.dumps({"supplierId": stock.SUPPLIER}))
    items = list(stock.products())
    for done, part in enumerate(stock.cut(items, 2_000), start=1):
        await supplier.change("/ecommerce/v3/inventory", orjson.dumps(part))
        told.print(f"Loaded {done * 2_000} of {len(items)} products")


async def _measurements(supplier: Caller, shop: Caller) -> AsyncIterator[Measured]:
    """Everything that is measured, one after the other."""
    inventory, balances = "/ecommerce/v3/inventory", "/ecommerce/v3/inventory/balances"
    catalogue = f"/ecommerce/v3/catalogs/{stock.CATALOGUES[0]}"
    yield await _pages("2,000 of a supplier's products", supplier, f"{inventory}?size=2000")
    yield await _pages("the same, gzip", supplier, f"{inventory}?size=2000", packed=True)
    yield await _pages("the same, last page", supplier, f"{inventory}?size=2000&page=9")
    yield await _pages("2,000 products of a catalogue", shop, f"{catalogue}/products")
    yield await _pages("the same, gzip", shop, f"{catalogue}/products", packed=True)
    yield await _pages("2,000 of a shop's products", shop, f"{inventory}?size=2000&page=1")
    yield await _pages("2,000 of a supplier's balances", supplier, f"{balances}?size=2000&page=10")
    yield await _pages("2,000 balances of a catalogue", shop, f"{catalogue}/balances")
    # What was loaded just now has changed "since" for a little while longer.
    await asyncio.sleep(3)
    since = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    await supplier.change(balances, orjson.dumps(stock.quantities(10, 1)))
    changes = f"/ecommerce/v3/catalogs/balances?modifiedFromDate={since}"
    yield await _pages("10 changed balances of a shop", shop, changes)
    quantities = [stock.quantities(10_000, revision) for revision in range(5)]
    yield await _puts("PUT of 10,000 balances", supplier, balances, quantities)
    products = [list(islice(stock.products(revision), 2_000)) for revision in range(1, 6)]
    yield await _puts("PUT of 2,000 products", supplier, inventory, products)


async def _pages(name: str, caller: Caller, path: str, *, packed: bool = False) -> Measured:
    measured = Measured(name, PAGE_MS)
    for _ in range(PAGES):
        began = perf_counter()
        measured.size = len(await caller.ask("GET", path, packed=packed))
        measured.times.append((perf_counter() - began) * 1_000)
    return measured


async def _puts(name: str, caller: Caller, path: str, lists: Iterable[object]) -> Measured:
    measured = Measured(name, PUT_MS)
    for items in lists:
        body = orjson.dumps(items)
        began = perf_counter()
        await caller.change(path, body)
        measured.times.append((perf_counter() - began) * 1_000)
        measured.size = len(body)
    return measured


async def _file(supplier: Caller) -> Measured:
    """So many products as a supplier's file lists them, one PUT after the other, timed as one."""
    measured = Measured(FILE, FILE_MS)
    serving = processes.our_child("bench.serving")
    processes.forget_peaks({"inventory": serving})
    bodies = [orjson.dumps(part) for part in stock.cut(list(stock.lines(LINES)), LINES_AT_ONCE)]
    began = perf_counter()
    for body in bodies:
        await supplier.change("/ecommerce/v3/inventory", body)
    measured.times.append((perf_counter() - began) * 1_000)
    measured.size = sum(map(len, bodies))
    used = processes.used(serving)
    measured.peak_mb = 0.0 if used is None else used.peak_mb
    told.print(f"{measured.name}: {measured.median / 1_000:.1f} s, inventory held {measured.peak_mb:.0f} MB at most")
    return measured


def _tell(outcome: Iterable[Measured]) -> None:
    """A table for people, and a line for programs."""
    table = Table("", "median ms", "slowest ms", "target ms", "kB", "")
    for one in outcome:
        met = "met" if one.median < one.target else "missed"
        numbers = (f"{one.median:.0f}", f"{max(one.times):.0f}", f"{one.target}", f"{one.size / 1_000:,.0f}")
        table.add_row(one.name, *numbers, met)
    told.print(table)
    print(orjson.dumps({"bench": "pages", "measured": [one.as_json() for one in outcome]}).decode())


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
