"""The papers of parcels, as suppliers and retailers get them."""

from dataclasses import replace

import httpx
import pytest

from router import domain, store
from router.domain import Shipment
from router.papers import press
from router.papers.facts import SIZES, LabelSize
from router.papers.press import Press
from router.store import pickup_points
from shared.service import Service
from tests.router import happenings, papers
from tests.router.conftest import SIGNER, Router
from tests.router.examples import (
    OTHER_SUPPLIER,
    RETAILER,
    STRANGER,
    SUPPLIER,
    amended,
    balance,
    catalogue,
    order,
    row,
)
from tests.router.parcels import SHIPMENTS, confirmation, parcel
from tests.router.series import give, series
from tests.router.test_papers import POINT

Headers = dict[str, str]


@pytest.fixture
def parcels(shipment: Shipment) -> str:
    """The address of the shipment's parcels."""
    return f"{SHIPMENTS}/{shipment.shipment_id}/parcels"


async def confirmed(
    client: httpx.AsyncClient, headers: Headers, shipment: Shipment, *sent: dict[str, object]
) -> dict[str, dict]:  # type: ignore[type-arg]
    """The parcels, by id, after the supplier has confirmed them."""
    answer = await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}",
        json=confirmation(*sent or (parcel("1", BOOTS=5, SOCKS=2),)),
        headers=headers,
    )
    assert answer.status_code == 200, answer.text
    return {shown["parcelId"]: shown for shown in answer.json()["consignment"]["parcels"]}


def documents(shown: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Where a shown parcel's papers are, by type."""
    return {document["type"]: document["uri"] for document in shown["documents"]}


async def test_a_confirmed_parcel_has_a_label_and_a_note_where_it_says_they_are(
    router: Router, client: httpx.AsyncClient, supplier: Headers, retailer: Headers, shipment: Shipment
) -> None:
    await give(router, series())
    async with router.database.transaction() as tx:
        await pickup_points.save_points(tx, [POINT])
    [shown] = (await confirmed(client, supplier, shipment)).values()
    [code] = shown["trackingCodes"]
    found = documents(shown)
    assert set(found) == {"label", "note"}
    for headers in (supplier, retailer):
        label = await client.get(found["label"], headers=headers)
        assert (label.status_code, label.headers["content-type"]) == (200, "application/pdf")
        [page] = papers.pages(label.content)
        assert papers.scanned(page.picture) == [code]
        assert "c/o Posti, Keskusta" in page.text
        note = await client.get(found["note"], headers=headers)
        [page] = papers.pages(note.content)
        assert papers.scanned(page.picture) == ["A-1"]
        assert code in page.text
        assert label.headers["content-disposition"] == 'inline; filename="label-A-1-1.pdf"'


@pytest.mark.parametrize(
    ("query", "size", "kind"),
    [
        ("", "107x192", "pdf"),
        ("?size=a5&format=PDF", "A5", "pdf"),
        ("?format=zpl", "107x192", "zpl"),
        ("?format=zpl&size=A5", "A5", "zpl"),
        ("?format=&size=", "107x192", "pdf"),
    ],
)
async def test_a_label_comes_in_the_size_and_form_that_are_asked_for(
    router: Router,
    client: httpx.AsyncClient,
    supplier: Headers,
    shipment: Shipment,
    parcels: str,
    query: str,
    size: LabelSize,
    kind: str,
) -> None:
    await give(router, series())
    [shown] = (await confirmed(client, supplier, shipment)).values()
    label = await client.get(f"{parcels}/1/label{query}", headers=supplier)
    assert (label.status_code, label.headers["content-type"]) == (200, f"application/{kind}")
    if kind == "zpl":
        [picture] = papers.printed(label.content, size)
    else:
        [page] = papers.pages(label.content)
        assert (round(page.width), round(page.height)) == SIZES[size]
        picture = page.picture
    assert papers.scanned(picture) == shown["trackingCodes"]


async def test_a_form_or_size_that_nobody_makes_is_named(
    client: httpx.AsyncClient, supplier: Headers, parcels: str
) -> None:
    refused = await client.get(f"{parcels}/1/label?format=docx&size=A3", headers=supplier)
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == ["format", "size"]


async def test_before_it_is_confirmed_there_is_a_note_and_no_label(
    client: httpx.AsyncClient, supplier: Headers, shipment: Shipment, parcels: str
) -> None:
    shown = (await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=supplier)).json()["consignment"]["parcels"]
    assert set(documents(shown[0])) == {"note"}
    label = await client.get(f"{parcels}/1/label", headers=supplier)
    assert label.status_code == 404
    assert label.json()["message"] == (
        "There is no address label of parcel 1: it has no tracking code; it gets one when it is confirmed as Delivered"
    )
    assert (await client.get(f"{parcels}/1/note", headers=supplier)).status_code == 200


