"""How every service is put together: a pool, a consumer for each message it takes, a relay, an HTTP application."""

import asyncio
import gc
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared import auth, edge, failpoints, kafka, observability, openapi, operations, outbox, problems, retention
from shared.consuming import Consuming
from shared.contracts import TokenKeysChanged
from shared.express import Application, Lane
from shared.postgres import Database
from shared.rates import Rates
from shared.settings import ServiceSettings
from shared.subscriptions import Subscriptions

log = structlog.get_logger()

KEEP_ALIVE_S = 75
"""An idle connection is closed after so many seconds: later than any proxy in front of a service gives it up (60 s for
most of them), so that no request is sent into a connection that is just being closed."""

YOUNG_OBJECTS = 100_000
"""So many objects may be made before the garbage collector looks at them."""


class Service:
    """A service that can be started, served and stopped. Nothing is opened before `start`.

    `parts` are further things that run as long as the service does, such as the notifier's sender: each has
    `start(service)` and `stop()`, both awaitable.
    """

    def __init__(
        self,
        name: str,
        schema: str,
        settings: ServiceSettings,
        taken: Subscriptions,
        api: Sequence[APIRouter],
        parts: Sequence[Any],
        lanes: Sequence[Lane],
    ) -> None:
        self.name = name
        self.schema = schema
        self.settings = settings
        self.taken = taken
        self.parts = parts
        self.ready = False
        self.app = self._application(api, lanes)
        self._database: Database | None = None
        self._consuming: Consuming | None = None
        self._relay: outbox.Relay | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def database(self) -> Database:
        """The service's database, once started."""
        if self._database is None:
            raise RuntimeError(f"{self.name} is not started")
        return self._database

    async def start(self) -> None:
        """Open the pool, start the relay and the consumers, and be ready.

        Waits a moment for Kafka, but does without: orders are taken, and the rest follows when Kafka is there.
        Raises OSError or asyncpg's errors when the database is not there; what was opened is closed again.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        settings = self.settings
        self._database = await Database.connect(settings.database, self.schema, size=settings.pool_size)
        await retention.prepare(self._database, settings.sent_days)
        await retention.count_parked(self._database)
        self.app.state.service = self
        self.app.state.database = self._database
        self.app.state.settings = settings
        self.app.state.token_keys = auth.TokenKeys(self._database)
        self._relay = outbox.Relay(
            settings.database,
            self.schema,
            lambda: kafka.new_producer(settings, self.name),
            lambda topic: kafka.topic_name(settings, topic),
        )
        self._relay.start()
        self._consuming = Consuming(self.name, settings, self.taken.inboxes(self.name, self._database, settings))
        self._consuming.start()
        for part in self.parts:
            await part.start(self)
        self._keeping = asyncio.create_task(retention.keep(self._database, settings.sent_days, settings.inbox_days))
        joined = await self._consuming.joined()
        self.ready = True
        log.info("service ready", service=self.name, consuming=joined)

    async def stop(self) -> None:
        """Drain and close: take no more, finish what all parts have in hand, then the batch, publish, close.

        Raises what a part raised, once all is closed.
        """
        self.ready = False
        failpoints.reach("drain.begun")
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        # At once: none is to begin anything new while another finishes what it has in hand.
        stopped = await asyncio.gather(*(part.stop() for part in self.parts), return_exceptions=True)
        if self._consuming is not None:
            await self._consuming.stop()
        failpoints.reach("drain.left-groups")
        if self._relay is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.settings.drain_seconds):
                    await self._relay.stop()
        failpoints.reach("drain.relay-stopped")
        if self._database is not None:
            await self._database.close()
        self._keeping = self._consuming = self._relay = self._database = None
        for failed in stopped:
            if failed is not None:
                raise failed

    async def is_ready(self) -> bool:
        """Whether it serves: started, not draining, and its database answers. Kafka may be away: the outbox waits."""
        return self.ready and self._database is not None and await self._database.answers()

    def _application(self, api: Sequence[APIRouter], lanes: Sequence[Lane]) -> FastAPI:
        app = Application(
            title=f"Sluice {self.name}",
            openapi_url="/openapi.json",
            docs_url=None,
            redoc_url=None,
            generate_unique_id_function=openapi.operation_id,
        )
        openapi.describe(app)
        bounds = edge.Bounds(self.settings.max_body_bytes, self.settings.max_body_seconds)
        edge.install(app, self.name, bounds, self.settings.max_bodies_bytes, lanes)
        app.state.service = self
        app.state.rates = Rates(self.settings.requests_per_second, self.settings.requests_burst)
        for router in api:
            app.include_router(router)
        app.include_router(operations.router(self.name))

        @app.get("/livez", include_in_schema=False)
        async def livez() -> dict[str, str]:
            return {"status": "alive"}

        @app.get("/readyz", include_in_schema=False)
        async def readyz() -> dict[str, str]:
            if not await self.is_ready():
                raise problems.Refused(503, f"{self.name} is not ready")
            return {"status": "ready"}

        @app.get("/metrics", include_in_schema=False)
        async def metrics() -> Response:
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return app


def build(
    name: str,
    settings: ServiceSettings,
    taken: Subscriptions,
    api: Sequence[APIRouter] = (),
    parts: Sequence[Any] = (),
    lanes: Sequence[Lane] = (),
) -> Service:
    """Put a service together: its name (`order-intake`), settings, handlers, routers, further running parts and lanes
    past the framework."""
    if TokenKeysChanged not in taken.handlers:
        taken.on(TokenKeysChanged)(auth.keep_token_keys)
    return Service(name, name.replace("-", "_"), settings, taken, api, parts, lanes)


async def run(service: Service) -> None:
    """Run a service as a process until SIGTERM or SIGINT: what a container does."""
    observability.configure_logging(service.settings.log_level)
    observability.configure_tracing(service.name, service.settings.otlp_endpoint)
    await service.start()
    spare_the_long_lived()
    await serve(service.app, service.settings.host, service.settings.port, stopping=service)
    await service.stop()


def spare_the_long_lived() -> None:
    """Let the garbage collector leave alone what is there by now, and look less often at what is young.

    A batch of ten thousand messages or items lives for a second, and looking at it every 700 objects takes an eighth
    of that.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to us, who have more to stop than HTTP."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve(app: Any, host: str, port: int, *, stopping: Service | None = None) -> None:
    """Serve an application until SIGTERM or SIGINT. `stopping` is no longer ready from that moment."""
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=15,
            timeout_keep_alive=KEEP_ALIVE_S,
            backlog=2_048,
        )
    )
    loop = asyncio.get_running_loop()

    def leave() -> None:
        if stopping is not None:
            stopping.ready = False
        server.should_exit = True

    signals = (signal.SIGTERM, signal.SIGINT)
    for name in signals:
        loop.add_signal_handler(name, leave)
    try:
        await server.serve()
    except asyncio.CancelledError:
        # uvicorn would leave its socket open, and requests without an answer.
        if server.started:
            await server.shutdown()
        raise
    finally:
        # A second Ctrl-C, while everything drains, ends the process at once.
        for name in signals:
            loop.remove_signal_handler(name)
