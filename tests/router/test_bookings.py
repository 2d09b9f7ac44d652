"""Parcels that nShift books: each once, whatever happens on the way (real PostgreSQL, and a stand-in for nShift)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st

from router.carriers import accounts
from router.carriers import booker as parts
from router.carriers.booker import Booker
from router.carriers.carrier import Booked
from router.carriers.nshift import NShift
from router.domain import Shipment, booking
from router.domain.booking import Verdict
from router.store import bookings, carrier_accounts
from shared import sealing
from shared.contracts import ShipmentChanged
from shared.postgres import Database
from shared.sealing import Sealer
from shared.service import Service
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, RETAILER, STRANGER, SUPPLIER, balance, catalogue, order, row
from tests.router.nshift_stand_in import LABEL, StandIn, lost
from tests.router.parcels import SHIPMENTS, confirmation, parcel

ACCOUNT = "/ecommerce/v3/tracking/accounts/W1"
GIVEN = {"user": "USER", "secret": "SECRET"}
KEY = sealing.new_key()
SEALER = Sealer([KEY])


@pytest.fixture(autouse=True)
def sealer(service: Service) -> None:
    """A router with a key to seal with."""
    service.app.state.sealer = SEALER


@pytest.fixture
def nshift() -> StandIn:
    """nShift."""
    return StandIn()


@pytest.fixture
async def booker(nshift: StandIn) -> AsyncIterator[Booker]:
    """A booker that is asked to look by the test."""
    made = Booker(NShift("https://nshift.test/v1", nshift), SEALER)
    yield made
    await made.stop()


@pytest.fixture
async def confirmed(
    client: httpx.AsyncClient, supplier: dict[str, str], retailer: dict[str, str], shipment: Shipment
) -> str:
    """The address of the booking of a parcel that is confirmed, of a catalogue with an account."""
    assert (await client.put(ACCOUNT, json=GIVEN, headers=retailer)).status_code == 200
    return await confirm(client, supplier, shipment)


async def confirm(client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment) -> str:
    """Confirm a shipment that goes through nShift; the address of its parcel's booking."""
    sent = {"deliveryOperator": "Unifaun", "serviceCode": "PO2103"}
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    packed = confirmation(parcel("1", BOOTS=5, SOCKS=2) | sent)
    answer = await client.patch(address, json=packed, headers=supplier)
    assert answer.status_code == 200, answer.text
    return f"{address}/parcels/1/booking"


async def packed(client: httpx.AsyncClient, supplier: dict[str, str], address: str) -> dict[str, Any]:
    """The parcel of a booking, as it is answered."""
    answer = await client.get(address.partition("/parcels")[0], headers=supplier)
    shown: dict[str, Any] = answer.json()["consignment"]["parcels"][0]
    return shown


async def state(client: httpx.AsyncClient, headers: dict[str, str], address: str) -> tuple[str, str | None]:
    """How a booking stands, and why."""
    answer = await client.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["state"], answer.json().get("message")


async def let_time_pass(router: Router) -> None:
    """Let what is to be tried later, or is leased, be due."""
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE bookings SET next_at = now() - interval '1 second'")


async def test_a_confirmed_parcel_is_booked_and_everybody_hears_its_code(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    retailer: dict[str, str],
    confirmed: str,
    shipment: Shipment,
) -> None:
    assert await state(client, retailer, confirmed) == ("pending", None)
    assert await booker.book_due(router.database) == 1
    shown = await packed(client, supplier, confirmed)
    assert (shown["trackingCodes"], shown["ownTrackingCodes"]) == (["NS102"], False)
    assert await state(client, supplier, confirmed) == ("booked", None)
    *_, changed = await router.said(ShipmentChanged)
    assert (changed.version, changed.closed, {one.tracking_codes for one in changed.rows}) == (3, True, {("NS102",)})
    async with router.database.transaction_of(SUPPLIER) as tx:
        assert await bookings.label_of(tx, shipment.shipment_id, "1") == LABEL
    assert list(nshift.printed.values()) == [f"{shipment.shipment_id.hex}-1"]
    assert await booker.book_due(router.database) == 0


async def test_without_an_account_it_is_told_why_and_may_be_tried_again_with_one(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    supplier: dict[str, str],
    retailer: dict[str, str],
    shipment: Shipment,
) -> None:
    address = await confirm(client, supplier, shipment)
    await booker.book_due(router.database)
    assert await state(client, supplier, address) == ("refused", "the catalogue has no nShift account")
    await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    assert (await client.post(address, headers=supplier)).json()["state"] == "pending"
    await booker.book_due(router.database)
    assert (await state(client, supplier, address))[0] == "booked"
    assert (await client.post(address, headers=supplier)).status_code == 409


