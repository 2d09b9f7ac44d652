"""Accounts at nShift: of a retailer's catalogues, sealed, and told to nobody (real PostgreSQL)."""

import httpx
import pytest
import structlog.testing

from router.carriers import accounts
from router.store import carrier_accounts
from shared import sealing
from shared.sealing import Sealer
from shared.service import Service
from tests.router.booking import ACCOUNT, GIVEN, KEY, SEALER, Dispatch
from tests.router.conftest import SIGNER, Router
from tests.router.examples import RETAILER, STRANGER

pytestmark = pytest.mark.usefixtures("dispatch")


async def test_an_account_is_kept_sealed_and_its_secret_told_to_nobody(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], dispatch: Dispatch
) -> None:
    with structlog.testing.capture_logs() as logs:
        answers = [
            await client.put(ACCOUNT, json=GIVEN | {"senderQuickId": "1"}, headers=retailer),
            await client.get(ACCOUNT, headers=retailer),
            await client.put(ACCOUNT, json={"user": "U", "secret": ["SECRET"], "x": "SECRET"}, headers=retailer),
            await client.put(ACCOUNT, json={"user": "U", "secret": "SECRETÄ"}, headers=retailer),
        ]
        await dispatch.is_tried()
    assert [answer.status_code for answer in answers] == [200, 200, 400, 400]
    assert answers[1].json() == {
        "catalogExternalId": "W1",
        "senderQuickId": "1",
        "changedAt": answers[1].json()["changedAt"],
    }
    assert "SECRET" not in "".join(answer.text for answer in answers) + str(logs)
    async with router.database.transaction() as tx:
        kept = await carrier_accounts.account_of(tx, RETAILER, "W1")
        dump = str(await tx.fetch("SELECT * FROM carrier_accounts"))
    assert kept is not None
    assert "SECRET" not in dump
    assert b"SECRET" not in kept.sealed
    assert accounts.opened(SEALER, kept).secret == "SECRET"


async def test_accounts_are_seen_by_their_retailer_alone(
    client: httpx.AsyncClient, retailer: dict[str, str], supplier: dict[str, str]
) -> None:
    assert (await client.get(ACCOUNT, headers=SIGNER.headers(STRANGER, "retailer"))).status_code == 404
    assert (await client.delete(ACCOUNT, headers=SIGNER.headers(STRANGER, "retailer"))).status_code == 404
    for method in ("GET", "PUT", "DELETE"):
        assert (await client.request(method, ACCOUNT, headers=supplier)).status_code == 403
    assert (await client.delete(ACCOUNT, headers=retailer)).status_code == 204
    assert (await client.get(ACCOUNT, headers=retailer)).status_code == 404


async def test_without_a_key_no_account_is_kept(
    client: httpx.AsyncClient, service: Service, retailer: dict[str, str]
) -> None:
    assert (await client.delete(ACCOUNT, headers=retailer)).status_code == 204
    service.app.state.sealer = Sealer([])
    answer = await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    assert answer.status_code == 503
    assert "SLUICE_SEALING_KEYS" in answer.json()["message"]
    assert (await client.get(ACCOUNT, headers=retailer)).status_code == 404


async def test_accounts_come_under_the_newest_key(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    new = sealing.new_key()
    keys = Sealer([new, KEY])
    assert await accounts.seal_anew(router.database, keys) == 1
    assert await accounts.seal_anew(router.database, keys) == 0
    async with router.database.transaction() as tx:
        kept = await carrier_accounts.account_of(tx, RETAILER, "W1")
    assert kept is not None
    assert accounts.opened(Sealer([new]), kept).secret == "SECRET"


async def test_an_account_whose_key_is_lost_keeps_no_other_under_an_old_one(
    client: httpx.AsyncClient, service: Service, router: Router, retailer: dict[str, str]
) -> None:
    new = sealing.new_key()
    async with router.database.transaction() as tx:
        lost = accounts.sealed(Sealer([sealing.new_key()]), RETAILER, "A", "U", "S")
        await carrier_accounts.save_account(tx, RETAILER, "A", lost, None)
    with structlog.testing.capture_logs() as logs:
        assert await accounts.seal_anew(router.database, Sealer([new, KEY])) == 1
    assert [(one["event"], one["catalogue"]) for one in logs] == [("carrier account cannot be opened", "A")]
    async with router.database.transaction() as tx:
        kept = await carrier_accounts.account_of(tx, RETAILER, "W1")
    assert kept is not None
    assert accounts.opened(Sealer([new]), kept).secret == "SECRET"


async def test_an_account_is_refused_with_every_field_that_is_wrong(
    client: httpx.AsyncClient, retailer: dict[str, str]
) -> None:
    wrong = {"user": "U U", "secret": "SECRETÄ", "senderQuickId": "Ä", "x": 1}
    answer = await client.put(ACCOUNT, json=wrong, headers=retailer)
    assert answer.status_code == 400
    assert {one["field"] for one in answer.json()["errors"]} == {"user", "secret", "senderQuickId", "x"}
    blank = await client.put(ACCOUNT, json={"user": " ", "secret": " "}, headers=retailer)
    assert {one["field"] for one in blank.json()["errors"]} == {"user", "secret"}


async def test_an_account_is_of_a_catalogue_that_the_retailer_has(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    strangers = SIGNER.headers(STRANGER, "retailer")
    assert (await client.put(ACCOUNT, json=GIVEN, headers=strangers)).status_code == 404
    assert (await client.put(ACCOUNT.replace("W1", "W0"), json=GIVEN, headers=retailer)).status_code == 404
    async with router.database.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM carrier_accounts") == 1
