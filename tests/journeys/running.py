"""A running system, and what is asked of it as a whole."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import audit, databases, demo, ports
from deploy.local.system import Options, System
from shared.postgres import Database


@dataclass(frozen=True)
class Running:
    """A running system, and the databases of its services for those who look at it from behind."""

    system: System
    databases: Mapping[str, Database]

    async def settled(self) -> None:
        """Wait until every message has been taken by all who take it."""
        assert await demo.settled(self.databases), "messages are still on their way after a minute"

    async def books_are_clean(self) -> None:
        """Wait until nothing is on its way, and have the books of all services recomputed."""
        await self.settled()
        found = await audit.audit(self.databases)
        assert found.problems == [], "\n".join(found.problems[:20])


@asynccontextmanager
async def system(data: Path, dsn: str, kafka: str | None, namespace: str) -> AsyncIterator[Running]:
    """A system on the database at `dsn` and the broker at `kafka`, or with a broker it brings along."""
    chosen = Options(data, ports.free_port(), postgres=dsn, kafka=kafka, demo=False, namespace=namespace)
    started = System(chosen)
    await started.start()
    try:
        async with databases.opened(started.values) as opened:
            yield Running(started, opened)
    finally:
        await started.stop()
