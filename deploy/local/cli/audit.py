"""`sluice audit`: do the books of all services add up?"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.cli import options, show

if TYPE_CHECKING:
    from deploy.local.audit import Findings

_PAUSE_S = 0.5


def audit(
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for messages that are still on their way.")
    ] = 0,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """Check the books of all services; 1 if they do not add up, or if not all has arrived in the time to wait.

    They are computed anew from the tables, and every unit that does not add up is named. Messages on their way are
    no fault, but may look like one: see --wait.

    Example: sluice audit --wait 30
    """
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
