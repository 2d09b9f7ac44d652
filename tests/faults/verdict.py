"""What must be true after every fault, whatever died."""

from collections import Counter

from notifier.sender import IN_HAND
from notifier.settings import Settings
from tests.faults.machine import Machine
from tests.faults.shop import Shop

MAILS_IN_HAND: int = IN_HAND * Settings.model_fields["smtp_connections"].default


async def assert_nothing_is_lost_or_doubled(machine: Machine, shop: Shop) -> None:
    """Once the system has recovered: its books add up, and agree with what the shop and the suppliers were told."""
    findings = await machine.audited()
    assert (findings.problems[:9], findings.in_flight) == ([], 0), findings
    assert [what for what in findings.counts if what.startswith("parked")] == []

    # A fault is answered with "not now" or not at all: never with a refusal, never with a crash.
    assert set(shop.statuses) <= {0, 200, 503}
    orders = await shop.look_up()
    assert shop.told("ok") - orders.keys() == set()
    assert {number for number, status in orders.items() if status == "Accepted"} == set()

    await machine.read_mails()
    announced = Counter(machine.mails.values())
    assert len(announced) == findings.counts["shipments"]
    assert announced.total() - len(announced) <= machine.sender_deaths * MAILS_IN_HAND
