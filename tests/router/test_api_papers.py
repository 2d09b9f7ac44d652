"""The papers of parcels, which are not made yet."""

import httpx
import pytest

from router.domain import Shipment
from tests.router.conftest import SIGNER
from tests.router.examples import STRANGER
from tests.router.parcels import SHIPMENTS


@pytest.mark.parametrize(("paper", "named"), [("label", "address label"), ("note", "delivery note")])
async def test_a_paper_is_not_there_and_the_answer_says_why(
    client: httpx.AsyncClient,
    supplier: dict[str, str],
    retailer: dict[str, str],
    shipment: Shipment,
    paper: str,
    named: str,
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}/parcels"
    for headers in (supplier, retailer):
        made = await client.get(f"{address}/1/{paper}", headers=headers)
        assert made.status_code == 404
        assert f"no {named} of parcel 1: papers are not made by this version" in made.json()["message"]
    missing = await client.get(f"{address}/2/{paper}", headers=supplier)
    assert (missing.status_code, missing.json()["message"]) == (
        404,
        f"There is no parcel 2 in shipment {shipment.shipment_id}",
    )
    stranger = await client.get(f"{address}/1/{paper}", headers=SIGNER.headers(STRANGER, "supplier"))
    assert (stranger.status_code, stranger.json()["message"]) == (404, f"There is no shipment {shipment.shipment_id}")
    assert (await client.get(f"{address}/1/{paper}")).status_code == 401
