import httpx
import pytest

from shared.postgres import Database
from tests import builders
from tests.portal.conftest import OPERATOR, SECRET, SHOP, SUPPLIER

ORGANISATIONS = "/ecommerce/v3/organisations"


@pytest.fixture
def operator(signer: builders.Signer) -> dict[str, str]:
    """An operator's header."""
    return signer.headers(OPERATOR, "operator")


async def test_an_operator_adds_changes_and_lists_organisations(
    client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    body = {"name": "Kenkä Oy", "roles": ["supplier"], "email": "", "language": "fi"}
    added = await client.put(f"{ORGANISATIONS}/{SUPPLIER}", headers=operator, json=body)
    assert added.status_code == 200
    assert added.json() == (await client.get(f"{ORGANISATIONS}/{SUPPLIER}", headers=operator)).json()
    assert {key: added.json()[key] for key in ("businessId", "name", "roles", "language", "version")} == {
        "businessId": SUPPLIER,
        "name": "Kenkä Oy",
        "roles": ["supplier"],
        "language": "fi",
        "version": 1,
    }
    again = await client.put(f"{ORGANISATIONS}/{SUPPLIER}", headers=operator, json=body)
    assert again.json() == added.json()
    changed = await client.put(
        f"{ORGANISATIONS}/{SUPPLIER}", headers=operator, json=body | {"email": "orders@kenka.example"}
    )
    assert (changed.json()["version"], changed.json()["email"]) == (2, "orders@kenka.example")

    first = (await client.get(ORGANISATIONS, headers=operator, params={"size": 1})).json()
    assert [found["businessId"] for found in first["content"]] == [SHOP]
    assert first["page"] == {"size": 1, "totalElements": 2, "totalPages": 2, "number": 0}
    second = (await client.get(ORGANISATIONS, headers=operator, params={"size": 1, "page": 1})).json()
    assert [found["businessId"] for found in second["content"]] == [SUPPLIER]


async def test_every_wrong_field_of_an_organisation_is_named(
    client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    body = {"name": " ", "roles": ["boss"], "email": "x", "language": "de"}
    answer = await client.put(f"{ORGANISATIONS}/{SUPPLIER}", headers=operator, json=body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["name", "roles[0]", "email", "language"]
    assert (await client.get(f"{ORGANISATIONS}/{SUPPLIER}", headers=operator)).status_code == 404


async def test_a_body_that_is_no_organisation_is_answered_400(
    client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    for body in ("", "[]", "{", "null", '{"name": 1, "roles": "retailer"}'):
        answer = await client.put(f"{ORGANISATIONS}/{SUPPLIER}", headers=operator, content=body)
        assert answer.status_code == 400
        assert answer.json()["errors"]


async def test_a_business_id_with_a_wrong_check_digit_is_refused(
    client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    answer = await client.put(
        f"{ORGANISATIONS}/2233445-0", headers=operator, json={"name": "Kenkä", "roles": ["supplier"]}
    )
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["businessId"]


async def test_only_operators_keep_organisations_and_keys(client: httpx.AsyncClient, signer: builders.Signer) -> None:
    headers = signer.headers(SHOP, "retailer", "supplier")
    for method, path in (
        ("GET", ORGANISATIONS),
        ("PUT", f"{ORGANISATIONS}/{SHOP}"),
        ("GET", f"{ORGANISATIONS}/{SHOP}/keys"),
        ("POST", f"{ORGANISATIONS}/{SHOP}/keys"),
        ("DELETE", f"{ORGANISATIONS}/{SHOP}/keys/shop"),
    ):
        assert (await client.request(method, path, json={})).status_code == 401
        assert (await client.request(method, path, headers=headers, json={})).status_code == 403
    assert (await client.get("/auth/token", auth=("shop", SECRET))).status_code == 200


async def test_an_organisation_reads_its_own_record_and_no_other(
    client: httpx.AsyncClient, signer: builders.Signer
) -> None:
    own = await client.get(f"{ORGANISATIONS}/{SHOP}", headers=signer.headers(SHOP, "retailer"))
    assert own.json()["name"] == "The shop"
    other = await client.get(f"{ORGANISATIONS}/{SHOP}", headers=signer.headers(SUPPLIER, "supplier", "retailer"))
    assert other.status_code == 404
    assert "The shop" not in other.text


async def test_an_operator_gives_and_revokes_keys(client: httpx.AsyncClient, operator: dict[str, str]) -> None:
    keys = f"{ORGANISATIONS}/{SHOP}/keys"
    given = await client.post(keys, headers=operator, json={"account": "plugin/1"})
    assert given.status_code == 201
    assert given.headers["cache-control"] == "no-store"
    secret = given.json()["secret"]
    assert given.json() == {"businessId": SHOP, "account": "plugin/1", "secret": secret}
    assert (await client.get("/auth/token", auth=("plugin/1", secret))).status_code == 200

    listed = await client.get(keys, headers=operator)
    assert [(key["account"], "lastUsedAt" in key) for key in listed.json()["content"]] == [
        ("plugin/1", True),
        ("shop", False),
    ]
    assert secret not in listed.text
    assert "argon2" not in listed.text

    for _ in range(2):
        assert (await client.delete(f"{keys}/plugin/1", headers=operator)).status_code == 204
    assert (await client.get("/auth/token", auth=("plugin/1", secret))).status_code == 401
    assert (await client.get(keys, headers=operator)).json()["content"][0]["revokedAt"]


async def test_keys_that_cannot_be_given_are_refused(
    client: httpx.AsyncClient, operator: dict[str, str], portal: Database
) -> None:
    keys = f"{ORGANISATIONS}/{SHOP}/keys"
    short = await client.post(keys, headers=operator, json={"account": "a b", "secret": "short"})
    assert short.status_code == 400
    assert [error["field"] for error in short.json()["errors"]] == ["account", "secret"]

    body = {"name": "Kenkä", "roles": ["supplier"]}
    unknown = f"{ORGANISATIONS}/{SUPPLIER}"
    assert (await client.post(f"{unknown}/keys", headers=operator, json={"account": "new"})).status_code == 404
    assert (await client.get(f"{unknown}/keys", headers=operator)).status_code == 404
    await client.put(unknown, headers=operator, json=body)
    assert (await client.post(f"{unknown}/keys", headers=operator, json={"account": "shop"})).status_code == 409
    assert (await client.delete(f"{unknown}/keys/shop", headers=operator)).status_code == 404
    assert (await client.get("/auth/token", auth=("shop", SECRET))).status_code == 200


async def test_the_interface_describes_itself(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert set(paths["/auth/token"]) == {"get", "post"}
    body = paths["/ecommerce/v3/organisations/{business_id}"]["put"]["requestBody"]["content"]["application/json"]
    assert set(body["schema"]["properties"]) == {"name", "roles", "email", "language"}
