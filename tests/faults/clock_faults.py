"""Clocks that jump: the database's, by which nearly all is decided, and the services', by which tokens expire."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from deploy.local import demo_world, ports
from tests.faults import clock, fault
from tests.faults.fault import Fault, Place, Servers
from tests.faults.ground import Ground

FORWARD_S, BACK_S = (60.0, 900.0), (1.0, 6.0)
AHEAD_S, BEHIND_S = (1.0, 1_200.0), (1.0, 7_200.0)

ASKED = {
    "order-intake": "/ecommerce/v3/orders/NONE",
    "router": "/ecommerce/v3/shipments",
    "inventory": "/ecommerce/v3/inventory/balances",
}
"""What a retailer may ask of each service."""


@asynccontextmanager
async def servers_with_a_clock(place: Place) -> AsyncIterator[Servers]:
    """The usual servers, and PostgreSQL's clock can be set."""
    async with fault.usual_servers(place) as servers:
        await clock.prepare(servers.dsn)
        yield servers


async def database_jumps(ground: Ground, chance: random.Random) -> None:
    """PostgreSQL's clock goes forward by minutes, and a moment later back by seconds.

    What it noted for later in between is late by those seconds; so a run takes no longer than they do.
    """
    ahead = chance.uniform(*FORWARD_S)
    await _set_database(ground, ahead)
    await asyncio.sleep(chance.uniform(0.2, 0.8))
    await _set_database(ground, -chance.uniform(*BACK_S))


async def services_jump(ground: Ground, chance: random.Random) -> None:
    """Each service's clock is another one for a moment: minutes ahead, or hours behind."""
    files = {replica.service: replica.log.with_name("clock-" + replica.service) for replica in ground.everyone()}
    try:
        for file in files.values():
            ahead = chance.uniform(*AHEAD_S) if chance.random() < 0.5 else -chance.uniform(*BEHIND_S)
            file.write_text(f"{ahead:.3f}")
        await _enter_anew(ground)
        await asyncio.sleep(chance.uniform(0.3, 1.0))
    finally:
        for file in files.values():
            file.unlink(missing_ok=True)


async def _enter_anew(ground: Ground) -> None:
    """A token issued now must be good everywhere, whatever a clock says that is minutes ahead or hours behind."""
    portal = f"http://{ports.LOOPBACK}:{ground.replicas('portal')[0].port}/auth/token"
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        given = await client.get(portal, auth=(demo_world.NORDIC.account, demo_world.SECRET))
        who = {"Authorization": f"Bearer {given.raise_for_status().json()['access_token']}"}
        for service in ("order-intake", "router", "inventory"):
            asked = f"http://{ports.LOOPBACK}:{ground.replicas(service)[0].port}{ASKED[service]}"
            answer = await client.get(asked, headers=who)
            assert answer.status_code in (200, 404), f"{service} answers {answer.status_code} to a new token"


async def _set_database(ground: Ground, more_s: float) -> None:
    await ground.execute("UPDATE public.clock SET ahead = ahead + make_interval(secs => $1)", more_s)


FAULTS = [
    Fault(
        "clock: PostgreSQL's jumps",
        "minutes forward, and a moment later some seconds back, in every run",
        database_jumps,
        servers=servers_with_a_clock,
    ),
    Fault(
        "clock: the services' jump",
        "each service's is ahead by up to 20 minutes or behind by up to two hours for a while",
        services_jump,
        environment={clock.VARIABLE: "yes"},
    ),
]
