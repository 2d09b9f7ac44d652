"""What other rules would make of a retailer's orders: of those it had, or of one it thinks of."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from router.api import routing_shown, simulated_order
from router.api.routing_shown import CandidateShown, PartShown
from router.api.simulated_order import SimulatedOrder
from router.replaying import past, rules_given, shown, today
from router.replaying.past import Page
from router.replaying.rules_given import RulesGiven
from router.replaying.shown import BeforeAfter, CatalogueCompared, SupplierCompared
from router.store import past_orders
from shared import auth, edge, ids, problems, wire
from shared.contracts import OrderPlaced
from shared.postgres import Database
from shared.problems import FieldError
from shared.rules import figures, replay
from shared.rules.figures import Comparison
from shared.rules.replay import Decided, Past, Rules

router = APIRouter(prefix="/ecommerce/v3/routing", tags=["routing"])

Retailer = Annotated[auth.Caller, Depends(auth.caller_with("retailer"))]

MOST_ORDERS, USUAL_ORDERS = 2_000, 500
USUAL_SPAN = timedelta(days=7)


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


NotGiven = BeforeValidator(_none_if_blank)
Moment = Annotated[wire.Moment | None, NotGiven]


class SimulationGiven(wire.WireModel):
    """What is to be tried. Any other field would be a typo, and is refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="forbid", hide_input_in_errors=True
    )

    rules: RulesGiven | None = Field(default=None, description="The changed rules; without any, those that count now")
    order: SimulatedOrder | None = Field(
        default=None,
        description="An order to try them with, against the stock as it was last heard of. Left out: past orders",
    )
    since: Moment = Field(
        default=None,
        description="Past orders taken in at this moment or later. Left out: those of seven days",
        examples=["2026-01-02T00:00:00.000Z"],
    )
    until: Moment = Field(
        default=None, description="Past orders taken in before this moment", examples=["2026-01-31T00:00:00.000Z"]
    )
    limit: Annotated[Annotated[int, Field(ge=1, le=MOST_ORDERS)] | None, NotGiven] = Field(
        default=None,
        description=f"At most so many past orders, the newest; {USUAL_ORDERS} when left out, {MOST_ORDERS} at most",
        examples=[USUAL_ORDERS],
    )


class SimulatedRowShown(wire.WireModel):
    """What a row would get: taken, waiting and unserved add up to its quantity."""

    external_id: str = Field(description="The row's number", examples=["1"])
    taken: tuple[PartShown, ...] = Field(description="What it would be promised from the shelf")
    waiting: tuple[PartShown, ...] = Field(description="What would wait for stock, and where")
    unserved: wire.Number = Field(description="What nobody would serve", examples=[0])
    candidates: tuple[CandidateShown, ...] = Field(description="Every catalogue with the product, as it is asked")


class SimulatedDecision(wire.WireModel):
    """How an order would be decided."""

    outcome: str = Field(description="As in a decision record", examples=["full"])
    strategy: str = Field(description="How catalogues are chosen", examples=["priority"])
    rows: tuple[SimulatedRowShown, ...] = Field(description="Its rows that need stock")


class OrderSimulated(wire.WireModel):
    """How the given order would be decided, by the rules that count now and by the changed ones."""

    before: SimulatedDecision = Field(description="As it would be decided now")
    after: SimulatedDecision = Field(description="As it would be decided under the changed rules")


class Simulation(BeforeAfter):
    """What the changed rules would make of orders."""

    orders: int = Field(description="Orders that were decided again", examples=[100])
    changed: int = Field(description="Those of them that would be promised something else", examples=[17])
    skipped: int = Field(
        description="Past orders left out, because they were cancelled before any catalogue was asked", examples=[0]
    )
    more: bool = Field(description="Whether there are older orders in that time than were decided", examples=[False])
    suppliers: tuple[SupplierCompared, ...] = Field(description="By supplier")
    catalogues: tuple[CatalogueCompared, ...] = Field(description="By catalogue")
    order: OrderSimulated | None = Field(default=None, description="The decision itself, of an order that was given")


SIMULATION = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": SimulationGiven.model_json_schema(),
                "examples": {
                    "past orders": {
                        "summary": "Past orders, by another strategy",
                        "value": {
                            "rules": {"strategy": "fewest-shipments", "costPerShipment": 4.9},
                            "since": "2026-01-02T00:00:00.000Z",
                        },
                    },
                    "an order": {
                        "summary": "An order, with a catalogue closed",
                        "value": {
                            "rules": {"catalogues": {"01093579": {"closed": True}}},
                            "order": {"rows": [{"externalProductId": "BAR-1", "quantity": 3}]},
                        },
                    },
                },
            }
        },
    }
}


