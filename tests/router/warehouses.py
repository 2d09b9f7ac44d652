"""Boots in three warehouses that are asked in turn, and an order that is decided by what they have."""

from collections.abc import Mapping
from decimal import Decimal

from shared.contracts import OrderPlaced
from tests.router.conftest import Router
from tests.router.examples import allocate
from tests.router.happenings import asked

BOOTS = ("W1", "BOOTS")
OTHER_BOOTS = ("W2", "BOOTS")
THIRD_BOOTS = ("W3", "BOOTS")
STOCK = {BOOTS: 3, OTHER_BOOTS: 99}


async def places(router: Router, placed: OrderPlaced, stock: Mapping[tuple[str, str], int | Decimal]) -> None:
    """Let it hear of an order and of inventory's answer from the stock."""
    await router.hears(placed)
    await router.is_answered(allocate(await asked(router, placed), dict(stock)))