async def test_a_note_says_what_of_the_whole_order_is_here_and_what_is_to_follow(
    client: httpx.AsyncClient, router: Router, supplier: Headers
) -> None:
    await router.knows(
        [catalogue("W1", priority=1), catalogue("W2", priority=2, supplier_id=OTHER_SUPPLIER)],
        [balance("W1", ean="7"), balance("W2", "SHOES", ean="7")],
    )
    asked = row("1", None, 9, ean="7", back_order=True)
    placed = order(asked)
    await router.hears(placed)
    # Four here, two there, two wait, and one is nobody's.
    got = {("W1", "BOOTS"): 4, ("W2", "SHOES"): 2}
    await router.is_answered(happenings.answer(placed, 1, {"1": (got, {("W1", "BOOTS"): 2}, 1)}))
    first, second = sorted(await router.shipments(), key=lambda one: one.catalogue_id)
    other = SIGNER.headers(OTHER_SUPPLIER, "supplier")

    async def noted(headers: Headers, sent: Shipment) -> str:
        answer = await client.get(f"{SHIPMENTS}/{sent.shipment_id}/parcels/1/note", headers=headers)
        [page] = papers.pages(answer.content)
        return page.text.replace("\r\n", " ")

    assert "9 4 4" in await noted(supplier, first)
    assert "9 2 6" in await noted(other, second)
    await confirmed(client, supplier, first, parcel("1", BOOTS=4))
    await router.hears_of_shipments()
    # What was sent before is not to come any more, and a note stays as it was printed.
    assert "9 2 2" in await noted(other, second)
    sent = {"status": {"value": "Delivered"}}
    assert (await client.patch(f"{SHIPMENTS}/{second.shipment_id}", json=sent, headers=other)).status_code == 200
    await router.hears_of_shipments()
    assert "9 4 4" in await noted(supplier, first)
    assert "9 2 2" in await noted(other, second)
    await router.hears_a_change(amended(placed, cancelled=True))
    assert "9 4 2" in await noted(supplier, first)
    assert "9 2 0" in await noted(other, second)


async def test_nobody_else_hears_where_an_orders_rows_are(router: Router, shipments: list[Shipment]) -> None:
    seen = {SUPPLIER: 3, RETAILER: 3, OTHER_SUPPLIER: 1, STRANGER: 0}
    for organisation, orders in seen.items():
        async with router.database.transaction_of(organisation) as tx:
            assert await tx.fetch_value("SELECT count(DISTINCT order_id) FROM parts_of_rows") == orders


async def test_a_parcel_with_the_suppliers_own_code_has_a_note_that_says_it_and_no_label(
    router: Router, client: httpx.AsyncClient, supplier: Headers, shipment: Shipment, parcels: str
) -> None:
    await give(router, series())
    sent = parcel("1", BOOTS=5, SOCKS=2) | {"trackingCodes": ["GLS-1"]}
    [shown] = (await confirmed(client, supplier, shipment, sent)).values()
    assert set(documents(shown)) == {"note"}
    label = await client.get(f"{parcels}/1/label", headers=supplier)
    assert (label.status_code, "the supplier's own" in label.json()["message"]) == (404, True)
    [page] = papers.pages((await client.get(f"{parcels}/1/note", headers=supplier)).content)
    assert "GLS-1" in page.text


