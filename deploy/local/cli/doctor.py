"""`sluice doctor`: what is missing or unreachable, and what to do about it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.cli import options, show

if TYPE_CHECKING:
    from deploy.local.cli.checks import Check


def doctor(
    data: options.Data = options.DEFAULT_DATA,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port sluice up is to have.")] = 8080,
    as_json: options.AsJson = False,
) -> None:
    """Say what is missing or unreachable, and what to do.

    Exit code 1 when something that is needed is missing.

    Example: sluice doctor --port 9000
    """
    found = asyncio.run(_look(data, port))
    if as_json:
        show.as_json(
            [{"what": c.what, "state": c.state, "detail": c.detail, "what_to_do": c.what_to_do} for c in found]
        )
    else:
        show.table(("what", "state", "found", "what to do"), [(c.what, c.state, c.detail, c.what_to_do) for c in found])
    if any(check.state == "missing" for check in found):
        raise typer.Exit(show.FOUND_WRONG)


async def _look(data: Path, port: int) -> "list[Check]":
    from deploy.local import whereabouts
    from deploy.local.cli import checks_of_machine, checks_of_servers, reach

    reach.quietly()
    found = whereabouts.of(data)
    # The servers that a stopped system brought along are not unreachable: the next start brings them again.
    if checks_of_machine.lives(found.pid):
        whereabouts.adopt(data)
    return [*checks_of_machine.all_of(data, port, found), *await checks_of_servers.all_of()]
