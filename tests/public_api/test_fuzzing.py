"""Nothing that can be asked is answered 5xx, or otherwise than the description promises; `make fuzz` asks longer."""

import pytest

from tests.public_api import fuzzing, table
from tests.public_api.fuzzing import Effort
from tests.public_api.market import Market

SHORT = Effort(examples=3, seconds=25)
"""Bounded for slow machines: what is asked first is the same everywhere, how far it gets is not."""


def shares() -> dict[str, list[str]]:
    """What each of them asks for, each operation once: the short run has no time to ask as everybody who may."""
    found: dict[str, list[str]] = {}
    for caller in ("supplier", "retailer", "operator"):
        taken = {operation for share in found.values() for operation in share}
        found[caller] = [operation for operation in table.allowed(caller) if operation not in taken]
    return found


@pytest.mark.parametrize("caller", ["supplier", "retailer", "operator"])
async def test_every_answer_keeps_what_the_description_promises(market: Market, caller: str) -> None:
    share = shares()[caller]
    outcome = await fuzzing.outcome_of(market.job(caller, SHORT, share))
    assert outcome.findings == {}, str(outcome)
    assert outcome.asked.keys() <= set(share)
    assert 3 * outcome.answers["200"] > outcome.answers["404"], f"few of the things asked for are there: {outcome}"
