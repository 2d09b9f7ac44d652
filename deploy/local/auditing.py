"""The auditor as a job: looks again and again, a part of the books at a time, and raises what does not add up.

Each round looks at orders of which something was said of late, at the next window of all orders, and again at what
looked wrong before. So what goes wrong now is found in a round or two, and what was wrong all along, or was changed
behind our backs, within a pass over everything; a round costs the same however many orders there are.

The services are not looked at in one moment, and messages are under way: a difference between them counts only when it
is there in two rounds, in the same words, while no message of that order is on its way. The balances are inventory's
alone and always add up by themselves, so that one look tells; it goes over all promises, and takes a twentieth of the
time at most.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from prometheus_client import Counter as MetricCounter
from prometheus_client import Gauge
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local import audit, bookkeeping, redrive
from deploy.local.bookkeeping import Books
from router import store as router
from shared import failures, postgres
from shared.postgres import Database

log = structlog.get_logger()

WRONG = Gauge("sluice_audit_wrong_units", "What does not add up between the books of the services, by check", ["check"])
LOOKED_AT = Gauge("sluice_audit_last_round_timestamp_seconds", "When the auditor last finished a round")
PASSED_AT = Gauge("sluice_audit_last_pass_timestamp_seconds", "When the auditor last had looked at every order")
ORDERS = MetricCounter("sluice_audit_orders", "Orders the auditor has looked at")

SETTLES = timedelta(seconds=30)
RECENT = timedelta(hours=1)
"""How long ago a message was sent that may still be on its way; what is older, redrive has long sent again."""
MOST_AGAIN, READ_AT_ONCE, COMPARED_AT_ONCE = 1_000, 500, 20
BALANCES_REST = 20.0
"""Looking at all balances is put off until so many times what it took has gone by."""


class Settings(BaseSettings):
    """How often the auditor of `sluice up` looks, and at how much."""

    model_config = SettingsConfigDict(env_prefix="SLUICE_AUDIT_", extra="ignore")

    seconds: float = Field(default=60.0, ge=0, description="Pause between two rounds of the auditor; 0: it never looks")
    orders: int = Field(default=1_000, ge=1, description="How many orders it takes up in a round, from either end")


class Wrong(NamedTuple):
    """What does not add up: the check that found it, and the sentence that names it."""

    check: str
    what: str


class Auditor:
    """Looks at the books of all services, so many orders at a time. `wrong` is what is known not to add up."""

    def __init__(
        self, databases: Mapping[str, Database], orders: int = audit.WINDOW, balances_rest: float = BALANCES_REST
    ) -> None:
        self.databases = databases
        self.orders = orders
        self.balances_rest = balances_rest
        self.wrong: set[Wrong] = set()
        self._after = audit.FIRST
        self._heard_until: datetime | None = None
        self._suspects: dict[UUID, set[Wrong]] = {}
        self._balances: set[Wrong] = set()
        self._balances_due = 0.0
        for check in bookkeeping.CHECKS:
            WRONG.labels(check).set(0)

    async def look(self) -> None:
        """One round. Raises what PostgreSQL raises; what was to be looked at is looked at in the next one then."""
        after, heard_until = self._after, self._heard_until
        try:
            confirmed = await self._look_at_orders()
        except BaseException:
            self._after, self._heard_until = after, heard_until
            raise
        if self._after == audit.LAST:
            self._after = audit.FIRST
            PASSED_AT.set_to_current_time()
        # Before the balances: a look at them may take longer than PostgreSQL allows.
        self._tell(confirmed | self._balances)
        await self._look_at_balances()
        self._tell(confirmed | self._balances)
        LOOKED_AT.set_to_current_time()

    async def _look_at_orders(self) -> set[Wrong]:
        """What is wrong with some of the orders, and was so in the round before."""
        again = list(self._suspects)[:MOST_AGAIN]
        order_ids = {*again, *await self._of_late(), *await self._next()}
        found = {order_id: wrong for order_id, wrong in (await self._wrong_of(order_ids)).items() if wrong}
        for order_id in await self._moving(found):
            del found[order_id]
        confirmed = set(
            chain.from_iterable(found[one] & self._suspects[one] for one in found.keys() & self._suspects.keys())
        )
        self._suspects = found
        ORDERS.inc(len(order_ids))
        return confirmed

    async def _of_late(self) -> set[UUID]:
        """Orders of which something was said since the last round, and not just now."""
        async with self.databases["router"].transaction() as tx:
            until = await tx.now() - SETTLES
        after = self._heard_until or until - RECENT
        self._heard_until = until
        keys = await redrive.changed(self.databases, after, until, self.orders)
        order_ids = (order_id for key in keys if (order_id := _as_id(key)) is not None)
        return set(sorted(order_ids, reverse=True)[: self.orders])

    async def _next(self) -> set[UUID]:
        """The next window of all orders."""
        order_ids, self._after = await audit.next_window(self.databases, self._after, self.orders)
        return order_ids

    async def _wrong_of(self, order_ids: Iterable[UUID]) -> dict[UUID, set[Wrong]]:
        """What is wrong with each of these orders, as far as the books tell that were read just now."""
        found: dict[UUID, set[Wrong]] = {}
        ordered = sorted(order_ids)
        for start in range(0, len(ordered), READ_AT_ONCE):
            books = await audit.read(self.databases, ordered[start : start + READ_AT_ONCE])
            for place, (order_id, one) in enumerate(by_order(books).items()):
                if place % COMPARED_AT_ONCE == 0:
                    # In `sluice up` the services run in this process: they have their turn in between.
                    await asyncio.sleep(0)
                found[order_id] = problems(one)
        return found

    async def _moving(self, found: Iterable[UUID]) -> set[UUID]:
        """Those of the orders that are on their way: in a message, or waiting for news of a product."""
        order_ids = set(found)
        if not order_ids:
            return set()
        # In this order: an order that waits no longer has become a message.
        async with self.databases["router"].transaction() as tx:
            postponed = await router.postponed_among(tx, order_ids)
        keys = await redrive.under_way(self.databases, [str(order_id) for order_id in order_ids], RECENT)
        return postponed | {order_id for order_id in order_ids if str(order_id) in keys}

    async def _look_at_balances(self) -> None:
        began = time.monotonic()
        if began < self._balances_due:
            return
        try:
            self._balances = {Wrong("balances", what) for what in await audit.wrong_balances(self.databases)}
        finally:
            ended = time.monotonic()
            self._balances_due = ended + self.balances_rest * (ended - began)

    def _tell(self, wrong: set[Wrong]) -> None:
        for check, what in sorted(wrong - self.wrong):
            log.error("the books do not add up", check=check, what=what)
        for check, what in sorted(self.wrong - wrong):
            log.warning("the books add up again, or differ otherwise", check=check, what=what)
        self.wrong = wrong
        counted = Counter(check for check, _ in wrong)
        for check in bookkeeping.CHECKS:
            WRONG.labels(check).set(counted[check])


async def keep_looking(auditor: Auditor, every_s: float) -> None:
    """Look, with a pause of so many seconds between rounds, until cancelled. A database that is away is waited for."""
    while True:
        try:
            await auditor.look()
        except Exception as error:
            # Whatever it was: an auditor that ended would never find anything again.
            trace = None if isinstance(error, postgres.TROUBLE) else failures.trace(error)
            log.warning("audit interrupted", error=failures.describe(error), trace=trace)
        await asyncio.sleep(every_s)


def problems(books: Books) -> set[Wrong]:
    """All that is wrong, each with the check that found it."""
    return {Wrong(name, what) for name, check in bookkeeping.CHECKS.items() for what in check(books)}


def by_order(books: Books) -> dict[UUID, Books]:
    """The books of each order by itself."""
    parts: dict[UUID, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for field in ("orders", "promises", "waiting", "answers", "restocked", "returns_shown"):
        for entry in getattr(books, field):
            parts[entry.order_id][field].append(entry)
    for field in ("decisions", "standings", "pieces", "shipments", "mails", "returns"):
        for row in getattr(books, field):
            parts[row["order_id"]][field].append(row)
    return {order_id: replace(EMPTY, **fields) for order_id, fields in parts.items()}


EMPTY = Books([], [], [], [], [], [], [], [], [], [])


def _as_id(key: str) -> UUID | None:
    """The order a message is about, by its key; keys of other messages name other things."""
    try:
        return UUID(key)
    except ValueError:
        return None
