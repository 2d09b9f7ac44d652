"""What every test may ask for: the servers, each started once for the run, and a database of its own."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
import uvloop

from deploy.local.embedded_broker import EmbeddedBroker
from tests import servers

HERE = Path(__file__).parent

# A rule holds however busy the machine is; speed is measured in bench/.
hypothesis.settings.register_profile("sluice", deadline=None)
hypothesis.settings.load_profile("sluice")

_TAKEN = pytest.StashKey[dict[str, str]]()

LONGEST_FIRST = ("worlds", "faults", "public_api", "journeys", "deploy")
"""The folders whose files take longest. Begun last, one of them would keep one processor while the other has none."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep a place for the names of the servers the run takes; run on the commands' event loop, with plain logs."""
    config.stash[_TAKEN] = {}
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    # Without pictures of stack traces, which take longer than what is tested.
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ]
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the folders that take longest come first, and all else stay in its order."""
    items.sort(key=lambda item: [HERE / folder not in item.path.parents for folder in LONGEST_FIRST])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over, in a run of several processes, which servers one of them took."""
    node.config.stash[_TAKEN].update(getattr(node, "workeroutput", {}).get("servers", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell, in a run of several processes, the first of them which servers this one took."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["servers"] = session.config.stash[_TAKEN]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which servers the run took, also with -q: they differ between machines, and with them what was proved."""
    for kind, name in config.stash[_TAKEN].items():
        terminalreporter.write_line(f"{kind}: {name}")


@pytest.fixture(autouse=True)
def logging_left_as_it_was() -> Iterator[None]:
    """A test that runs a command of ours configures how the whole process logs; the next one must not notice."""
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    yield
    structlog.configure(**before)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture(scope="session")
async def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> AsyncIterator[servers.Database]:
    """A PostgreSQL server for the whole run; tests take a `database` on it."""
    with servers.quick_folder(tmp_path_factory.mktemp("postgres")) as folder:
        async with servers.postgres(folder) as server:
            pytestconfig.stash[_TAKEN]["database"] = server.name
            yield server


@pytest.fixture(scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> AsyncIterator[servers.Broker]:
    """The most real Kafka broker this machine can give, for the whole run."""
    async with servers.kafka(tmp_path_factory.mktemp("kafka")) as broker:
        pytestconfig.stash[_TAKEN]["broker"] = broker.name
        yield broker


@pytest.fixture(scope="session")
async def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[servers.Broker]:
    """The broker of `sluice up`, for the whole run, whatever `kafka` is."""
    async with EmbeddedBroker(tmp_path_factory.mktemp("broker")) as broker:
        yield servers.Broker(broker.address, f"Tansu {broker.version} (embedded)", embedded=True)


@pytest.fixture(scope="session")
async def migrated(postgres_server: servers.Database) -> AsyncIterator[str]:
    """The name of the database in which all migrations have run; nobody works in it."""
    async with servers.template(postgres_server.dsn) as name:
        yield name


@pytest.fixture
async def database(postgres_server: servers.Database, migrated: str) -> AsyncIterator[str]:
    """The DSN of a database of this test's own, with all migrations run, empty, and dropped afterwards."""
    async with servers.clone(postgres_server.dsn, migrated) as dsn:
        yield dsn
