"""What is stored of a decided order, as the rules of replay take it, and the same decision made once more."""

from collections.abc import Iterable
from typing import NamedTuple

from router.domain import DecisionRecord, Plan
from router.domain.record import RULES
from router.store.past_orders import PastOrder
from shared.contracts import OrderAllocated, OrderPlaced, Taking
from shared.rules import figures, replay
from shared.rules.figures import Comparison, Got
from shared.rules.replay import Past, Rules


class Difference(NamedTuple):
    """An order that the same rules decide otherwise than they did, and what is different, for people."""

    retailer_id: str
    external_id: str
    what: str


class Page(NamedTuple):
    """What came of some orders. The differences are told only where the rules are the ones they were decided by."""

    compared: Comparison
    differences: tuple[Difference, ...]


def replay_page(orders: Iterable[PastOrder], rules: Rules) -> Page:
    """Decide orders again and compare. Needs nothing but its arguments, so that another process can do it."""
    compared, differences = Comparison(), list[Difference]()
    for stored in orders:
        order = OrderPlaced.model_validate_json(stored.placed)
        plan = Plan.model_validate_json(stored.plan)
        record = DecisionRecord.model_validate_json(stored.record)
        if never_asked(record):
            compared.skipped += 1
            continue
        again = replay.decide_again(past_of(order, plan, record), rules)
        different = difference(record, again.allocated)
        cost = plan.cost_per_shipment if rules.cost_per_shipment is None else rules.cost_per_shipment
        before = figures.measure(order, plan, goods_of(record), cost)
        after = before if different is None else figures.measure(order, again.plan, figures.got(again.allocated), cost)
        if rules == replay.UNCHANGED:
            different = different or unexplained(record, again.allocated)
        compared.note(before, after, changed=different is not None)
        if different is not None and rules == replay.UNCHANGED:
            differences.append(Difference(order.retailer_id, order.external_id, different))
    return Page(compared, tuple(differences))


def past_of(order: OrderPlaced, plan: Plan, record: DecisionRecord) -> Past:
    """The order as the rules of replay take it."""
    return Past(order, plan, record.round, {row.external_id: row.candidates for row in record.rows if row.stocked})


def goods_of(record: DecisionRecord) -> list[Got]:
    """What the goods rows of an order got."""
    return [Got(row.external_id, row.taken, row.waiting, row.unserved) for row in record.rows if row.stocked]


def never_asked(record: DecisionRecord) -> bool:
    """Whether inventory was never asked for the order, because it was cancelled before."""
    candidates = [seen for row in record.rows if row.stocked for seen in row.candidates]
    return bool(candidates) and all(seen.verdict == "not asked" for seen in candidates)


def difference(record: DecisionRecord, allocated: OrderAllocated) -> str | None:
    """The first thing that was promised otherwise than the record says: the outcome, or a row; None for nothing."""
    if record.outcome != allocated.outcome:
        return f"was {record.outcome}, is {allocated.outcome}"
    answers = {row.external_id: row for row in figures.got(allocated)}
    for then in goods_of(record):
        now = answers.get(then.external_id)
        if now != then:
            return f"row {then.external_id} was {_said(then)}, is {'nothing' if now is None else _said(now)}"
    return None


def unexplained(record: DecisionRecord, allocated: OrderAllocated) -> str | None:
    """The first row whose candidates were asked in another turn, saw other numbers or had another verdict, or None.

    Orders of earlier versions of the rules explained themselves in other words.
    """
    answers = {row.external_id: row.seen for row in allocated.rows}
    for row in record.rows:
        if row.stocked and record.rules == RULES and row.candidates != answers.get(row.external_id):
            return f"row {row.external_id} was decided with other candidates or numbers"
    return None


def _said(row: Got) -> str:
    parts = [*(_part("from", one) for one in row.taken), *(_part("waiting at", one) for one in row.waiting)]
    return ", ".join([*parts, f"{row.unserved.normalize():f} unserved"])


def _part(how: str, taking: Taking) -> str:
    return f"{taking.quantity.normalize():f} {how} {taking.catalogue_id}"
