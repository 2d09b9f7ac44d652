"""`sluice parked`: the messages a service has given up, kept for a person."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from deploy.local.cli import options, show

if TYPE_CHECKING:
    from shared.parked import ParkedMessage
    from shared.postgres import Transaction

Answer = TypeVar("Answer")

app = typer.Typer(name="parked", help="Messages that were given up: look at them, and decide.", no_args_is_help=True)

Of = Annotated[str, typer.Argument(metavar="SERVICE", help=f"Who gave it up: {options.NAMES}.")]
Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="The numbers that sluice parked list shows.")]


@app.command("list")
def list_(
    service: Annotated[str | None, typer.Option(help=f"Only those of one service: {options.NAMES}.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of each service, oldest first.")] = 100,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """List the parked messages, oldest first.

    Example: sluice parked list --service router
    """
    from deploy.local.services import SERVICES
    from shared import parked

    names = [one.name for one in SERVICES] if service is None else [_known(service)]
    found = {name: _in(data, name, lambda tx: parked.parked(tx, limit=limit + 1)) for name in names}
    listed = [(name, message) for name, messages in found.items() for message in messages[:limit]]
    if as_json:
        show.as_json([_as_plain(name, message) for name, message in listed])
        return
    if not listed:
        typer.echo("Nothing is parked.")
        return
    show.table(
        ("service", "id", "parked at", "topic", "key", "tries", "why"),
        [
            (name, m.id, f"{m.parked_at:%Y-%m-%d %H:%M:%S}", m.topic, m.key, m.attempts, m.error.splitlines()[0][:120])
            for name, m in listed
        ],
    )
    for name, messages in found.items():
        if len(messages) > limit:
            typer.echo(f"{name} has more; --limit shows them.")


@app.command("show")
def show_(
    service: Of,
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number.")],
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """Show a parked message whole: where it came from, why it was given up, and what it says.

    Example: sluice parked show router 17
    """
    from shared import parked

    name = _known(service)
    message = _in(data, name, lambda tx: parked.parked_message(tx, number))
    if message is None:
        _missing(name, [number])
    plain = _as_plain(name, message)
    if as_json:
        show.as_json(plain)
        return
    value, headers = plain.pop("value"), plain.pop("headers")
    show.table(("of", "parked message"), plain.items())
    show.table(("header", "value"), headers)
    typer.echo(_indented(value))


@app.command()
def send(
    service: Of,
    ids: Ids,
    value_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Send what this file holds in its place."),
    ] = None,
    data: options.Data = options.DEFAULT_DATA,
) -> None:
    """Send parked messages again to their topic, all of whose receivers hear them. They are parked no more.

    Example: sluice parked send router 17 --value-file mended.json
    """
    from shared import parked

    if value_file is not None and len(ids) > 1:
        raise typer.BadParameter("--value-file mends one message, so give one ID")
    value = None if value_file is None else value_file.read_bytes()
    name = _known(service)
    sent = _in(data, name, lambda tx: parked.send_again(tx, ids, value=value))
    _report(name, ids, sent, "sent again")


@app.command()
def discard(
    service: Of,
    ids: Ids,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: options.Data = options.DEFAULT_DATA,
) -> None:
    """Forget parked messages for good.

    Example: sluice parked discard router 17 18 --yes
    """
    from shared import parked

    name = _known(service)
    if not yes:
        typer.confirm(f"Forget {len(ids)} parked message(s) of {name} for good?", abort=True)
    gone = _in(data, name, lambda tx: parked.discard(tx, ids))
    _report(name, ids, gone, "discarded")


def _known(service: str) -> str:
    from deploy.local import services

    try:
        return services.service_named(service).name
    except KeyError:
        show.give_up(f"There is no service {service}; it is {options.NAMES}.", show.USAGE)


def _in(data: Path, service: str, work: "Callable[[Transaction], Awaitable[Answer]]") -> Answer:
    """What `work` returns, done in a transaction of the service."""
    from deploy.local.cli import reach

    async def do() -> Answer:
        async with reach.database(service, data) as database, database.transaction() as tx:
            return await work(tx)

    return asyncio.run(do())


def _report(service: str, asked: list[int], done: list[int], what: str) -> None:
    if done:
        typer.echo(f"{', '.join(map(str, done))} of {service}: {what}.")
    if missing := sorted(set(asked) - set(done)):
        _missing(service, missing)


def _missing(service: str, ids: list[int]) -> NoReturn:
    numbers = ", ".join(map(str, ids))
    show.give_up(f"{service} has no parked message {numbers}; see sluice parked list.", show.FOUND_WRONG)


def _as_plain(service: str, message: "ParkedMessage") -> dict[str, Any]:
    return {"service": service, **message.model_dump(mode="json")}


def _indented(value: str | None) -> str:
    """A message's value to read: JSON with its lines apart, anything else as it is."""
    try:
        return json.dumps(json.loads(value or ""), indent=2, ensure_ascii=False)
    except ValueError:
        return value or "(it has no value)"
