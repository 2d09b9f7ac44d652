"""`sluice replay` decides past orders again, and shows what other rules would have made of them."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from deploy.local import replay_run
from deploy.local.replay_run import Span
from router.store import past_orders
from shared.postgres import Database
from shared.rules.ranking import Catalogue
from shared.rules.replay import CatalogueRules, Rules
from tests.deploy.commands import sluice
from tests.router.examples import RETAILER, order, row
from tests.rules import decided_orders

FIRST, SECOND = Catalogue("W1", "north", priority=1), Catalogue("W2", "south", priority=2)


@pytest.fixture
async def router(database: str) -> AsyncIterator[Database]:
    """The router's database with three orders for five boots, of which two catalogues have nine each time."""
    opened = await Database.connect(database, "router", size=2)
    async with opened.transaction() as tx:
        await tx.execute("INSERT INTO organisations (business_id, name, version) VALUES ('0123456-9', 'Quiet', 1)")
        for name in ("W1", "W2"):
            await tx.execute(
                "INSERT INTO catalogues (retailer_id, catalogue_id, supplier_id, active, version)"
                " VALUES ($1, $2, 'north', true, 1)",
                RETAILER,
                name,
            )
        await tx.execute(
            "INSERT INTO balances (retailer_id, product_id, catalogue_id, published, version)"
            " VALUES ($1, 'BOOTS', 'W1', true, 1)",
            RETAILER,
        )
    await decided_orders.save(
        opened,
        [
            decided_orders.decided(
                order(row(quantity=5), external_id=f"A-{number}"),
                decided_orders.known([FIRST, SECOND], "BOOTS", wholesale_price=Decimal("2.5")),
                decided_orders.shelf(("W1", "BOOTS", 9), ("W2", "BOOTS", 9)),
            )
            for number in range(3)
        ],
    )
    yield opened
    await opened.close()


def written(folder: Path, rules: str) -> str:
    file = folder / "rules.toml"
    file.write_text(rules)
    return str(file)


async def test_under_the_same_rules_every_decision_comes_out_as_it_did(router: Database, database: str) -> None:
    answer = await sluice("replay", SLUICE_DATABASE=database)
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "3 of 3 decisions came out as they did."


async def test_a_decision_that_does_not_come_out_as_it_did_is_told_and_ends_with_1(
    router: Database, database: str
) -> None:
    async with router.transaction() as tx:
        await tx.execute(
            "UPDATE routes SET record = jsonb_set(record, '{rows,0,candidates,0,quantity}', '\"3\"')"
            " WHERE external_id = 'A-1'"
        )
    answer = await sluice("replay", SLUICE_DATABASE=database)
    assert answer.exit_code == 1
    assert answer.stdout.splitlines()[-2:] == [
        "2 of 3 decisions came out as they did.",
        f"DIFFERS: order A-1 of {RETAILER}: row 1 was 5 from W1, 0 unserved, is 3 from W1, 2 from W2, 0 unserved",
    ]


async def test_changed_rules_show_what_would_be_different(router: Database, database: str, tmp_path: Path) -> None:
    rules = written(tmp_path, "costPerShipment = 4\n[catalogues.W1]\nsafetyStock = 6\n")
    chart = tmp_path / "replay.svg"
    answer = await sluice("replay", "--rules", rules, "--chart", str(chart), SLUICE_DATABASE=database)
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "3 of 3 orders would have been promised something else."
    shipments = next(line.split() for line in answer.stdout.splitlines() if line.split()[:1] == ["shipments"])
    assert shipments == ["shipments", "3", "6", "+3"]
    assert "<svg" in chart.read_text()


async def test_the_figures_can_be_had_as_json(router: Database, database: str, tmp_path: Path) -> None:
    rules = written(tmp_path, "costPerShipment = 4\n[catalogues.W1]\nclosed = true\n")
    answer = await sluice("replay", "--rules", rules, "--json", "-", SLUICE_DATABASE=database)
    found = json.loads(answer.stdout)
    assert (found["orders"], found["changed"], found["skipped"]) == (3, 3, 0)
    assert found["before"] == found["after"] | {"cost": 49.5}
    assert {one["externalWarehouseId"]: one["after"]["units"] for one in found["catalogues"]} == {"W1": 0, "W2": 15}
    file = tmp_path / "figures.json"
    assert (await sluice("replay", "--rules", rules, "--json", str(file), SLUICE_DATABASE=database)).exit_code == 0
    assert json.loads(file.read_text()) == found


