"""The five services, and what the command needs to know of each to build, start or look into it."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from shared import schema
from shared.service import Service
from shared.settings import ServiceSettings


@dataclass(frozen=True)
class ServiceName:
    """A service by its name (`order-intake`), its package and schema (`order_intake`)."""

    name: str

    @property
    def package(self) -> str:
        """The Python package; also the PostgreSQL schema."""
        return self.name.replace("-", "_")

    def settings(self, values: Mapping[str, object] | None = None) -> ServiceSettings:
        """The service's settings: `values` first, then the environment.

        Raises pydantic's ValidationError when the address of the database or of Kafka is given by neither.
        """
        made: ServiceSettings = importlib.import_module(f"{self.package}.settings").Settings(**(values or {}))
        return made

    def build(self, values: Mapping[str, object] | None = None) -> Service:
        """The service, not started."""
        built: Service = importlib.import_module(f"{self.package}.app").build(self.settings(values))
        return built

    def described(self) -> Service:
        """The service for looking at its addresses and messages only; it can never be started."""
        return self.build({"database": "postgresql:///", "kafka": "localhost:0"})

    async def migrate(self, dsn: str) -> None:
        """Bring the service's schema up to date; see `shared.schema.migrate`."""
        await schema.migrate(dsn, self.package, schema.migrations_of(self.package))


SERVICES: tuple[ServiceName, ...] = tuple(
    ServiceName(name) for name in ("portal", "inventory", "order-intake", "router", "notifier")
)
"""In the order in which they are started: whoever is asked first, first."""


def service_named(name: str) -> ServiceName:
    """The service with this name, written with a dash or an underscore. Raises KeyError."""
    for service in SERVICES:
        if service.name == name.replace("_", "-"):
            return service
    raise KeyError(name)


@cache
def receivers() -> dict[str, list[ServiceName]]:
    """Who takes each topic."""
    found: dict[str, list[ServiceName]] = {}
    for service in SERVICES:
        for type_of_message in service.described().taken.handlers:
            found.setdefault(type_of_message.topic, []).append(service)
    return found
