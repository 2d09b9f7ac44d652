"""What a fault is, and how one is written.

A fault is a value: a name, a sentence, and a coroutine that strikes. It is listed in `FAULTS` of a module named in
`tests/faults/every.py`, and that is all; the runner does the rest:

1. A *ground* is made for it (`ground.py`): a PostgreSQL with the demo's world in it, a broker, a mail server, and a
   process for each service, `replicas` of each. Servers of its own come from `servers`; connections go through links
   that can be harmed (`proxy.py`) where `links` names them.
2. A run: a shop posts `orders` orders, several at a time, and notes what it was told of each. When a chance part of
   them is answered, `strike(ground, chance)` is called, while the load goes on. It does the harm **and mends what
   would not mend itself** (starts a server again that it stopped, restores a link); services that died are started
   again by the runner. It should take a second or two: twenty runs of each fault are struck. All chance comes from
   `chance`, so that a seed strikes the same again.
3. The load ends, the ground comes to rest, and the window of this run is checked: every order told "taken" is there,
   whole and once; one told "refused" is not; an unknown one is there whole or not at all; each shipment was announced
   once. Then the next run begins on the same ground.
4. After the last run everything is audited (`sluice audit`). Faults with one `setting` are struck on one ground, one
   after the other, as long as all is well.

    async def stopped(ground: Ground, chance: random.Random) -> None:
        broker = ground.servers.broker
        await broker.stop()
        await asyncio.sleep(chance.uniform(0.1, 0.5))
        await broker.start()
        await ground.redrive()

    FAULTS = [Fault("broker: stopped and started empty", "…what happens, for the table", stopped)]

What a strike may use is in `ground.py`: `ground.servers` (what `servers` yielded: a class of your own if you need
more), `ground.links`, `ground.replicas("router")` with `kill`, `terminate`, `freeze`, `wake` and `plan` (a failpoint),
`ground.start(...)`, `ground.dsn` for statements of your own, `ground.redrive()`, and `ground.note("...")` for what the
table should tell. A strike that finds something wrong itself raises AssertionError: the run has failed. One that did no
harm, because what it was to harm never came by, raises `Missed`: the run is checked, and struck again, for it does not
count. A fault that cannot be struck on this machine says why (`lacks`), and the table says it too.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from deploy.local import ports
from deploy.local.apache_kafka import ApacheKafka
from deploy.local.embedded_broker import EmbeddedBroker
from deploy.local.postgres_server import PostgresServer
from tests.faults import image
from tests.faults.proxy import Link

if TYPE_CHECKING:
    from tests.faults.ground import Ground


class Missed(Exception):
    """A strike did no harm, because what it was to harm never came by."""


LinkName = Literal["postgres", "kafka", "smtp", "intake"]
"""From the services to PostgreSQL, to the broker and to the mail server, and from the shop to order-intake."""


@dataclass
class Servers:
    """The servers of a ground. Addresses may change while it stands: services hear of it only through a link.

    `dsn` is a superuser's address of the database with the world in it; `smtp` is None for the ground's own mail
    server, which takes everything at once and counts it.
    """

    postgres: PostgresServer
    broker: EmbeddedBroker | ApacheKafka
    smtp: str | None = None

    @property
    def dsn(self) -> str:
        """The database, with all rights."""
        return self.postgres.dsn

    @property
    def kafka(self) -> str:
        """Bootstrap servers, host:port, comma-separated."""
        return self.broker.address

    @property
    def idempotent(self) -> bool:
        """Whether the broker has idempotent producers."""
        return isinstance(self.broker, ApacheKafka)


@dataclass(frozen=True)
class Place:
    """Where servers are made. `folder` is empty and theirs; `world` is a PostgreSQL folder to be copied (see `image`).

    `before_kafka` is the link before the broker, if there is one: its address is what the broker must advertise, and
    its target the address on which the broker listens, to be set before the broker is started.
    """

    folder: Path
    world: Path
    before_kafka: Link | None = None


@asynccontextmanager
async def usual_servers(place: Place) -> AsyncIterator[Servers]:
    """PostgreSQL with the world in it, and the embedded broker: for faults that harm neither."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(image.copy, place.world, place.folder)
        postgres = PostgresServer(place.folder, settings=image.CARELESS)
        broker = embedded_broker(place)
        await stack.enter_async_context(postgres)
        await stack.enter_async_context(broker)
        yield Servers(postgres, broker)


def embedded_broker(place: Place) -> EmbeddedBroker:
    """The embedded broker, behind the link before it, if there is one."""
    link = place.before_kafka
    if link is None:
        return EmbeddedBroker(place.folder)
    port = ports.free_port()
    link.target = f"{ports.LOOPBACK}:{port}"
    return EmbeddedBroker(place.folder, port, advertised=link.address)


async def nothing_lacks() -> str | None:
    """Most faults can be struck anywhere."""
    return None


@dataclass(frozen=True)
class Setting:
    """What faults must have in common to be struck on one ground, one after the other."""

    servers: Callable[[Place], AbstractAsyncContextManager[Servers]]
    links: frozenset[LinkName]
    replicas: int
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Fault:
    """Harm that is done to a running system again and again; see the module.

    `moment`: between which parts of the orders it strikes. `environment` is for the services. `refuses`: it may have
    orders answered with these statuses besides 200 and 503. `parks`: it brings messages that are to be parked.
    `forgets`: the broker loses what it held, and as `sluice up` does it, what was not taken is sent again until it is.
    `mails_end`: the states in which a shipment's mail may end. `shows`: what must have been noted at least once after
    all runs, where a single run may do no harm.
    """

    name: str
    what: str
    strike: Callable[["Ground", random.Random], Awaitable[None]]
    servers: Callable[[Place], AbstractAsyncContextManager[Servers]] = usual_servers
    links: frozenset[LinkName] = frozenset()
    replicas: int = 1
    orders: int = 20
    moment: tuple[float, float] = (0.05, 0.7)
    environment: Mapping[str, str] = field(default_factory=dict)
    refuses: frozenset[int] = frozenset()
    parks: bool = False
    forgets: bool = False
    mails_end: frozenset[str] = frozenset({"sent"})
    shows: str | None = None
    lacks: Callable[[], Awaitable[str | None]] = nothing_lacks

    @property
    def setting(self) -> Setting:
        """Where it is struck."""
        environment = tuple(sorted(self.environment.items()))
        return Setting(self.servers, self.links, self.replicas, environment)
