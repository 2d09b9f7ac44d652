"""What the floor's processes do with what they hear: the durable steps of an order's way, and greedy taking."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import uuid_utils.compat as uuid_utils

from bench.floor.carrying import Carrier, Connection
from bench.floor.messages import Allocate, Allocated, Order, Part, Placed, Routed, Shipment, Taking, Wire, Wish


class Intake:
    """Keeps orders, and shows where they went."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier

    async def place(self, orders: Sequence[tuple[bytes, Order]]) -> None:
        """Keep orders and tell of them, in one transaction."""
        placed = [
            Placed.model_construct(
                order_id=uuid_utils.uuid7(),
                number=order.external_id,
                delivery_address=order.delivery_address,
                rows=order.rows,
            )
            for _, order in orders
        ]
        async with self.carrier.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO orders (id, number, posted) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])",
                [one.order_id for one in placed],
                [one.number for one in placed],
                [posted for posted, _ in orders],
            )
            await self.carrier.say(connection, [(one.order_id, one) for one in placed])
        self.carrier.wake()

    async def show(self, connection: Connection, routed: Sequence[Routed]) -> None:
        """Keep where orders went."""
        await connection.execute(
            "UPDATE orders SET routed = true, parts = new.parts"
            " FROM unnest($1::uuid[], $2::bytea[]) AS new (id, parts) WHERE orders.id = new.id",
            [one.order_id for one in routed],
            [one.model_dump_json().encode() for one in routed],
        )


class Router:
    """Asks for what orders need, and makes shipments of what they are promised."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier

    async def ask(self, connection: Connection, orders: Sequence[Placed]) -> None:
        """Note orders, and ask for what their rows need from whoever has it."""
        products = {row.external_product_id for order in orders for row in order.rows}
        sources: dict[str, list[int]] = defaultdict(list)
        for row in await connection.fetch(
            "SELECT product_id, balance_id FROM sources WHERE product_id = ANY($1::text[]) ORDER BY product_id, place",
            list(products),
        ):
            sources[row["product_id"]].append(row["balance_id"])
        await connection.execute(
            "INSERT INTO routes (order_id, number, placed) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])",
            [order.order_id for order in orders],
            [order.number for order in orders],
            [order.model_dump_json().encode() for order in orders],
        )
        await self.carrier.say(connection, [(order.order_id, _asked(order, sources)) for order in orders])

    async def ship(self, connection: Connection, answers: Sequence[Allocated]) -> None:
        """Keep what was promised, make a shipment for each catalogue, and tell the order book and the suppliers."""
        placed = {
            row["order_id"]: Placed.model_validate_json(row["placed"])
            for row in await connection.fetch(
                "UPDATE routes SET decided = new.decided FROM unnest($1::uuid[], $2::bytea[]) AS new (id, decided)"
                " WHERE routes.order_id = new.id RETURNING order_id, placed",
                [one.order_id for one in answers],
                [one.model_dump_json().encode() for one in answers],
            )
        }
        told: list[tuple[UUID, Wire]] = []
        shipments: list[tuple[UUID, Shipment]] = []
        for answer in answers:
            parts = _parts(answer)
            told.append((answer.order_id, Routed.model_construct(order_id=answer.order_id, parts=parts)))
            made = list(_shipments(placed[answer.order_id], parts))
            shipments += [(answer.order_id, shipment) for shipment in made]
        await connection.execute(
            "INSERT INTO shipments (id, order_id, number, catalogue_id, document)"
            " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[])",
            [shipment.shipment_id for _, shipment in shipments],
            [order_id for order_id, _ in shipments],
            [shipment.number for _, shipment in shipments],
            [shipment.catalogue for _, shipment in shipments],
            [shipment.model_dump_json().encode() for _, shipment in shipments],
        )
        await self.carrier.say(connection, [*told, *shipments])


class Inventory:
    """Promises stock."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier

    async def promise(self, connection: Connection, asked: Sequence[Allocate]) -> None:
        """Give each row what it needs from its balances in turn, until it is served."""
        ids = {balance for one in asked for wish in one.wishes for balance in wish.balances}
        rows = await connection.fetch(
            "SELECT id, catalogue_id, quantity::float8 AS quantity FROM balances WHERE id = ANY($1::bigint[])"
            " ORDER BY id FOR UPDATE",
            list(ids),
        )
        free = {row["id"]: row["quantity"] for row in rows}
        catalogues = {row["id"]: row["catalogue_id"] for row in rows}
        answers = [_taken(one, free, catalogues) for one in asked]
        takings = [(answer.order_id, taking) for answer in answers for taking in answer.takings]
        given: dict[int, float] = defaultdict(float)
        for _, taking in takings:
            given[taking.balance] += taking.quantity
        await connection.execute(
            "UPDATE balances SET quantity = balances.quantity - new.given, allocated = allocated + new.given"
            " FROM unnest($1::bigint[], $2::float8[]::numeric[]) AS new (id, given) WHERE balances.id = new.id",
            list(given),
            list(given.values()),
        )
        await connection.execute(
            "INSERT INTO allocations (order_id, row_id, balance_id, quantity)"
            " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::float8[])",
            [order_id for order_id, _ in takings],
            [taking.row for _, taking in takings],
            [taking.balance for _, taking in takings],
            [taking.quantity for _, taking in takings],
        )
        await self.carrier.say(connection, [(answer.order_id, answer) for answer in answers])


class Notifier:
    """Writes a notice for every shipment."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier

    async def notice(self, connection: Connection, shipments: Sequence[Shipment]) -> None:
        """Keep notices."""
        await connection.execute(
            "INSERT INTO notices (shipment_id, catalogue_id, content)"
            " SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])",
            [shipment.shipment_id for shipment in shipments],
            [shipment.catalogue for shipment in shipments],
            [shipment.model_dump_json().encode() for shipment in shipments],
        )


def _asked(order: Placed, sources: dict[str, list[int]]) -> Allocate:
    return Allocate.model_construct(
        order_id=order.order_id,
        wishes=tuple(
            Wish.model_construct(
                row=row.external_id, quantity=row.quantity, balances=tuple(sources[row.external_product_id])
            )
            for row in order.rows
        ),
    )


def _taken(asked: Allocate, free: dict[int, float], catalogues: dict[int, str]) -> Allocated:
    takings = []
    for wish in asked.wishes:
        needed = wish.quantity
        for balance in wish.balances:
            if (quantity := min(needed, free[balance])) > 0:
                needed -= quantity
                free[balance] -= quantity
                takings.append(
                    Taking.model_construct(
                        row=wish.row, balance=balance, catalogue=catalogues[balance], quantity=quantity
                    )
                )
    return Allocated.model_construct(order_id=asked.order_id, takings=tuple(takings))


def _parts(answer: Allocated) -> tuple[Part, ...]:
    return tuple(
        Part.model_construct(row=taking.row, catalogue=taking.catalogue, quantity=taking.quantity)
        for taking in answer.takings
    )


def _shipments(placed: Placed, parts: Sequence[Part]) -> Iterable[Shipment]:
    by_catalogue: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        by_catalogue[part.catalogue].append(part)
    for catalogue, rows in by_catalogue.items():
        yield Shipment.model_construct(
            shipment_id=uuid_utils.uuid7(),
            number=placed.number,
            catalogue=catalogue,
            delivery_address=placed.delivery_address,
            rows=tuple(rows),
        )
