"""`sluice gateway`: the one address in front of services that run elsewhere."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.cli import options, show

if TYPE_CHECKING:
    from deploy.local.gateway import Backend


def gateway(
    data: options.Data = options.DEFAULT_DATA,
    host: Annotated[str, typer.Option(envvar="SLUICE_HOST", help="The address to listen on.")] = "0.0.0.0",  # noqa: S104
    port: Annotated[int, typer.Option(envvar="SLUICE_PORT", min=1, max=65_535, help="The port to listen on.")] = 8080,
    log_level: Annotated[str, typer.Option(envvar="SLUICE_LOG_LEVEL", help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Serve the API of all services at one address.

    Where each service listens is said by SLUICE_GATEWAY_ORDER_INTAKE, SLUICE_GATEWAY_ROUTER, SLUICE_GATEWAY_INVENTORY,
    SLUICE_GATEWAY_NOTIFIER and SLUICE_GATEWAY_PORTAL, each host:port; a running sluice up --processes says it itself.

    Example: SLUICE_GATEWAY_ROUTER=router:8080 SLUICE_GATEWAY_PORTAL=portal:8080 ... sluice gateway --port 8080
    """
    import uvloop

    from deploy.local import whereabouts
    from deploy.local.cli import reach
    from shared import observability

    backends = _backends(whereabouts.of(data).ports)
    observability.configure_logging(log_level)
    reach.claim(host, port, "The gateway")
    uvloop.run(_serve(backends, host, port))


def _backends(ports: dict[str, int]) -> "list[Backend]":
    from deploy.local.gateway import Backend
    from deploy.local.services import SERVICES

    backends = []
    for service in SERVICES:
        variable = f"SLUICE_GATEWAY_{service.package.upper()}"
        address = os.environ.get(variable)
        if address is None and service.name in ports:
            address = f"127.0.0.1:{ports[service.name]}"
        if address is None:
            show.give_up(f"{variable} is not set: where is {service.name}? Give its host:port.", show.USAGE)
        try:
            options.address(address)
        except typer.BadParameter as error:
            show.give_up(f"{variable}: {error.message}.", show.USAGE)
        backends.append(Backend(service.described(), f"http://{address}"))
    return backends


async def _serve(backends: "list[Backend]", host: str, port: int) -> None:
    from deploy.local.gateway import Gateway
    from shared import service

    gate = Gateway(backends)
    # It has nothing of its own to wait for; whether the services are ready is what /readyz says.
    gate.ready = True
    try:
        await service.serve(gate, host, port)
    finally:
        await gate.close()
