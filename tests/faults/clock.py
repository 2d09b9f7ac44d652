"""Clocks that a test can set: the database's, by functions in the place of its own, and that of a service's process."""

import sys
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import asyncpg

VARIABLE = "SLUICE_TESTS_CLOCK"
"""Set for a process of the nursery that is to follow the file `clock` beside its log."""
OURS = ("inventory", "notifier", "order_intake", "portal", "router", "shared", "jwt")

_now, _time = datetime.now, time.time


class _Like(type(datetime)):  # type: ignore[misc] # type() of it is `type`, which mypy does not see
    def __instancecheck__(cls, thing: object) -> bool:
        return isinstance(thing, datetime)


def follow(file: Path) -> None:
    """From now on, have this process go by a clock that is off by the seconds written in a file, if it is there.

    What asks the clock by itself (the event loop, timeouts, ids) is left alone, as is monotonic time: it never jumps.
    """

    def off() -> float:
        try:
            return float(file.read_text() or 0)
        except FileNotFoundError:
            return 0.0

    class Jumping(datetime, metaclass=_Like):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # a plain one is what is wanted
            return _now(tz) + timedelta(seconds=off())

    def jumping_time() -> float:
        return _time() + off()

    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OURS:
            for key, value in list(vars(module).items()):
                if value is datetime:
                    setattr(module, key, Jumping)
                elif value is _time:
                    setattr(module, key, jumping_time)


async def prepare(dsn: str) -> None:
    """Make the database's clock one that can be set, by `public.clock`; it is right until then.

    Indexes, defaults and statements call `now()` and `clock_timestamp()` by their numbers, which stay.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "CREATE TABLE public.clock (ahead interval NOT NULL); INSERT INTO public.clock VALUES ('0');"
            " GRANT SELECT ON public.clock TO PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC;"
            " CREATE FUNCTION public.right_clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE internal"
            " AS 'clock_timestamp'; SET allow_system_table_mods = on;"
            " CREATE OR REPLACE FUNCTION pg_catalog.now() RETURNS timestamptz STABLE STRICT LANGUAGE sql"
            " AS 'SELECT transaction_timestamp() + (SELECT ahead FROM public.clock)';"
            " CREATE OR REPLACE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz VOLATILE STRICT LANGUAGE sql"
            " AS 'SELECT public.right_clock_timestamp() + (SELECT ahead FROM public.clock)'"
        )
    finally:
        await connection.close()
