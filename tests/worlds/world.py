"""A world in which everything happens in any order, and what may never be otherwise in it.

One shop, three suppliers, five warehouses and the services that serve them, on a real PostgreSQL. People do things over
HTTP, messages are handed over late, twice and in batches of any size, services crash before their commits, relays after
sending, time runs out. Whatever comes of it, the books add up: at every moment each service's own, and all of them
together once everything has arrived.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from deploy.local import audit, services
from inventory import expiry, filling, serving
from inventory import store as inventory
from order_intake import store as order_book
from router import acceptance, patience, retrying
from router.settings import Settings as RouterSettings
from shared import retention
from shared.inbox import Inbox
from shared.postgres import Database
from tests import builders
from tests.builders import Signer
from tests.worlds import comparing, forward
from tests.worlds.listening import Listeners
from tests.worlds.people import People
from tests.worlds.postbox import LARGEST, Postbox

SERVICES = ("inventory", "order-intake", "router", "notifier")
ACTION, RELAY, HAND_OVER, CLOCK = "action", "relay", "hand over", "clock"


@dataclass
class World:
    """People, services and what lies between them. `steps` counts what people did and what services took."""

    people: People
    listeners: Listeners
    postbox: Postbox
    databases: dict[str, Database]
    dice: random.Random
    router: RouterSettings
    actions: int = 0
    seen: dict[str, forward.Seen] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How many steps were taken so far."""
        return self.actions + self.postbox.taken

    async def live(self, steps: int) -> None:
        """Take about so many steps more, in spells of which each ends with everything arrived and looked over.

        In some spells one thing goes after the other, in others much happens at the same time, and in some far more
        than anybody can keep up with. Now and then one service takes nothing at all for a while.
        """
        until = self.steps + steps
        while self.steps < until:
            tempo = self.dice.choices(("slow", "busy", "storm"), (3, 3, 2))[0]
            if tempo == "slow":
                await self._one_by_one(min(until, self.steps + 300))
            elif tempo == "busy":
                await self._in_bursts(min(until, self.steps + 2_000), 40)
            else:
                await self._in_bursts(min(until, self.steps + 8_000), 300)
            await self.settle()

    async def settle(self) -> None:
        """Let everything arrive, and look the books over."""
        await self.postbox.settle()
        router, stock = self.databases["router"], self.databases["inventory"]
        while await patience.ask_overdue(router) + await retrying.ask_due(router) + await serving.serve_next(stock):
            await self.postbox.settle()
        await self._nobody_waits_beside_stock()
        await self._others_know_what_is_sold()
        found = await audit.audit(self.databases)
        if found.problems:
            story = await self._story_of(found.problems[0])
            raise AssertionError(self._told("\n".join([*found.problems[:10], *story])))
        assert not [name for name in found.counts if name.startswith("parked")], self._told(str(found.counts))
        assert found.counts["returns"] == len(self.people.goods.returns), self._told(str(found.counts))
        otherwise = await comparing.differences(self.people, self.databases, self.dice)
        otherwise += await self.listeners.differences()
        assert not otherwise, self._told("\n".join(otherwise[:10]))
        self.seen = forward.moved_on(self.seen, await self._orders())

    async def _one_by_one(self, until: int) -> None:
        while self.steps < until:
            kind = self.dice.choices((ACTION, RELAY, HAND_OVER, CLOCK), (20, 25, 60, 2))[0]
            if kind == ACTION:
                await self._act(1)
            elif kind == RELAY:
                await self.postbox.relay(self.dice.choice(SERVICES), forgetful=self.dice.random() < 0.05)
            elif kind == HAND_OVER:
                await self.postbox.hand_over()
            else:
                await self._time_goes_by()
            if self.dice.random() < 0.02:
                self._fall_behind()
                await self._look()

    async def _in_bursts(self, until: int, most: int) -> None:
        while self.steps < until:
            await self._act(self.dice.randint(most // 8, most))
            if self.dice.random() < 0.3:
                self._fall_behind()
            for _ in range(self.dice.randint(3, 12)):
                await self.postbox.relay(self.dice.choice(SERVICES), forgetful=self.dice.random() < 0.05)
                await self.postbox.hand_over(4, LARGEST)
            await self._time_goes_by()
            await self._look()

    def _fall_behind(self) -> None:
        """Let a service fall behind, or catch up."""
        self.postbox.behind = self.dice.choice((*SERVICES, *[None] * 8))

    async def _act(self, people: int) -> None:
        """Let so many people do something at the same time."""
        await asyncio.gather(*(self.people.act() for _ in range(people)))
        self.actions += people

    async def _time_goes_by(self) -> None:
        """Somebody's time is up: a silent supplier's, a hold's, or the router's patience with an order."""
        self.actions += 1
        router, stock = self.databases["router"], self.databases["inventory"]
        what = self.dice.choice(("shipment", "hold", "patience", "retry"))
        if what == "shipment":
            async with router.transaction() as tx:
                await tx.execute(
                    "UPDATE shipments SET accept_by = now() WHERE id IN (SELECT id FROM shipments WHERE NOT closed"
                    " AND status IN ('Created', 'Submitted') ORDER BY md5(id::text || $1) LIMIT 2)",
                    str(self.dice.random()),
                )
            await acceptance.hurry(router)
        elif what == "hold":
            async with stock.transaction() as tx:
                await tx.execute("UPDATE holds SET expires_at = now() WHERE random() < 0.3")
            await expiry.end_expired(stock)
            await serving.serve_next(stock)
        elif what == "patience":
            await patience.ask_overdue(router)
        else:
            await retrying.ask_due(router)

    async def _look(self) -> None:
        """What each service holds true by itself at every moment."""
        async with self.databases["inventory"].transaction() as tx:
            wrong = await inventory.books(tx)
        assert not wrong, self._told(str(wrong[:5]))

    async def _nobody_waits_beside_stock(self) -> None:
        """Whoever waits still finds too little in all the places that may serve.

        A row of a bundle may begin to wait beside its own stock, for that of the others.
        """
        async with self.databases["router"].transaction() as tx:
            bundled = await tx.fetch_value(
                "SELECT coalesce(array_agg(order_id), '{}') FROM routes"
                " WHERE strpos(convert_from(placed, 'UTF8'), '\"parent\":') > 0"
            )
        async with self.databases["inventory"].transaction() as tx:
            beside = await tx.fetch(
                "SELECT w.order_id, w.row_id, w.open, b.catalogue_id, b.product_id,"
                " b.quantity - b.held - b.safety_stock AS free"
                " FROM waiting w JOIN waiting_places p ON p.waiting_id = w.id JOIN balances b ON b.id = p.balance_id"
                " JOIN catalogues c ON c.retailer_id = b.retailer_id AND c.external_id = b.catalogue_id"
                " JOIN products s ON s.supplier_id = b.supplier_id AND s.external_id = b.product_id"
                " WHERE b.published AND b.sellable AND c.active AND c.activation = 'active' AND s.status <> 'EOS'"
                " AND (b.unlimited OR b.quantity - b.held - b.safety_stock >= CASE WHEN w.whole THEN w.open ELSE 1e-6"
                " END) AND w.order_id <> ALL($1::uuid[]) LIMIT 5",
                bundled,
            )
        assert not beside, self._told([dict(row.items()) for row in beside])  # type: ignore[attr-defined]

    async def _others_know_what_is_sold(self) -> None:
        """The router takes nothing for sold that is not."""
        async with self.databases["inventory"].transaction() as tx:
            sold = await tx.fetch(
                "SELECT b.catalogue_id, b.product_id, b.sellable AND p.status <> 'EOS' AS sold, b.version"
                " FROM balances b JOIN products p ON p.supplier_id = b.supplier_id AND p.external_id = b.product_id"
            )
        async with self.databases["router"].transaction() as tx:
            known = await tx.fetch("SELECT catalogue_id, product_id, sellable, version FROM balances")
        there = {(row["catalogue_id"], row["product_id"]): (row["version"], row["sold"]) for row in sold}
        here = {(row["catalogue_id"], row["product_id"]): (row["version"], row["sellable"]) for row in known}
        assert here == there, self._told(sorted(here.items() ^ there.items()))

    async def _orders(self) -> Sequence[forward.RowSeen]:
        async with self.databases["order-intake"].transaction() as tx:
            rows = await order_book.books(tx)
        return [forward.RowSeen(row.order_id, row.external_id, row.status, row.cancelled_order) for row in rows]

    async def _story_of(self, problem: str) -> list[str]:
        """All that was said of the order that a problem names, in the order of its saying."""
        named = re.search(r"order ([0-9a-f-]{36})", problem)
        said: list[tuple[datetime, str]] = []
        for name, database in self.databases.items() if named else ():
            async with database.transaction() as tx:
                rows = await tx.fetch(
                    "SELECT created_at, topic, convert_from(value, 'UTF8') AS value FROM sent"
                    " WHERE position($1::bytea IN value) > 0",
                    named[1].encode() if named else b"",
                )
            said += [(row["created_at"], f"{name}: {row['topic']} {row['value']}") for row in rows]
        return [f"{at:%M:%S.%f} {text}" for at, text in sorted(said)]

    def _told(self, wrong: object) -> str:
        done = "\n".join(f"{count} × {name}: {status}" for (name, status), count in sorted(self.people.done.items()))
        return f"after {self.steps} steps ({self.actions} of them people's):\n{wrong}\n{done}"


@asynccontextmanager
async def inhabited(dsn: str, seed: int) -> AsyncIterator[World]:
    """A world on an empty, migrated database, with everybody settled in."""
    dice = random.Random(seed)
    async with AsyncExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(filling, "IN_A_TRANSACTION", 4)
        databases: dict[str, Database] = {}
        clients, inboxes = {}, list[Inbox]()
        signer = Signer()
        router_settings = RouterSettings(database=dsn, kafka="none", grace_seconds=0)
        for name in SERVICES:
            service = services.service_named(name)
            values: dict[str, object] = {"database": dsn, "kafka": "none", "requests_per_second": 0}
            built = service.build(values | ({"grace_seconds": 0} if name == "router" else {}))
            database = await Database.connect(dsn, service.package)
            stack.push_async_callback(database.close)
            await retention.prepare(database, 7)
            databases[name] = database
            clients[name] = await stack.enter_async_context(builders.client_of(built, database, signer))
            inboxes += built.taken.inboxes(name, database, built.settings)
        people = People(clients, databases, signer, dice)
        postbox = Postbox(databases, inboxes, dice)
        databases["portal"] = await Database.connect(dsn, "portal")
        stack.push_async_callback(databases["portal"].close)
        await people.settle_in()
        world = World(people, Listeners(people), postbox, databases, dice, router_settings)
        await world.settle()
        yield world
