"""`sluice redrive`: send again what was lost on the way."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.cli import options, show


def redrive(
    since: Annotated[
        timedelta | None,
        typer.Option(
            metavar="TIME", parser=options.duration, help="Look at what was sent in the last 7d, say; left out, at all."
        ),
    ] = None,
    older_than: Annotated[
        timedelta,
        typer.Option(metavar="TIME", parser=options.duration, help="Leave alone what was sent so shortly ago."),
    ] = "30s",  # type: ignore[assignment] # the parser gets the default too
    every: Annotated[
        timedelta | None,
        typer.Option(metavar="TIME", parser=options.duration, help="Do it again and again, with this pause."),
    ] = None,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """Send again what a receiver has not taken.

    For when the broker has lost messages. Those that have taken it take it once only, so nothing happens twice.

    Example: sluice redrive --since 7d --older-than 30s
    """
    if every is not None:
        asyncio.run(_keep_redriving(data, since, older_than, every))
    again = asyncio.run(_redrive(data, since, older_than))
    if as_json:
        show.as_json(again)
    elif again:
        show.table(("topic", "messages sent again"), sorted(again.items()))
    else:
        typer.echo("Every message has been taken by all who take it.")


async def _keep_redriving(data: Path, since: timedelta | None, older_than: timedelta, every: timedelta) -> None:
    """Until the process is ended. Each time a message is sent again it is left alone for twice as long."""
    from deploy.local import redrive as redriving
    from deploy.local.cli import reach
    from shared import postgres

    async with reach.all_databases(data) as databases:
        while True:
            try:
                again = await redriving.redrive(databases, since=since, older_than=older_than, patiently=True)
            except postgres.TROUBLE as error:
                typer.echo(f"A database cannot be asked: {type(error).__name__}", err=True)
            else:
                if again:
                    typer.echo(f"Sent again: {', '.join(f'{count} {topic}' for topic, count in sorted(again.items()))}")
            await asyncio.sleep(every.total_seconds())


async def _redrive(data: Path, since: timedelta | None, older_than: timedelta) -> Counter[str]:
    from deploy.local import redrive as redriving
    from deploy.local.cli import reach

    async with reach.all_databases(data) as databases:
        return await redriving.redrive(databases, since=since, older_than=older_than)
