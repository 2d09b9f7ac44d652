"""What the database itself keeps from happening in the router."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from router import domain, store
from router.domain import Change, Noted, PackedChange, ParcelChange, Shipment
from shared.postgres import Record, Transaction
from tests import builders
from tests.router.conftest import Router
from tests.router.examples import OTHER_SUPPLIER, RETAILER, STRANGER, SUPPLIER, balance, catalogue, order, row

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)


class Noting(Transaction):
    """A transaction that notes what it is asked, so that the plan can be asked for as well."""

    asked: list[tuple[str, tuple[Any, ...]]]

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Record]:
        """Note it, and do it."""
        self.asked.append((sql, arguments))
        return await super().fetch(sql, *arguments)

    async def fetch_value(self, sql: str, *arguments: Any) -> Any:
        """Note it, and do it."""
        self.asked.append((sql, arguments))
        return await super().fetch_value(sql, *arguments)


@pytest.fixture
async def shipments(router: Router) -> list[Shipment]:
    """An order's two shipments: from W1 by the supplier, from W2 by the other."""
    await router.knows(
        [catalogue("W1", priority=1, contract_number="612345"), catalogue("W2", supplier_id=OTHER_SUPPLIER)],
        [balance("W1", ean="111"), balance("W2")],
    )
    made = await router.ships(order(row()), {("W1", "BOOTS"): 3, ("W2", "BOOTS"): 2})
    return sorted(made, key=lambda shipment: shipment.catalogue_id)


async def seen_by(tx: Transaction) -> list[str]:
    """The catalogues of the shipments a transaction may see."""
    rows = await tx.fetch("SELECT catalogue_id FROM shipments ORDER BY catalogue_id")
    return [found["catalogue_id"] for found in rows]


async def test_a_shipment_reads_as_it_was_written_after_every_change(router: Router, shipments: list[Shipment]) -> None:
    first = shipments[0]
    assert (first.contract_number, first.rows[0].ean, first.status, first.version) == ("612345", "111", "Created", 1)
    stuck = domain.move(first, Change("Error", reason="No such street"), NOW)
    assert isinstance(stuck, Shipment)
    noted = domain.note(stuck, Noted(type="InTransit", at=NOW, location="Tampere"), NOW)
    assert isinstance(noted, Shipment)
    async with router.database.transaction() as tx:
        assert await store.save_moved(tx, stuck)
        assert await store.save_moved(tx, noted)
        assert await store.shipment(tx, first.shipment_id) == noted
        assert await store.shipments_for_update(tx, [first.order_id]) == sorted(
            [noted, shipments[1]], key=lambda shipment: shipment.shipment_id
        )
    first = noted
    packed = ParcelChange("2", tracking_codes=("A",), rows=(PackedChange(item_id="BOOTS", delivered=Decimal("1.5")),))
    moved = domain.move(first, Change("Delivered", "S-1", (packed,)), NOW)
    assert isinstance(moved, Shipment)
    async with router.database.transaction() as tx:
        assert await store.save_moved(tx, moved)
        await store.save_rows(tx, moved)
        assert await store.shipment(tx, first.shipment_id) == moved
        assert not await store.save_moved(tx, moved)


async def test_a_shipment_keeps_the_handling_its_goods_need(router: Router, shipments: list[Shipment]) -> None:
    assert [shipment.handling for shipment in shipments] == [(), ()]
    await router.knows(
        [],
        [
            balance("W1", "GLASS", fragile=True),
            balance("W1", "SKIS", oversized=True),
            balance("W2", fragile=True, version=2),
        ],
    )
    stock = {("W1", "GLASS"): 5, ("W1", "SKIS"): 5, ("W2", "BOOTS"): 5}
    placed = order(row("1", "GLASS"), row("2", "SKIS"), row("3"), external_id="A-2")
    made = [shipment for shipment in await router.ships(placed, stock) if shipment.order_id == placed.order_id]
    assert {shipment.catalogue_id: shipment.handling for shipment in made} == {"W1": ("3104", "3174"), "W2": ("3104",)}


async def test_a_shipment_is_seen_by_its_supplier_and_by_its_retailer_alone(
    router: Router, shipments: list[Shipment]
) -> None:
    seen = {}
    for organisation in (SUPPLIER, OTHER_SUPPLIER, RETAILER, STRANGER):
        async with router.database.transaction_of(organisation) as tx:
            rows = await tx.fetch_value("SELECT count(*) FROM shipment_rows")
            routes = await tx.fetch_value("SELECT count(*) FROM routes")
            seen[organisation] = (await seen_by(tx), rows, routes)
    assert seen == {
        SUPPLIER: (["W1"], 1, 0),
        OTHER_SUPPLIER: (["W2"], 1, 0),
        RETAILER: (["W1", "W2"], 2, 1),
        STRANGER: ([], 0, 0),
    }


