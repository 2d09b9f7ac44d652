"""The auditor that looks again and again: what does not add up is raised, what is only on its way is not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
import uuid_utils.compat as uuid_utils
from prometheus_client import REGISTRY

from deploy.local import audit, databases, services
from deploy.local.auditing import Auditor
from shared.contracts import OrderPlaced
from shared.postgres import Database

Databases = Mapping[str, Database]

SAY = "INSERT INTO outbox (message_id, topic, key, value) VALUES ($1, $2, $3, '')"
WAITING_FOR_MAILS = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'mails'::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Databases]:
    """The databases of all services; what is sent has room."""
    async with databases.opened({"database": database, "kafka": "-"}) as found:
        for name in found:
            await execute(found, name, "CREATE TABLE sent_all PARTITION OF sent DEFAULT")
        yield found


async def execute(opened: Databases, service: str, sql: str, *arguments: Any) -> None:
    """Write into a service's tables, behind its back."""
    async with opened[service].transaction() as tx:
        await tx.execute(sql, *arguments)


async def take(opened: Databases, message_id: UUID) -> None:
    """Let every receiver have taken an OrderPlaced."""
    for receiver in services.receivers()[OrderPlaced.topic]:
        await execute(opened, receiver.name, "INSERT INTO inbox (message_id) VALUES ($1)", message_id)


async def book(opened: Databases) -> UUID:
    """An order in the order book, of which the router never hears."""
    order_id = uuid_utils.uuid7()
    await execute(
        opened,
        "order-intake",
        "INSERT INTO orders (id, retailer_id, external_id, posted, placed_at, updated_at)"
        " VALUES ($1, 'shop', $1::uuid::text, '', now(), now())",
        order_id,
    )
    await execute(
        opened,
        "order-intake",
        "INSERT INTO order_rows (order_id, external_id, retailer_id, position, quantity)"
        " VALUES ($1, '1', 'shop', 0, 5)",
        order_id,
    )
    return order_id


async def stock(opened: Databases, quantity: int, supplied: int) -> None:
    """A balance of inventory's."""
    await execute(opened, "inventory", "INSERT INTO catalogues VALUES ('shop', 'boots', 'maker', 'Catalog')")
    await execute(
        opened,
        "inventory",
        "INSERT INTO products (supplier_id, external_id, status, document) VALUES ('maker', 'BOOT-1', 'ACTIVE', '{}')",
    )
    await execute(
        opened,
        "inventory",
        "INSERT INTO balances (retailer_id, catalogue_id, supplier_id, product_id, quantity, supplied)"
        " VALUES ('shop', 'boots', 'maker', 'BOOT-1', $1, $2)",
        quantity,
        supplied,
    )


def measured(check: str) -> float:
    """How much the metrics say is wrong."""
    return REGISTRY.get_sample_value("sluice_audit_wrong_units", {"check": check}) or 0


async def test_one_unit_that_was_moved_is_raised_named_and_taken_back_when_it_is_put_right(opened: Databases) -> None:
    await stock(opened, 5, 5)
    auditor = Auditor(opened, balances_rest=0)
    await auditor.look()
    assert (auditor.wrong, measured("balances")) == (set(), 0)
    await execute(opened, "inventory", "UPDATE balances SET quantity = quantity - 1")
    with structlog.testing.capture_logs() as logged:
        await auditor.look()
    assert measured("balances") == 1
    (line,) = logged
    assert (line["log_level"], line["event"]) == ("error", "the books do not add up")
    assert line["what"].startswith("balance of BOOT-1 in shop/boots: 4")
    with structlog.testing.capture_logs() as logged:
        await auditor.look()
    assert logged == []
    await execute(opened, "inventory", "UPDATE balances SET quantity = quantity + 1")
    await auditor.look()
    assert (auditor.wrong, measured("balances")) == (set(), 0)


async def test_a_difference_between_services_counts_when_it_is_there_twice(opened: Databases) -> None:
    order_id = await book(opened)
    auditor = Auditor(opened)
    await auditor.look()
    assert auditor.wrong == set()
    await auditor.look()
    assert {(one.check, one.what) for one in auditor.wrong} == {
        ("orders", f"order {order_id}: the router never heard of it"),
        ("rows", f"order {order_id} row 1: no routing was ever heard"),
    }
    assert (measured("orders"), measured("rows")) == (1, 1)


