"""What is said, in one line and without a traceback, about the troubles that are nobody's mistake in the code."""

from collections.abc import Iterator
from typing import NamedTuple

import aiokafka.errors
import asyncpg
import httpx
import pydantic

from deploy.local.cli import show
from deploy.local.trouble import CannotStart
from portal import organisations
from shared.parked import NothingToSend
from shared.schema import MigrationFailed
from shared.sealing import BadKey

MIGRATE = "bring the schemas up to date with sluice migrate"


class Refusal(NamedTuple):
    """A line for standard error, and the exit code."""

    line: str
    code: int


def of(error: BaseException) -> Refusal | None:
    """What to say of an error; None for one that is a mistake in the code and deserves its traceback."""
    for one in _alone(error):
        found = _of_one(one)
        if found is not None:
            return Refusal(" ".join(found.line.split()), found.code)
    return None


def _alone(error: BaseException) -> Iterator[BaseException]:
    """The error, or the errors of a group."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _alone(one)
    else:
        yield error


def _of_one(error: BaseException) -> Refusal | None:
    match error:
        case CannotStart():
            return Refusal(str(error), show.UNREACHABLE)
        case organisations.NotValid():
            return Refusal(f"Not valid: {error}", show.USAGE)
        case organisations.NotPossible():
            return Refusal(f"{error}.", show.FOUND_WRONG)
        case pydantic.ValidationError():
            return Refusal(_of_settings(error), show.UNREACHABLE)
        case BadKey():
            line = f"The settings are not valid: {error}. They are in SLUICE_SEALING_KEYS or SLUICE_SEALING_KEYS_FILE."
            return Refusal(line, show.UNREACHABLE)
        case NothingToSend():
            return Refusal(f"{error}.", show.FOUND_WRONG)
        case MigrationFailed():
            return Refusal(f"The schemas cannot be brought up to date: {error}", show.UNREACHABLE)
        case asyncpg.PostgresError() | asyncpg.InterfaceError():
            return Refusal(_of_postgres(error), show.UNREACHABLE)
        case aiokafka.errors.KafkaError():
            line = f"Kafka cannot be used: {error}. Check that it runs and that SLUICE_KAFKA is its host:port."
            return Refusal(line, show.UNREACHABLE)
        case httpx.HTTPError():
            line = (
                f"The running system does not answer ({str(error) or type(error).__name__}). Start it with sluice up."
            )
            return Refusal(line, show.UNREACHABLE)
        case TimeoutError():
            line = "PostgreSQL or Kafka does not answer in time. Check SLUICE_DATABASE and SLUICE_KAFKA."
            return Refusal(line, show.UNREACHABLE)
        case OSError() if error.filename is not None:
            return Refusal(f"{error.filename} cannot be used: {error.strerror}.", show.UNREACHABLE)
        case OSError():
            line = f"A server does not answer: {error}. Start the system with sluice up, or correct SLUICE_DATABASE."
            return Refusal(line, show.UNREACHABLE)
        case _:
            return None


def _of_postgres(error: asyncpg.PostgresError | asyncpg.InterfaceError) -> str:
    match error:
        case asyncpg.UndefinedTableError() | asyncpg.InvalidSchemaNameError() | asyncpg.UndefinedColumnError():
            return f"The database lacks something: {error}. Before anything else, {MIGRATE}."
        # The role of a schema that was never made is met as a setting that cannot be set.
        case asyncpg.InvalidParameterValueError() if "role" in str(error):
            return f"The database lacks something: {error}. Before anything else, {MIGRATE}."
        case asyncpg.InvalidAuthorizationSpecificationError() | asyncpg.InsufficientPrivilegeError():
            return f"PostgreSQL refuses: {error}. Check the user and the password of the address."
        case asyncpg.InvalidCatalogNameError():
            return f"PostgreSQL refuses: {error}. Create it, or correct the address."
        case asyncpg.ClientConfigurationError():
            return f"That is no address of a PostgreSQL: {error}. It looks like postgresql://user:password@host/name."
        case _:
            return f"PostgreSQL refuses: {error}."


def _of_settings(error: pydantic.ValidationError) -> str:
    """Which settings are wrong. Their values are not repeated: an address has a password in it."""
    wrong = "; ".join(f"{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
    return f"The settings are not valid: {wrong}. They come from environment variables such as SLUICE_DATABASE."
