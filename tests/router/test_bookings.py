"""Parcels that nShift books: each once, whatever happens on the way (real PostgreSQL, and a stand-in for nShift)."""

import asyncio

import httpx
from hypothesis import given
from hypothesis import strategies as st

from router.carriers import accounts, noting, trying
from router.carriers.booker import Booker
from router.carriers.nshift import NShift
from router.carriers.system import Account, Booked
from router.carriers.trying import Tried
from router.domain import Shipment, booking
from router.domain.booking import Verdict
from router.papers.letterhead import Letterhead
from shared.contracts import ShipmentChanged
from shared.postgres import Database
from tests import builders
from tests.router.booking import GIVEN, SEALER, Dispatch, book_due, start
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, STRANGER
from tests.router.nshift_stand_in import LABEL, StandIn, lost
from tests.router.parcels import SHIPMENTS, confirmation, parcel
from tests.router.series import give, series


async def test_a_confirmed_parcel_is_booked_and_everybody_hears_its_code(dispatch: Dispatch, router: Router) -> None:
    seen = (await dispatch.client.get(dispatch.booking, headers=dispatch.retailer)).json()
    assert (seen["state"], "message" in seen) == ("pending", False)
    assert await dispatch.is_tried() == 1
    shown = await dispatch.parcel()
    assert (shown["trackingCodes"], shown["ownTrackingCodes"]) == (["NS102"], False)
    assert await dispatch.stands() == ("booked", None)
    *_, changed = await router.said(ShipmentChanged)
    assert (changed.version, changed.closed, {one.tracking_codes for one in changed.rows}) == (3, True, {("NS102",)})
    assert await dispatch.label() == LABEL
    assert list(dispatch.nshift.printed.values()) == [dispatch.key]
    assert await dispatch.is_tried() == 0


async def test_nshift_is_told_of_a_sender_and_of_how_to_reach_who_gets_the_parcel(dispatch: Dispatch) -> None:
    head = {"sender": {"name": "Webshop Oy", "postalCode": "00230", "country": "FI"}}
    await dispatch.client.put("/ecommerce/v3/papers/letterhead", json=head, headers=dispatch.retailer)
    await dispatch.is_tried()
    (told,) = dispatch.nshift.told
    assert told["sender"] == {"name": "Webshop Oy", "zipcode": "00230", "country": "FI"}
    assert told["receiver"] == {
        "name": "Maija",
        "address1": "Kotikatu 1",
        "zipcode": "00100",
        "country": "FI",
        "email": "maija@example.com",
    }


async def test_without_an_account_it_is_told_why_and_may_be_tried_again_with_one(unconfirmed: Dispatch) -> None:
    await unconfirmed.is_confirmed()
    await unconfirmed.is_tried()
    assert await unconfirmed.stands() == ("refused", "the catalogue has no nShift account")
    await unconfirmed.account_is_given()
    assert (await unconfirmed.is_asked_for_again()).json()["state"] == "pending"
    await unconfirmed.is_tried()
    assert (await unconfirmed.stands())[0] == "booked"
    assert (await unconfirmed.is_asked_for_again()).status_code == 409


async def test_what_nshift_puts_off_is_tried_later(dispatch: Dispatch) -> None:
    dispatch.nshift.before["POST stored-shipments"] = lambda: httpx.Response(429)
    await dispatch.is_tried()
    answer = await dispatch.shown()
    assert (answer["state"], answer["message"], answer["attempts"]) == ("pending", "nShift is asked too often (429)", 1)
    assert answer["nextAt"] > answer["changedAt"]
    assert await dispatch.is_tried() == 0
    assert await dispatch.is_tried_later() == 1
    assert dispatch.nshift.asked == ["POST stored-shipments", "POST stored-shipments", "POST shipments", "GET prints"]


async def test_an_answer_that_is_lost_after_storing_books_once(dispatch: Dispatch) -> None:
    dispatch.nshift.after["POST stored-shipments"] = lost
    await dispatch.is_tried()
    assert (await dispatch.stands())[0] == "pending"
    await dispatch.is_tried_later()
    assert (await dispatch.stands())[0] == "booked"
    assert (len(dispatch.nshift.printed), dispatch.nshift.stored) == (1, {})


async def test_an_answer_that_is_lost_after_printing_is_left_to_a_person(dispatch: Dispatch) -> None:
    dispatch.nshift.after["POST shipments"] = lost
    await dispatch.is_tried()
    for _ in range(3):
        await dispatch.is_tried_later()
    (known, message) = await dispatch.stands()
    assert known == "refused"
    assert "look there for order number" in str(message)
    assert len(dispatch.nshift.printed) == 1
    # Whoever looks it up there gives the code as a code of one's own.
    await dispatch.has_code_of_its_own("NS102")


async def test_a_booker_that_dies_before_it_notes_the_answer_books_nothing_twice(
    dispatch: Dispatch, router: Router
) -> None:
    claimed = await dispatch.is_claimed()
    # As long as its lease lasts nobody else takes it; then it is as if nShift had never answered.
    assert await dispatch.is_tried() == 0
    assert claimed.account is not None
    shipment = next(one for one in await router.shipments() if one.shipment_id == claimed.shipment_id)
    wanted = trying.to_book(shipment, shipment.parcels[0], Letterhead())
    await dispatch.booker.system.book(wanted, accounts.opened(SEALER, claimed.account), maybe_booked=False)
    await dispatch.is_tried_later()
    assert (await dispatch.stands())[0] == "refused"
    assert len(dispatch.nshift.printed) == 1


