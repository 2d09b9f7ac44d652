"""A running system, and what is asked of it as a whole."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.local import audit, databases, demo, ports
from deploy.local.system import Options, System
from shared.postgres import Database

AUDITS = 20
"""So often the books are read: an order that is tried again meanwhile puts them in motion."""


@dataclass(frozen=True)
class Running:
    """A running system, a client of its address, and its services' databases for those who look at it from behind."""

    system: System
    databases: Mapping[str, Database]
    client: httpx.AsyncClient

    async def settled(self) -> None:
        """Wait until every message has been taken by all who take it."""
        assert await demo.settled(self.databases), "messages are still on their way after a minute"

    async def books_are_clean(self) -> None:
        """Wait until nothing is on its way, and have the books of all services recomputed."""
        await self.settled()
        found = await audit.audit(self.databases)
        for _ in range(AUDITS):
            if not found.in_flight:
                break
            await self.settled()
            found = await audit.audit(self.databases)
        assert (found.problems[:20], found.in_flight) == ([], 0)


@asynccontextmanager
async def system(data: Path, dsn: str, kafka: str | None, namespace: str) -> AsyncIterator[Running]:
    """A system on the database at `dsn` and the broker at `kafka`, or with a broker it brings along."""
    chosen = Options(data, ports.free_port(), postgres=dsn, kafka=kafka, demo=False, namespace=namespace)
    started = System(chosen)
    await started.start()
    try:
        async with (
            databases.opened(started.values) as opened,
            httpx.AsyncClient(base_url=started.address, timeout=30, trust_env=False) as client,
        ):
            yield Running(started, opened, client)
    finally:
        await started.stop()
