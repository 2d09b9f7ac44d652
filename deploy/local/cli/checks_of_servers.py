"""What `sluice doctor` looks at beyond this process: the database and its schemas, Kafka, the mail server."""

import asyncio
import os

import asyncpg

from deploy.local import broker_ready
from deploy.local.cli import checks_of_machine, migrations
from deploy.local.cli.checks import Check, missing, note, ok

START = "Start the system with sluice up"


async def all_of() -> list[Check]:
    """Every check of a server whose address the environment has; the others are only noted."""
    return [await _database(), await _kafka(), await _mail()]


async def _database() -> Check:
    dsn = os.environ.get("SLUICE_DATABASE")
    if dsn is None:
        return note("database", "no running system, and SLUICE_DATABASE is not set", START)
    try:
        lacking = await migrations.lacking(dsn)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return missing("database", f"refuses: {error}", "Correct SLUICE_DATABASE")
    except (OSError, TimeoutError) as error:
        detail = f"does not answer ({str(error) or type(error).__name__})"
        return missing("database", detail, f"{START}, or correct SLUICE_DATABASE")
    if lacking:
        listed = "; ".join(f"{name}: {', '.join(sorted(versions))}" for name, versions in lacking.items())
        return missing("database", f"lacks migrations ({listed})", "Run sluice migrate")
    return ok("database", "answers, with all migrations")


async def _kafka() -> Check:
    addresses = os.environ.get("SLUICE_KAFKA")
    if addresses is None:
        return note("Kafka", "no running system, and SLUICE_KAFKA is not set", START)
    for address in addresses.split(","):
        # A broker that is not there makes its client wait; knocking says so at once.
        if await asyncio.to_thread(checks_of_machine.listens, address) and await broker_ready.answers(address):
            return ok("Kafka", f"answers at {address}")
    return missing("Kafka", f"does not answer at {addresses}", f"{START}, or correct SLUICE_KAFKA")


async def _mail() -> Check:
    address = os.environ.get("NOTIFIER_SMTP") or os.environ.get("SLUICE_SMTP")
    if address is None:
        return note("mail server", "no running system, and NOTIFIER_SMTP is not set", START)
    if await asyncio.to_thread(checks_of_machine.listens, address):
        return ok("mail server", f"listens at {address}")
    return missing("mail server", f"does not listen at {address}", f"{START}, or correct NOTIFIER_SMTP")
