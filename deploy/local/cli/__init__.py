"""`sluice`, the command. Each group of commands has a file; what is heavy is imported by the command that needs it."""

import signal
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from deploy.local.cli import (
    audit,
    bounces,
    delivery_services,
    demo,
    doctor,
    gateway,
    key,
    migrate,
    organisation,
    parked,
    pickup_points,
    redrive,
    replay,
    run,
    show,
    up,
)


class _Commands(TyperGroup):
    """The commands; a trouble that is not a mistake in the code ends in one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            from deploy.local.cli import refusals

            refusal = refusals.of(error)
            if refusal is None:
                raise
            show.give_up(*refusal)


app = typer.Typer(
    cls=_Commands,
    name="sluice",
    help="Sluice, the drop-shipping hub: start it, look into it, and put right what went wrong.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 120},
)
app.command()(up.up)
app.command()(run.run)
app.command()(migrate.migrate)
app.command()(gateway.gateway)
app.add_typer(organisation.app)
app.add_typer(key.app)
app.add_typer(delivery_services.app)
app.add_typer(pickup_points.app)
app.add_typer(parked.app)
app.command()(audit.audit)
app.command()(redrive.redrive)
app.command()(replay.replay)
app.command()(bounces.bounces)
app.command()(demo.demo)
app.command()(doctor.doctor)


def main() -> None:
    """The command line."""
    # The first process of a container is not ended by a signal it does not handle, so stopping a start would hang.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    app()
