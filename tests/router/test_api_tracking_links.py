"""Where carriers' parcels are followed."""

import httpx
import pytest

from router.domain import Shipment, tracking_link
from router.domain.tracking_link import TrackingLink
from router.tracking import links
from tests.router.conftest import SIGNER
from tests.router.examples import STRANGER
from tests.router.parcels import SHIPMENTS

CARRIERS = "/ecommerce/v3/tracking/carriers"
OPERATOR = SIGNER.headers("0000000-0", "operator")


async def listed(client: httpx.AsyncClient) -> dict[str, str | None]:
    """The addresses by carrier, as everybody sees them."""
    answer = await client.get(CARRIERS, headers=SIGNER.headers(STRANGER, "retailer"))
    assert answer.status_code == 200
    return {one["carrier"]: one.get("trackingUrl") for one in answer.json()}


async def set_to(client: httpx.AsyncClient, carrier: str, url: str | None) -> httpx.Response:
    """Say where a carrier's parcels are followed."""
    return await client.put(f"{CARRIERS}/{carrier}", json={"trackingUrl": url}, headers=OPERATOR)


def test_what_comes_with_the_router_has_the_code_once_and_is_a_page_of_the_carrier() -> None:
    assert {"Posti", "Matkahuolto", "PostNord", "DB Schenker"} <= {link.carrier for link in links.built_in()}
    for link in links.built_in():
        assert link.tracking_url is not None
        assert link.tracking_url.startswith("https://")
        assert link.tracking_url.count(tracking_link.CODE) == 1


def test_a_code_cannot_lead_elsewhere() -> None:
    link = TrackingLink(carrier="X", tracking_url="https://x.example/t?c={code}")
    assert link.address_of("A/../?b#c&d e") == "https://x.example/t?c=A%2F..%2F%3Fb%23c%26d%20e"


async def test_an_operators_address_goes_before_what_comes_with_the_router(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    change = {"consignment": {"parcels": [{"parcelId": "1", "deliveryOperator": "posti", "trackingCodes": ["X"]}]}}
    await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=supplier)

    async def followed() -> list[str] | None:
        answer = await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=supplier)
        found: list[str] | None = answer.json()["consignment"]["parcels"][0].get("trackingLinks")
        return found

    assert await followed() == ["https://www.posti.fi/fi/seuranta#/lahetys/X"]
    assert (await set_to(client, "POSTI", "https://x.example/{code}/en")).json()["carrier"] == "POSTI"
    assert await followed() == ["https://x.example/X/en"]
    await set_to(client, "Posti", None)
    assert await followed() is None
    assert (await listed(client))["Posti"] is None
    assert (await client.delete(f"{CARRIERS}/pOSTI", headers=OPERATOR)).status_code == 204
    assert await followed() == ["https://www.posti.fi/fi/seuranta#/lahetys/X"]
    assert (await client.delete(f"{CARRIERS}/Posti", headers=OPERATOR)).status_code == 404


async def test_a_carrier_nobody_knew_may_be_added(client: httpx.AsyncClient) -> None:
    await set_to(client, "Kaukokiito", "https://www.kaukokiito.example/?id={code}")
    assert (await listed(client))["Kaukokiito"] == "https://www.kaukokiito.example/?id={code}"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert('{code}')",
        "https://{code}.example/",
        "https://x.example/",
        "https://x.example/{code}/{code}",
        "https:///{code}",
        'https://x.example/"{code}',
        "https://x.example/{code} b",
        "http://[/{code}",
        "x" * 501,
    ],
)
async def test_an_address_is_a_web_page_with_the_code_once(client: httpx.AsyncClient, url: str) -> None:
    before = await listed(client)
    answer = await set_to(client, "Posti", url)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "trackingUrl")
    assert await listed(client) == before


async def test_addresses_are_set_by_operators_alone(client: httpx.AsyncClient) -> None:
    for role in ("retailer", "supplier"):
        headers = SIGNER.headers(STRANGER, role)
        assert (await client.put(f"{CARRIERS}/Posti", json={}, headers=headers)).status_code == 403
        assert (await client.delete(f"{CARRIERS}/Posti", headers=headers)).status_code == 403
