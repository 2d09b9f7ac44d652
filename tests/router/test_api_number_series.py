"""How operators give number series for tracking codes."""

from typing import Any

import httpx
import pytest

from router import measuring
from tests.router.conftest import SIGNER, Router
from tests.router.examples import RETAILER, STRANGER
from tests.router.series import give, series
from tests.router.test_store_number_series import take

SERIES = "/ecommerce/v3/tracking/series"
OPERATOR = SIGNER.headers("0000000-0", "operator")
POSTI = {"carrier": "Posti", "contractNumber": "612345", "form": "JJFI"}


async def put(client: httpx.AsyncClient, name: str = "posti", **fields: Any) -> httpx.Response:
    """Give a series of Posti's for a contract, unless told otherwise."""
    return await client.put(f"{SERIES}/{name}", json=POSTI | fields, headers=OPERATOR)


async def test_a_series_is_given_with_what_its_carrier_said_and_the_rest_follows(client: httpx.AsyncClient) -> None:
    answer = await put(client)
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "posti",
        "carrier": "Posti",
        "contractNumber": "612345",
        "form": "JJFI",
        "prefix": "612345",
        "checkDigit": "LUHN",
        "first": 1,
        "last": 9_999_999_999,
        "lowAt": 1_000,
        "left": 9_999_999_999,
        "leftInAll": 9_999_999_999,
        "low": False,
        "nextCode": "JJFI61234500000000018",
    }
    assert (await client.get(f"{SERIES}/posti", headers=OPERATOR)).json() == answer.json()
    listed = (await client.get(SERIES, headers=OPERATOR)).json()
    assert (listed["content"], listed["page"]["totalElements"]) == ([answer.json()], 1)


async def test_an_sscc_series_begins_with_the_companys_prefix(client: httpx.AsyncClient) -> None:
    answer = await put(client, form="sscc", prefix="36414141", contractNumber="", retailerId=RETAILER, last=99)
    shown = answer.json()
    assert (shown["nextCode"], shown["checkDigit"], shown["lowAt"]) == ("364141410000000013", "GS1", 9)
    assert "contractNumber" not in shown


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"carrier": " "}, ["carrier"]),
        ({"form": "CODE39"}, ["form"]),
        ({"form": "SSCC"}, ["prefix"]),
        (
            {"form": "SSCC", "prefix": "1", "first": 9, "last": 8, "checkDigit": "LUHN"},
            ["prefix", "first", "checkDigit"],
        ),
        ({"contractNumber": "12"}, ["prefix"]),
        ({"prefix": "61234"}, ["prefix"]),
        ({"prefix": "٦٦٦٦٦٦"}, ["prefix"]),
        ({"first": 10, "last": 9}, ["first"]),
        ({"first": -1}, ["first"]),
        ({"last": 10**10}, ["last"]),
        ({"lowAt": "few", "lats": 5}, ["lowAt", "lats"]),
        ({"form": "SSCC", "prefix": "36414141414", "last": 10**9, "checkDigit": "LUHN"}, ["last", "checkDigit"]),
        ({"checkDigit": "MOD11"}, ["checkDigit"]),
        ({"contractNumber": "6\u00005"}, ["contractNumber"]),
        ({"carrier": "Po\nsti"}, ["carrier"]),
    ],
)
async def test_what_cannot_be_is_named_and_nothing_is_given(
    client: httpx.AsyncClient, given: dict[str, Any], fields: list[str]
) -> None:
    answer = await put(client, **given)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == fields
    assert (await client.get(SERIES, headers=OPERATOR)).json()["content"] == []


@pytest.mark.parametrize("carrier", ["nShift", " unifaun "])
async def test_no_series_is_given_to_who_would_never_take_a_number_of_it(
    client: httpx.AsyncClient, carrier: str
) -> None:
    answer = await put(client, carrier=carrier)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "carrier")
    assert "nShift gives its parcels their own codes" in answer.json()["message"]


@pytest.mark.parametrize("name", ["a b", "ä", "x" * 51])
async def test_a_name_is_made_of_plain_characters(client: httpx.AsyncClient, name: str) -> None:
    answer = await put(client, name)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "name")


async def test_series_with_codes_in_common_are_a_conflict(client: httpx.AsyncClient) -> None:
    assert (await put(client, last=100)).status_code == 200
    answer = await put(client, "other", carrier="GLS", first=100)
    assert answer.status_code == 409
    assert answer.json()["message"] == "It has codes in common with series posti; no code is given twice"
    assert (await put(client, "other", first=101)).status_code == 200
    assert (await put(client, last=101)).status_code == 409
    assert (await put(client, last=99)).status_code == 200


async def test_of_a_used_series_the_codes_stay_and_it_may_be_longer(client: httpx.AsyncClient, router: Router) -> None:
    await give(router, series(last=10))
    async with router.database.transaction() as tx:
        await take(tx, posti=4)
    shown = (await client.get(f"{SERIES}/posti", headers=OPERATOR)).json()
    assert (shown["left"], shown["nextCode"], shown["low"]) == (6, "JJFI65432100000000059", False)
    longer = await put(client, prefix="654321", last=50, lowAt=46)
    assert (longer.json()["left"], longer.json()["low"], longer.json()["first"]) == (46, True, 1)
    refused = await put(client, prefix="612345", last=50)
    assert refused.status_code == 409
    assert refused.json()["message"] == "Numbers of posti are used already, so its prefix stays 654321"
    assert (await put(client, prefix="654321", last=3)).status_code == 409


async def test_a_series_that_was_given_up_is_gone_and_what_it_had_left_may_be_given_again(
    client: httpx.AsyncClient, router: Router
) -> None:
    await give(router, series())
    async with router.database.transaction() as tx:
        await take(tx, posti=4)
    assert (await client.delete(f"{SERIES}/posti", headers=OPERATOR)).status_code == 204
    for answer in (
        await client.delete(f"{SERIES}/posti", headers=OPERATOR),
        await client.get(f"{SERIES}/posti", headers=OPERATOR),
    ):
        assert (answer.status_code, answer.json()["message"]) == (404, "There is no number series posti")
    assert (await put(client, prefix="654321", first=4)).status_code == 409
    assert (await put(client, prefix="654321", first=5)).json()["nextCode"] == "JJFI65432100000000059"


async def test_a_used_up_series_shows_no_next_code(client: httpx.AsyncClient, router: Router) -> None:
    await give(router, series(last=1))
    async with router.database.transaction() as tx:
        await take(tx, posti=1)
    shown = (await client.get(f"{SERIES}/posti", headers=OPERATOR)).json()
    assert (shown["left"], shown["low"]) == (0, True)
    assert "nextCode" not in shown


@pytest.mark.parametrize("role", ["retailer", "supplier"])
async def test_series_are_for_operators(client: httpx.AsyncClient, role: str) -> None:
    headers = SIGNER.headers(STRANGER, role)
    for method, path in (("GET", SERIES), ("GET", f"{SERIES}/x"), ("PUT", f"{SERIES}/x"), ("DELETE", f"{SERIES}/x")):
        assert (await client.request(method, path, headers=headers)).status_code == 403


async def test_what_series_have_left_is_measured(router: Router) -> None:
    await give(
        router, series(), series("gls", carrier="GLS", prefix="111111", last=4), series("old", first=200, last=209)
    )
    await measuring.look(router.database)
    left = {sample.labels["series"]: sample.value for metric in measuring.LEFT.collect() for sample in metric.samples}
    (low,) = (sample.value for metric in measuring.LOW.collect() for sample in metric.samples)
    assert (left, low) == ({"posti": 100, "gls": 4, "old": 10}, 1)
