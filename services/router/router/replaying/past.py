"""Stored orders decided once more, and what is different from how they were decided."""

from collections.abc import Iterable
from typing import NamedTuple

from router.domain.record import RULES
from router.replaying import stored
from router.replaying.stored import DecidedThen
from router.store.past_orders import PastOrder
from shared.rules import figures, replay
from shared.rules.figures import Comparison, Got
from shared.rules.replay import Past, Rules
from shared.rules.settled import Promised, Settled


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
    unchanged = rules == replay.UNCHANGED
    for one in orders:
        then = stored.decided(one)
        if never_asked(then):
            compared.skipped += 1
            continue
        order, plan = stored.placed(one), stored.plan(one)
        seen = {row.got.external_id: row.candidates for row in then.rows}
        again = replay.settle_again(Past(order, plan, then.round, seen), rules)
        different = difference(then, again.settled)
        cost = plan.cost_per_shipment if rules.cost_per_shipment is None else rules.cost_per_shipment
        before = figures.measure(order, plan, [row.got for row in then.rows], cost)
        after = before if different is None else figures.measure(order, again.plan, figures.got(again.settled), cost)
        if unchanged:
            different = different or unexplained(then, again.settled)
        compared.note(before, after, changed=different is not None)
        if different is not None and unchanged:
            differences.append(Difference(order.retailer_id, order.external_id, different))
    return Page(compared, tuple(differences))


def never_asked(then: DecidedThen) -> bool:
    """Whether inventory was never asked for the order, because it was cancelled before."""
    candidates = [seen for row in then.rows for seen in row.candidates]
    return bool(candidates) and all(seen.verdict == "not asked" for seen in candidates)


def difference(then: DecidedThen, again: Settled) -> str | None:
    """The first thing that was promised otherwise than the record says: the outcome, or a row; None for nothing."""
    if then.outcome != again.outcome:
        return f"was {then.outcome}, is {again.outcome}"
    answers = {row.external_id: row for row in figures.got(again)}
    for row in then.rows:
        now = answers.get(row.got.external_id)
        if now != row.got:
            return f"row {row.got.external_id} was {_said(row.got)}, is {'nothing' if now is None else _said(now)}"
    return None


def unexplained(then: DecidedThen, again: Settled) -> str | None:
    """The first row whose candidates were asked in another turn, saw other numbers or had another verdict, or None.

    Orders of earlier versions of the rules explained themselves in other words.
    """
    answers = {row.external_id: row.seen for row in again.rows}
    for row in then.rows:
        if then.rules == RULES and row.candidates != answers.get(row.got.external_id):
            return f"row {row.got.external_id} was decided with other candidates or numbers"
    return None


def _said(row: Got) -> str:
    parts = [*(_part("from", one) for one in row.taken), *(_part("waiting at", one) for one in row.waiting)]
    return ", ".join([*parts, f"{row.unserved.normalize():f} unserved"])


def _part(how: str, promised: Promised) -> str:
    return f"{promised.quantity.normalize():f} {how} {promised.catalogue_id}"
