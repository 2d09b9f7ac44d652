"""`sluice delivery-services`: by which carriers' services parcels can be sent."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.local.cli import file_faults, options, show

if TYPE_CHECKING:
    from router.domain.delivery_service import DeliveryService

app = typer.Typer(
    name="delivery-services",
    help="Delivery services: by which carriers' services parcels can be sent.",
    no_args_is_help=True,
)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A JSON array.")],
    replace_all: Annotated[
        bool, typer.Option("--replace-all", help="Offer no others any more, not even those built in.")
    ] = False,
    data: options.Data = options.DEFAULT_DATA,
) -> None:
    """Add delivery services, or change those that have the same ids; they go before those built in.

    The file looks like what sluice delivery-services list --json prints. Everything that is wrong with it is named by
    its place; nothing is loaded unless all of it is right (1).

    Example: sluice delivery-services load services.json
    """
    from router.delivery import service_file
    from router.delivery.faults import NotLoadable

    try:
        found = service_file.read(file.read_bytes())
    except NotLoadable as error:
        file_faults.give_up(file, error)
    asyncio.run(_load(data, found, replace_all=replace_all))
    count = len(found)
    typer.echo(f"{count} delivery {'service' if count == 1 else 'services'} loaded.")


@app.command("list")
def list_(
    built_in: Annotated[
        bool, typer.Option("--built-in", help="Those that come with Sluice, whatever is loaded over them.")
    ] = False,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """List the delivery services that are offered, by code. What --json prints can be changed and loaded.

    Example: sluice delivery-services list --json > services.json
    """
    found = asyncio.run(_list(data, built_in=built_in))
    if as_json:
        show.as_json([_as_loaded(service) for service in found])
        return
    show.table(
        ("id", "carrier", "what it is", "tags", "workflows", "additional services"),
        [
            (
                service.id,
                service.delivery_operator,
                service.description["en"],
                " ".join(service.tags),
                " ".join(service.workflows),
                " ".join(extra.code for extra in service.additional_services),
            )
            for service in found
        ],
    )


def _as_loaded(service: "DeliveryService") -> dict[str, Any]:
    from router.delivery.service_file import ServiceGiven

    return ServiceGiven.model_validate(service.model_dump()).model_dump(mode="json", by_alias=True)


async def _load(data: Path, found: "Sequence[DeliveryService]", *, replace_all: bool) -> None:
    from deploy.local.cli import reach
    from router.delivery import services

    async with reach.database("router", data) as router, router.transaction() as tx:
        await services.load(tx, found, replace_all=replace_all)


async def _list(data: Path, *, built_in: bool) -> "Sequence[DeliveryService]":
    from deploy.local.cli import reach
    from router.delivery import services

    if built_in:
        return services.built_in()
    async with reach.database("router", data) as router, router.transaction() as tx:
        return await services.offered(tx)
