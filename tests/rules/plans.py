"""Random orders with their candidates for the strategies, and every other way to ask the candidates."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import permutations, product
from random import Random
from typing import Any

from hypothesis import strategies as st

from shared.contracts import OrderPlaced, OrderRow
from shared.rules.plan import CatalogueTerms, Plan, Ranked, RowPlan
from shared.rules.settled import Settled
from tests.router import examples

NAMES = ("W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10", "W11", "W12")

Stock = dict[tuple[str, str], Ranked]
"""What is known of each product in each catalogue."""


def known(catalogue_id: str, product_id: str = "BOOTS", stock: float | None = 9, **fields: Any) -> Ranked:
    """A candidate, of which nine are there."""
    price = fields.pop("price", None)
    return Ranked(
        catalogue_id=catalogue_id,
        product_id=product_id,
        stock=None if stock is None else Decimal(str(stock)),
        wholesale_price=None if price is None else Decimal(str(price)),
        **fields,
    )


def plan_of(*rows: Sequence[Ranked], per_shipment: float = 0, all_or_nothing: bool = False) -> Plan:
    """The plan of rows 1, 2, … with their candidates by priority."""
    names = dict.fromkeys(one.catalogue_id for row in rows for one in row)
    return Plan(
        all_or_nothing=all_or_nothing,
        cost_per_shipment=Decimal(str(per_shipment)),
        rows=tuple(RowPlan(external_id=str(at), ranked=tuple(row)) for at, row in enumerate(rows, start=1)),
        catalogues=tuple(CatalogueTerms(catalogue_id=name, supplier_id=examples.SUPPLIER) for name in names),
    )


def order_of(*quantities: float, **fields: Any) -> OrderPlaced:
    """An order of so many boots in each row."""
    return examples.order(
        *(examples.row(str(at), quantity=str(quantity)) for at, quantity in enumerate(quantities, start=1)), **fields
    )


units = st.one_of(st.integers(0, 6).map(Decimal), st.decimals(0, 6, places=1))
rarely = st.sampled_from([False, False, False, False, True])


@st.composite
def worlds(
    draw: st.DrawFn, most_rows: int = 3, most_candidates: int = 3, products: int = 2, catalogues: int = 4
) -> tuple[OrderPlaced, Plan]:
    """An order and its plan by priority: rows that share products, whole ones, bundles, and stock of every kind."""
    names = NAMES[:catalogues]
    kinds = [f"P{number}" for number in range(products)]
    price = st.none() | st.integers(0, 9).map(Decimal) | st.decimals(0, 9, places=2)
    stock = {
        (name, kind): Ranked(
            catalogue_id=name,
            product_id=kind,
            stock=draw(st.none() | units),
            unlimited=draw(rarely) and draw(rarely),
            back_order_allowed=draw(rarely),
            wholesale_price=draw(price),
            currency=draw(st.sampled_from(["EUR", "EUR", "EUR", None, "SEK"])),
        )
        for name in names
        for kind in kinds
    }
    count = draw(st.integers(1, most_rows))
    bundled = draw(rarely)
    rows: list[OrderRow] = []
    ranked: list[list[Ranked]] = []
    for number in range(1, count + 1):
        kind = draw(st.sampled_from(kinds))
        asked = draw(st.lists(st.sampled_from(names), unique=True, max_size=most_candidates))
        rows.append(
            OrderRow(
                external_id=str(number),
                product_id=kind,
                quantity=draw(units),
                mandatory=draw(rarely),
                partial_delivery_allowed=not draw(rarely),
                back_order=draw(st.booleans()),
                parent=draw(st.sampled_from([None, *map(str, range(1, count + 1))])) if bundled else None,
            )
        )
        ranked.append([stock[name, kind] for name in sorted(asked, key=names.index)])
    plan = plan_of(
        *ranked, per_shipment=draw(st.sampled_from([0, 1, 2.5, 40])), all_or_nothing=draw(rarely) and draw(rarely)
    )
    return examples.order(*rows), plan


def large(seed: int, rows: int = 12, products: int = 8, catalogues: int = 8) -> tuple[OrderPlaced, Plan]:
    """An order of many rows, each with eight candidates that have a little of it and are wanted by other rows too."""
    chance = Random(seed)
    names = [f"W{number}" for number in range(1, catalogues + 1)]
    kinds = [f"P{number}" for number in range(products)]
    stock = {
        (name, kind): known(name, kind, chance.randint(0, 9), price=Decimal(chance.randint(1, 900)) / 100)
        for name in names
        for kind in kinds
    }
    asked = [examples.row(str(at), chance.choice(kinds), chance.randint(1, 9)) for at in range(1, rows + 1)]
    ranked = [[stock[name, row.product_id or ""] for name in chance.sample(names, 8)] for row in asked]
    return examples.order(*asked), plan_of(*ranked, per_shipment=chance.choice([0, 3, 10]))


def ways(plan: Plan) -> Iterator[Plan]:
    """Every order in which the candidates of all rows can be asked."""
    for chosen in product(*(permutations(row.ranked) for row in plan.rows)):
        rows = (row.model_copy(update={"ranked": asked}) for row, asked in zip(plan.rows, chosen, strict=True))
        yield plan.model_copy(update={"rows": tuple(rows)})


def shipments(answer: Settled) -> int:
    """How many catalogues send something."""
    return len({taking.catalogue_id for row in answer.rows for taking in row.taken})


def cost(plan: Plan, answer: Settled) -> Decimal:
    """What the goods and the shipments cost together, counted by hand."""
    total = plan.cost_per_shipment * shipments(answer)
    named = [
        one.currency for row in plan.rows for one in row.ranked if one.wholesale_price is not None and one.currency
    ]
    currency = max(sorted(set(named)), key=named.count, default=None)
    for row, got in zip(plan.rows, answer.rows, strict=True):
        prices = {
            one.catalogue_id: one.wholesale_price
            for one in row.ranked
            if one.wholesale_price is not None and (one.currency is None or one.currency == currency)
        }
        dearest = max(prices.values(), default=Decimal(0))
        for taking in (*got.taken, *got.waiting):
            total += taking.quantity * prices.get(taking.catalogue_id, dearest)
    return total


def missing(answer: Settled) -> tuple[Decimal, Decimal]:
    """How many units nobody serves, and how many wait."""
    waiting = sum((taking.quantity for row in answer.rows for taking in row.waiting), Decimal(0))
    return sum((row.short for row in answer.rows), Decimal(0)), waiting
