"""`sluice up`: the whole system on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.cli import greeting, options, show

if TYPE_CHECKING:
    from deploy.local.system import System


def up(
    data: options.Data = options.DEFAULT_DATA,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port of the one address.")] = 8080,
    postgres: Annotated[
        str | None, typer.Option(metavar="DSN", help="A PostgreSQL to use instead of the one it brings along.")
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", parser=options.addresses, help="A Kafka to use instead of the broker it brings along."
        ),
    ] = None,
    smtp: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", parser=options.address, help="A mail server that really delivers."),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Load the demo, or start empty.")] = True,
    processes: Annotated[bool, typer.Option("--processes", help="Run every service as a process of its own.")] = False,
    namespace: Annotated[
        str,
        typer.Option(
            envvar="SLUICE_KAFKA_NAMESPACE",
            metavar="PREFIX",
            help="Put before every name in Kafka, when several systems share one.",
        ),
    ] = "",
) -> None:
    """Start the whole system on this machine, until Ctrl-C.

    What it needs and is not given it brings along: PostgreSQL, a broker that speaks Kafka, and a mail server that keeps
    every mail. Everything is served at one address. State lives in the data folder; starting again continues.

    Example: sluice up --port 9000 --data /tmp/try-it
    """
    import uvloop

    from deploy.local.cli import reach

    try:
        from deploy.local.system import Options, System
    except ModuleNotFoundError as error:
        show.give_up(f"sluice up needs {error.name}, which is not installed: install sluice[local].", show.UNREACHABLE)
    from shared import observability

    observability.configure_logging("WARNING", readable=True)
    reach.quietly()
    if postgres is not None:
        reach.checked(postgres)
    chosen = Options(data, port, postgres, kafka, smtp, demo, processes, namespace)
    system = System(chosen, typer.echo)
    uvloop.run(_serve(system))
    typer.echo("Stopped.")


async def _serve(system: "System") -> None:
    from shared import service

    try:
        await system.start()
        service.spare_the_long_lived()
        greeting.say(system.address, system.mail, demo=system.options.demo)
        await system.serve()
        typer.echo("Stopping ...")
    finally:
        await system.stop()
