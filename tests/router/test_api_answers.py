"""The page behind the link in a supplier's mail: it shows, and acts on POST, once, for who holds a link of ours."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from router.domain import Shipment
from shared import links, page, sealing
from shared.contracts import ShipmentChanged
from shared.links import Signer
from shared.service import Service
from tests.router import papers
from tests.router.conftest import Router
from tests.router.examples import OTHER_SUPPLIER, SUPPLIER, order, row
from tests.router.parcels import SHIPMENTS, parcel
from tests.router.series import give, series
from tests.router.test_api_papers import confirmed

SIGNER = Signer([sealing.new_key()])


@pytest.fixture(autouse=True)
async def signing(service: Service) -> AsyncIterator[None]:
    """A router with a key to sign with."""
    before, service.app.state.signer = service.app.state.signer, SIGNER
    yield
    service.app.state.signer = before


def link(shipment: Shipment, *, supplier: str = SUPPLIER, language: str = "en", hours: float = 1.0) -> str:
    """The link of a mail about a shipment."""
    until = datetime.now(UTC) + timedelta(hours=hours)
    token = SIGNER.sign(links.ANSWER, [str(shipment.shipment_id), supplier, language], until)
    return links.address("", links.ANSWER_PATH, token)


def note(shipment: Shipment, supplier: str = SUPPLIER, *code: str) -> str:
    """The link to the delivery note of a shipment, or of its parcel with a tracking code."""
    until = datetime.now(UTC) + timedelta(hours=1)
    return links.address(
        "", links.NOTE_PATH, SIGNER.sign(links.NOTE, [str(shipment.shipment_id), supplier, *code], until)
    )


def label(
    shipment: Shipment, code: str, supplier: str = SUPPLIER, hours: float = 1.0, *, parcels: tuple[str, ...] = ()
) -> str:
    """The link to the address label of a parcel: the one with the code, or the one named of those with it."""
    until = datetime.now(UTC) + timedelta(hours=hours)
    token = SIGNER.sign(links.LABEL, [str(shipment.shipment_id), supplier, code, *parcels], until)
    return links.address("", links.LABEL_PATH, token)


async def changes(router: Router) -> list[str]:
    return [changed.status for changed in await router.said(ShipmentChanged)]


@pytest.mark.parametrize(
    ("language", "accept", "reason"),
    [
        ("fi", "Hyväksy lähetys", "Tuotteet ovat loppu"),
        ("sv", "Godkänn försändelsen", "Produkterna är slut"),
        ("en", "Accept the shipment", "The products are out of stock"),
    ],
)
async def test_the_page_shows_the_shipment_and_changes_nothing(
    client: httpx.AsyncClient, router: Router, shipment: Shipment, language: str, accept: str, reason: str
) -> None:
    answers = [await client.request(method, link(shipment, language=language)) for method in ("GET", "HEAD", "GET")]
    for answer in answers:
        assert answer.status_code == 200
        assert {name: answer.headers[name] for name in page.HEADERS} == page.HEADERS
    shown = answers[-1].text
    for expected in (f'lang="{language}"', accept, reason, "A-1", "Boots", "BOOTS"):
        assert expected in shown
    assert "<script" not in shown
    assert await changes(router) == []


async def test_who_accepts_has_opened_the_shipment_and_the_link_is_used_up(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    done = await client.post(link(shipment), data={"answer": "accept"})
    assert (done.status_code, "is accepted" in done.text) == (200, True)
    shown = await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=supplier)
    assert shown.json()["status"]["value"] == "Viewed"
    for again in (
        await client.get(link(shipment)),
        await client.post(link(shipment), data={"answer": "accept"}),
        await client.post(link(shipment), data={"answer": "reject", "reason": "other"}),
    ):
        assert again.status_code == 410
        assert "accepted already" in again.text
        assert "<form" not in again.text
    assert await changes(router) == ["Viewed"]


async def test_who_rejects_sends_nothing_of_it_and_the_retailer_reads_the_reason(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], shipment: Shipment
) -> None:
    done = await client.post(link(shipment), data={"answer": "reject", "reason": "out-of-stock"})
    assert (done.status_code, "is rejected" in done.text) == (200, True)
    shown = (await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=retailer)).json()
    assert shown["status"]["value"] == "Cancelled"
    assert shown["status"]["reason"] == "rejected by the supplier: out of stock"
    again = await client.get(link(shipment))
    assert (again.status_code, "was cancelled" in again.text) == (410, True)
    assert await changes(router) == ["Cancelled"]


@pytest.mark.parametrize(
    "body", [b"", b"answer=maybe", b"answer=reject", b"answer=reject&reason=because", b"\xff\x00=%ff", b'{"answer":1}']
)
async def test_what_is_no_answer_changes_nothing(
    client: httpx.AsyncClient, router: Router, shipment: Shipment, body: bytes
) -> None:
    answer = await client.post(link(shipment), content=body)
    assert (answer.status_code, "Nothing was changed" in answer.text) == (400, True)
    assert await changes(router) == []


async def test_a_link_that_expired_or_is_none_of_ours_changes_nothing(
    client: httpx.AsyncClient, router: Router, shipment: Shipment
) -> None:
    good = link(shipment)
    token = Signer([sealing.new_key()]).sign(
        links.ANSWER, [str(shipment.shipment_id), SUPPLIER, "en"], datetime.now(UTC) + timedelta(hours=1)
    )
    wrong = {
        link(shipment, hours=-1): 410,
        links.address("", links.ANSWER_PATH, token): 404,
        f"{good[:-1]}{'A' if good[-1] != 'A' else 'B'}x": 404,
        links.ANSWER_PATH: 404,
        f"{links.ANSWER_PATH}?t=": 404,
        f"{links.ANSWER_PATH}?t=%F0%9F%98%80": 404,
        note(shipment).replace(links.NOTE_PATH, links.ANSWER_PATH): 404,
        link(shipment, supplier=OTHER_SUPPLIER): 410,
    }
    for address, status in wrong.items():
        for answer in (await client.get(address), await client.post(address, data={"answer": "accept"})):
            assert answer.status_code == status, address
            assert answer.headers["content-type"].startswith("text/html")
            assert "Nothing was changed" in answer.text
    assert await changes(router) == []


async def test_what_others_wrote_is_text_on_the_page(
    client: httpx.AsyncClient, router: Router, shipments: list[Shipment]
) -> None:
    hostile = "<script>alert(1)</script>{language}"
    placed = order(row("1", description=hostile), external_id='"><b>A-9')
    (shipment,) = [one for one in await router.ships(placed, {("W1", "BOOTS"): 9}) if one not in shipments]
    answer = await client.get(link(shipment))
    assert "<script" not in answer.text
    assert "<b>" not in answer.text
    assert "&lt;b&gt;A-9" in answer.text


async def test_the_delivery_note_comes_by_its_link_and_by_no_other(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    answer = await client.get(note(shipment))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.content.startswith(b"%PDF")
    token = link(shipment).partition("?")[2]
    for address in (f"{links.NOTE_PATH}?{token}", links.NOTE_PATH, note(shipment, OTHER_SUPPLIER)):
        assert (await client.get(address)).status_code == 404
    cancelled = {"status": {"value": "Cancelled"}}
    await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=cancelled, headers=supplier)
    assert (await client.get(note(shipment))).status_code == 404


async def test_a_shipment_with_an_error_is_not_said_to_be_accepted(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    wrong = {"status": {"value": "Error", "reason": "The address does not exist"}}
    await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=wrong, headers=supplier)
    shown = await client.get(link(shipment))
    assert (shown.status_code, "reported as faulty" in shown.text, "accepted" in shown.text) == (410, True, False)


async def test_without_the_database_there_is_a_page_that_says_so(
    client: httpx.AsyncClient, router: Router, shipment: Shipment
) -> None:
    await router.database.close()
    for answer in (
        await client.get(link(shipment)),
        await client.post(link(shipment), data={"answer": "accept"}),
        await client.get(note(shipment)),
    ):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["content-type"].startswith("text/html")
        assert "does not answer" in answer.text


async def test_label_and_note_of_each_parcel_come_by_links_that_name_its_code_and_by_no_others(
    router: Router, client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series())
    own = parcel("3", SOCKS=1) | {"trackingCodes": ["OWN1"]}
    sent = (parcel("1", BOOTS=2), parcel("2", BOOTS=3, SOCKS=1), own)
    shown = await confirmed(client, supplier, shipment, *sent)
    codes = [code for parcel_id in ("1", "2") for code in shown[parcel_id]["trackingCodes"]]
    assert len(set(codes)) == 2
    for code in codes:
        answer = await client.get(label(shipment, code))
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        [page] = papers.pages(answer.content)
        assert papers.scanned(page.picture) == [code]
        [page] = papers.pages((await client.get(note(shipment, SUPPLIER, code))).content)
        assert code in page.text
    [page] = papers.pages((await client.get(note(shipment, SUPPLIER, "OWN1"))).content)
    assert "OWN1" in page.text
    code = codes[0]
    good = label(shipment, code)
    wrong = {
        label(shipment, code, hours=-1): 410,
        label(shipment, "OWN1"): 404,
        label(shipment, "JJFI00000000000000000"): 404,
        label(shipment, code, OTHER_SUPPLIER): 404,
        note(shipment, SUPPLIER, "JJFI00000000000000000"): 404,
        good.replace(links.LABEL_PATH, links.NOTE_PATH): 404,
        note(shipment, SUPPLIER, code).replace(links.NOTE_PATH, links.LABEL_PATH): 404,
        f"{good[:-2]}xx": 404,
        links.LABEL_PATH: 404,
    }
    for address, status in wrong.items():
        assert (await client.get(address)).status_code == status, address


async def test_each_parcel_under_one_code_has_its_own_note_by_its_link(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    shared = {"trackingCodes": ["OWN1"]}
    await confirmed(client, supplier, shipment, parcel("1", BOOTS=5) | shared, parcel("2", SOCKS=2) | shared)
    (changed,) = await router.said(ShipmentChanged)
    told = [(one.parcel_id, one.tracking_codes, one.own) for one in changed.parcels]
    assert told == [("1", ("OWN1",), True), ("2", ("OWN1",), True)]
    for parcel_id, within, not_within in (("1", "BOOTS", "SOCKS"), ("2", "SOCKS", "BOOTS")):
        [page] = papers.pages((await client.get(note(shipment, SUPPLIER, "OWN1", parcel_id))).content)
        assert (within in page.text, not_within in page.text) == (True, False)


async def test_a_program_is_told_that_a_paper_does_not_exist_only_when_that_is_certain(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series())
    own = parcel("2", SOCKS=2) | {"trackingCodes": ["OWN1"]}
    shown = await confirmed(client, supplier, shipment, parcel("1", BOOTS=5), own)
    [code] = shown["1"]["trackingCodes"]
    assert (await client.get(label(shipment, code, parcels=("1",)))).status_code == 200
    certain = {
        label(shipment, "OWN1", parcels=("2",)): True,
        label(shipment, code, parcels=("2",)): True,
        note(shipment, SUPPLIER, "GONE", "1"): True,
        label(shipment, code, OTHER_SUPPLIER): False,
        f"{label(shipment, code)[:-2]}xx": False,
        links.LABEL_PATH: False,
        f"{links.LABEL_PATH}s": False,
    }
    for address, said in certain.items():
        answer = await client.get(address)
        assert (answer.status_code, links.NO_PAPER in answer.headers) == (404, said), address