async def test_two_bookers_share_the_work_and_book_each_parcel_once(
    router: Router, booker: Booker, nshift: StandIn, database: str, many: int
) -> None:
    other = Booker(NShift("https://nshift.test/v1", nshift), SEALER, drain_s=5.0)
    elsewhere = await Database.connect(database, "router", size=4)
    for _ in range(2):
        await asyncio.gather(book_due(booker, router.database), book_due(other, elsewhere))
    await other.stop()
    await elsewhere.close()
    assert (len(nshift.printed), len(set(nshift.printed.values()))) == (many, many)
    assert len({one.parcels[0].tracking_codes for one in await router.shipments()}) == many


async def test_codes_of_ones_own_that_come_first_stay_and_what_was_booked_is_given_up(dispatch: Dispatch) -> None:
    claimed = await dispatch.is_claimed()
    await dispatch.has_code_of_its_own()
    # The one that is booked already when the code of one's own comes, and the one that is not.
    booked = Booked("102", ("NS102",), LABEL)
    async with dispatch.database.transaction() as tx:
        assert claimed.account is not None
        tried = Tried(Verdict("booked"), booked, accounts.mark(claimed.account, Account(**GIVEN)), LABEL)
        assert await noting.note(tx, claimed, tried) == "cancelling"
    await dispatch.is_tried()
    assert ((await dispatch.stands())[0], dispatch.nshift.discarded) == ("cancelled", ["102"])
    assert await dispatch.codes() == ["OWN"]


async def test_a_parcel_that_has_codes_by_now_is_not_booked(dispatch: Dispatch) -> None:
    await dispatch.has_code_of_its_own()
    await dispatch.is_tried()
    assert ((await dispatch.stands())[0], dispatch.nshift.asked) == ("not wanted", [])


async def test_a_booking_is_given_up_and_may_be_made_anew(dispatch: Dispatch) -> None:
    assert (await dispatch.is_given_up()).status_code == 409
    await dispatch.is_tried()
    assert (await dispatch.is_given_up()).json()["state"] == "cancelling"
    assert await dispatch.codes() == ["NS102"]
    await dispatch.is_tried()
    assert await dispatch.stands() == ("cancelled", None)
    assert (await dispatch.codes(), dispatch.nshift.discarded) == ([], ["102"])
    await dispatch.is_asked_for_again()
    await dispatch.is_tried()
    assert await dispatch.codes() == ["NS104"]


async def test_what_nshift_does_not_give_up_stays_booked(dispatch: Dispatch) -> None:
    await dispatch.is_tried()
    await dispatch.is_given_up()
    dispatch.nshift.before["DELETE 102"] = lambda: httpx.Response(400, content=b"sent already")
    await dispatch.is_tried()
    assert await dispatch.stands() == ("booked", "nShift refuses: 400 sent already")
    assert await dispatch.codes() == ["NS102"]


async def test_a_booking_is_its_parties_business(dispatch: Dispatch, client: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "DELETE"):
        for stranger in (SIGNER.headers(OTHER_SUPPLIER, "supplier"), SIGNER.headers(STRANGER, "supplier")):
            assert (await client.request(method, dispatch.booking, headers=stranger)).status_code == 404
    assert (await client.post(dispatch.booking, headers=dispatch.retailer)).status_code == 403
    no_parcel = dispatch.booking.replace("parcels/1", "parcels/2")
    no_shipment = f"{SHIPMENTS}/{'0' * 8}-0000-0000-0000-{'0' * 12}/parcels/1/booking"
    for nothing in (no_parcel, no_shipment):
        assert (await client.get(nothing, headers=dispatch.supplier)).status_code == 404


async def test_a_number_of_a_series_is_nothing_to_give_up(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await give(router, series())
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    assert (await client.post(f"{address}/delivered", headers=supplier)).status_code == 200
    answer = await client.delete(f"{address}/parcels/1/booking", headers=supplier)
    assert (answer.status_code, "series posti" in answer.json()["message"]) == (409, True)


async def test_a_parcel_whose_id_has_a_slash_has_a_booking_too(
    client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment
) -> None:
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    sent = parcel("1/2", BOOTS=5, SOCKS=2) | {"deliveryOperator": "nShift"}
    assert (await client.patch(address, json=confirmation(sent), headers=supplier)).status_code == 200
    answer = await client.get(f"{address}/parcels/1%2F2/booking", headers=supplier)
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")


async def test_the_service_books_what_is_due_until_it_is_stopped(dispatch: Dispatch) -> None:
    await start(dispatch.booker, dispatch.database)
    await builders.eventually(dispatch.stands, lambda found: found[0] == "booked")
    await dispatch.booker.stop()


@given(st.sampled_from(["pending", "cancelling"]), st.integers(1, 10_000), st.floats(0, 400_000), st.booleans())
def test_a_booking_is_tried_later_each_time_and_not_for_ever(
    kind: booking.State, attempts: int, tried_s: float, unsure: bool
) -> None:
    verdict = booking.put_off(kind, "not now", attempts, tried_s, unsure=unsure)
    assert verdict.unsure == unsure
    if tried_s < booking.WHOLE_S:
        assert verdict.state == kind
        assert booking.FIRST_S <= verdict.pause_s <= booking.LONGEST_S
    else:
        assert verdict.state == ("refused" if kind == "pending" else "booked")
