"""The waiting list, as shops see it."""

from typing import Any

import pytest

from tests.inventory.examples import numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER, order, row
from tests.inventory.parties import BALANCES, CATALOGUES, Parties

BACKORDERS = "/ecommerce/v3/inventory/backorders"


@pytest.fixture
async def waiting(parties: Parties) -> Parties:
    """Callers of an inventory in which three orders wait, the last of them for two products."""
    await parties.publish({"W": {"A": 0, "B": 0}, "V": {"A": 0}})
    for name in ("W", "V"):
        await parties.open_catalogue(name, backOrderAllowed=True)
    wanted = [
        order(row("1", 6, "W/A", back_order=True), minute=1),
        order(row("1", 3, "W/A", "V/A", back_order=True), minute=2),
        order(row("1", 1.5, "V/A", "W/A", back_order=True), row("2", 2, "W/B", back_order=True), minute=3),
    ]
    await parties.allocate(*(one.model_copy(update={"external_id": f"A-{n}"}) for n, one in enumerate(wanted)))
    return parties


def shown(content: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return numbers(
        content, "orderExternalId", "rowExternalId", "externalProductId", "externalWarehouseId", "quantity", "position"
    )


async def test_a_shop_sees_who_waits_for_what_and_whose_turn_it_is(waiting: Parties) -> None:
    page = await waiting.get(SHOP, BACKORDERS)
    assert shown(page["content"]) == [
        ("A-0", "1", "A", "W", 6, 1),
        ("A-1", "1", "A", "W", 3, 2),
        ("A-2", "1", "A", "V", 1.5, 1),
        ("A-2", "2", "B", "W", 2, 1),
    ]
    assert [one["since"] for one in page["content"]] == [f"2026-01-02T08:0{minute}:00.000Z" for minute in (1, 2, 3, 3)]
    assert page["page"]["totalElements"] == 4
    change = {"productExternalId": "A", "retailerId": SHOP, "catalogExternalId": "W", "quantity": 7}
    assert await waiting.put(SUPPLIER, BALANCES, [change]) == []
    page = await waiting.get(SHOP, f"{BACKORDERS}?externalProductId=A")
    assert shown(page["content"]) == [("A-1", "1", "A", "W", 2, 1), ("A-2", "1", "A", "V", 1.5, 1)]


async def test_the_list_is_narrowed_and_read_in_pages(waiting: Parties) -> None:
    page = await waiting.get(SHOP, f"{BACKORDERS}?orderExternalId=A-1&externalProductId=")
    assert shown(page["content"]) == [("A-1", "1", "A", "W", 3, 2)]
    assert (await waiting.get(SHOP, f"{BACKORDERS}?orderExternalId=A-1&externalProductId=B"))["content"] == []
    page = await waiting.get(SHOP, f"{BACKORDERS}?size=3&page=1")
    assert (shown(page["content"]), page["page"]["totalPages"]) == ([("A-2", "2", "B", "W", 2, 1)], 2)


async def test_what_waits_is_shown_also_where_its_supplier_has_withdrawn(waiting: Parties) -> None:
    before = await waiting.get(SHOP, BACKORDERS)
    assert (await waiting.call(SUPPLIER, "DELETE", f"{CATALOGUES}/W/activation")).status_code == 200
    assert await waiting.get(SHOP, BACKORDERS) == before


async def test_nobody_else_sees_it(waiting: Parties) -> None:
    assert (await waiting.get(OTHER_SHOP, BACKORDERS))["content"] == []
    assert (await waiting.call(SUPPLIER, "GET", BACKORDERS)).status_code == 403
