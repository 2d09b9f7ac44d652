"""A database that refuses a part of what is written, as it does when others are in the way."""

import asyncpg

CODES = ("40001", "40P01", "55P03", "57014")
"""Serialisation failure, deadlock, lock not available, query cancelled."""
OWNERS = ("inventory", "notifier", "order_intake", "portal", "router")
TABLES = (
    *(f"{owner}.{table}" for owner in OWNERS for table in ("inbox", "outbox")),
    *("order_intake.orders", "inventory.allocations", "router.shipments", "notifier.mails"),
)


async def prepare(dsn: str) -> None:
    """Set triggers that refuse the part of all statements that is in `public.refusals`: none, until somebody says so.

    To be called before there is load: setting a trigger waits for whoever writes.
    """
    codes = ", ".join(f"'{code}'" for code in CODES)
    triggers = " ".join(
        f"CREATE TRIGGER refuse BEFORE INSERT OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION public.refuse();"
        for table in TABLES
    )
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            "CREATE TABLE public.refusals (part float8 NOT NULL); INSERT INTO public.refusals VALUES (0);"
            " CREATE SEQUENCE public.refused;"
            " CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
            " IF random() < (SELECT part FROM public.refusals) THEN"
            " PERFORM nextval('public.refused');"
            f" RAISE 'others are in the way' USING ERRCODE = (ARRAY[{codes}])[1 + floor(random() * {len(CODES)})::int];"
            f" END IF; RETURN NULL; END $$; {triggers}"
        )
    finally:
        await connection.close()


async def counted(dsn: str) -> int:
    """How many statements were refused since this was asked last. A sequence forgets nothing that is rolled back."""
    connection = await asyncpg.connect(dsn)
    try:
        number: int = await connection.fetchval("SELECT nextval('public.refused') - 1")
        await connection.execute("ALTER SEQUENCE public.refused RESTART")
    finally:
        await connection.close()
    return number
