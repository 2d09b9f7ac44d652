"""What may be said of an error in a log or beside a parked message: all that helps, and nobody's personal data.

PostgreSQL repeats the whole row in the DETAIL of an error, asyncpg the value it could not encode, pydantic the input
it could not read. Those are orders, with the names and addresses of people.
"""

import traceback
from types import TracebackType

import asyncpg
from pydantic import ValidationError

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def describe(error: BaseException) -> str:
    """An error's class and message; of PostgreSQL's also the SQLSTATE and the constraint, never the DETAIL."""
    name = type(error).__name__
    if is_unencodable(error):
        return f"{name}: a value cannot be encoded for PostgreSQL"
    if isinstance(error, asyncpg.PostgresError):
        return f"{name} ({_place(error)}): {_plain(error)}"
    if isinstance(error, ValidationError):
        return f"{name}: {wrong_fields(error)}"
    text = str(error)
    return text if name in text else f"{name}: {text}"


def is_unencodable(error: BaseException) -> bool:
    """Whether asyncpg could not encode a value, so that PostgreSQL was not even asked."""
    if isinstance(error, asyncpg.DataError):
        return getattr(error, "severity", None) is None
    # The same by another class, an interface error that waiting does not mend.
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


def wrong_fields(error: ValidationError) -> str:
    """What pydantic found wrong, field by field, without what stood in the fields."""
    found = error.errors(include_input=False, include_context=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)


def trace(error: BaseException) -> str:
    """Where an error came from, and those it came of, oldest first: the frames, with each error as `describe` says."""
    told: list[str] = []
    current: BaseException | None = error
    while current is not None:
        told.append("".join(traceback.format_tb(current.__traceback__)) + describe(current))
        if is_unencodable(current):
            # It came of an error that repeats the value.
            break
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n\n".join(reversed(told))


def render(exc_info: ExceptionInfo) -> str:
    """`trace`, as structlog asks for it."""
    return trace(exc_info[1])


def _place(error: asyncpg.PostgresError) -> str:
    known = {
        "SQLSTATE": error.sqlstate,
        "table": getattr(error, "table_name", None),
        "column": getattr(error, "column_name", None),
        "constraint": getattr(error, "constraint_name", None),
    }
    return ", ".join(f"{what} {which}" for what, which in known.items() if which)


def _plain(error: asyncpg.PostgresError) -> str:
    message = str(error.args[0]) if error.args else ""
    # "invalid input syntax for type integer: "…"": what stands in the quotes was somebody's.
    return message.partition(': "')[0] if isinstance(error, asyncpg.DataError) else message
