"""Who sends something back, and who takes it: what was delivered comes back whole, in part, too often or not at all."""

import asyncio
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import httpx

from tests.worlds import ledger
from tests.worlds.ledger import Ledger, Return, RowKey, Sent

RETURNS = "/ecommerce/v3/returns"
REASONS = ("ChangedMind", "DoesNotFit", "Damaged", "NotCollected", "Other")
CONDITIONS = ("Unopened", "Opened", "Used", "Damaged", "Wrong", None)
NOT_THEIRS = 403
"""The answer to whoever says what came of a return that goes to somebody else."""


class Ask(Protocol):
    """Asks a service something, and expects one of the sensible answers or of those that are allowed besides."""

    async def __call__(
        self,
        service: str,
        who: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        also: int | None = None,
    ) -> httpx.Response:
        """The answer."""


class Returners:
    """All who send goods back and take them. They know what was sent and what came from a ledger."""

    def __init__(self, ask: Ask, shop: str, goods: Ledger, dice: random.Random) -> None:
        """Let them ask services, on behalf of a shop and of whoever delivered to its customers."""
        self._ask, self._shop, self._goods, self._dice = ask, shop, goods, dice

    async def register_a_return(self) -> int:
        """A customer sends something back: what came or some of it, now and then more, or what never came."""
        sent = self._delivered()
        if sent is None:
            return 0
        chosen = self._dice.sample(list(sent.rows), self._dice.randint(1, len(sent.rows)))
        body: dict[str, Any] = {
            "shipmentId": sent.shipment_id,
            "rows": [self._wanted(key, sent.rows[key]) for key in chosen],
        }
        if (goes_to := self._dice.choice((None, None, "SUPPLIER", "RETAILER"))) is not None:
            body["goesTo"] = goes_to
        who = self._dice.choice((self._shop, sent.supplier_id))
        return await self._register(who, body)

    async def register_what_never_came(self) -> int:
        """Somebody is mistaken: the row is not in the shipment, or there is no such shipment."""
        sent = self._delivered()
        if sent is None:
            return 0
        rows = [self._wanted(("99", "boots"), Decimal(1))]
        shipment_id = self._dice.choice((sent.shipment_id, str(UUID(int=self._dice.getrandbits(128)))))
        answer = await self._ask("router", self._shop, "POST", RETURNS, {"shipmentId": shipment_id, "rows": rows})
        assert answer.status_code >= 400, f"{rows} of shipment {shipment_id} come back: {answer.text}"
        return 200

    async def receive_a_return(self) -> int:
        """Whoever unpacks a parcel says what came of it, says it again, or says something else."""
        one = self._registered(also=0.25)
        if one is None:
            return 0
        again = one.receipt is not None and self._dice.random() < 0.5
        receipt = one.receipt if again else {"rows": self._came(one)}
        who = one.receiver_id
        if self._dice.random() < 0.08:
            who = self._dice.choice((self._shop, one.sent.supplier_id))
        answer = await self._ask("router", who, "POST", f"{RETURNS}/{one.return_id}/receipt", receipt, also=NOT_THEIRS)
        assert (answer.status_code == NOT_THEIRS) == (who != one.receiver_id), f"{who} receives {one}: {answer.text}"
        if answer.status_code == 200:
            self._goods.note_received(one.return_id, receipt)
        assert not again or answer.status_code in (200, NOT_THEIRS), f"{receipt}, said again: {answer.text}"
        return answer.status_code

    async def cancel_a_return(self) -> int:
        """Either side says that something is not coming."""
        one = self._registered(also=0.2)
        if one is None:
            return 0
        who = self._dice.choice((self._shop, one.sent.supplier_id))
        answer = await self._ask("router", who, "POST", f"{RETURNS}/{one.return_id}/cancellation")
        if answer.status_code == 200:
            self._goods.note_cancelled(one.return_id)
        return answer.status_code

    async def _register(self, who: str, body: Mapping[str, Any]) -> int:
        """Ask for it; now and then twice at the same time, as one that counts once or as two."""
        times = 2 if self._dice.random() < 0.2 else 1
        key = f"{self._dice.getrandbits(64):x}" if self._dice.random() < 0.5 else None
        asked = (self._ask("router", who, "POST", RETURNS, body, key=key) for _ in range(times))
        answers = await asyncio.gather(*asked)
        for answer in answers:
            if answer.status_code == 200:
                self._goods.note_registered(body, answer.json())
        if key is not None:
            told = {answer.text for answer in answers if answer.status_code == 200}
            assert len(told) < 2, f"one request became {told}"
        return min(answer.status_code for answer in answers)

    def _wanted(self, key: RowKey, delivered: Decimal) -> dict[str, Any]:
        row: dict[str, Any] = {"externalId": key[0], "itemId": key[1], "reason": self._dice.choice(REASONS)}
        if self._dice.random() < 0.6:
            some = self._dice.choice((0.5, 1, 1, 2, 3, float(delivered), float(delivered) + 1))
            row["quantity"] = some if self._dice.random() < 0.2 else min(some, float(delivered))
        return row

    def _came(self, one: Return) -> list[dict[str, Any]]:
        """What is found of a return: most of it, in one or two conditions, and most of that for the shelf."""
        rows: list[dict[str, Any]] = []
        for key, units in one.rows.items():
            if rows and self._dice.random() < 0.15:
                continue
            for quantity in self._dice.choice(((None,), (None,), (float(units),), (0.5,), (0.5, None), (1, 1))):
                condition = self._dice.choice(CONDITIONS)
                row: dict[str, Any] = {"externalId": key[0], "itemId": key[1], "condition": condition}
                if quantity is not None:
                    row["quantity"] = quantity
                sound = condition != "Wrong" and one.receiver_id == one.sent.supplier_id
                if self._dice.random() < (0.7 if sound else 0.03):
                    row["restock"] = True
                rows.append(row)
        return rows

    def _delivered(self) -> Sent | None:
        """A shipment that was delivered, a newer one more often."""
        sent = list(self._goods.sent.values())
        return sent[-min(int(self._dice.expovariate(0.05)) + 1, len(sent))] if sent else None

    def _registered(self, *, also: float) -> Return | None:
        """A return that is on its way; so often one that may have come or may not come any more."""
        listed = list(self._goods.returns.values())[-200:]
        open_ = [one for one in listed if one.status == ledger.REGISTERED]
        of = listed if self._dice.random() < also else open_
        return self._dice.choice(of) if of else None
