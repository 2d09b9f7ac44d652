"""`sluice audit`: do the books of all services add up?"""

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local import ports
from deploy.local.cli import options, show

if TYPE_CHECKING:
    from deploy.local.audit import Findings

_PAUSE_S = 0.5


def audit(
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for messages that are still on their way.")
    ] = 0,
    every: Annotated[
        timedelta | None,
        typer.Option(
            metavar="TIME",
            parser=options.duration,
            help="Look at a part of the books again and again, with this pause.",
        ),
    ] = None,
    orders: Annotated[int, typer.Option(min=1, help="With --every: how many orders to look at each time.")] = 5_000,
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="With --every: serve the metrics of it at this port.")
    ] = None,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """Check the books of all services; 1 if they do not add up, or if not all has arrived in the time to wait.

    They are computed anew from the tables, and every unit that does not add up is named. Messages on their way are
    no fault, but may look like one: see --wait. With --every it never ends; what does not add up is logged, and counted
    in the metric sluice_audit_wrong_units.

    Example: sluice audit --wait 30
    """
    if every is not None:
        asyncio.run(_keep_auditing(data, every, orders, metrics_port))
    findings = asyncio.run(_audit(data, wait))
    if as_json:
        show.as_json({"problems": findings.problems, "in_flight": findings.in_flight, "counts": findings.counts})
    else:
        show.table(("what", "how many"), findings.counts.items())
        if findings.in_flight:
            typer.echo(f"Messages and orders still on their way: {findings.in_flight}; --wait waits for them.")
        for problem in findings.problems:
            typer.echo(f"WRONG: {problem}")
        typer.echo("The books do not add up." if findings.problems else "The books add up.")
    # Whoever waited wanted to see everything arrive.
    if findings.problems or (wait and not findings.clean):
        raise typer.Exit(show.FOUND_WRONG)


async def _keep_auditing(data: Path, every: timedelta, orders: int, metrics_port: int | None) -> None:
    """Until the process is ended."""
    import prometheus_client

    from deploy.local import auditing
    from deploy.local.cli import reach
    from shared import observability

    observability.configure_logging(readable=sys.stdout.isatty())
    async with reach.all_databases(data) as databases:
        if metrics_port is not None:
            host = os.environ.get("SLUICE_HOST", ports.LOOPBACK)
            reach.claim(host, metrics_port, "The metrics")
            prometheus_client.start_http_server(metrics_port, host)
        await auditing.keep_looking(auditing.Auditor(databases, orders), every.total_seconds())


async def _audit(data: Path, wait: float) -> "Findings":
    """The findings once they are clean and nothing is on its way, or as they are when the time is up."""
    from deploy.local import audit as auditor
    from deploy.local.cli import reach

    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    async with reach.all_databases(data) as databases:
        while True:
            findings = await auditor.audit(databases)
            if findings.clean or loop.time() >= deadline:
                return findings
            await asyncio.sleep(_PAUSE_S)
