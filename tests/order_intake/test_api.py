"""What a retailer sees over HTTP."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from order_intake import handlers
from order_intake.api.shown_v2 import OrderShownV2, RowStateV2
from shared.postgres import Database
from tests.builders import Signer
from tests.order_intake import orders
from tests.order_intake.orders import OTHER_SHOP, PUBLIC_EXAMPLE, SHOP, SUPPLIER, document

RUBBISH = b'{"externalId": "A-1",'


@pytest.fixture
def shop(client: httpx.AsyncClient, signer: Signer) -> httpx.AsyncClient:
    """The client as a retailer."""
    client.headers.update(signer.headers(SHOP, "retailer"))
    return client


async def put(client: httpx.AsyncClient, order: dict[str, Any] | bytes) -> httpx.Response:
    """Place an order."""
    content = order if isinstance(order, bytes) else json.dumps(order).encode()
    return await client.put("/v2/orders", content=content, headers={"Content-Type": "application/json"})


async def get(client: httpx.AsyncClient, order: str) -> dict[str, Any]:
    """Read an order."""
    answer = await client.get(f"/v2/orders/order/{order}")
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


def wrong_fields(answer: httpx.Response) -> set[str]:
    """The fields an answer of 400 names."""
    assert answer.status_code == 400, answer.text
    return {error["field"] for error in answer.json()["errors"]}


async def test_the_public_example_is_taken_and_every_field_of_it_given_back(shop: httpx.AsyncClient) -> None:
    answer = await put(shop, PUBLIC_EXAMPLE)
    assert answer.status_code == 200, answer.text
    posted, read = json.loads(PUBLIC_EXAMPLE), await get(shop, "123456789")
    assert answer.json() == read
    assert read | {"metadata": None, "rows": None} == posted | {
        "metadata": None,
        "rows": None,
        "statuses": [{"value": "Accepted", "timestamp": read["metadata"]["insertDate"]}],
    }
    assert read["metadata"].items() >= (posted["metadata"] | {"insertDate": None, "updateDate": None}).items() - {
        ("insertDate", None),
        ("updateDate", None),
    }
    assert read["rows"][0].items() >= {k: v for k, v in posted["rows"][0].items() if isinstance(v, str | float)}.items()
    assert all(read["rows"][0][name] == posted["rows"][0][name] for name in posted["rows"][0])
    assert read["rows"][0]["toBeRoutedQuantity"] == 3
    assert read["rows"][0]["deliveredQuantity"] == 0


async def test_the_stray_comma_of_the_public_example_is_refused_with_its_place(shop: httpx.AsyncClient) -> None:
    with_comma = PUBLIC_EXAMPLE.replace(b'"routingServiceCode" : "3200"', b'"routingServiceCode" : "3200",')
    answer = await put(shop, with_comma)
    assert wrong_fields(answer) == {"body"}
    line = with_comma[: with_comma.index(b'"3200",')].count(b"\n") + 2
    assert f"line {line} " in answer.json()["message"]
    assert (await shop.get("/v2/orders/order/123456789")).status_code == 404


async def test_all_wrong_fields_are_named_at_once(shop: httpx.AsyncClient) -> None:
    order = document(currency="EURO")
    order["client"]["country"] = "Finland"
    order["rows"] = [
        {"externalId": "1", "externalProductId": "P", "quantity": 0},
        {"externalId": "1", "quantity": 1, "parentRowReference": "9"},
    ]
    answer = await put(shop, order)
    assert wrong_fields(answer) == {
        "currency",
        "client.country",
        "rows[0].quantity",
        "rows[1].externalId",
        "rows[1].externalProductId",
        "rows[1].parentRowReference",
    }
    assert (await shop.get("/v2/orders/order/A-1")).status_code == 404


@pytest.mark.parametrize(
    "field",
    ["externalId", "orderDate", "metadata", "client", "rows"],
)
async def test_a_missing_field_is_named(shop: httpx.AsyncClient, field: str) -> None:
    order = document()
    del order[field]
    assert wrong_fields(await put(shop, order)) == {field}


async def test_an_order_has_a_row_and_not_too_many(shop: httpx.AsyncClient) -> None:
    assert wrong_fields(await put(shop, document(rows=[]))) == {"rows"}
    assert wrong_fields(await put(shop, document("A-1", 1, 1, 1, 1))) == {"rows"}
    assert (await put(shop, document("A-1", 1, 1, 1))).status_code == 200


async def test_the_identical_order_again_answers_the_stored_one(shop: httpx.AsyncClient) -> None:
    first = await put(shop, document("A-1", 5))
    again = await put(shop, dict(reversed(document("A-1", 5.0).items())))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


async def test_another_order_with_the_same_number_is_a_conflict_and_changes_nothing(shop: httpx.AsyncClient) -> None:
    first = await put(shop, document("A-1", 5))
    answer = await put(shop, document("A-1", 6))
    assert answer.status_code == 409
    assert "A-1" in answer.json()["message"]
    assert await get(shop, "A-1") == first.json()


async def test_the_same_order_sent_many_times_at_once_is_one_order(shop: httpx.AsyncClient, book: Database) -> None:
    answers = await asyncio.gather(*(put(shop, document()) for _ in range(20)), put(shop, document("A-1", 6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [409]
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    async with book.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM orders") == 1
        assert await tx.fetch_value("SELECT count(*) FROM outbox") == 1


async def test_two_retailers_may_use_the_same_number_and_never_see_each_others(
    shop: httpx.AsyncClient, signer: Signer
) -> None:
    assert (await put(shop, document("A-1", 5))).status_code == 200
    shop.headers.update(signer.headers(OTHER_SHOP, "retailer"))
    assert (await shop.get("/v2/orders/order/A-1")).status_code == 404
    assert (await put(shop, document("A-1", 7))).status_code == 200
    assert (await get(shop, "A-1"))["rows"][0]["quantity"] == 7
    shop.headers.update(signer.headers(SHOP, "retailer"))
    assert (await get(shop, "A-1"))["rows"][0]["quantity"] == 5


async def test_only_retailers_place_and_read_orders(client: httpx.AsyncClient, signer: Signer) -> None:
    assert (await put(client, document())).status_code == 401
    assert (await client.get("/v2/orders/order/A-1")).status_code == 401
    client.headers.update(signer.headers(SUPPLIER, "supplier"))
    assert (await put(client, document())).status_code == 403
    assert (await client.get("/v2/orders/order/A-1")).status_code == 403


async def test_a_body_that_is_no_order_is_refused(shop: httpx.AsyncClient) -> None:
    for body in (b"", b" ", b"[]", b'"order"', b"null", RUBBISH, b'{"externalId": "\xff"}', b"[" * 5_000):
        assert wrong_fields(await put(shop, body)) == {"body"}


async def test_numbers_that_are_no_json_are_refused_even_in_fields_nobody_reads(shop: httpx.AsyncClient) -> None:
    body = json.dumps(document(ours=1)).replace('"ours": 1', '"ours": NaN').encode()
    assert wrong_fields(await put(shop, body)) == {"body"}


async def test_names_that_the_public_document_spells_wrong_come_back_right(shop: httpx.AsyncClient) -> None:
    order = document(currecy="SEK", addtionalServices=[{"serviceCode": "3104"}])
    order["metadata"]["documentTyepe"] = "SalesOrder"
    answer = await put(shop, order)
    assert answer.status_code == 200
    read = await get(shop, "A-1")
    assert read == answer.json()
    assert read["currency"] == "SEK"
    assert read["additionalServices"] == [{"serviceCode": "3104"}]
    assert read["metadata"]["documentType"] == "SalesOrder"
    assert "currecy" not in read
    assert "documentTyepe" not in read["metadata"]


async def test_an_order_number_may_have_any_printable_ascii(shop: httpx.AsyncClient) -> None:
    number = "A/1 #?&%_é"[:-1]
    assert (await put(shop, document(number))).status_code == 200
    assert (await shop.get("/v2/orders/order/A%2F1%20%23%3F%26%25_")).json()["externalId"] == number
    assert wrong_fields(await put(shop, document("É-1"))) == {"externalId"}


async def test_the_order_shows_where_its_rows_went_and_what_was_delivered(
    shop: httpx.AsyncClient, book: Database
) -> None:
    await put(shop, document("A-1", 5, 2))
    async with book.transaction() as tx:
        order_id = await tx.fetch_value("SELECT id FROM orders")
        west, east = orders.new_order(document()).placed.order_id, orders.new_order(document()).placed.order_id
        await handlers.show_routes(
            [
                orders.routed(
                    order_id,
                    orders.row_routed("1", ("W1", west, 3), ("W2", east, 1), waiting=1),
                    orders.row_routed("2", unserved=2, reason="no stock"),
                )
            ],
            tx,
        )
        await handlers.follow_shipments(
            [
                orders.shipment(order_id, west, "Delivered", ("1", 3, 2), codes=("JJFI1",)),
                orders.shipment(order_id, east, "Viewed", ("1", 1, 0), catalogue="W2"),
            ],
            tx,
        )
    read = await get(shop, "A-1")
    row, short = read["rows"]
    assert [status["value"] for status in read["statuses"]] == ["Accepted", "Unroutable"]
    assert [status["value"] for status in row["statuses"]] == ["Accepted", "Routed"]
    assert row["statuses"][-1]["trackingIds"] == ["JJFI1"]
    assert row["deliveredQuantity"] == 2
    assert row["toBeRoutedQuantity"] == 2
    assert row["routedWarehouses"] == [
        {"externalWarehouseId": "W1", "timestamp": "2026-01-02T12:01:00.000Z", "requestedQuantity": 3},
        {"externalWarehouseId": "W2", "timestamp": "2026-01-02T12:01:00.000Z", "requestedQuantity": 1},
    ]
    assert row["lastRoutedDateTime"] == "2026-01-02T12:01:00.000Z"
    assert row["backOrderCancelled"] is False
    assert row["shipmentIds"] == [str(west), str(east)]
    OrderShownV2.model_validate(read)
    of_returns = {"returnIds", "returningQuantity", "returnedQuantity"}
    assert read["rows"][0].keys() - document()["rows"][0].keys() | {"reason"} | of_returns == {
        field.alias for field in RowStateV2.model_fields.values()
    }
    assert short["reason"] == "no stock"
    assert short["toBeRoutedQuantity"] == 2


async def test_a_lost_database_answers_503_and_says_when_to_come_back(
    shop: httpx.AsyncClient, book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await get_ready(shop)
    await book.close()
    answer = await put(shop, document())
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


async def get_ready(shop: httpx.AsyncClient) -> None:
    """Let the service look up the keys of tokens while it can."""
    assert (await shop.get("/v2/orders/order/none")).status_code == 404


async def test_the_description_of_the_interface_names_every_field_of_the_public_example(
    shop: httpx.AsyncClient,
) -> None:
    described = (await shop.get("/openapi.json")).json()
    body = described["paths"]["/v2/orders"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    posted = json.loads(PUBLIC_EXAMPLE)
    assert body["properties"].keys() >= posted.keys()
    assert body["properties"]["rows"]["items"]["properties"].keys() >= posted["rows"][0].keys()
    assert "$ref" not in json.dumps(body)


async def test_a_number_that_ends_in_a_slash_could_never_be_read_and_is_refused(shop: httpx.AsyncClient) -> None:
    assert wrong_fields(await put(shop, document("A/1/"))) == {"externalId"}
    assert (await put(shop, document("A/1"))).status_code == 200
    assert (await get(shop, "A/1/"))["externalId"] == "A/1"


async def test_an_order_of_more_than_two_megabytes_is_not_read(shop: httpx.AsyncClient) -> None:
    answer = await put(shop, document(note="x" * 2_000_000))
    assert (answer.status_code, answer.json()["message"]) == (413, "The body is larger than 2000000 bytes")
