"""Past orders as a shop of some size has them, decided by the functions that decide real ones, and stored."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from router import domain
from router.domain import Preferences, Route
from shared.contracts import Delivery, OrderPlaced, OrderRow, Party
from shared.postgres import Database
from shared.rules import plan as planning
from shared.rules import ranking, taking

SHOP = "1531864-4"
CATALOGUES = [f"Catalog{number}" for number in range(10)]
PRODUCTS = 1_000
BATCH = 2_000
COLUMNS = (
    *("order_id", "retailer_id", "external_id", "round", "state", "placed", "plan", "record", "outcome"),
    *("asked_at", "decided_at"),
)

DELIVERY = Delivery(
    order_date=datetime(2026, 1, 2, 8, tzinfo=UTC),
    delivery_address=Party(
        name="Maija Meikäläinen",
        street_address="Kotikatu 1",
        postal_code="90900",
        post_office="Kiiminki",
        country="FI",
        telephone="+358501234567",
        email="maija@example.com",
    ),
    service_code="2103",
    pickup_point_id="001003200",
)


async def fill(router: Database, count: int, since: datetime, seed: int = 1) -> None:
    """Store so many decided orders, a second apart."""
    chance = Random(seed)  # noqa: S311 - nobody guesses at a benchmark
    known, there = _world(chance)
    records = list[tuple[object, ...]]()
    for number in range(count):
        records.append(_decided(chance, known, there, number, since + timedelta(seconds=number)))
        if len(records) == BATCH or number + 1 == count:
            async with router.transaction() as tx:
                await tx.connection.copy_records_to_table("routes", records=records, columns=COLUMNS)
            records.clear()


def _world(chance: Random) -> tuple[ranking.Sources, dict[taking.Key, taking.Balance]]:
    """Ten catalogues, and each product in two or three of them with a little stock."""
    catalogues = [
        ranking.Catalogue(name, f"supplier {number % 4}", priority=number % 3 + 1, route_weight=number * 10)
        for number, name in enumerate(CATALOGUES)
    ]
    balances = list[ranking.Balance]()
    there: dict[taking.Key, taking.Balance] = {}
    for number in range(PRODUCTS):
        for name in chance.sample(CATALOGUES, chance.randint(2, 3)):
            quantity, price = Decimal(chance.randint(0, 9)), Decimal(chance.randint(500, 5_000)) / 100
            product = f"P-{number:04}"
            balances.append(ranking.Balance(name, product, quantity=quantity, wholesale_price=price))
            there[SHOP, name, product] = taking.Balance(len(there), quantity, back_order_allowed=number % 5 == 0)
    return ranking.sources(catalogues, balances), there


def _decided(
    chance: Random,
    known: ranking.Sources,
    there: dict[taking.Key, taking.Balance],
    number: int,
    moment: datetime,
) -> tuple[object, ...]:
    """An order of three rows as a row of the table."""
    order = OrderPlaced(
        order_id=UUID(bytes=int(moment.timestamp() * 1_000).to_bytes(6) + number.to_bytes(10)),
        retailer_id=SHOP,
        external_id=f"ORDER-{number}",
        placed_at=moment,
        delivery=DELIVERY,
        rows=tuple(
            OrderRow(
                external_id=str(place),
                product_id=f"P-{chance.randrange(PRODUCTS):04}",
                quantity=Decimal(chance.randint(1, 6)),
                back_order=place == 1,
            )
            for place in (1, 2, 3)
        ),
    )
    plan = domain.preferred(order, ranking.rank_candidates(order, known), Preferences())
    answer = taking.allocate(planning.allocation_request(order, plan, 1), there)
    # Held, so that no shipments are made: only the record is wanted.
    record = domain.decide(Route(order, plan, 1, held=True), answer, moment, moment).record
    return (
        *(order.order_id, SHOP, order.external_id, 1, "routed"),
        order.model_dump_json(exclude_defaults=True).encode(),
        plan.model_dump_json(exclude_defaults=True).encode(),
        record.model_dump_json().encode(),
        *(record.outcome, moment, moment),
    )
