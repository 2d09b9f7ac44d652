"""`sluice key`: with which account and secret an organisation's programs come in."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.cli import options, show

app = typer.Typer(name="key", help="Keys: with which accounts and secrets programs come in.", no_args_is_help=True)


@app.command()
def add(
    business_id: Annotated[str, typer.Argument(help="The organisation's business id.")],
    account: Annotated[str, typer.Option(help="The name of the key, unique in the whole system.")],
    secret: Annotated[str | None, typer.Option(help="Its secret; left out, a long random one is made.")] = None,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """Give an organisation a key, or one it has a new secret. The secret is shown now and never again.

    Example: sluice key add 0109357-9 --account lakeland-api
    """
    given = asyncio.run(_add(data, business_id, account, secret))
    if as_json:
        show.as_json({"business_id": business_id, "account": account, "secret": given})
    else:
        typer.echo(f"account {account}\nsecret  {given}\nKeep the secret: it cannot be shown again.")


@app.command()
def revoke(
    account: Annotated[str, typer.Argument(help="The name of the key.")], data: options.Data = options.DEFAULT_DATA
) -> None:
    """Let a key fetch no more tokens; those it has live until they expire, an hour at most by default.

    Example: sluice key revoke lakeland-api
    """
    owner = asyncio.run(_revoke(data, account))
    if owner is None:
        show.give_up(f"There is no key {account} that is not revoked already.", show.FOUND_WRONG)
    typer.echo(f"The key {account} of {owner} is revoked.")


async def _add(data: Path, business_id: str, account: str, secret: str | None) -> str:
    from deploy.local.cli import reach
    from portal import organisations

    key = await organisations.new_key(account, secret)
    async with reach.database("portal", data) as portal, portal.transaction() as tx:
        await organisations.add_key(tx, business_id, key)
    return key.secret


async def _revoke(data: Path, account: str) -> str | None:
    """The business id of the key's organisation; None when there is no such key."""
    from deploy.local.cli import reach
    from portal import organisations, store

    async with reach.database("portal", data) as portal, portal.transaction() as tx:
        found = await store.key(tx, account)
        if found is None:
            return None
        owner: str = found["business_id"]
        await organisations.revoke_key(tx, owner, account)
        return owner