@pytest.mark.parametrize("organisation", [RETAILER, OTHER_SUPPLIER, STRANGER])
async def test_only_its_supplier_can_write_a_shipment(
    router: Router, shipments: list[Shipment], organisation: str
) -> None:
    async with router.database.transaction_of(organisation) as tx:
        assert await tx.execute("UPDATE shipments SET status = 'Viewed' WHERE catalogue_id = 'W1'") == 0
        assert (
            await tx.execute("UPDATE shipment_rows SET delivered = 1 WHERE shipment_id = $1", shipments[0].shipment_id)
            == 0
        )


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT FROM balances",
        "SELECT supplier_id FROM catalogues",
        "SELECT FROM organisations",
        "DELETE FROM shipments",
        "DELETE FROM shipment_rows",
        "UPDATE routes SET round = 2",
        "DELETE FROM routes",
        "SELECT FROM amendments",
        "SELECT FROM outbox",
    ],
)
async def test_the_role_of_the_api_may_do_no_more_than_it_needs(router: Router, statement: str) -> None:
    async with router.database.transaction_of(SUPPLIER) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE shipment_rows SET delivered = quantity + 0.000001",
        "UPDATE shipment_rows SET delivered = -1",
        "UPDATE shipments SET status = 'Lost'",
        "UPDATE shipments SET catalogue_id = 'W1'",
        "UPDATE shipments SET status = 'Error'",
        "UPDATE shipments SET reached = 'Viewed'",
        "UPDATE routes SET cancelled_at = now()",
        "UPDATE routes SET record = NULL",
        "UPDATE routes SET state = 'asked'",
    ],
)
async def test_the_database_refuses_what_must_never_be(
    router: Router, shipments: list[Shipment], statement: str
) -> None:
    assert len(shipments) == 2
    async with router.database.transaction() as tx:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await tx.execute(statement)


async def test_a_list_is_filtered_and_paged_oldest_first(router: Router) -> None:
    await router.knows([catalogue("W1")], [balance("W1")])
    for number in range(5):
        await router.ships(order(row(), external_id=f"A-{number}"), {("W1", "BOOTS"): 9})
    everything = await router.shipments()
    wanted = store.Wanted(supplier_id=SUPPLIER, since=everything[1].created_at, statuses=("Created", "Viewed"))
    async with router.database.transaction() as tx:
        assert await store.count_shipments(tx, wanted) == 4
        pages = [await store.shipments(tx, wanted, limit=3, offset=offset) for offset in (0, 3)]
        assert await store.count_shipments(tx, store.Wanted(supplier_id=SUPPLIER, statuses=("Viewed",))) == 0
        assert await store.count_shipments(tx, store.Wanted(retailer_id=RETAILER)) == 5
        assert await store.count_shipments(tx, store.Wanted(supplier_id=RETAILER)) == 0
    assert [*pages[0], *pages[1]] == everything[1:]


@pytest.mark.parametrize("party", ["supplier", "retailer"])
async def test_lists_are_counted_and_paged_from_an_index(router: Router, shipments: list[Shipment], party: str) -> None:
    async with router.database.transaction() as tx:
        # Twenty thousand closed shipments of as many parties as a system has, and the one that is open.
        await tx.execute(
            "INSERT INTO shipments (id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, status,"
            " status_at, version, document, accept_by, created_at, updated_at)"
            " SELECT gen_random_uuid(), gen_random_uuid(), n::text, CASE n % 20 WHEN 0 THEN $1 ELSE 'R' || n % 20 END,"
            " CASE n % 20 WHEN 0 THEN $2 ELSE 'S' || n % 20 END, 'W1', 'Delivered', now(), 1, document, now(), now(),"
            " now() FROM generate_series(1, 20000) AS n, shipments WHERE shipments.id = $3",
            RETAILER,
            SUPPLIER,
            shipments[0].shipment_id,
        )

    async def vacuumed() -> bool:
        async with router.database.pool.acquire() as connection:
            await connection.execute("VACUUM ANALYZE shipments")
            seen_by_all: bool = await connection.fetchval(
                "SELECT relallvisible = relpages FROM pg_class WHERE oid = 'shipments'::regclass"
            )
        return seen_by_all

    # Whoever looks at the database meanwhile, such as an autovacuum, keeps pages from being read in the index alone.
    await builders.eventually(vacuumed, bool)
    organisation = {"supplier": SUPPLIER, "retailer": RETAILER}[party]
    everything = store.Wanted(supplier_id=SUPPLIER) if party == "supplier" else store.Wanted(retailer_id=RETAILER)
    opened = replace(everything, statuses=("Created", "Viewed"))
    changed = replace(everything, changed_since=datetime.now(UTC) + timedelta(hours=1))
    async with router.database.transaction_of(organisation) as tx:
        noting = Noting(tx.connection, tx.schema)
        plans = []
        for wanted in (opened, everything, changed):
            noting.asked = []
            await store.count_shipments(noting, wanted)
            await store.shipments(noting, wanted, limit=20, offset=0)
            for sql, arguments in noting.asked[:2]:
                lines = await tx.fetch(f"EXPLAIN {sql}", *arguments)
                plans.append("\n".join(line["QUERY PLAN"] for line in lines))
    # The count of all may use either index; what is asked by status uses the one for it, and no page is sorted whole.
    indexes = ("_by_status", "_by_status", "", "", "_by_change", "_by_change")
    for plan, index in zip(plans, indexes, strict=True):
        assert "Seq Scan on shipments" not in plan
        assert f"Index Only Scan using shipments_of_{party}{index}" in plan
    assert f"Index Only Scan using shipments_of_{party} " in plans[3]
