"""`sluice run`: one service, as a container runs it."""

import os
from typing import Annotated

import typer

from deploy.local.cli import options, show


def run(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help=f"One of {options.NAMES}.")],
    data: options.Data = options.DEFAULT_DATA,
) -> None:
    """Run one service until SIGTERM or Ctrl-C.

    It is configured by environment variables, SLUICE_<SETTING> for all services or ROUTER_<SETTING> for one; what they
    leave open is taken from the running system.

    Example: SLUICE_DATABASE=postgresql://sluice@db/sluice SLUICE_KAFKA=kafka:9092 sluice run router
    """
    import uvloop

    from deploy.local import services, whereabouts
    from deploy.local.cli import reach
    from shared import service as running

    try:
        name = services.service_named(service)
    except KeyError:
        show.give_up(f"There is no service {service}; it is {options.NAMES}.", show.USAGE)
    own_port = {"SLUICE_PORT", f"{name.package.upper()}_PORT"} & {variable.upper() for variable in os.environ}
    noted = whereabouts.adopt(data).ports.get(name.name)
    values = {"port": noted} if noted is not None and not own_port else None
    settings = reach.settings(name, data, values)
    reach.claim(settings.host, settings.port, f"The service {name.name}")
    uvloop.run(running.run(name.build(values)))
