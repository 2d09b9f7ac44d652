"""Who lives in a world, what they have, and the things they do: each a request over HTTP that is answered sensibly."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import httpx

from shared.postgres import Database
from tests.builders import Signer
from tests.journeys.world import CONSUMER
from tests.worlds.ledger import Ledger
from tests.worlds.returners import Returners

SHOP, SUPPLIERS = "1531864-4", ("0109357-9", "9999999-2", "1234567-1")
CATALOGUES = {"W1": SUPPLIERS[0], "W2": SUPPLIERS[1], "W3": SUPPLIERS[2], "W4": SUPPLIERS[0], "OWN": SHOP}
PRODUCTS = ("boots", "socks", "hat", "coat", "lamp")
UNCOUNTED = "lamp"
"""A product that is never counted or given up, only put on shelves and taken away: people know how much is there."""
STRATEGIES = ("priority", "fewest-shipments", "lowest-cost", "highest-stock")

Action = Callable[[], Coroutine[Any, Any, int]]

ORDERS, BALANCES, SHIPMENTS = "/ecommerce/v3/orders", "/ecommerce/v3/inventory/balances", "/ecommerce/v3/shipments"
FINE = frozenset({200, 201, 204, 400, 404, 409, 429})
"""What people may be answered: it is done, or cannot be done any more. 400 is for what chance put together wrongly."""

SENT_AGAIN = 10
"""So often is sent what was answered 503, as that answer asks: a machine with other work may be busy for a while."""


class Found(NamedTuple):
    """A shipment somebody is about to change: whose it is, and its rows by row id, product and quantity."""

    shipment_id: str
    supplier_id: str
    rows: Sequence[tuple[str, str, Decimal]]


@dataclass
class People:
    """All who ask something of the services. `done` counts what was answered, by action and status."""

    clients: Mapping[str, httpx.AsyncClient]
    databases: Mapping[str, Database]
    signer: Signer
    dice: random.Random
    numbers: int = 0

    def __post_init__(self) -> None:
        """Nothing was asked so far."""
        self.done: dict[tuple[str, int], int] = {}
        self.holds: list[str] = []
        self.goods = Ledger()
        self.returners = Returners(self.ask, SHOP, self.goods, self.dice)

    async def ask(
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
        """An answer that is none of the bad ones, or the one that is allowed `also`. With a key it counts once."""
        role = "retailer" if who == SHOP else "supplier"
        roles = (role, "supplier") if who == SHOP else (role,)
        content = {} if body is None else {"json": body}
        headers = self.signer.headers(who, *roles) | ({} if key is None else {"Idempotency-Key": key})
        request = self.clients[service].build_request(method, path, headers=headers, **content)
        answer = await self.clients[service].send(request)
        for _ in range(SENT_AGAIN):
            if answer.status_code != 503 or "retry-after" not in answer.headers:
                break
            await asyncio.sleep(1)
            answer = await self.clients[service].send(request)
        assert answer.status_code in FINE | {also}, f"{method} {path} {body}: {answer.status_code} {answer.text}"
        return answer

    async def settle_in(self) -> None:
        """Open the catalogues and publish every product in each of them."""
        for priority, (name, supplier) in enumerate(CATALOGUES.items(), 1):
            terms = {
                "supplierId": supplier,
                "priority": priority // 2 or None,
                "routeWeight": priority * 10,
                "backOrderAllowed": priority % 2 == 0,
            }
            answer = await self.ask("inventory", SHOP, "PUT", f"/ecommerce/v3/catalogs/{name}", terms)
            assert answer.status_code == 200, answer.text
        for name, supplier in CATALOGUES.items():
            first = {product: self.dice.randint(0, 12) for product in PRODUCTS}
            for product, units in first.items():
                self.goods.note_shelved((name, product), units)
            items = [
                {
                    "product": {"externalId": product, "eanCode": f"64198350684{place:02}"},
                    "balances": [
                        {"retailerId": SHOP, "catalogExternalId": name, "quantity": first[product]}
                        | ({"wholesalePrice": self.dice.randint(1, 9)} if self.dice.random() < 0.7 else {})
                    ],
                }
                for place, product in enumerate(PRODUCTS)
            ]
            answer = await self.ask("inventory", supplier, "PUT", "/ecommerce/v3/inventory", items)
            assert answer.json() == [], answer.text

    async def act(self) -> None:
        """Do one of the things people do."""
        actions, weights = zip(*self._actions().items(), strict=True)
        action = self.dice.choices(actions, weights)[0]
        status = await action()
        key = (action.__name__, status)
        self.done[key] = self.done.get(key, 0) + 1

    def names(self) -> set[str]:
        """All that they can do."""
        return {action.__name__ for action in self._actions()}

    def _actions(self) -> dict[Action, int]:
        return {
            self.place_an_order: 34,
            self.order_a_bundle: 10,
            self.cancel_an_order: 5,
            self.change_the_rows: 4,
            self.release_an_order: 4,
            self.cancel_part_of_a_row: 8,
            self.look_at_a_shipment: 6,
            self.deliver_a_shipment: 16,
            self.deliver_some_of_a_shipment: 8,
            self.reject_a_shipment: 8,
            self.reject_a_row: 5,
            self.change_stock: 34,
            self.change_a_product: 2,
            self.change_a_catalogue: 3,
            self.hold_stock: 5,
            self.free_a_hold: 3,
            self.returners.register_a_return: 11,
            self.returners.register_what_never_came: 1,
            self.returners.receive_a_return: 9,
            self.returners.cancel_a_return: 2,
        }

    async def place_an_order(self) -> int:
        """A retailer orders a few things, with whatever wishes it has."""
        return await self._order([self._row(number) for number in range(1, self.dice.choice((1, 1, 2, 3, 4)) + 1)])

    async def order_a_bundle(self) -> int:
        """A retailer orders so many sets of things that belong together, and perhaps something else with them."""
        sets = self.dice.choice((1, 1, 2, 3))
        flags = {flag: True for flag, often in (("backOrder", 0.2), ("mandatory", 0.05)) if self.dice.random() < often}
        if self.dice.random() < 0.1:
            flags["partialDeliveryAllowed"] = False
        products = self.dice.sample(PRODUCTS, self.dice.choice((2, 2, 3)))
        rows: list[dict[str, Any]] = [
            {
                "externalId": str(number),
                "externalProductId": product,
                "quantity": sets * self.dice.choice((1, 1, 2)),
                **({} if number == 1 else {"parentRowReference": self.dice.choice(("1", str(number - 1)))}),
                **flags,
            }
            for number, product in enumerate(products, 1)
        ]
        if self.dice.random() < 0.3:
            rows.append({**self._row(1), "externalId": str(len(rows) + 1)})
        return await self._order(rows)

    async def _order(self, rows: list[dict[str, Any]]) -> int:
        self.numbers += 1
        preferences: dict[str, Any] = {}
        if self.dice.random() < 0.15:
            preferences["autoSubmit"] = False
        if self.dice.random() < 0.1:
            preferences["allOrNothing"] = True
        if self.dice.random() < 0.4:
            preferences["strategy"] = self.dice.choice(STRATEGIES)
        if self.holds and self.dice.random() < 0.3:
            preferences["reservationId"] = self.dice.choice(self.holds)
        order = {
            "externalId": f"N-{self.numbers}",
            "orderDate": "2026-01-02T08:00:00.000+00:00",
            "metadata": {"documentType": "SalesOrder"},
            "client": CONSUMER,
            "deliveryAddress": CONSUMER,
            "serviceCode": "2103",
            "rows": rows,
            **({"preferences": preferences} if preferences else {}),
        }
        return (await self.ask("order-intake", SHOP, "POST", ORDERS, order)).status_code

    async def cancel_an_order(self) -> int:
        """A retailer wants nothing more of an order."""
        body = {"status": {"value": "Cancelled"}}
        return (await self.ask("order-intake", SHOP, "PUT", f"{ORDERS}/{self._number()}", body)).status_code

    async def change_the_rows(self) -> int:
        """A retailer wants something else instead."""
        body = {"rows": [self._row(1), self._row(2)]}
        return (await self.ask("order-intake", SHOP, "PUT", f"{ORDERS}/{self._number()}", body)).status_code

    async def release_an_order(self) -> int:
        """A retailer hands an order over that it has held."""
        path = f"{ORDERS}/{self._number()}/preferences"
        return (await self.ask("order-intake", SHOP, "PATCH", path, {"autoSubmit": True})).status_code

    async def cancel_part_of_a_row(self) -> int:
        """A retailer wants less of something."""
        path = f"{ORDERS}/{self._number()}/rows/{self.dice.randint(1, 3)}/cancellations"
        answer = await self.ask("router", SHOP, "POST", path, {"quantity": self.dice.randint(1, 4)})
        return answer.status_code

    async def look_at_a_shipment(self) -> int:
        """A supplier has seen a shipment."""
        return await self._change_shipment({"status": {"value": "Viewed"}})

    async def deliver_a_shipment(self) -> int:
        """A supplier sends all of a shipment."""
        return await self._change_shipment({"status": {"value": "Delivered"}})

    async def deliver_some_of_a_shipment(self) -> int:
        """A supplier sends what it has found."""
        found = await self._open_shipment(rows=True)
        if found is None:
            return 0
        rows = [
            {"externalId": row_id, "itemId": product_id, "deliveredQuantity": self._some(quantity)}
            for row_id, product_id, quantity in found.rows
        ]
        body = {
            "status": {"value": "Delivered"},
            "consignment": {"parcels": [{"parcelId": "1", "rows": rows}]},
        }
        return await self._ask_of(found, "PATCH", "", body)

    async def reject_a_shipment(self) -> int:
        """A supplier does not want to send a shipment."""
        return await self._change_shipment({"status": {"value": "Cancelled"}})

    async def reject_a_row(self) -> int:
        """A supplier does not want to send some of a shipment."""
        found = await self._open_shipment(rows=True)
        if found is None:
            return 0
        row_id, _, quantity = self.dice.choice(found.rows)
        body = {"rows": [{"externalId": row_id, "quantity": max(1, int(quantity) // 2)}]}
        return await self._ask_of(found, "POST", "/rejections", body)

    async def change_stock(self) -> int:
        """A supplier has counted, got or lost something, or has changed its terms."""
        name, supplier = self.dice.choice(list(CATALOGUES.items()))
        changes = []
        for product in self.dice.sample(PRODUCTS, self.dice.randint(1, 3)):
            change: dict[str, Any] = {"productExternalId": product, "catalogExternalId": name, "retailerId": SHOP}
            counts = (
                {"quantity": self.dice.randint(0, 9)},
                {"onHand": self.dice.randint(0, 14)},
                {"quantity": self.dice.randint(0, 6), "allocated": 0},
                {"unlimited": self.dice.random() < 0.1},
            )
            change |= self.dice.choice(
                (
                    {"adjust": self.dice.randint(-4, 9)},
                    {"adjust": self.dice.randint(1, 3)},
                    {"safetyStock": self.dice.randint(0, 2)},
                    {"sellable": self.dice.random() < 0.8},
                    {"backOrderAllowed": self.dice.random() < 0.6, "backOrderLimit": self.dice.randint(0, 8)},
                    *(() if product == UNCOUNTED else counts),
                )
            )
            changes.append(change)
        answer = await self.ask("inventory", supplier, "PUT", BALANCES, changes)
        refused = {error["index"] for error in answer.json()} if answer.status_code == 200 else range(len(changes))
        for index, change in enumerate(changes):
            if index not in refused:
                self.goods.note_shelved((name, change["productExternalId"]), change.get("adjust", 0))
        return answer.status_code

    async def change_a_product(self) -> int:
        """A supplier ends the sale of a product, or takes it up again."""
        supplier = self.dice.choice((*SUPPLIERS, SHOP))
        status = "EOS" if self.dice.random() < 0.3 else "ACTIVE"
        product = self.dice.choice([one for one in PRODUCTS if one != UNCOUNTED])
        items = [{"product": {"externalId": product, "status": status}}]
        answer = await self.ask("inventory", supplier, "PUT", "/ecommerce/v3/inventory", items)
        assert answer.status_code == 429 or answer.json() == [], answer.text
        return answer.status_code

    async def change_a_catalogue(self) -> int:
        """A retailer asks a catalogue earlier or later, or not at all for a while."""
        name = self.dice.choice(list(CATALOGUES))
        path = f"/ecommerce/v3/catalogs/{name}"
        if self.dice.random() < 0.2:
            return (await self.ask("inventory", SHOP, "DELETE", path)).status_code
        terms = {"supplierId": CATALOGUES[name], "priority": self.dice.randint(1, 4), "routeWeight": 30}
        return (await self.ask("inventory", SHOP, "PUT", path, terms)).status_code

    async def hold_stock(self) -> int:
        """A shop promises something to a cart."""
        rows = [{"externalProductId": self.dice.choice(PRODUCTS), "quantity": self.dice.randint(1, 4)}]
        answer = await self.ask("inventory", SHOP, "POST", "/ecommerce/v3/reservations", {"minutes": 30, "rows": rows})
        if answer.status_code in (200, 201) and (hold := answer.json().get("reservationId")):
            self.holds.append(hold)
        return answer.status_code

    async def free_a_hold(self) -> int:
        """A cart is given up."""
        if not self.holds:
            return 0
        path = f"/ecommerce/v3/reservations/{self.dice.choice(self.holds)}"
        return (await self.ask("inventory", SHOP, "DELETE", path)).status_code

    def _row(self, number: int) -> dict[str, Any]:
        row: dict[str, Any] = {"externalId": str(number), "quantity": self.dice.choice((1, 2, 3, 5, 8, 0.5))}
        product = self.dice.choice(PRODUCTS)
        if self.dice.random() < 0.15:
            row["productEANCode"] = f"64198350684{PRODUCTS.index(product):02}"
        else:
            row["externalProductId"] = product
        if self.dice.random() < 0.1:
            row["externalWarehouseId"] = self.dice.choice(list(CATALOGUES))
        for flag, often in (("backOrder", 0.35), ("mandatory", 0.1)):
            if self.dice.random() < often:
                row[flag] = True
        if self.dice.random() < 0.15:
            row["partialDeliveryAllowed"] = False
        if number > 1 and self.dice.random() < 0.15:
            row["parentRowReference"] = "1"
        elif number > 1 and product != UNCOUNTED and self.dice.random() < 0.1:
            row["productType"] = "serviceProduct"
        return row

    def _number(self) -> str:
        """An order's number; of newer orders more often."""
        back = min(int(self.dice.expovariate(1 / 30)), max(0, self.numbers - 1))
        return f"N-{max(1, self.numbers - back)}"

    def _some(self, quantity: Decimal) -> float:
        return min(float(quantity), float(self.dice.randint(0, int(quantity))))

    async def _change_shipment(self, change: Mapping[str, Any]) -> int:
        found = await self._open_shipment()
        if found is None:
            return 0
        return await self._ask_of(found, "PATCH", "", change)

    async def _ask_of(self, found: Found, method: str, path: str, body: Mapping[str, Any]) -> int:
        """Ask something of a shipment, and note what was delivered of it."""
        path = f"{SHIPMENTS}/{found.shipment_id}{path}"
        answer = await self.ask("router", found.supplier_id, method, path, body)
        if answer.status_code == 200:
            self.goods.note_sent(found.supplier_id, answer.json())
        return answer.status_code

    async def _open_shipment(self, *, rows: bool = False) -> Found | None:
        """One of the open shipments, the oldest more often; now and then one that is closed."""
        wanted = "closed" if self.dice.random() < 0.05 else "NOT closed"
        async with self.databases["router"].transaction() as tx:
            found = await tx.fetch(
                f"SELECT id, supplier_id FROM shipments WHERE {wanted} ORDER BY created_at, id LIMIT 60"
            )
            if not found:
                return None
            chosen = found[min(int(self.dice.expovariate(0.1)), len(found) - 1)]
            listed = await tx.fetch(
                "SELECT row_id, product_id, quantity FROM shipment_rows WHERE shipment_id = $1 AND quantity > 0",
                chosen["id"],
            )
        if rows and not listed:
            return None
        contents = [(row["row_id"], row["product_id"], row["quantity"]) for row in listed]
        return Found(str(chosen["id"]), chosen["supplier_id"], contents)