@router.post(
    "/simulations",
    summary="Try other rules",
    description="What orders would be promised if priorities, shares, safety stocks, the strategy or the cost of a"
    " shipment were different, or a catalogue closed. Past orders are decided again with the numbers that were seen"
    " when they came, each by itself; a given order with the stock as it was last heard of. Nothing is changed.",
    response_description="The figures before and after",
    response_model=Simulation,
    openapi_extra=SIMULATION,
)
async def simulate(request: Request, caller: Retailer) -> Response:
    """400 names every field that is wrong, and catalogues and products that the retailer does not have."""
    given = SimulationGiven.model_validate_json(await edge.read_body(request))
    _check(given)
    rules = given.rules.rules() if given.rules else replay.UNCHANGED
    database: Database = request.app.state.database
    await _check_names(database, rules, caller.organisation)
    if given.order is not None:
        order = simulated_order.placed(given.order, caller.organisation)
        return wire.answer(await _of_order(database, order, rules))
    return wire.answer(await _of_past(database, given, rules, caller.organisation))


def _check(given: SimulationGiven) -> None:
    wrong: list[FieldError] = []
    if given.order is not None:
        wrong += simulated_order.contradictions(given.order, "order")
        wrong += [
            FieldError(name, "contradiction", "is for past orders, not for a given one")
            for name in ("since", "until", "limit")
            if getattr(given, name) is not None
        ]
    elif given.since is not None and given.until is not None and given.until <= given.since:
        wrong.append(FieldError("until", "contradiction", "is after since"))
    if wrong:
        raise problems.invalid(wrong)


async def _check_names(database: Database, rules: Rules, retailer_id: str) -> None:
    # Copies of what others own are not for the role of the interface, so the retailer is named.
    async with database.transaction() as tx:
        unknown = await rules_given.unknown(tx, rules, retailer_id)
    if unknown:
        raise problems.invalid(
            FieldError(problems.path_of(one.place, under="rules"), "unknown", one.message) for one in unknown
        )


async def _of_past(database: Database, given: SimulationGiven, rules: Rules, retailer_id: str) -> Simulation:
    until = given.until or datetime.now(UTC) + timedelta(seconds=1)
    since = given.since or until - USUAL_SPAN
    limit = given.limit or USUAL_ORDERS
    async with database.transaction_of(retailer_id) as tx:
        found = await past_orders.past_orders(
            tx, ids.first_id(since), ids.first_id(until), retailer_id, limit + 1, newest=True
        )
    # In a thread: two thousand decisions take a second, in which others want to be answered.
    page: Page = await asyncio.to_thread(past.replay_page, found[:limit], rules)
    return _shown(page.compared, more=len(found) > limit)


async def _of_order(database: Database, order: OrderPlaced, rules: Rules) -> Simulation:
    async with database.transaction() as tx:
        if disagreeing := await today.disagreeing_rows(tx, order):
            message = "is not the EAN of externalProductId"
            raise problems.invalid(
                FieldError(f"order.rows[{place}].productEANCode", "mismatch", message) for place in disagreeing
            )
        now = await today.as_of_now(tx, order)
    before, after = await asyncio.to_thread(_both, now, rules)
    cost = now.plan.cost_per_shipment if rules.cost_per_shipment is None else rules.cost_per_shipment
    compared = Comparison()
    pair = [figures.measure(order, one.plan, figures.got(one.allocated), cost) for one in (before, after)]
    promised = [figures.got(one.allocated) for one in (before, after)]
    compared.note(pair[0], pair[1], changed=promised[0] != promised[1])
    return _shown(compared, OrderSimulated(before=_decision(before), after=_decision(after)))


def _both(now: Past, rules: Rules) -> tuple[Decided, Decided]:
    return replay.decide_again(now), replay.decide_again(now, rules)


def _shown(compared: Comparison, order: OrderSimulated | None = None, *, more: bool = False) -> Simulation:
    found = shown.compared(compared)
    return Simulation(
        orders=found.orders,
        changed=found.changed,
        skipped=found.skipped,
        more=more,
        before=found.before,
        after=found.after,
        suppliers=found.suppliers,
        catalogues=found.catalogues,
        order=order,
    )


def _decision(decided: Decided) -> SimulatedDecision:
    dropped = {row.external_id: row.dropped for row in decided.plan.rows}
    return SimulatedDecision(
        outcome=decided.allocated.outcome,
        strategy=decided.plan.strategy,
        rows=tuple(
            SimulatedRowShown(
                external_id=row.external_id,
                taken=routing_shown.parts(row.taken),
                waiting=routing_shown.parts(row.waiting),
                unserved=row.short,
                candidates=(
                    *(routing_shown.candidate(rank, seen) for rank, seen in enumerate(row.seen, 1)),
                    *(
                        CandidateShown(external_warehouse_id=one.catalogue_id, verdict=one.reason)
                        for one in dropped[row.external_id]
                    ),
                ),
            )
            for row in decided.allocated.rows
        ),
    )