async def test_each_parcel_has_papers_of_its_own_also_one_with_an_odd_name(
    router: Router, client: httpx.AsyncClient, supplier: Headers, shipment: Shipment
) -> None:
    await give(router, series())
    sent = (parcel("1", BOOTS=2) | {"weight": 2.5}, parcel("b/ä 2", BOOTS=3, SOCKS=2))
    shown = await confirmed(client, supplier, shipment, *sent)
    assert (shown["1"]["weight"], "weight" in shown["b/ä 2"]) == (2.5, False)
    codes = []
    for number, (name, one) in enumerate(shown.items(), 1):
        found = documents(one)
        label = await client.get(found["label"], headers=supplier)
        assert label.status_code == 200, name
        assert (await client.get(found["note"], headers=supplier)).status_code == 200, name
        [page] = papers.pages(label.content)
        assert f"Paketti {number}/2" in page.text
        codes += papers.scanned(page.picture)
    assert codes == [one["trackingCodes"][0] for one in shown.values()]
    assert len(set(codes)) == 2


async def test_a_cancelled_shipment_has_no_papers(
    client: httpx.AsyncClient, supplier: Headers, shipment: Shipment, parcels: str
) -> None:
    cancelled = await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}", json={"status": {"value": "Cancelled"}}, headers=supplier
    )
    assert cancelled.json()["consignment"]["parcels"][0]["documents"] == []
    for paper in ("label", "note"):
        answer = await client.get(f"{parcels}/1/{paper}", headers=supplier)
        assert (answer.status_code, "Cancelled" in answer.json()["message"]) == (404, True)


async def test_nobody_else_gets_papers_or_hears_why_there_are_none(
    client: httpx.AsyncClient, supplier: Headers, shipment: Shipment, parcels: str
) -> None:
    for paper in ("label", "note"):
        stranger = await client.get(f"{parcels}/1/{paper}", headers=SIGNER.headers(STRANGER, "supplier"))
        assert stranger.json()["message"] == f"There is no shipment {shipment.shipment_id}"
        missing = await client.get(f"{parcels}/2/{paper}", headers=supplier)
        assert missing.json()["message"] == f"There is no parcel 2 in shipment {shipment.shipment_id}"
        assert (stranger.status_code, missing.status_code) == (404, 404)
        assert (await client.get(f"{parcels}/1/{paper}")).status_code == 401


async def test_a_paper_that_has_not_changed_is_not_sent_again(
    router: Router, client: httpx.AsyncClient, supplier: Headers, retailer: Headers, shipment: Shipment, parcels: str
) -> None:
    await give(router, series())
    note = await client.get(f"{parcels}/1/note", headers=supplier)
    tag = note.headers["etag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        again = await client.get(f"{parcels}/1/note", headers=retailer | {"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await confirmed(client, supplier, shipment)
    changed = await client.get(f"{parcels}/1/note", headers=supplier | {"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    tags = {
        (await client.get(f"{parcels}/1/label{query}", headers=supplier)).headers["etag"]
        for query in ("", "?size=A5", "?format=zpl", "?format=PDF&size=107x192")
    }
    assert len(tags) == 3


async def test_who_asks_while_too_many_wait_is_asked_to_come_again(
    client: httpx.AsyncClient, supplier: Headers, retailer: Headers, parcels: str, service: Service
) -> None:
    await client.put("/ecommerce/v3/papers/letterhead", json={"closingText": {"fi": "Not kept"}}, headers=retailer)
    busy: Press = press.of(service)
    before, busy.most_waiting = busy.most_waiting, 0
    try:
        answer = await client.get(f"{parcels}/1/note", headers=supplier)
    finally:
        busy.most_waiting = before
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert (await client.get(f"{parcels}/1/note", headers=supplier)).status_code == 200


async def test_a_code_that_is_too_long_for_the_bars_of_a_label_is_said_to_be(
    router: Router, client: httpx.AsyncClient, supplier: Headers, shipment: Shipment, parcels: str
) -> None:
    [only] = domain.packing(shipment)
    named = only.model_copy(update={"tracking_codes": ("X" * 60,), "tracking_from": "a series"})
    async with router.database.transaction() as tx:
        assert await store.save_moved(tx, replace(shipment, parcels=(named,), version=shipment.version + 1))
    for query in ("", "?format=zpl"):
        answer = await client.get(f"{parcels}/1/label{query}", headers=supplier)
        assert answer.status_code == 404
        assert "is too long for a barcode on a label 107 mm wide" in answer.json()["message"]
