"""Why a part of a row is unserved, for people, and what a row that needs no stock is called."""

from collections.abc import Sequence

from shared.contracts import OrderRow, Seen
from shared.rules.plan import Dropped

GAVE = frozenset({"taken", "waiting", "served already", "order refused"})
"""Verdicts on candidates that gave what was asked of them, or would have."""


def reason_for(candidates: Sequence[Seen], dropped: Sequence[Dropped], *, refused: bool = False) -> str:
    """Why a part of a row is unserved, for people: the distinct verdicts of those that gave nothing.

    Of a refused order, a row that lacked something itself says that, and only the others that the order was refused.
    """
    if not candidates and not dropped:
        return "unknown product"
    verdicts = [seen.verdict for seen in candidates] or [over.reason for over in dropped]
    blocking = [verdict for verdict in dict.fromkeys(verdicts) if verdict not in GAVE]
    return ", ".join(blocking) or ("order refused" if refused else "no stock")


def named(row: OrderRow) -> str:
    """What a service or cost row is called in a shipment."""
    return row.product_id or row.ean or row.external_id
