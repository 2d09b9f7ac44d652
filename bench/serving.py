"""Inventory's HTTP interface as a process of its own, without Kafka: what is to be sent stays in the outbox."""

import uvloop

from inventory import app
from inventory.settings import Settings
from shared import auth, observability, service
from shared.postgres import Database


async def serve() -> None:
    """Serve at INVENTORY_PORT on the database at SLUICE_DATABASE until SIGTERM."""
    settings = Settings()
    observability.configure_logging(settings.log_level)
    built = app.build(settings)
    database = await Database.connect(settings.database, "inventory", size=settings.pool_size)
    built.app.state.database, built.app.state.settings = database, settings
    built.app.state.token_keys = auth.TokenKeys(database)
    service.spare_the_long_lived()
    await service.serve(built.app, settings.host, settings.port)
    await database.close()


if __name__ == "__main__":
    uvloop.run(serve())
