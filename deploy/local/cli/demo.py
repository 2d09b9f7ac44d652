"""`sluice demo`: orders to look at."""

import asyncio
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.cli import options, show

if TYPE_CHECKING:
    from deploy.local.demo import Followed


def demo(
    orders: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many orders to post.")] = 500,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same orders.")] = None,
    data: options.Data = options.DEFAULT_DATA,
) -> None:
    """Post realistic orders, follow them, tell what happened.

    They go through the API, and are followed to their shipments.
    Exit code 1 when an order was refused or is not routed after a minute.

    Example: sluice demo --orders 500
    """
    from deploy.local import whereabouts
    from deploy.local.cli import reach

    address = whereabouts.of(data).address
    if not address:
        raise reach.NoSystem(data)
    followed = asyncio.run(_post(data, address, orders, seed))
    _tell(followed)
    if followed.refused or followed.unsettled:
        raise typer.Exit(show.FOUND_WRONG)


async def _post(data: Path, address: str, orders: int, seed: int | None) -> "Followed":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from deploy.local import demo as world
    from deploy.local.cli import reach

    async with reach.all_databases(data) as databases:
        await world.load(databases, address)
    columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=show.console()) as progress:
        bars = {step: progress.add_task(step, total=orders) for step in ("posted", "routed")}
        return await world.post_orders(address, orders, lambda step, more: progress.advance(bars[step], more), seed)


def _tell(followed: "Followed") -> None:
    answers = sorted(followed.seconds_to_answer)
    lines: list[tuple[str, object]] = [
        ("orders posted", followed.posted),
        ("orders accepted", len(followed.accepted)),
        *((f"  now {status}", count) for status, count in followed.statuses.most_common()),
        *((f"rows {outcome}", count) for outcome, count in followed.rows.most_common()),
        ("shipments", len(followed.shipments)),
        ("seconds in all", round(followed.seconds_in_all, 1)),
    ]
    if answers:
        lines.append(("seconds to answer, median", round(statistics.median(answers), 3)))
        lines.append(("seconds to answer, slowest", round(answers[-1], 3)))
    lines += [(f"refused: {why}", count) for why, count in followed.refused.most_common()]
    show.table(("what", "how many"), lines)
    if followed.unsettled:
        typer.echo(f"Not routed yet: {', '.join(followed.unsettled[:20])}. See sluice audit and sluice parked list.")
