"""An error is told with all that helps to find its cause, and without the people in it."""

import subprocess
import sys
import textwrap
from collections.abc import Callable

import asyncpg
import pytest
from pydantic import ValidationError

from shared import failures, wire
from shared.contracts import OrderPlaced
from shared.postgres import Database


class Person(wire.WireModel):
    """Somebody."""

    name: str
    age: int


async def raised(house: Database, sql: str, *arguments: object) -> Exception:
    """What a statement raises."""
    columns = "name text NOT NULL UNIQUE, age integer CHECK (age > 0), key uuid"
    await house.pool.execute(f"CREATE TABLE people ({columns})")
    await house.pool.execute("INSERT INTO people VALUES ('Aino', 7)")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:
        await house.pool.execute(sql, *arguments)
    return caught.value


@pytest.mark.parametrize(
    ("sql", "arguments", "told"),
    [
        ("INSERT INTO people VALUES ('Aino', 8)", (), ["UniqueViolationError", "23505", "constraint people_name_key"]),
        ("INSERT INTO people VALUES ('Aino 2', -8)", (), ["CheckViolationError", "constraint people_age_check"]),
        ("UPDATE people SET name = NULL", (), ["NotNullViolationError", "column name"]),
        ("INSERT INTO people VALUES ('b', 'Aino'::text::integer)", (), ["InvalidTextRepresentationError", "integer"]),
        ("INSERT INTO people VALUES ('b', 1, $1)", ("Aino",), ["DataError: a value cannot be encoded"]),
    ],
)
async def test_an_error_of_the_database_is_told_without_the_row(
    house: Database, sql: str, arguments: tuple[object, ...], told: list[str]
) -> None:
    error = await raised(house, sql, *arguments)
    text = failures.describe(error) + failures.trace(error)
    assert all(part in text for part in told)
    assert "Aino" not in text


@pytest.mark.parametrize(
    "read",
    [
        lambda: Person.model_validate({"name": "Aino", "age": "Aino"}),
        lambda: OrderPlaced.model_validate({"rows": "Aino"}),
    ],
)
def test_what_cannot_be_read_is_told_by_its_fields(read: Callable[[], object]) -> None:
    with pytest.raises(ValidationError) as caught:
        read()
    told = failures.describe(caught.value)
    assert told.startswith("ValidationError: ")
    assert "Aino" not in told + str(caught.value)


def test_an_error_is_told_with_those_it_came_of() -> None:
    def fail() -> None:
        try:
            Person.model_validate({"name": "Aino", "age": "Aino"})
        except ValidationError as error:
            raise RuntimeError("not a person") from error

    with pytest.raises(RuntimeError) as caught:
        fail()
    told = failures.trace(caught.value)
    assert told.index("ValidationError: age: ") < told.index("RuntimeError: not a person")
    assert "test_an_error_is_told_with_those_it_came_of" in told


def test_no_log_line_and_no_trace_repeats_the_detail() -> None:
    script = """
        import logging
        import asyncpg, structlog
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
        from shared import observability

        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
        trace.set_tracer_provider(provider)
        observability.configure_logging()
        error = asyncpg.CheckViolationError("violates check")
        error.detail = "Failing row contains (Aino)."
        try:
            with observability.request_span("GET /", {}):
                raise error
        except asyncpg.CheckViolationError:
            structlog.get_logger().exception("ours")
            logging.getLogger("theirs").exception("theirs")
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    told = ran.stdout + ran.stderr
    assert told.count("CheckViolationError (SQLSTATE 23514): violates check") == 3
    assert '"status_code": "ERROR"' in told
    assert "Aino" not in told
