"""`sluice organisation`: who takes part."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.local.cli import options, show

if TYPE_CHECKING:
    from portal.organisations import Registered

app = typer.Typer(name="organisation", help="Who takes part: retailers, suppliers, operators.", no_args_is_help=True)

PAGE = 500


@app.command()
def add(
    business_id: Annotated[str, typer.Argument(help="Its business id, such as 0109357-9.")],
    name: Annotated[str, typer.Option(help="Its name.")],
    role: Annotated[list[str], typer.Option(help="What it does: retailer, supplier or operator; may be repeated.")],
    email: Annotated[str | None, typer.Option(help="Where it is written to; left out, it is not.")] = None,
    language: Annotated[str, typer.Option(help="In which language it is written to: fi, sv or en.")] = "en",
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """Add an organisation, or change it to what is said here. Every service hears of it.

    Example: sluice organisation add 0109357-9 --name "Lakeland Boots" --role supplier --email orders@lakeland.example
    """
    saved = _as_plain(asyncio.run(_add(data, business_id, name, role, email, language)))
    if as_json:
        show.as_json(saved)
    else:
        typer.echo(f"{saved['business_id']} is {saved['name']} ({', '.join(saved['roles'])}).")


@app.command("list")
def list_(data: options.Data = options.DEFAULT_DATA, as_json: options.AsJson = False) -> None:
    """List all organisations, by business id.

    Example: sluice organisation list --json
    """
    known = [_as_plain(one) for one in asyncio.run(_list(data))]
    if as_json:
        show.as_json(known)
        return
    show.table(
        ("business id", "name", "roles", "e-mail", "language"),
        [(o["business_id"], o["name"], ", ".join(o["roles"]), o["email"], o["language"]) for o in known],
    )


def _as_plain(organisation: "Registered") -> dict[str, Any]:
    return organisation.model_dump(mode="json", by_alias=False)


async def _add(
    data: Path, business_id: str, name: str, roles: list[str], email: str | None, language: str
) -> "Registered":
    from deploy.local.cli import reach
    from portal import organisations

    async with reach.database("portal", data) as portal, portal.transaction() as tx:
        return await organisations.add_organisation(tx, business_id, name, roles, email, language)


async def _list(data: Path) -> "list[Registered]":
    from deploy.local.cli import reach
    from portal import organisations, store

    found: list[Registered] = []
    async with reach.database("portal", data) as portal, portal.transaction() as tx:
        while rows := await store.organisations(tx, limit=PAGE, offset=len(found)):
            found += [organisations.registered(row) for row in rows]
    return found