async def test_what_nshift_puts_off_is_tried_later(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    nshift.before["POST stored-shipments"] = lambda: httpx.Response(429)
    await booker.book_due(router.database)
    answer = (await client.get(confirmed, headers=supplier)).json()
    assert (answer["state"], answer["message"], answer["attempts"]) == ("pending", "nShift is asked too often (429)", 1)
    assert answer["nextAt"] > answer["changedAt"]
    assert await booker.book_due(router.database) == 0
    await let_time_pass(router)
    assert await booker.book_due(router.database) == 1
    assert nshift.asked == ["POST stored-shipments", "POST stored-shipments", "POST shipments", "GET prints"]


async def test_an_answer_that_is_lost_after_storing_books_once(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    nshift.after["POST stored-shipments"] = lost
    await booker.book_due(router.database)
    assert (await state(client, supplier, confirmed))[0] == "pending"
    await let_time_pass(router)
    await booker.book_due(router.database)
    assert (await state(client, supplier, confirmed))[0] == "booked"
    assert (len(nshift.printed), nshift.stored) == (1, {})


async def test_an_answer_that_is_lost_after_printing_is_left_to_a_person(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    nshift.after["POST shipments"] = lost
    await booker.book_due(router.database)
    for _ in range(3):
        await let_time_pass(router)
        await booker.book_due(router.database)
    (known, message) = await state(client, supplier, confirmed)
    assert known == "refused"
    assert "look there for order number" in str(message)
    assert len(nshift.printed) == 1
    # Whoever looks it up there gives the code as a code of one's own.
    late = {"consignment": {"parcels": [{"parcelId": "1", "trackingCodes": ["NS102"]}]}}
    answer = await client.patch(confirmed.partition("/parcels")[0], json=late, headers=supplier)
    assert answer.status_code == 200


async def test_a_booker_that_dies_before_it_notes_the_answer_books_nothing_twice(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    async with router.database.transaction() as tx:
        (claimed,) = await bookings.claim_bookings(tx, 8, 60)
    # As long as its lease lasts nobody else takes it; then it is as if nShift had never answered.
    assert await booker.book_due(router.database) == 0
    assert claimed.account is not None
    shipment = next(one for one in await router.shipments() if one.shipment_id == claimed.shipment_id)
    wanted = parts.to_book(shipment, shipment.parcels[0])
    await booker.carrier.book(wanted, accounts.opened(SEALER, claimed.account), maybe_booked=False)
    await let_time_pass(router)
    await booker.book_due(router.database)
    assert (await state(client, supplier, confirmed))[0] == "refused"
    assert len(nshift.printed) == 1


async def test_two_bookers_share_the_work_and_book_each_parcel_once(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    database: str,
    supplier: dict[str, str],
    retailer: dict[str, str],
) -> None:
    await router.knows([catalogue("W1")], [balance("W1")])
    for number in range(10):
        await router.ships(order(row("1"), external_id=f"M-{number}"), {("W1", "BOOTS"): 99})
    await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    for shipment in await router.shipments():
        change = confirmation(parcel("1", BOOTS=5) | {"deliveryOperator": "nShift"})
        await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=supplier)
    other = Booker(NShift("https://nshift.test/v1", nshift), SEALER)
    elsewhere = await Database.connect(database, "router", size=4)
    for _ in range(2):
        await asyncio.gather(booker.book_due(router.database), other.book_due(elsewhere))
    await other.stop()
    await elsewhere.close()
    assert (len(nshift.printed), len(set(nshift.printed.values()))) == (10, 10)
    assert len({one.parcels[0].tracking_codes for one in await router.shipments()}) == 10


async def test_codes_of_ones_own_that_come_first_stay_and_what_was_booked_is_given_up(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    async with router.database.transaction() as tx:
        (claimed,) = await bookings.claim_bookings(tx, 8, 60)
    late = {"consignment": {"parcels": [{"parcelId": "1", "trackingCodes": ["OWN"]}]}}
    assert (await client.patch(confirmed.partition("/parcels")[0], json=late, headers=supplier)).status_code == 200
    # The one that is booked already when the code of one's own comes, and the one that is not.
    booked = Booked("102", ("NS102",), LABEL)
    async with router.database.transaction() as tx:
        assert await parts.note(tx, claimed, booked, Verdict("booked")) == "cancelling"
    await booker.book_due(router.database)
    assert ((await state(client, supplier, confirmed))[0], nshift.discarded) == ("cancelled", ["102"])
    assert (await packed(client, supplier, confirmed))["trackingCodes"] == ["OWN"]


async def test_a_parcel_that_has_codes_by_now_is_not_booked(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    late = {"consignment": {"parcels": [{"parcelId": "1", "trackingCodes": ["OWN"]}]}}
    await client.patch(confirmed.partition("/parcels")[0], json=late, headers=supplier)
    await booker.book_due(router.database)
    assert ((await state(client, supplier, confirmed))[0], nshift.asked) == ("not wanted", [])


async def test_a_booking_is_given_up_and_may_be_made_anew(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    assert (await client.delete(confirmed, headers=supplier)).status_code == 409
    await booker.book_due(router.database)
    assert (await client.delete(confirmed, headers=supplier)).json()["state"] == "cancelling"
    assert (await packed(client, supplier, confirmed))["trackingCodes"] == ["NS102"]
    await booker.book_due(router.database)
    assert await state(client, supplier, confirmed) == ("cancelled", None)
    assert ((await packed(client, supplier, confirmed))["trackingCodes"], nshift.discarded) == ([], ["102"])
    await client.post(confirmed, headers=supplier)
    await booker.book_due(router.database)
    assert (await packed(client, supplier, confirmed))["trackingCodes"] == ["NS104"]


async def test_what_nshift_does_not_give_up_stays_booked(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    await booker.book_due(router.database)
    await client.delete(confirmed, headers=supplier)
    nshift.before["DELETE 102"] = lambda: httpx.Response(400, content=b"sent already")
    await booker.book_due(router.database)
    assert await state(client, supplier, confirmed) == ("booked", "nShift refuses: 400 sent already")
    assert (await packed(client, supplier, confirmed))["trackingCodes"] == ["NS102"]


async def test_a_booking_is_its_parties_business(
    client: httpx.AsyncClient, retailer: dict[str, str], supplier: dict[str, str], confirmed: str
) -> None:
    for method in ("GET", "POST", "DELETE"):
        for stranger in (SIGNER.headers(OTHER_SUPPLIER, "supplier"), SIGNER.headers(STRANGER, "supplier")):
            assert (await client.request(method, confirmed, headers=stranger)).status_code == 404
    assert (await client.post(confirmed, headers=retailer)).status_code == 403
    assert (await client.get(confirmed.replace("parcels/1", "parcels/2"), headers=supplier)).status_code == 404
    nothing = f"{SHIPMENTS}/{'0' * 8}-0000-0000-0000-{'0' * 12}/parcels/1/booking"
    assert (await client.get(nothing, headers=supplier)).status_code == 404


async def test_an_account_is_kept_sealed_and_its_secret_told_to_nobody(
    client: httpx.AsyncClient, router: Router, booker: Booker, retailer: dict[str, str], confirmed: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        answers = [
            await client.put(ACCOUNT, json=GIVEN | {"senderQuickId": "1"}, headers=retailer),
            await client.get(ACCOUNT, headers=retailer),
            await client.put(ACCOUNT, json={"user": "U", "secret": ["SECRET"], "x": "SECRET"}, headers=retailer),
            await client.put(ACCOUNT, json={"user": "U", "secret": "SECRETÄ"}, headers=retailer),
        ]
        await booker.book_due(router.database)
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
    client: httpx.AsyncClient, retailer: dict[str, str], supplier: dict[str, str], confirmed: str
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
    service.app.state.sealer = Sealer([])
    answer = await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    assert answer.status_code == 503
    assert "SLUICE_SEALING_KEYS" in answer.json()["message"]
    assert (await client.get(ACCOUNT, headers=retailer)).status_code == 404


async def test_accounts_come_under_the_newest_key(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], confirmed: str
) -> None:
    new = sealing.new_key()
    keys = Sealer([new, KEY])
    async with router.database.transaction() as tx:
        lost = Sealer([sealing.new_key()]).seal("[]", "somebody's")
        await carrier_accounts.save_account(tx, RETAILER, "A0", lost, None)
    # What cannot be opened holds up nothing else.
    assert await accounts.seal_anew(router.database, keys) == 1
    assert await accounts.seal_anew(router.database, keys) == 0
    async with router.database.transaction() as tx:
        kept = await carrier_accounts.account_of(tx, RETAILER, "W1")
    assert kept is not None
    assert accounts.opened(Sealer([new]), kept).secret == "SECRET"


async def test_the_service_books_what_is_due_until_it_is_stopped(
    client: httpx.AsyncClient, router: Router, booker: Booker, supplier: dict[str, str], confirmed: str
) -> None:
    class Part:
        name = "router"
        database = router.database

    await booker.start(Part())  # type: ignore[arg-type]
    while (await state(client, supplier, confirmed))[0] != "booked":
        await asyncio.sleep(0.01)
    await booker.stop()


@given(st.sampled_from(["pending", "cancelling"]), st.integers(1, 10_000), st.floats(0, 400_000), st.booleans())
def test_a_booking_is_tried_later_each_time_and_not_for_ever(
    kind: booking.State, attempts: int, tried_s: float, unsure: bool
) -> None:
    verdict = booking.put_off(kind, "not now", attempts, tried_s, unsure=unsure)
    if tried_s < booking.WHOLE_S:
        assert (verdict.state, verdict.unsure) == (kind, unsure)
        assert booking.FIRST_S <= verdict.pause_s <= booking.LONGEST_S
    else:
        assert verdict.state == ("refused" if kind == "pending" else "booked")
