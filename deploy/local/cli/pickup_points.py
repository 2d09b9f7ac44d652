"""`sluice pickup-points`: where consumers can fetch their parcels."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.cli import file_faults, options, show

if TYPE_CHECKING:
    from rich.progress import Progress

    from router.domain.pickup_point import PickupPoint

app = typer.Typer(
    name="pickup-points", help="Pickup points: where consumers can fetch their parcels.", no_args_is_help=True
)


@app.command()
def load(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="CSV with a header, or a JSON array.")
    ],
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose points they are; the file need not say it then.")
    ] = None,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """Replace all pickup points of the carriers in a file by those in it, at once and while shops go on asking.

    Everything that is wrong with the file is named by its line; nothing is loaded unless all of it is right (1).
    With --provider, a file without points removes all that a carrier has.

    \b
    Columns: externalId, type, name, streetAddress, postalCode, postOffice, country, latitude, longitude;
    serviceProvider, except for the type STORE;
    serviceCodes and capabilities (such as outdoors), if any, with blanks between.
    Types: POSTOFFICE, SMARTPOST, LOCKER, POBOX, PRIVATE_LOCKER, STORE or a carrier's own.
    Without serviceCodes, a point serves every service of its carrier that has the tag PICKUP_POINT.

    Example: sluice pickup-points load points.csv
    """
    from router.delivery.faults import NotLoadable

    try:
        with _progress() as progress:
            found = _read(file, provider, progress)
            counts = asyncio.run(_load(data, found, provider, progress))
    except NotLoadable as error:
        file_faults.give_up(file, error)
    if as_json:
        show.as_json([{"provider": name, "before": before, "now": now} for name, (before, now) in counts.items()])
    else:
        show.table(("provider", "before", "now"), [(name or "-", *numbers) for name, numbers in counts.items()])


@app.command("list")
def list_(
    postal_code: Annotated[str, typer.Option(metavar="CODE", help="Those near a postal code, nearest first.")] = "",
    search: Annotated[str, typer.Option(metavar="WORDS", help="Those with these words in address or name.")] = "",
    country: Annotated[str, typer.Option(metavar="CODE", help="Only those in a country, such as FI.")] = "",
    service: Annotated[
        str, typer.Option(metavar="CODES", help="Only those these services deliver to: 2103,90080")
    ] = "",
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of a carrier.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 20,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """List pickup points, found as shops find them.

    Example: sluice pickup-points list --postal-code 33100 --service 2103
    """
    found = asyncio.run(_list(data, postal_code, search, country, service, provider, limit))
    if as_json:
        show.as_json([_as_loaded(point) for point in found])
        return
    show.table(
        ("provider", "id", "type", "name", "address", "country", "services", "capabilities"),
        [
            (
                point.service_provider,
                point.external_id,
                point.type,
                point.name,
                f"{point.street_address}, {point.postal_code} {point.post_office}",
                point.country,
                " ".join(point.service_codes),
                " ".join(point.capabilities),
            )
            for point in found
        ],
    )


def _as_loaded(point: "PickupPoint") -> dict[str, object]:
    from pydantic.alias_generators import to_camel

    return {to_camel(name): value for name, value in asdict(point).items()}


def _read(file: Path, provider: str | None, progress: "Progress") -> "Sequence[PickupPoint]":
    from router.delivery import point_file

    bar = progress.add_task("reading", total=None)
    return point_file.read(file.read_bytes(), provider, lambda more: progress.advance(bar, more))


async def _load(
    data: Path, found: "Sequence[PickupPoint]", provider: str | None, progress: "Progress"
) -> Mapping[str, tuple[int, int]]:
    """By provider, how many points it had and has."""
    from deploy.local.cli import reach
    from router.delivery import points
    from router.store import pickup_points

    providers = sorted({point.service_provider for point in found} if provider is None else {provider})
    bar = progress.add_task("writing", total=len(found))
    async with reach.database("router", data) as router, router.transaction() as tx:
        before = await pickup_points.count_points(tx)
        await points.replace(tx, found, providers, lambda more: progress.advance(bar, more))
        now = await pickup_points.count_points(tx)
    return {name: (before.get(name, 0), now.get(name, 0)) for name in providers}


def _progress() -> "Progress":
    """Shown to people on standard error; a file or a pipe gets nothing of it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


async def _list(
    data: Path, postal_code: str, search: str, country: str, service: str, provider: str | None, limit: int
) -> "Sequence[PickupPoint]":
    from deploy.local.cli import reach
    from router.delivery import points
    from router.domain import pickup_point
    from router.store.pickup_points import Wanted

    wanted = Wanted(country=pickup_point.country_code(country), service_provider=provider)
    codes = {code for part in service.split(",") if (code := part.strip())}
    async with reach.database("router", data) as router, router.transaction() as tx:
        return await points.found(
            tx, pickup_point.sought(search=search, postal_code=postal_code), wanted, codes, limit=limit
        )
