"""What a supplier may choose for a shipment, over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.contracts import AdditionalService
from shared.service import Service
from tests import builders
from tests.builders import Signer
from tests.router.conftest import Router
from tests.router.examples import OTHER_SUPPLIER, RETAILER, STRANGER, SUPPLIER, balance, catalogue, order, row

SIGNER = Signer()
SHIPMENTS = "/ecommerce/v3/shipments"


@pytest.fixture
async def client(router: Router, service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """The supplier's client."""
    async with builders.client_of(service, router.database, SIGNER) as opened:
        opened.headers.update(SIGNER.headers(SUPPLIER, "supplier"))
        yield opened


async def shipped(router: Router, **delivery: Any) -> str:
    """The id of a shipment of an order with these delivery details."""
    await router.knows([catalogue("W1")], [balance("W1")])
    placed = order(row("1"))
    placed = placed.model_copy(update={"delivery": placed.delivery.model_copy(update=delivery)})
    (shipment,) = await router.ships(placed, {("W1", "BOOTS"): 99})
    return str(shipment.shipment_id)


async def options(client: httpx.AsyncClient, shipment_id: str, query: str = "") -> dict[str, Any]:
    answer = await client.get(f"{SHIPMENTS}/{shipment_id}/options{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def chosen(found: list[dict[str, Any]], name: str = "id") -> set[str]:
    return {one[name] for one in found if one["chosen"]}


async def test_the_services_of_the_carrier_asked_for_are_told_with_the_present_choice(
    client: httpx.AsyncClient, router: Router
) -> None:
    extra = (AdditionalService(service_code="3104"),)
    shipment = await shipped(router, delivery_operator="Posti", additional_services=extra)
    found = await options(client, shipment)
    assert (found["shipmentId"], found["deliveryOperator"]) == (shipment, "Posti")
    assert {one["deliveryOperator"] for one in found["services"]} == {"Posti"}
    assert chosen(found["services"]) == {"2103"}
    (present,) = (one for one in found["services"] if one["chosen"])
    assert chosen(present["additionalServices"], "code") == {"3104"}
    assert len(present["additionalServices"]) > 1
    assert present["packageTypes"] == [{"code": "PC", "chosen": True}]
    other = next(one for one in found["services"] if one["id"] == "2104")
    assert chosen(other["additionalServices"], "code") == set()


async def test_what_the_goods_need_is_chosen_and_is_shown_of_the_parcel(
    client: httpx.AsyncClient, router: Router
) -> None:
    await router.knows([], [balance("W1", fragile=True, oversized=True, version=2)])
    shipment = await shipped(router, additional_services=(AdditionalService(service_code="3376"),))
    shown = (await client.get(f"{SHIPMENTS}/{shipment}")).json()
    (parcel,) = shown["consignment"]["parcels"]
    assert [service["serviceCode"] for service in parcel["additionalServices"]] == ["3376", "3104", "3174"]
    assert (await client.get(SHIPMENTS)).json()["content"] == [shown]
    (present,) = (one for one in (await options(client, shipment))["services"] if one["chosen"])
    assert chosen(present["additionalServices"], "code") == {"3376", "3104", "3174"}


async def test_all_services_are_told_when_the_order_asks_for_no_carrier(
    client: httpx.AsyncClient, router: Router
) -> None:
    found = await options(client, await shipped(router))
    assert "deliveryOperator" not in found
    assert {"Posti", "Matkahuolto", "GLS"} < {one["deliveryOperator"] for one in found["services"]}


async def test_another_carrier_may_be_asked_for_and_the_present_choice_stays_in_sight(
    client: httpx.AsyncClient, router: Router
) -> None:
    found = await options(client, await shipped(router, delivery_operator="Posti"), "?deliveryOperator=matkahuolto")
    assert [one["id"] for one in found["services"]] == ["2103", "90010", "90030", "90080"]
    assert chosen(found["services"]) == {"2103"}


async def test_the_choice_of_the_supplier_counts_once_it_made_one(client: httpx.AsyncClient, router: Router) -> None:
    shipment = await shipped(router, delivery_operator="Posti")
    parcel = {"parcelId": "1", "serviceCode": "90080", "deliveryOperator": "Matkahuolto"}
    body = {"consignment": {"parcels": [parcel]}}
    assert (await client.patch(f"{SHIPMENTS}/{shipment}", json=body)).status_code == 200
    assert chosen((await options(client, shipment))["services"]) == {"90080"}


@pytest.mark.parametrize(
    ("organisation", "role", "status"),
    [
        (SUPPLIER, "supplier", 200),
        (RETAILER, "retailer", 200),
        (OTHER_SUPPLIER, "supplier", 404),
        (STRANGER, "retailer", 404),
        (STRANGER, "operator", 403),
    ],
)
async def test_only_the_two_parties_of_a_shipment_see_its_options(
    client: httpx.AsyncClient, router: Router, organisation: str, role: str, status: int
) -> None:
    address = f"{SHIPMENTS}/{await shipped(router)}/options"
    assert (await client.get(address, headers=SIGNER.headers(organisation, role))).status_code == status
    assert (await client.get(address, headers={"Authorization": ""})).status_code == 401


@pytest.mark.parametrize("shipment", ["0198c0de-0000-7000-8000-000000000000", "1", "x" * 500])
async def test_a_shipment_that_is_none_has_no_options(client: httpx.AsyncClient, shipment: str) -> None:
    assert (await client.get(f"{SHIPMENTS}/{shipment}/options")).status_code == 404