async def test_an_order_with_a_message_that_is_not_sent_is_not_wrong_however_long_that_takes(
    opened: Databases,
) -> None:
    order_id = await book(opened)
    await execute(
        opened,
        "order-intake",
        SAY,
        uuid4(),
        OrderPlaced.topic,
        str(order_id),
    )
    auditor = Auditor(opened)
    for _ in range(4):
        await auditor.look()
    assert auditor.wrong == set()


@pytest.mark.parametrize("taken", [False, True])
async def test_an_order_with_a_message_that_its_receiver_has_not_taken_is_not_wrong(
    opened: Databases, taken: bool
) -> None:
    order_id, message_id = await book(opened), uuid4()
    await execute(
        opened,
        "order-intake",
        "INSERT INTO sent (id, message_id, topic, key, value, created_at) VALUES (1, $1, $2, $3, '', now())",
        message_id,
        OrderPlaced.topic,
        str(order_id),
    )
    if taken:
        await take(opened, message_id)
    auditor = Auditor(opened)
    await auditor.look()
    await auditor.look()
    assert bool(auditor.wrong) is taken


async def test_every_order_is_looked_at_in_turn_a_window_at_a_time(opened: Databases) -> None:
    order_ids = [await book(opened) for _ in range(5)]
    auditor = Auditor(opened, orders=2)
    for _ in range(6):
        await auditor.look()
    assert {one.what for one in auditor.wrong if one.check == "orders"} == {
        f"order {order_id}: the router never heard of it" for order_id in order_ids
    }


async def test_an_order_of_which_something_was_said_of_late_need_not_wait_for_its_turn(opened: Databases) -> None:
    for _ in range(3):
        await book(opened)
    last, message_id = await book(opened), uuid4()
    await execute(
        opened,
        "order-intake",
        "INSERT INTO sent (id, message_id, topic, key, value, created_at, sent_at)"
        " VALUES (1, $1, $2, $3, '', now(), now() - $4::interval)",
        message_id,
        OrderPlaced.topic,
        str(last),
        timedelta(minutes=1),
    )
    await take(opened, message_id)
    auditor = Auditor(opened, orders=1)
    await auditor.look()
    await auditor.look()
    assert f"order {last}: the router never heard of it" in {one.what for one in auditor.wrong}


async def test_an_order_that_another_service_alone_knows_is_found(opened: Databases) -> None:
    first, unknown, last = (uuid_utils.uuid7() for _ in range(3))
    await execute(
        opened,
        "router",
        "INSERT INTO routes (order_id, retailer_id, external_id, round, state, placed, plan, asked_at)"
        " VALUES ($1, 'shop', 'A-1', 1, 'asked', '', '', now())",
        unknown,
    )
    found = (await audit.audit(opened)).problems
    assert f"order {unknown}: routed, but not in the order book" in found
    assert not [one for one in found if str(first) in one or str(last) in one]


async def test_the_audit_of_everything_finds_the_same_in_windows_of_any_size(opened: Databases) -> None:
    for _ in range(5):
        await book(opened)
    await stock(opened, 5, 3)
    whole = await audit.audit(opened)
    for window in (1, 2, 5):
        parts = await audit.audit(opened, window=window)
        assert (sorted(parts.problems), parts.counts) == (sorted(whole.problems), whole.counts)
    assert len(whole.problems) == 11
    assert whole.counts["orders"] == 5


async def test_what_a_service_says_while_the_books_are_read_counts_as_on_its_way(opened: Databases) -> None:
    await book(opened)
    async with asyncio.TaskGroup() as tasks, opened["notifier"].transaction() as held:
        # The auditor has seen that nothing is on its way, and reads the mails first.
        await held.execute("LOCK TABLE mails IN ACCESS EXCLUSIVE MODE")
        auditor = tasks.create_task(audit.audit(opened))
        while not await held.fetch_value(WAITING_FOR_MAILS):
            await asyncio.sleep(0.01)
        await execute(opened, "router", SAY, uuid_utils.uuid7(), "shipment", "key")
    assert auditor.result().in_flight == 1
