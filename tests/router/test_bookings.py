"""Parcels that nShift books: each once, whatever happens on the way (real PostgreSQL, and a stand-in for nShift)."""

import asyncio

import httpx
import pytest
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st

from router.carriers import accounts, noting, trying
from router.carriers.booker import Booker
from router.carriers.nshift import NShift
from router.carriers.system import Account, Booked
from router.carriers.trying import Tried
from router.domain import Shipment, booking
from router.domain.booking import Verdict
from router.store import bookings, carrier_accounts
from shared import sealing
from shared.contracts import ShipmentChanged
from shared.postgres import Database
from shared.sealing import Sealer
from shared.service import Service
from tests.router.booking import ACCOUNT, GIVEN, KEY, SEALER, book_due, confirm, let_time_pass, packed, state
from tests.router.conftest import SIGNER, Router
from tests.router.examples import OTHER_SUPPLIER, RETAILER, STRANGER, SUPPLIER, balance, catalogue, order, row
from tests.router.nshift_stand_in import LABEL, StandIn, lost
from tests.router.parcels import SHIPMENTS, confirmation, parcel
from tests.router.series import give, series

pytestmark = pytest.mark.usefixtures("sealer")


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
    assert await book_due(booker, router.database) == 1
    shown = await packed(client, supplier, confirmed)
    assert (shown["trackingCodes"], shown["ownTrackingCodes"]) == (["NS102"], False)
    assert await state(client, supplier, confirmed) == ("booked", None)
    *_, changed = await router.said(ShipmentChanged)
    assert (changed.version, changed.closed, {one.tracking_codes for one in changed.rows}) == (3, True, {("NS102",)})
    async with router.database.transaction_of(SUPPLIER) as tx:
        assert await bookings.label_of(tx, shipment.shipment_id, "1") == (LABEL, False)
    assert list(nshift.printed.values()) == [f"{shipment.shipment_id.hex}-1"]
    assert await book_due(booker, router.database) == 0


async def test_without_an_account_it_is_told_why_and_may_be_tried_again_with_one(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    supplier: dict[str, str],
    retailer: dict[str, str],
    shipment: Shipment,
) -> None:
    address = await confirm(client, supplier, shipment)
    await book_due(booker, router.database)
    assert await state(client, supplier, address) == ("refused", "the catalogue has no nShift account")
    await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    assert (await client.post(address, headers=supplier)).json()["state"] == "pending"
    await book_due(booker, router.database)
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
    await book_due(booker, router.database)
    answer = (await client.get(confirmed, headers=supplier)).json()
    assert (answer["state"], answer["message"], answer["attempts"]) == ("pending", "nShift is asked too often (429)", 1)
    assert answer["nextAt"] > answer["changedAt"]
    assert await book_due(booker, router.database) == 0
    await let_time_pass(router.database)
    assert await book_due(booker, router.database) == 1
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
    await book_due(booker, router.database)
    assert (await state(client, supplier, confirmed))[0] == "pending"
    await let_time_pass(router.database)
    await book_due(booker, router.database)
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
    await book_due(booker, router.database)
    for _ in range(3):
        await let_time_pass(router.database)
        await book_due(booker, router.database)
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
    assert await book_due(booker, router.database) == 0
    assert claimed.account is not None
    shipment = next(one for one in await router.shipments() if one.shipment_id == claimed.shipment_id)
    wanted = trying.to_book(shipment, shipment.parcels[0])
    await booker.system.book(wanted, accounts.opened(SEALER, claimed.account), maybe_booked=False)
    await let_time_pass(router.database)
    await book_due(booker, router.database)
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
        await asyncio.gather(book_due(booker, router.database), book_due(other, elsewhere))
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
        assert claimed.account is not None
        tried = Tried(Verdict("booked"), booked, accounts.mark(claimed.account, Account(**GIVEN)), LABEL)
        assert await noting.note(tx, claimed, tried) == "cancelling"
    await book_due(booker, router.database)
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
    await book_due(booker, router.database)
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
    await book_due(booker, router.database)
    assert (await client.delete(confirmed, headers=supplier)).json()["state"] == "cancelling"
    assert (await packed(client, supplier, confirmed))["trackingCodes"] == ["NS102"]
    await book_due(booker, router.database)
    assert await state(client, supplier, confirmed) == ("cancelled", None)
    assert ((await packed(client, supplier, confirmed))["trackingCodes"], nshift.discarded) == ([], ["102"])
    await client.post(confirmed, headers=supplier)
    await book_due(booker, router.database)
    assert (await packed(client, supplier, confirmed))["trackingCodes"] == ["NS104"]


async def test_what_nshift_does_not_give_up_stays_booked(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    await book_due(booker, router.database)
    await client.delete(confirmed, headers=supplier)
    nshift.before["DELETE 102"] = lambda: httpx.Response(400, content=b"sent already")
    await book_due(booker, router.database)
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
        await book_due(booker, router.database)
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
    assert await accounts.seal_anew(router.database, keys) == 1
    assert await accounts.seal_anew(router.database, keys) == 0
    async with router.database.transaction() as tx:
        kept = await carrier_accounts.account_of(tx, RETAILER, "W1")
    assert kept is not None
    assert accounts.opened(Sealer([new]), kept).secret == "SECRET"


async def test_an_account_whose_key_is_lost_keeps_no_other_under_an_old_one(
    client: httpx.AsyncClient, service: Service, router: Router, retailer: dict[str, str], confirmed: str
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
    client: httpx.AsyncClient, retailer: dict[str, str], confirmed: str
) -> None:
    wrong = {"user": "U U", "secret": "SECRETÄ", "senderQuickId": "Ä", "x": 1}
    answer = await client.put(ACCOUNT, json=wrong, headers=retailer)
    assert answer.status_code == 400
    assert {one["field"] for one in answer.json()["errors"]} == {"user", "secret", "senderQuickId", "x"}
    blank = await client.put(ACCOUNT, json={"user": " ", "secret": " "}, headers=retailer)
    assert {one["field"] for one in blank.json()["errors"]} == {"user", "secret"}


async def test_an_account_is_of_a_catalogue_that_the_retailer_has(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str], confirmed: str
) -> None:
    strangers = SIGNER.headers(STRANGER, "retailer")
    assert (await client.put(ACCOUNT, json=GIVEN, headers=strangers)).status_code == 404
    assert (await client.put(ACCOUNT.replace("W1", "W0"), json=GIVEN, headers=retailer)).status_code == 404
    async with router.database.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM carrier_accounts") == 1


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
    assert (await state(client, supplier, f"{address}/parcels/1%2F2/booking"))[0] == "pending"


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
    assert verdict.unsure == unsure
    if tried_s < booking.WHOLE_S:
        assert verdict.state == kind
        assert booking.FIRST_S <= verdict.pause_s <= booking.LONGEST_S
    else:
        assert verdict.state == ("refused" if kind == "pending" else "booked")
