"""Orders as they are stored once they are decided, by the functions that decide real ones; also random ones."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from router import domain
from router.domain import DecisionRecord, Preferences, Route
from router.store.past_orders import PastOrder
from shared.contracts import OrderPlaced, OrderRow
from shared.postgres import Database
from shared.rules import plan as planning
from shared.rules import ranking, strategies, taking
from tests.router.examples import RETAILER, order

AT = datetime(2026, 1, 2, 8, tzinfo=UTC)
CATALOGUES = ("W1", "W2", "W3", "W4")
PRODUCTS = ("BOOTS", "SOCKS", "HAT")


def random_order(seed: int) -> PastOrder:
    """An order with rows of every kind, in a world where the router does not quite know what inventory has."""
    chance = Random(seed)
    settings = Preferences(chance.choice(strategies.STRATEGIES), _rarely(chance), Decimal(chance.randint(0, 9)))
    placed = order(
        *_rows(chance),
        order_id=UUID(int=chance.getrandbits(128)),
        all_or_nothing=chance.choice([None, None, False, True]),
    )
    return decided(placed, _sources(chance), _stock(chance), settings)


def decided(
    placed: OrderPlaced,
    known: ranking.Sources,
    there: Mapping[taking.Key, taking.Balance],
    settings: Preferences | None = None,
) -> PastOrder:
    """An order as it is stored once it is decided with what the router knows and inventory has."""
    plan = domain.preferred(placed, ranking.rank_candidates(placed, known), settings or Preferences())
    answer = taking.allocate(planning.allocation_request(placed, plan, 1), there)
    if not plan.rows:
        # Inventory is not asked for services alone.
        answer = answer.model_copy(update={"outcome": "none"})
    made = domain.decide(Route(placed, plan, round=1, held=True), answer, AT, AT + timedelta(days=1))
    return stored(placed, plan, made.record)


def stored(placed: OrderPlaced, plan: domain.Plan, record: DecisionRecord) -> PastOrder:
    """An order as it is stored."""
    return PastOrder(
        placed.order_id,
        placed.model_dump_json(exclude_defaults=True).encode(),
        plan.model_dump_json(exclude_defaults=True).encode(),
        record.model_dump_json(),
    )


async def save(database: Database, orders: Iterable[PastOrder]) -> None:
    """Put orders into the router's book, as decided."""
    async with database.transaction() as tx:
        await tx.connection.copy_records_to_table(
            "routes",
            records=[_record(one) for one in orders],
            columns=[
                *("order_id", "retailer_id", "external_id", "round", "state", "placed", "plan", "record", "outcome"),
                *("asked_at", "decided_at"),
            ],
        )


def _record(one: PastOrder) -> tuple[object, ...]:
    placed = OrderPlaced.model_validate_json(one.placed)
    record = DecisionRecord.model_validate_json(one.record)
    return (
        *(one.order_id, placed.retailer_id, placed.external_id, record.round, "routed", one.placed, one.plan),
        *(one.record.encode(), record.outcome, placed.placed_at, record.decided_at),
    )


def shelf(*there: tuple[str, str, int], **more: object) -> dict[taking.Key, taking.Balance]:
    """Inventory's balances, each given as catalogue, product and quantity; all else is the same for all of them."""
    return {
        (RETAILER, catalogue_id, product_id): taking.Balance(number, Decimal(quantity), **more)  # type: ignore[arg-type]
        for number, (catalogue_id, product_id, quantity) in enumerate(there)
    }


def known(catalogues: Iterable[ranking.Catalogue], *products: str, **more: object) -> ranking.Sources:
    """What the router knows when all these catalogues have all these products."""
    listed = list(catalogues)
    balances = [
        ranking.Balance(one.catalogue_id, product, **more)  # type: ignore[arg-type]
        for one in listed
        for product in products
    ]
    return ranking.sources(listed, balances)


def _stock(chance: Random) -> dict[taking.Key, taking.Balance]:
    return {
        (RETAILER, catalogue_id, product_id): taking.Balance(
            id=0,
            quantity=_quantity(chance),
            allocated=Decimal(chance.randint(0, 5)),
            safety_stock=chance.choice([Decimal(0), Decimal(0), Decimal(3)]),
            held=chance.choice([Decimal(0), Decimal(0), Decimal(2)]),
            sellable=not _rarely(chance),
            active=not _rarely(chance),
            end_of_sale=_rarely(chance),
            unlimited=_rarely(chance),
            back_order_allowed=chance.random() < 0.5,
            back_order_room=chance.choice([None, Decimal(chance.randint(0, 12))]),
        )
        for catalogue_id in CATALOGUES
        for product_id in PRODUCTS
        if not _rarely(chance)
    }


def _sources(chance: Random) -> ranking.Sources:
    catalogues = [
        ranking.Catalogue(
            name,
            f"supplier of {name}",
            priority=chance.choice([None, 1, 2, 3]),
            route_weight=chance.choice([None, 0, 30, 70]),
            active=not _rarely(chance),
            back_order_allowed=chance.random() < 0.5,
        )
        for name in CATALOGUES
    ]
    balances = [
        ranking.Balance(
            name,
            product_id,
            ean=chance.choice(["111", "222", None]),
            published=not _rarely(chance),
            quantity=chance.choice([None, _quantity(chance)]),
            unlimited=_rarely(chance),
            wholesale_price=chance.choice([None, Decimal(chance.randint(0, 20))]),
        )
        for name in CATALOGUES
        for product_id in PRODUCTS
        if not _rarely(chance)
    ]
    return ranking.sources(catalogues, balances)


def _rows(chance: Random) -> list[OrderRow]:
    """Rows of every kind; some belong to a bundle with the first."""
    found: list[OrderRow] = []
    for number in range(chance.randint(1, 5)):
        by_ean = _rarely(chance)
        found.append(
            OrderRow(
                external_id=str(number),
                product_id=None if by_ean else chance.choice(PRODUCTS),
                ean="111" if by_ean else None,
                quantity=chance.choice(
                    [Decimal(chance.randint(1, 15)), Decimal(chance.randint(1, 15)), Decimal("1.5")]
                ),
                catalogue_id=chance.choice([None, None, None, chance.choice(CATALOGUES)]),
                back_order=chance.random() < 0.5,
                mandatory=_rarely(chance),
                partial_delivery_allowed=not _rarely(chance),
                parent="0" if number and _rarely(chance) else None,
                product_type="serviceProduct" if _rarely(chance) else None,
            )
        )
    return found


def _quantity(chance: Random) -> Decimal:
    return chance.choice([Decimal(0), Decimal(chance.randint(0, 12)), Decimal(chance.randint(0, 12)), Decimal("2.25")])


def _rarely(chance: Random) -> bool:
    return chance.random() < 0.15
