"""Which migrations a database has, and which it lacks."""

import asyncpg

from deploy.local.services import SERVICES, ServiceName
from shared import schema


async def done(dsn: str, package: str) -> set[str]:
    """The migrations that have run in a service's schema, such as `1001`; none where there is no schema."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        table = f"{package}.schema_migrations"
        if await connection.fetchval("SELECT to_regclass($1) IS NULL", table):
            return set()
        return {row["version"] for row in await connection.fetch(f"SELECT version FROM {table}")}  # noqa: S608
    finally:
        await connection.close()


def wanted(service: ServiceName) -> set[str]:
    """The migrations a service comes with."""
    folders = (schema.SHARED_MIGRATIONS, schema.migrations_of(service.package))
    return {file.name.partition("_")[0] for folder in folders for file in folder.glob("*.sql")}


async def lacking(dsn: str) -> dict[str, set[str]]:
    """By service, the migrations that have not run; only the services that lack some."""
    missing = {service.name: wanted(service) - await done(dsn, service.package) for service in SERVICES}
    return {name: versions for name, versions in missing.items() if versions}
