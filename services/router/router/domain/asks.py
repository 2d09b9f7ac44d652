"""What inventory is asked for after the first decision: what is to be routed again, and what nobody could serve."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from router.domain import bundling
from router.domain.record import ZERO, Route, total
from router.domain.standing import Standing
from shared.contracts import AllocateOrder, OrderAllocated, OrderPlaced, Part
from shared.rules.plan import Plan, allocation_request, needs_stock


class Ask(Part):
    """A later round of an order. `plan` has its candidates.

    `retry`: it is for what was unserved, because of news; otherwise for what is rerouting. `whole`: it is for the
    order as it was placed, which got nothing at all so far. What is short of the `final` rows is not coming any more:
    a part of them was delivered.
    """

    request: AllocateOrder
    plan: Plan
    retry: bool = False
    whole: bool = False
    final: tuple[str, ...] = ()


def later_order(route: Route, wanted: Mapping[str, Decimal]) -> OrderPlaced:
    """The order as a later round asks for it: these quantities of rows. What is asked for of a bundle is one as well.

    All other groups were decided before.
    """
    parents = bundling.tied(route.order, wanted)
    rows = tuple(
        row.model_copy(
            update={
                "quantity": wanted[row.external_id],
                "mandatory": False,
                "parent": parents[row.external_id],
                "back_order": row.back_order and row.external_id not in route.no_waiting,
            }
        )
        for row in route.order.rows
        if row.external_id in wanted
    )
    return route.order.model_copy(
        update={"rows": rows, "all_or_nothing": False, "reservation_id": None, "replaces": None}
    )


def later_ask(route: Route, order: OrderPlaced, plan: Plan, *, retry: bool, final: Collection[str] = ()) -> Ask | None:
    """The next round of an order, for those rows that have candidates; None when none has."""
    hopeful = {row.external_id for row in plan.rows if row.ranked}
    hopeful -= _torn(route, order, hopeful, retry=retry)
    if not hopeful:
        return None
    asked = order.model_copy(update={"rows": tuple(row for row in order.rows if row.external_id in hopeful)})
    plan = plan.model_copy(update={"all_or_nothing": False})
    return Ask(
        request=allocation_request(asked, plan, route.round + 1),
        plan=plan,
        retry=retry,
        final=tuple(row.external_id for row in asked.rows if row.external_id in final),
    )


def _torn(route: Route, order: OrderPlaced, hopeful: Collection[str], *, retry: bool) -> set[str]:
    """Rows of bundles of which another wanted row cannot be asked for: no part is begun without the rest.

    What is unserved and not asked for is wanted as well, when it is that which is tried again.
    """
    wanted = {row.external_id for row in order.rows} | (unserved(route.standing).keys() if retry else set())
    torn: set[str] = set()
    for bundle in bundling.bundles_of(route.order):
        together = {row.external_id for row in bundle} & wanted
        if together - set(hopeful):
            torn |= together
    return torn


def whole_ask(route: Route, plan: Plan) -> Ask | None:
    """The next round of an order that got nothing, for all of it that is wanted still, with the groups of the order.

    A reservation that it named has stayed, if there was one, and is named again. None when nobody has anything of it.
    """
    if not any(row.ranked for row in plan.rows):
        return None
    order = whole_order(route).model_copy(update={"replaces": None})
    return Ask(request=allocation_request(order, plan, route.round + 1), plan=plan, retry=True, whole=True)


def misfit(ask: Ask, allocated: OrderAllocated) -> str | None:
    """What makes an answer impossible for what was asked, as a sentence; None when it fits."""
    demands = {row.external_id: row for row in ask.request.rows}
    for row in allocated.rows:
        demand = demands.get(row.external_id)
        if demand is None:
            return f"row {row.external_id} of order {allocated.order_id} was not asked for in round {allocated.round}"
        if total(row.taken) + total(row.waiting) > demand.quantity:
            return f"row {row.external_id} of order {allocated.order_id} got more than it asked for"
        candidates = {(candidate.catalogue_id, candidate.product_id) for candidate in demand.candidates}
        for taking in (*row.taken, *row.waiting):
            if (taking.catalogue_id, taking.product_id) not in candidates:
                return f"catalogue {taking.catalogue_id} was no candidate of order {allocated.order_id}"
    return None


def got_nothing(route: Route) -> bool:
    """Whether an order was refused, or nobody could serve any of it, and nothing of its goods is under way.

    What its retailer wants less of since then does not matter: the rest belongs together as before.
    """
    assert route.standing is not None
    goods = [row for row in route.standing.rows if row.stocked]
    return any(row.unserved for row in goods) and all(
        row.unserved + row.cancelled == row.quantity and not row.barred for row in goods
    )


def untouched(route: Route) -> bool:
    """Whether an order that got nothing is wanted as it was placed: what it gets then is decided anew."""
    assert route.standing is not None
    return got_nothing(route) and not any(row.cancelled for row in route.standing.rows)


def whole_order(route: Route) -> OrderPlaced:
    """An order that got nothing, with what is wanted of it still; rows that are not wanted at all are gone."""
    left = unserved(route.standing)
    return route.order.model_copy(
        update={
            "rows": tuple(
                row.model_copy(update={"quantity": left.get(row.external_id, row.quantity)})
                for row in route.order.rows
                if row.external_id in left or not needs_stock(row)
            )
        }
    )


def unserved(standing: Standing | None) -> dict[str, Decimal]:
    """How much of each goods row nobody could serve, by row id, where it is anything."""
    if standing is None:
        return {}
    return {row.external_id: row.unserved for row in standing.rows if row.stocked and row.unserved > ZERO}


def barred(standing: Standing | None) -> dict[str, tuple[str, ...]]:
    """The catalogues that have declined rows, by row id, where there are any."""
    return {} if standing is None else {row.external_id: row.barred for row in standing.rows if row.barred}


def learnt(route: Route, plan: Plan) -> Plan:
    """The candidates of later rounds together with these."""
    if route.later is None:
        return plan
    rows = {row.external_id: row for row in route.later.rows}
    for row in plan.rows:
        known = rows.get(row.external_id)
        old = () if known is None else known.ranked
        rows[row.external_id] = row.model_copy(update={"ranked": tuple(dict.fromkeys((*old, *row.ranked)))})
    terms = {terms.catalogue_id: terms for terms in (*route.later.catalogues, *plan.catalogues)}
    return route.later.model_copy(update={"rows": tuple(rows.values()), "catalogues": tuple(terms.values())})