async def test_only_the_orders_of_the_time_and_the_retailer_count(router: Database, database: str) -> None:
    for option in (("--until", "1h"), ("--since", "2020-01-01", "--until", "2026-01-01"), ("--retailer", "0123456-9")):
        answer = await sluice("replay", *option, "--json", "-", SLUICE_DATABASE=database)
        assert json.loads(answer.stdout)["orders"] == 0
    answer = await sluice("replay", "--retailer", RETAILER, "--json", "-", SLUICE_DATABASE=database)
    assert json.loads(answer.stdout)["orders"] == 3


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("strategy = 'cheapest'", "line 1, strategy: is one of priority, fewest-shipments, lowest-cost, highest-stock"),
        ("[catalogues.W1]\n\npriorty = 1", "line 3, catalogues.W1.priorty: is not a known field"),
        ("[catalogues.W1]\npriority = '1'", "line 2, catalogues.W1.priority: Input should be a valid integer"),
        ("catalogues.W1.safetyStock = -1", "line 1, catalogues.W1.safetyStock: "),
        ("[catalogues.W9]\npriority = 1", "line 1, catalogues.W9: there is no such catalogue"),
        ("[products]\nBOTS = {safetyStock = 1}", "line 2, products.BOTS: there is no such product"),
        ("catalogues = 3", "line 1, catalogues: "),
        ("strategy = ", "the file: is not TOML: Invalid value (at end of document)"),
    ],
    ids=lambda text: text.split()[0],
)
async def test_a_file_of_rules_with_a_typo_is_refused_with_the_place_named(
    router: Database, database: str, tmp_path: Path, rules: str, complaint: str
) -> None:
    file = written(tmp_path, rules)
    answer = await sluice("replay", "--rules", file, SLUICE_DATABASE=database)
    assert answer.exit_code == 1
    first, last = answer.stderr.splitlines()
    assert first.startswith(complaint)
    assert last == f"Nothing was replayed: {file} has 1 fault."
    assert answer.stdout == ""


async def test_several_processes_find_what_one_finds(router: Database) -> None:
    start, end = (await _ids(router))[0], (await _ids(router))[-1]
    async with router.transaction() as tx:
        assert await past_orders.count_past_orders(tx, start, end, RETAILER) == 2
    rules = Rules(catalogues={"W1": CatalogueRules(closed=True)})
    span = Span(decided_orders.AT, decided_orders.AT.replace(year=2199))
    done: list[int] = []
    alone = await replay_run.replay(router, span, rules, 3, done.append, processes=1)
    together = await replay_run.replay(router, span, rules, 3, done.append, processes=2)
    assert alone == together
    assert done == [3, 3]


async def _ids(router: Database) -> list[UUID]:
    async with router.transaction() as tx:
        return [one["order_id"] for one in await tx.fetch("SELECT order_id FROM routes ORDER BY order_id")]


async def test_a_retailer_that_nobody_knows_is_refused_with_2(router: Database, database: str) -> None:
    answer = await sluice("replay", "--retailer", "X", SLUICE_DATABASE=database)
    assert answer.exit_code == 2
    assert answer.stderr == "Nothing was replayed: there is no retailer X.\n"
    assert answer.stdout == ""


@pytest.mark.parametrize(
    "times", [("--until", "2026-01-01"), ("--since", "2199-01-01"), ("--since", "1h", "--until", "2h")], ids=" ".join
)
async def test_a_time_that_ends_before_it_begins_is_refused_with_2(times: tuple[str, ...]) -> None:
    answer = await sluice("replay", *times)
    assert answer.exit_code == 2
    assert "is not after --since" in answer.stderr


@pytest.mark.parametrize("option", [("--since", "soon"), ("--chart", "picture.gif"), ("--rules", "/nowhere.toml")])
async def test_a_wrong_option_is_refused_with_2(option: tuple[str, str]) -> None:
    assert (await sluice("replay", *option)).exit_code == 2
