"""The pool of a service, and the transactions in which everything it does happens."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from shared import failures

LOCK_TIMEOUT_MS = 3_000
STATEMENT_TIMEOUT_MS = 15_000

TROUBLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""All that the database and the way to it may raise. The last is what asyncpg says when a connection is cut just as
something is asked of it."""


class Record(Protocol):
    """A row of a result: read by column name."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of a column."""


class Transaction:
    """An open transaction, handed to handlers and store functions, which never commit.

    `now` is the database's time at which it began: the only clock that decides anything.
    """

    def __init__(self, connection: asyncpg.Connection | PoolConnectionProxy, schema: str) -> None:
        self.connection = connection
        self.schema = schema
        self.after_commit: list[Callable[[], None]] = []
        self._now: datetime | None = None

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Record]:
        """Run a statement and return its rows."""
        rows: Sequence[Record] = await self.connection.fetch(sql, *arguments)
        return rows

    async def fetch_one(self, sql: str, *arguments: Any) -> Record | None:
        """Run a statement and return its first row, or None."""
        row: Record | None = await self.connection.fetchrow(sql, *arguments)
        return row

    async def fetch_value(self, sql: str, *arguments: Any) -> Any:
        """Run a statement and return the first column of its first row, or None."""
        return await self.connection.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: Any) -> int:
        """Run a statement and return how many rows it wrote."""
        status: str = await self.connection.execute(sql, *arguments)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def now(self) -> datetime:
        """The time of the transaction, asked for once."""
        if self._now is None:
            self._now = await self.connection.fetchval("SELECT now()")
        return self._now

    def began_at(self, moment: datetime) -> None:
        """Note the transaction's time when a statement has brought it along anyway."""
        self._now = moment


class Database:
    """A service's database: one pool, whose connections act as the service's role in its schema."""

    def __init__(self, pool: asyncpg.Pool, schema: str) -> None:
        self.pool = pool
        self.schema = schema

    @classmethod
    async def connect(cls, dsn: str, schema: str, *, size: int = 8, application: str | None = None) -> "Database":
        """Open the pool. `dsn` is a PostgreSQL address whose user may act as the role `sluice_<schema>`.

        Raises OSError or asyncpg.PostgresError when the server does not answer or refuses.
        """
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=size,
            init=_prepare,
            reset=_as_it_is,
            server_settings=session_settings(schema, application or f"sluice-{schema}"),
        )
        return cls(pool, schema)

    async def close(self) -> None:
        """Close the pool once the running transactions have ended."""
        await self.pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction as the service itself, which sees all rows. Commits at the end, rolls back on an exception."""
        async with self.pool.acquire() as connection:
            tx = Transaction(connection, self.schema)
            async with connection.transaction():
                yield tx
        for act in tx.after_commit:
            act()

    @asynccontextmanager
    async def transaction_of(self, organisation: str) -> AsyncIterator[Transaction]:
        """A transaction that sees and writes only the rows of an organisation: row-level security stands behind it."""
        async with self.transaction() as tx:
            tx.began_at(
                await tx.fetch_value(
                    "SELECT now() FROM (SELECT set_config('sluice.organisation', $1, true),"
                    " set_config('role', $2, true)) AS bound",
                    organisation,
                    f"sluice_{self.schema}_api",
                )
            )
            yield tx

    async def answers(self) -> bool:
        """Whether the database answers a trivial question within a second."""
        try:
            await self.pool.fetchval("SELECT 1", timeout=1)
        except TROUBLE:
            return False
        return True


def session_settings(schema: str, application: str) -> dict[str, str]:
    """The settings every connection of a service starts with. What a transaction sets besides ends with it."""
    return {
        "application_name": application,
        "role": f"sluice_{schema}",
        "search_path": schema,
        "timezone": "UTC",
        "statement_timeout": str(STATEMENT_TIMEOUT_MS),
        "lock_timeout": str(LOCK_TIMEOUT_MS),
        "idle_in_transaction_session_timeout": "30000",
    }


async def _as_it_is(_: asyncpg.Connection) -> None:
    """Give a connection back as its last transaction left it.

    Everything that is set or locked here is for the time of a transaction, so nothing is left of it; asyncpg would send
    four statements more to make sure.
    """


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + (value if isinstance(value, bytes) else orjson.dumps(value)),
        decoder=lambda raw: orjson.loads(raw[1:]),
    )


def is_away(error: BaseException) -> bool:
    """Whether an error means that the database cannot be reached or has no room, so that only waiting helps."""
    if failures.is_unencodable(error):
        return False
    return isinstance(
        error,
        OSError
        | asyncpg.PostgresConnectionError
        | asyncpg.InterfaceError
        | asyncpg.InternalClientError
        | asyncpg.CannotConnectNowError
        | asyncpg.AdminShutdownError
        | asyncpg.CrashShutdownError
        | asyncpg.TooManyConnectionsError
        | asyncpg.DiskFullError
        | asyncpg.ReadOnlySQLTransactionError,
    )


def is_passing(error: BaseException) -> bool:
    """Whether an error means that others were in the way, so that the same will work when they have gone."""
    return isinstance(
        error,
        asyncpg.LockNotAvailableError
        | asyncpg.DeadlockDetectedError
        | asyncpg.SerializationError
        | asyncpg.QueryCanceledError,
    )


def is_unfit(error: BaseException) -> bool:
    """Whether an error means that a value does not fit: out of range, or with a character PostgreSQL cannot keep."""
    return isinstance(error, asyncpg.DataError) or failures.is_unencodable(error)


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Turn rows into columns for `unnest`: a list of `width` lists, each as long as there are rows."""
    turned = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
    if len(turned) != width:
        raise ValueError(f"rows of {len(turned)} values make no {width} columns")
    return turned
