"""The letterhead that retailers give, and that stands on their suppliers' papers."""

import httpx
import pytest

from router.domain import Shipment
from router.store import letterheads
from tests.router import papers
from tests.router.conftest import SIGNER, Router
from tests.router.examples import RETAILER, STRANGER, SUPPLIER
from tests.router.parcels import SHIPMENTS
from tests.router.test_note import picture_of

LETTERHEAD = "/ecommerce/v3/papers/letterhead"

Headers = dict[str, str]


async def test_a_letterhead_stands_on_the_notes_that_are_made_from_then_on(
    client: httpx.AsyncClient, retailer: Headers, supplier: Headers, shipment: Shipment
) -> None:
    note = f"{SHIPMENTS}/{shipment.shipment_id}/parcels/1/note"
    before = (await client.get(note, headers=supplier)).headers["etag"]
    given = {
        "sender": {"name": "Webshop Oy", "streetAddress": "Postintaival 7", "postalCode": "00230", "country": "fi"},
        "returnInstructions": {"fi": "Palauta 14 päivän kuluessa.", "en": ""},
    }
    saved = await client.put(LETTERHEAD, json=given, headers=retailer)
    assert saved.status_code == 200
    assert saved.json() == (await client.get(LETTERHEAD, headers=retailer)).json()
    assert saved.json() == {
        "sender": {"name": "Webshop Oy", "streetAddress": "Postintaival 7", "postalCode": "00230", "country": "FI"},
        "returnInstructions": {"fi": "Palauta 14 päivän kuluessa."},
        "closingText": {},
        "hasLogo": False,
    }
    after = await client.get(note, headers=supplier)
    assert after.headers["etag"] != before
    [page] = papers.pages(after.content)
    assert "Webshop Oy" in page.text
    assert "Palauta 14 päivän kuluessa." in page.text


async def test_what_is_left_out_is_not_printed_any_more(client: httpx.AsyncClient, retailer: Headers) -> None:
    await client.put(LETTERHEAD, json={"closingText": {"fi": "Kiitos!"}}, headers=retailer)
    emptied = await client.put(LETTERHEAD, json={"closingText": None, "sender": {}}, headers=retailer)
    assert emptied.json() == {"returnInstructions": {}, "closingText": {}, "hasLogo": False}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"returnInstructions": {"de": "Zurück"}, "logo": "http://x.invalid/"}, ["returnInstructions.de", "logo"]),
        (
            {"sender": {"name": 5, "country": "Finland", "email": "a\r\nBcc: b"}},
            ["sender.name", "sender.country", "sender.email"],
        ),
        ({"closingText": {"fi": "x" * 5_001}}, ["closingText.fi"]),
        ([], ["body"]),
    ],
    ids=["unknown fields", "sender", "too long", "no object"],
)
async def test_what_cannot_be_printed_is_named_and_nothing_changes(
    client: httpx.AsyncClient, retailer: Headers, body: object, fields: list[str]
) -> None:
    await client.put(LETTERHEAD, json={"closingText": {"fi": "Kiitos!"}}, headers=retailer)
    refused = await client.put(LETTERHEAD, json=body, headers=retailer)
    assert refused.status_code == 400
    assert sorted(error["field"] for error in refused.json()["errors"]) == sorted(fields)
    assert (await client.get(LETTERHEAD, headers=retailer)).json()["closingText"] == {"fi": "Kiitos!"}


async def test_a_logo_stands_on_the_note_until_it_is_taken_away(
    client: httpx.AsyncClient, retailer: Headers, supplier: Headers, shipment: Shipment
) -> None:
    note = f"{SHIPMENTS}/{shipment.shipment_id}/parcels/1/note"
    bare = (await client.get(note, headers=supplier)).headers["etag"]
    assert (await client.get(f"{LETTERHEAD}/logo", headers=retailer)).status_code == 404
    jpeg = picture_of("JPEG")
    given = await client.put(f"{LETTERHEAD}/logo", content=jpeg, headers=retailer | {"Content-Type": "image/jpeg"})
    assert given.status_code == 204
    assert (await client.put(LETTERHEAD, json={}, headers=retailer)).json()["hasLogo"] is True
    kept = await client.get(f"{LETTERHEAD}/logo", headers=retailer)
    assert (kept.headers["content-type"], kept.content[:4]) == ("image/png", b"\x89PNG")
    [page] = papers.pages((await client.get(note, headers=supplier)).content)
    assert page.picture.tobytes()[180 * page.picture.width + 200] < 128
    for _ in range(2):
        assert (await client.delete(f"{LETTERHEAD}/logo", headers=retailer)).status_code == 204
    assert (await client.get(note, headers=supplier)).headers["etag"] == bare


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 400, "SVG"),
        (b"", 400, "a picture is required"),
        (b"\x89PNG\r\n\x1a\nnot really", 400, "broken picture"),
        (b"\x89PNG" + bytes(256 * 1024), 413, "at most 262144 bytes"),
        (b"x" * 10_000_001, 413, "larger than"),
    ],
    ids=["svg with a script", "nothing", "no picture", "too large", "ten megabytes"],
)
async def test_what_is_no_logo_is_refused_and_the_one_there_was_stays(
    client: httpx.AsyncClient, retailer: Headers, content: bytes, status: int, said: str
) -> None:
    await client.put(f"{LETTERHEAD}/logo", content=picture_of("PNG"), headers=retailer)
    refused = await client.put(f"{LETTERHEAD}/logo", content=content, headers=retailer)
    assert refused.status_code == status
    assert said in refused.json()["message"]
    assert (await client.get(f"{LETTERHEAD}/logo", headers=retailer)).status_code == 200


async def test_a_letterhead_is_its_retailers_and_read_by_those_who_print_it(
    router: Router, client: httpx.AsyncClient, retailer: Headers, supplier: Headers, shipment: Shipment
) -> None:
    await client.put(LETTERHEAD, json={"closingText": {"fi": "Kiitos!"}}, headers=retailer)
    assert (await client.get(LETTERHEAD, headers=supplier)).status_code == 403
    other = SIGNER.headers(STRANGER, "retailer")
    assert (await client.get(LETTERHEAD, headers=other)).json()["closingText"] == {}
    for organisation, text in ((SUPPLIER, {"fi": "Kiitos!"}), (STRANGER, {})):
        async with router.database.transaction_of(organisation) as tx:
            assert (await letterheads.printed(tx, RETAILER)).letterhead.closing_text == text
