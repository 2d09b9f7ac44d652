"""`sluice migrate`: the schemas of all services, and the topics."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.cli import options


def migrate(
    data: options.Data = options.DEFAULT_DATA,
    postgres: Annotated[
        str | None,
        typer.Option(
            metavar="DSN",
            envvar="SLUICE_POSTGRES",
            help="The database, as a user who may make roles; left out, SLUICE_DATABASE or the running system's.",
        ),
    ] = None,
) -> None:
    """Bring all schemas up to date, and make the topics.

    Topics that exist are left as they are. Safe at any time, also while the services run.

    Example: sluice migrate --postgres postgresql://sluice:secret@db.example:5432/sluice
    """
    from deploy.local import whereabouts

    whereabouts.adopt(data)
    asyncio.run(_migrate(data, postgres or os.environ.get("SLUICE_DATABASE")))


async def _migrate(data: Path, dsn: str | None) -> None:
    from deploy.local import services
    from deploy.local.cli import migrations, reach
    from shared import kafka
    from shared.contracts import MESSAGES

    if dsn is None:
        raise reach.NoSystem(data)
    reach.checked(dsn)
    for service in services.SERVICES:
        before = await migrations.done(dsn, service.package)
        await service.migrate(dsn)
        new = sorted(await migrations.done(dsn, service.package) - before)
        typer.echo(f"{service.name}: {'migrated to ' + new[-1] if new else 'up to date'}")
    if os.environ.get("SLUICE_KAFKA") is None:
        typer.echo("topics: left alone, as SLUICE_KAFKA does not say where Kafka is")
        return
    reach.quietly()
    settings = services.SERVICES[0].settings({"database": dsn})
    made = await kafka.create_topics(settings, [message.topic for message in MESSAGES])
    typer.echo(f"topics: {len(made)} made, {len(MESSAGES) - len(made)} were there")
