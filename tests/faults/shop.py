"""A shop that posts orders while things die, and keeps a history of what it was told."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from deploy.local import demo, demo_world
from tests.faults.machine import Machine

AT_A_TIME = 16
TRIES, PAUSE_S = 4, 0.25

Outcome = Literal["ok", "failed", "unknown"]
"""What the shop knows of an order: it was taken, it was refused, or no answer tells."""


@dataclass
class Shop:
    """One of the demo's retailers. An order whose fate is unknown is sent again, as it was, some times."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    name: str
    history: dict[str, Outcome] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    """How often each HTTP status was answered; 0 is no answer."""
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def post(self, orders: int) -> None:
        """Post so many orders, several at a time."""
        chance = random.Random(self.name)
        turns = asyncio.Semaphore(AT_A_TIME)

        async def post_one(order: dict[str, Any]) -> None:
            async with turns:
                outcome = await self._send(order)
            async with self._more:
                self.history[order["externalId"]] = outcome
                self._more.notify_all()

        numbers = [f"{self.name}-{number:04d}" for number in range(orders)]
        documents = [demo.new_order(chance, demo_world.NORDIC, number) for number in numbers]
        await asyncio.gather(*(post_one(document) for document in documents))

    async def answered(self, orders: int) -> None:
        """Wait until so many orders were taken."""
        async with self._more:
            await self._more.wait_for(lambda: len(self.told("ok")) >= orders)

    def told(self, outcome: Outcome) -> set[str]:
        """The numbers of the orders with this outcome."""
        return {number for number, known in self.history.items() if known == outcome}

    async def look_up(self) -> dict[str, str]:
        """The status in which each order is now, of those that exist."""
        turns = asyncio.Semaphore(AT_A_TIME)

        async def look_up_one(number: str) -> str | None:
            async with turns:
                answer = await self.client.get(f"/v2/orders/order/{number}", headers=self.headers)
            if answer.status_code == 404:
                return None
            return str(answer.raise_for_status().json()["statuses"][-1]["value"])

        # A group, so that no request outlives the one that failed.
        async with asyncio.TaskGroup() as group:
            found = {number: group.create_task(look_up_one(number)) for number in self.history}
        return {number: status for number, task in found.items() if (status := task.result()) is not None}

    async def _send(self, order: dict[str, Any]) -> Outcome:
        for _ in range(TRIES):
            try:
                status = (await self.client.put("/v2/orders", json=order, headers=self.headers)).status_code
            except httpx.HTTPError:
                status = 0
            self.statuses[status] += 1
            if 0 < status < 500:
                return "ok" if status == 200 else "failed"
            await asyncio.sleep(PAUSE_S)
        return "unknown"


Enter = Callable[[Machine], Awaitable[Shop]]
"""Opens a new shop at a machine."""
