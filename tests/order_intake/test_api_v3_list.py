"""How a retailer lists its orders of version 3 over HTTP."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import uuid_utils.compat as uuid_utils

from order_intake import handlers
from order_intake.api.shown_v3 import STATUSES, OrderShown
from shared.postgres import Database
from tests.builders import Signer
from tests.order_intake import orders
from tests.order_intake.orders import OTHER_SHOP, document, v3
from tests.order_intake.shopping import ORDERS, change, deliver, get, placed, wrong_fields


async def listed(client: httpx.AsyncClient, query: str = "") -> dict[str, Any]:
    """A page of orders."""
    answer = await client.get(f"{ORDERS}?{query}")
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    assert page.keys() == {"links", "content", "page"}
    return page


async def numbers(client: httpx.AsyncClient, query: str = "") -> list[str]:
    """The numbers of the orders on a page."""
    page = await listed(client, query)
    found = [order["externalId"] for order in page["content"]]
    assert page["page"]["totalElements"] >= len(found)
    return found


async def test_the_list_of_no_orders_is_an_envelope_too(shop: httpx.AsyncClient) -> None:
    assert await listed(shop) == {
        "links": [],
        "content": [],
        "page": {"size": 2000, "totalElements": 0, "totalPages": 0, "number": 0},
    }


async def test_an_order_is_listed_as_it_is_shown(shop: httpx.AsyncClient, book: Database) -> None:
    for number in ("A-1", "A-2", "A-3"):
        await placed(shop, v3(number, 5, 2))
    await deliver(book)
    await change(shop, "A-2", {"rows": [{"externalId": "1", "quantity": 6}]})
    await change(shop, "A-1", {"totalPrice": 12})
    content = (await listed(shop))["content"]
    assert content == [await get(shop, number) for number in ("A-1", "A-2", "A-3")]
    for order in content:
        OrderShown.model_validate(order)


async def test_orders_come_page_by_page_each_once(shop: httpx.AsyncClient) -> None:
    placed_in_order = [(await placed(shop, v3(f"A-{number}")))["externalId"] for number in range(5)]
    pages = [await listed(shop, f"size=2&page={page}") for page in range(4)]
    assert [order["externalId"] for page in pages for order in page["content"]] == placed_in_order
    assert pages[1]["page"] == {"size": 2, "totalElements": 5, "totalPages": 3, "number": 1}
    for link, page in zip(pages[1]["links"], (0, 2), strict=True):
        assert link["rel"] == ("prev", "next")[page // 2]
        assert (await shop.get(link["href"])).json() == pages[page]
    assert (await listed(shop, "size=9999"))["page"]["size"] == 2000


async def test_a_page_that_cannot_be_is_refused(shop: httpx.AsyncClient) -> None:
    for query, field in (("page=-1", "page"), ("size=0", "size"), ("page=x", "page"), ("from=then", "from")):
        assert field in wrong_fields(await shop.get(f"{ORDERS}?{query}"))


@pytest.fixture
async def four(shop: httpx.AsyncClient, book: Database) -> None:
    """Four orders that differ in everything that can be asked for; the second was routed to W9, the third delivered."""
    days = iter(("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"))
    kinds = iter(("SalesOrder", "PurchaseOrder", "SalesOrder", "SalesOrder"))
    for number in ("A-1", "A-2", "A-3", "A,4"):
        order = v3(number, 5, orderDate=f"{next(days)}T08:00:00.000+02:00")
        order["metadata"]["documentType"] = next(kinds)
        order["references"] = [{"name": "SO", "value": f"SO {number}"}, {"name": "PO", "value": "PO-1"}]
        await placed(shop, order)
        if number == "A-3":
            await deliver(book)
    await change(shop, "A-1", {"rows": [{"externalId": "1", "externalWarehouseId": "W7"}]})
    await change(shop, "A,4", {"status": {"value": "Cancelled"}})
    async with book.transaction() as tx:
        order_id = await tx.fetch_value("SELECT id FROM orders WHERE external_id = 'A-2'")
        row = orders.row_routed("1", ("W9", uuid_utils.uuid7(), 5))
        await handlers.show_routes([orders.routed(order_id, row)], tx)


FILTERS: Sequence[tuple[str, set[str]]] = (
    ("refName=SO&refValue=SO+A-1", {"A-1"}),
    ("refName=PO&refValue=PO-1", {"A-1", "A-2", "A-3", "A,4"}),
    ("refName=PO&refValue=SO+A-1", set()),
    ("status=Accepted", {"A-1"}),
    ("status=Created", {"A-2"}),
    ("status=orderRouted", {"A-2"}),
    ("status=Delivered,Cancelled", {"A-3", "A,4"}),
    ("status=Viewed", set()),
    ("documentType=SalesOrder", {"A-1", "A-3", "A,4"}),
    ("documentType=PurchaseOrder", {"A-2"}),
    ("documentType=Other", set()),
    ("warehouseExternalId=W7", {"A-1"}),
    ("warehouseExternalId=W9", {"A-2"}),
    ("warehouseExternalId=W1", {"A-3"}),
    ("warehouseExternalId=W0", set()),
    ("from=2026-01-02T06:00:00Z", {"A-2", "A-3", "A,4"}),
    ("from=2026-01-02T06:00:00.001Z", {"A-3", "A,4"}),
    ("to=2026-01-02T06:00:00Z", {"A-1", "A-2"}),
    ("to=2026-01-02T05:59:59.999Z", {"A-1"}),
    ("externalId=A-1", {"A-1"}),
    ("externalId=A-1,A-3,none", {"A-1", "A-3"}),
    ("externalId=A%2C4", {"A,4"}),
    ("updatedFrom=2026-01-01T00:00:00Z", {"A-1", "A-2", "A-3", "A,4"}),
    ("updatedTo=2026-01-01T00:00:00Z", set()),
    ("", {"A-1", "A-2", "A-3", "A,4"}),
)


@pytest.mark.usefixtures("four")
async def test_orders_are_found_by_any_filters_together(shop: httpx.AsyncClient) -> None:
    for query, found in FILTERS:
        assert set(await numbers(shop, query)) == found, query
    for (one, by_one), (other, by_other) in itertools.combinations(FILTERS, 2):
        names = [pair.partition("=")[0] for query in (one, other) for pair in query.split("&") if pair]
        if len(set(names)) == len(names):
            assert set(await numbers(shop, f"{one}&{other}")) == by_one & by_other, (one, other)


@pytest.mark.usefixtures("four")
async def test_a_filter_without_a_value_is_none(shop: httpx.AsyncClient) -> None:
    names = ["refName", "refValue", "status", "documentType", "warehouseExternalId", "from", "to", "updatedFrom"]
    names += ["updatedTo", "modifiedFromDate", "externalId", "page", "size"]
    assert len(await numbers(shop, "&".join(f"{name}=" for name in names))) == 4


async def test_a_reference_is_asked_for_by_name_and_value(shop: httpx.AsyncClient) -> None:
    assert wrong_fields(await shop.get(f"{ORDERS}?refName=SO")) == {"refValue"}
    assert wrong_fields(await shop.get(f"{ORDERS}?refValue=1")) == {"refName"}


async def test_an_order_without_references_is_found_by_its_number(shop: httpx.AsyncClient) -> None:
    await placed(shop, v3("A-1"))
    assert await numbers(shop, "refName=SO&refValue=A-1") == ["A-1"]


async def test_a_status_that_no_order_can_have_is_named(shop: httpx.AsyncClient) -> None:
    answer = await shop.get(f"{ORDERS}?status=Created,cancelled,Sent")
    assert wrong_fields(answer) == {"status"}
    assert [error["message"] for error in answer.json()["errors"]] == ["cancelled is no status", "Sent is no status"]
    assert await numbers(shop, "status=" + ",".join(STATUSES)) == []


async def test_a_partially_delivered_order_has_no_other_status(shop: httpx.AsyncClient, book: Database) -> None:
    await placed(shop, v3("A-1", 5, 2))
    await deliver(book, first_row_only=True)
    assert (await get(shop, "A-1"))["status"]["value"] == "Partially delivered"
    assert await numbers(shop, "status=Partially%20delivered") == ["A-1"]
    assert await numbers(shop, "status=Partially+delivered,Accepted") == ["A-1"]
    assert await numbers(shop, "status=" + ",".join(set(STATUSES) - {"Partially delivered"})) == []


async def test_an_order_in_error_is_shown_and_found_as_that_whatever_else_of_it_is_delivered(
    shop: httpx.AsyncClient, book: Database
) -> None:
    await placed(shop, v3("A-1", 5, 2))
    await deliver(book, first_row_only=True)
    async with book.transaction() as tx:
        part = await tx.fetch_one("SELECT order_id, shipment_id FROM row_parts WHERE row_external_id = '2'")
        assert part is not None
        news = orders.shipment(part["order_id"], part["shipment_id"], "Error", ("2", 2, 0))
        await handlers.follow_shipments([news], tx)
    assert (await get(shop, "A-1"))["status"]["value"] == "Error"
    assert await numbers(shop, "status=Error") == ["A-1"]
    assert await numbers(shop, "status=Partially+delivered") == []


async def test_what_changed_shortly_before_the_moment_is_listed_too(shop: httpx.AsyncClient, book: Database) -> None:
    for number, second in (("A-1", 59), ("A-2", 57)):
        await placed(shop, v3(number))
        async with book.transaction() as tx:
            changed = f"2026-01-02T11:59:{second}Z"
            await tx.execute(
                "UPDATE orders SET updated_at = $2::text::timestamptz WHERE external_id = $1", number, changed
            )
    assert await numbers(shop, "updatedFrom=2026-01-02T12:00:00Z") == ["A-1"]


@pytest.mark.parametrize("name", ["updatedFrom", "modifiedFromDate"])
async def test_what_changed_since_a_moment_comes_in_the_order_of_the_changes(
    shop: httpx.AsyncClient, name: str
) -> None:
    for number in ("A-1", "A-2", "A-3"):
        await placed(shop, v3(number))
    await change(shop, "A-2", {"totalPrice": 1})
    await change(shop, "A-1", {"totalPrice": 1})
    since = (await get(shop, "A-3"))["metadata"]["updateDate"]
    assert await numbers(shop, f"{name}={since}") == ["A-3", "A-2", "A-1"]
    assert await numbers(shop, f"{name}={since}&size=1&page=1") == ["A-2"]
    assert await numbers(shop) == ["A-1", "A-2", "A-3"]
    newest = (await get(shop, "A-1"))["metadata"]["updateDate"]
    assert (await numbers(shop, f"{name}={newest}"))[-1] == "A-1"
    assert await numbers(shop, f"{name}=2199-01-01T00:00:00.000%2B00:00") == []


async def test_the_queries_of_the_known_clients_are_understood(shop: httpx.AsyncClient) -> None:
    order = v3("A-1", references=[{"name": "SO", "value": "SO-1"}])
    order["rows"][0]["externalWarehouseId"] = "01093579"
    await placed(shop, order)
    for query in (
        "warehouseExternalId=01093579&updatedFrom=2025-11-20T16%3A14%3A50%2B00%3A00",
        "modifiedFromDate=2025-11-21T16%3A09%3A50.333%2B00%3A00&size=30&page=0",
        "modifiedFromDate=2025-11-21T16:09:50.333+00:00&size=30&page=0",
        "refName=SO&refValue=SO-1",
    ):
        assert await numbers(shop, query) == ["A-1"], query
    broken = "warehouseExternalId=01093579&updatedFrom=2025-11-20T16%3A14%3A50%2B00%3A00"
    page = await listed(shop, f"{broken}?{broken}&page=1")
    assert (page["page"]["number"], page["content"]) == (1, [])


async def test_deleted_and_replaced_orders_are_not_listed(shop: httpx.AsyncClient) -> None:
    for number in ("A-1", "A-2"):
        await placed(shop, v3(number, 5))
    await shop.delete(f"{ORDERS}/A-1")
    await change(shop, "A-2", {"rows": [{"externalId": "1", "quantity": 6}]})
    page = await listed(shop)
    assert [(order["externalId"], order["rows"][0]["quantity"]) for order in page["content"]] == [("A-2", 6)]
    assert page["page"]["totalElements"] == 1


async def test_each_retailer_lists_its_own_and_both_versions(shop: httpx.AsyncClient, signer: Signer) -> None:
    await placed(shop, v3("A-1"))
    assert (await shop.put("/v2/orders", content=json.dumps(document("A-2", 5)).encode())).status_code == 200
    assert await numbers(shop) == ["A-1", "A-2"]
    shop.headers.update(signer.headers(OTHER_SHOP, "retailer"))
    nothing = await listed(shop)
    assert (nothing["content"], nothing["page"]["totalElements"]) == ([], 0)
