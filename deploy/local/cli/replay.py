"""`sluice replay`: what would other rules have made of past orders?"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from deploy.local.cli import options, show

if TYPE_CHECKING:
    from rich.progress import Progress

    from deploy.local.replay_run import Replayed
    from router.delivery.faults import Fault
    from shared.rules.figures import Comparison, Figures
    from shared.rules.replay import Rules

PICTURES = (".svg", ".png")
MEASURES = (
    ("orders", "orders"),
    ("split orders", "split_orders"),
    ("shipments", "shipments"),
    ("units from the shelf", "units"),
    ("units that wait", "backordered"),
    ("units nobody serves", "unserved"),
    ("cost", "cost"),
    ("units without a price", "unpriced"),
)
SHORTEST = Decimal("0.01")


def _moment(text: str | datetime) -> datetime:
    """So long ago, or a date, in UTC unless it says otherwise. Raises BadParameter."""
    if isinstance(text, datetime):
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC) - options.duration(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _picture(text: str) -> Path:
    file = Path(text)
    if file.suffix.lower() not in PICTURES:
        raise typer.BadParameter(f"{text!r} ends neither in .svg nor in .png")
    return file


def replay(
    since: Annotated[
        datetime, typer.Option(metavar="TIME", parser=_moment, help="Orders taken in since: 7d ago, or 2026-01-31.")
    ] = "7d",  # type: ignore[assignment] # the parser gets the default too
    until: Annotated[
        datetime, typer.Option(metavar="TIME", parser=_moment, help="Orders taken in before: 1d ago, or 2026-01-31.")
    ] = "0s",  # type: ignore[assignment]
    retailer: Annotated[str | None, typer.Option(metavar="ID", help="Only the orders of one retailer.")] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="The changed rules, in TOML; see docs/replay.md."
        ),
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures there; - is standard output.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE", parser=_picture, help="Draw them there, as .svg or .png.")
    ] = None,
    data: options.Data = options.DEFAULT_DATA,
) -> None:
    """Decide past orders again, under other rules, and show what would be different. Nothing is changed.

    Each order is decided with the numbers that were seen when it came. Without --rules the rules are those of then,
    and every decision is to come out as it did: 1 if one does not. 2 if the time or the retailer cannot be.

    Example: sluice replay --since 7d --rules rules.toml --chart replay.svg
    """
    from shared.rules.replay import UNCHANGED

    if until <= since:
        begin, end = (moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") for moment in (since, until))
        named = f"{end} UTC is not after --since, {begin} UTC"
        raise typer.BadParameter(named, param_hint="--until")
    content = None if rules is None else rules.read_bytes()
    changed = UNCHANGED if rules is None or content is None else _read(rules, content)
    found = asyncio.run(_replay(data, since, until, retailer, changed, content))
    if isinstance(found, list):
        _refuse(rules or Path("-"), found)
    if as_json is not None:
        _write(found, as_json)
    if chart is not None:
        from deploy.local import replay_chart

        replay_chart.draw(found.compared, chart)
    if as_json != Path("-"):
        _tell(found, unchanged=changed == UNCHANGED)
    if changed == UNCHANGED and found.compared.changed:
        raise typer.Exit(show.FOUND_WRONG)


def _read(file: Path, content: bytes) -> "Rules":
    from router.delivery.faults import NotLoadable
    from router.replaying import rules_file

    try:
        return rules_file.read(content)
    except NotLoadable as error:
        _refuse(file, error.faults)


def _refuse(file: Path, faults: "Sequence[Fault]") -> NoReturn:
    for fault in faults:
        typer.echo(str(fault), err=True)
    count = len(faults)
    show.give_up(f"Nothing was replayed: {file} has {count} {'fault' if count == 1 else 'faults'}.", show.FOUND_WRONG)


async def _replay(
    data: Path, since: datetime, until: datetime, retailer: str | None, rules: "Rules", content: bytes | None
) -> "Replayed | list[Fault]":
    """What came of the orders, or the names in the file of rules that nothing has."""
    from deploy.local import replay_run
    from deploy.local.cli import reach
    from router.delivery.faults import Fault
    from router.replaying import rules_file, rules_given
    from router.store import past_orders

    span = replay_run.Span(since, until, retailer)
    async with reach.database("router", data) as router:
        if retailer is not None:
            async with router.transaction() as tx:
                if not await past_orders.is_known(tx, retailer):
                    show.give_up(f"Nothing was replayed: there is no retailer {retailer}.", show.USAGE)
        if content is not None:
            async with router.transaction() as tx:
                unknown = await rules_given.unknown(tx, rules, retailer)
            if unknown:
                return [Fault(rules_file.place(one.place, content), one.message) for one in unknown]
        expected = await replay_run.count(router, span)
        with _progress() as progress:
            bar = progress.add_task("orders", total=expected)
            return await replay_run.replay(router, span, rules, expected, lambda more: progress.advance(bar, more))


def _write(found: "Replayed", file: Path) -> None:
    from router.replaying import shown

    text = shown.compared(found.compared).model_dump_json(by_alias=True, indent=2)
    if file == Path("-"):
        typer.echo(text)
    else:
        file.write_text(text + "\n")


def _tell(found: "Replayed", *, unchanged: bool) -> None:
    compared = found.compared
    before, after = compared.total
    show.table(("", "before", "after", "difference"), _rows(before, after))
    for kind, title in (("retailer", "retailer"), ("supplier", "supplier"), ("catalogue", "catalogue")):
        show.table((title, *(name for name, _ in MEASURES)), _by(compared, kind))
    if compared.skipped:
        typer.echo(f"Left out, because they were cancelled before any catalogue was asked: {compared.skipped}")
    if not unchanged:
        typer.echo(f"{compared.changed} of {compared.orders} orders would have been promised something else.")
        return
    typer.echo(f"{compared.orders - compared.changed} of {compared.orders} decisions came out as they did.")
    for one in found.differences:
        typer.echo(f"DIFFERS: order {one.external_id} of {one.retailer_id}: {one.what}")
    if more := compared.changed - len(found.differences):
        typer.echo(f"… and {more} more")


def _rows(before: "Figures", after: "Figures") -> Iterator[tuple[str, ...]]:
    for title, name in MEASURES:
        then, now = Decimal(getattr(before, name)), Decimal(getattr(after, name))
        yield title, _number(then), _number(now), f"{'+' if now > then else ''}{_number(now - then)}"


def _by(compared: "Comparison", kind: str) -> Iterator[tuple[str, ...]]:
    """The figures of each, before and after where they differ."""
    for group, before, after in compared.of(kind):
        name = f"{group.retailer_id}/{group.name}" if group.retailer_id else group.name
        yield name, *(_both(Decimal(getattr(before, m)), Decimal(getattr(after, m))) for _, m in MEASURES)


def _both(before: Decimal, after: Decimal) -> str:
    return _number(before) if before == after else f"{_number(before)} → {_number(after)}"


def _number(number: Decimal) -> str:
    whole = number == number.to_integral_value()
    return f"{number:,.0f}" if whole else f"{number.quantize(SHORTEST):,.2f}"


def _progress() -> "Progress":
    """Shown to people on standard error; a file or a pipe gets nothing of it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
