"""The faults that are struck once in every run of the tests; `make faults` strikes all of them again and again."""

import time
from collections.abc import AsyncIterator

import pytest

from tests import servers
from tests.faults import every, image, runner
from tests.faults.births import Nursery
from tests.faults.fault import Fault
from tests.faults.runner import Campaign

IN_TESTS = (
    "router: frozen",
    "router:inbox.before-commit",
    "inventory:inbox.after-commit",
    "order-intake:relay.before-move",
    "notifier:sender.before-note",
    "message: undecodable",
    "link to PostgreSQL: cut",
    "mail server: gone with the mail",
    "PostgreSQL: crashed",
)
GROUNDS = runner.together([fault for fault in every.FAULTS if fault.name in IN_TESTS], of_one=len(IN_TESTS))


@pytest.fixture(scope="module")
async def campaign(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Campaign]:
    """What is needed to strike each fault once, always by the same chances."""
    with servers.quick_folder(tmp_path_factory.mktemp("faults")) as folder:
        world = await image.make(folder / "world")
        logs = tmp_path_factory.mktemp("logs")
        async with Nursery() as nursery:
            yield Campaign(1, 1, time.monotonic() + 600, folder, logs, world, nursery)


@pytest.mark.parametrize("faults", GROUNDS, ids=lambda faults: ", ".join(fault.name for fault in faults))
async def test_nothing_is_lost_doubled_or_oversold(campaign: Campaign, faults: list[Fault]) -> None:
    outcomes = await campaign.strike(faults)
    assert [(one.fault.name, one.found.wrong) for one in outcomes if not one.good] == []
    assert [one.fault.name for one in outcomes if not one.runs] == []


def test_every_fault_has_a_name_of_its_own() -> None:
    names = [fault.name for fault in every.FAULTS]
    assert len(set(names)) == len(names)
    assert set(IN_TESTS) <= set(names)
