"""The databases of all services, each as its own settings name it, for whoever looks at the system as a whole."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from deploy.local.services import SERVICES
from shared.postgres import Database


@asynccontextmanager
async def opened(values: Mapping[str, object] | None = None) -> AsyncIterator[dict[str, Database]]:
    """A small pool for each service, by the service's name; `values` are settings that go before the environment.

    Raises OSError or asyncpg.PostgresError when one cannot be reached.
    """
    async with AsyncExitStack() as stack:
        found: dict[str, Database] = {}
        for service in SERVICES:
            found[service.name] = await Database.connect(
                service.settings(values).database, service.package, size=2, application="sluice-command"
            )
            stack.push_async_callback(found[service.name].close)
        yield found
