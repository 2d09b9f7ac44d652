"""What either side is told of goods that come back, as it reads it in its feed."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.worlds.ledger import CANCELLED, RECEIVED, REGISTERED, ZERO, Return, RowKey
from tests.worlds.people import SHOP, SUPPLIERS, People

FEED = "/ecommerce/v3/events"
PAGE = 1_000
KINDS = {REGISTERED: "return.registered", RECEIVED: "return.received", CANCELLED: "return.cancelled"}

Came = tuple[Decimal, Decimal, Decimal]
"""Of a row how much was registered, received and put back."""

Told = tuple[str, dict[RowKey, Came]]
"""The kind of an event, and the rows it tells."""


class Listeners:
    """Everybody's feed, read on from where it was left."""

    def __init__(self, people: People) -> None:
        """Nobody has read anything."""
        self._people = people
        self._cursors: dict[str, str] = {}
        self._heard: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)

    async def differences(self) -> list[str]:
        """Everything that was told otherwise than it happened, not at all or twice. Everything has arrived."""
        for who in (SHOP, *SUPPLIERS):
            await self._read_on(who)
        returns = self._people.goods.returns.values()
        happened = {(who, one.return_id): _steps(one) for one in returns for who in (SHOP, one.sent.supplier_id)}
        return [
            f"return {key[1]}: {key[0]} was told {self._heard.get(key)}, and it went {happened.get(key)}"
            for key in sorted(happened.keys() | self._heard.keys())
            if self._heard.get(key) != happened.get(key)
        ]

    async def _read_on(self, who: str) -> None:
        more = True
        while more:
            place = f"&cursor={self._cursors[who]}" if who in self._cursors else ""
            page = (await self._people.ask("notifier", who, "GET", f"{FEED}?limit={PAGE}{place}")).json()
            self._cursors[who], more = page["cursor"], page["more"]
            for event in page["events"]:
                if event["type"].startswith("return."):
                    told = event["type"], {_key(row): _came(row) for row in event["data"]["rows"]}
                    self._heard[who, event["data"]["returnId"]].append(told)


def _steps(one: Return) -> list[Told]:
    first: Told = KINDS[REGISTERED], {key: (units, ZERO, ZERO) for key, units in one.rows.items()}
    last: Told = (
        KINDS[one.status],
        {key: (units, one.received.get(key, ZERO), one.restocked.get(key, ZERO)) for key, units in one.rows.items()},
    )
    return [first] if one.status == REGISTERED else [first, last]


def _key(row: Mapping[str, Any]) -> RowKey:
    return row["externalId"], row["productExternalId"]


def _came(row: Mapping[str, Any]) -> Came:
    quantity, received, restocked = (
        Decimal(str(row[name])) for name in ("quantity", "receivedQuantity", "restockedQuantity")
    )
    return quantity, received, restocked
