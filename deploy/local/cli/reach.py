"""How a command finds the running system: the environment first, then what `sluice up` noted in its data folder."""

import logging
import os
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from deploy.local import databases, whereabouts
from deploy.local.services import SERVICES, ServiceName, service_named
from deploy.local.trouble import CannotStart
from shared.postgres import Database
from shared.settings import ServiceSettings

# Who only looks into a database need not know where Kafka is.
_WITHOUT_KAFKA = {"kafka": "-"}


class NoSystem(CannotStart):
    """Neither the environment nor the data folder says where the system is."""

    def __init__(self, data: Path) -> None:
        """`data` is the folder that was looked into."""
        super().__init__("This command", f"no running system in {data}", "")
        self.data = data

    def __str__(self) -> str:
        return (
            f"There is no running system in {self.data}; start one with sluice up, "
            "or set SLUICE_DATABASE and SLUICE_KAFKA."
        )


def quietly() -> None:
    """Silence the Kafka client, which complains aloud of what is then said once, in a line of ours."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def settings(service: ServiceName, data: Path, values: Mapping[str, object] | None = None) -> ServiceSettings:
    """A service's settings. Raises NoSystem when an address is missing, ValidationError when a value is wrong."""
    try:
        found = service.settings(values)
    except ValidationError as error:
        if any(one["type"] == "missing" for one in error.errors()):
            raise NoSystem(data) from None
        raise
    checked(found.database)
    return found


def checked(dsn: str) -> str:
    """The address of a PostgreSQL, as given. Raises CannotStart when no host and port can be read from it."""
    try:
        hosts = urlsplit(dsn).netloc.rpartition("@")[2]
        if all(0 < int(port) < 65_536 for port in re.findall(r":(\w+)(?=,|$)", hosts)):
            return dsn
        why = "its port is none"
    except ValueError as error:
        why = str(error)
    what_to_do = "It looks like postgresql://user:password@host:5432/name"
    raise CannotStart("This command", f"the address of the database cannot be read ({why})", what_to_do)


@asynccontextmanager
async def database(name: str, data: Path) -> AsyncIterator[Database]:
    """The database of one service."""
    whereabouts.adopt(data)
    service = service_named(name)
    dsn = settings(service, data, _WITHOUT_KAFKA).database
    opened = await Database.connect(dsn, service.package, size=2, application="sluice-command")
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def all_databases(data: Path) -> AsyncIterator[dict[str, Database]]:
    """The databases of all services, by the service's name."""
    whereabouts.adopt(data)
    for service in SERVICES:
        settings(service, data, _WITHOUT_KAFKA)
    async with databases.opened(_WITHOUT_KAFKA) as found:
        yield found


def claim(host: str, port: int, what: str) -> None:
    """See that `what` may listen there. Raises CannotStart: the web server would only end without a word."""
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            pass
    except OSError as error:
        why = f"it may not listen on {host}:{port} ({os.strerror(error.errno) if error.errno else error})"
        raise CannotStart(what, why, "Stop what uses the port, or choose another with SLUICE_PORT") from None
