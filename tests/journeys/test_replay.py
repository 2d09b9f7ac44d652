"""A shop tries other rules with the orders it had, and its operator replays them all."""

import json
from pathlib import Path

from tests.deploy.commands import sluice
from tests.journeys.world import World, row, status_of

SIMULATIONS = "/ecommerce/v3/routing/simulations"


async def test_what_was_decided_comes_out_again_and_other_rules_show_what_they_would_change(
    world: World, tmp_path: Path
) -> None:
    await world.warehouse("first", {"boots": 12, "socks": 4}, backOrderAllowed=True)
    await world.warehouse("second", {"boots": 9, "socks": 9})
    numbers = [
        await world.place(row("boots", 17)),
        await world.place(row("socks", 6, backOrder=True), row("boots", 2, backOrder=True)),
        await world.place(row("socks", 9), row("boots", 1, mandatory=True)),
        await world.place(row("socks", 1, partialDeliveryAllowed=False), row("hat", 1)),
    ]
    for number in numbers:
        assert status_of(await world.order(number)) in ("orderRouted", "Unroutable")
    await world.running.settled()

    dsn = str(world.running.system.values["database"])
    same = await sluice("replay", "--retailer", world.retailer.id, SLUICE_DATABASE=dsn)
    assert same.exit_code == 0, same.stdout + same.stderr
    assert same.stdout.splitlines()[-1] == "4 of 4 decisions came out as they did."

    unchanged = await world.retailer.ask("POST", SIMULATIONS, {})
    assert (unchanged.json()["orders"], unchanged.json()["changed"]) == (4, 0)

    rules = {"costPerShipment": 5, "catalogues": {"second": {"closed": True}}}
    tried = (await world.retailer.ask("POST", SIMULATIONS, {"rules": rules})).json()
    assert tried["before"]["units"] > tried["after"]["units"]
    assert {one["externalWarehouseId"]: one["after"]["units"] for one in tried["catalogues"]}["second"] == 0

    file, found = tmp_path / "rules.toml", tmp_path / "found.json"
    file.write_text("costPerShipment = 5\n[catalogues.second]\nclosed = true\n")
    replayed = await sluice(
        *("replay", "--retailer", world.retailer.id, "--rules", str(file), "--json", str(found)), SLUICE_DATABASE=dsn
    )
    assert replayed.exit_code == 0, replayed.stderr
    figures = json.loads(found.read_text())
    assert {name: figures[name] for name in ("before", "after", "changed", "suppliers")} == {
        name: tried[name] for name in ("before", "after", "changed", "suppliers")
    }


async def test_an_order_that_is_only_thought_of_is_decided_and_nothing_is_promised(world: World) -> None:
    await world.warehouse("first", {"boots": 12})
    await world.warehouse("second", {"boots": 9})
    before = await world.stock_at("first"), await world.stock_at("second")
    thought = {"rows": [{"externalProductId": "boots", "quantity": 17}]}
    rules = {"catalogues": {"second": {"priority": 0}}}
    answer = await world.retailer.ask("POST", SIMULATIONS, {"order": thought, "rules": rules})
    decisions = answer.json()["order"]
    taken = [
        {part["externalWarehouseId"]: part["quantity"] for part in decisions[when]["rows"][0]["taken"]}
        for when in ("before", "after")
    ]
    assert taken == [{"first": 12, "second": 5}, {"second": 9, "first": 8}]
    assert (await world.stock_at("first"), await world.stock_at("second")) == before
    assert (await world.retailer.get("/ecommerce/v3/orders"))["content"] == []
