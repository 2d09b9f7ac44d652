"""Bookings that go wrong half-way at nShift, or whose account is another by then: nothing is left there unheard of."""

import asyncio

import httpx
import pytest
import structlog.testing

from router.carriers.booker import AT_ONCE, Booker
from router.domain import Shipment
from router.store import bookings
from tests import builders
from tests.router.booking import ACCOUNT, GIVEN, book_due, let_time_pass, packed, state
from tests.router.conftest import Router
from tests.router.examples import SUPPLIER, balance, catalogue, order, row
from tests.router.nshift_stand_in import LABEL, StandIn, lost
from tests.router.parcels import SHIPMENTS, confirmation, parcel

pytestmark = pytest.mark.usefixtures("sealer")

OWN = {"consignment": {"parcels": [{"parcelId": "1", "trackingCodes": ["OWN"]}]}}


async def test_a_booking_whose_account_is_gone_stays_booked_until_it_is_given_again(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    retailer: dict[str, str],
    confirmed: str,
) -> None:
    await book_due(booker, router.database)
    await client.delete(ACCOUNT, headers=retailer)
    await client.delete(confirmed, headers=supplier)
    await book_due(booker, router.database)
    known, message = await state(client, supplier, confirmed)
    assert (known, "no nShift account any more" in str(message)) == ("booked", True)
    await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    assert (await client.delete(confirmed, headers=supplier)).status_code == 200
    await book_due(booker, router.database)
    assert ((await state(client, supplier, confirmed))[0], nshift.discarded) == ("cancelled", ["102"])


@pytest.mark.parametrize("user", ["USER", "OTHER"])
async def test_what_is_gone_is_given_up_only_if_the_account_that_booked_it_says_so(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    retailer: dict[str, str],
    confirmed: str,
    user: str,
) -> None:
    await book_due(booker, router.database)
    # Given again, but only in one of the cases as another.
    await client.put(ACCOUNT, json={"user": user, "secret": "NEW"}, headers=retailer)
    await client.delete(confirmed, headers=supplier)
    nshift.before["DELETE 102"] = lambda: httpx.Response(404)
    await book_due(booker, router.database)
    known, message = await state(client, supplier, confirmed)
    if user == "USER":
        assert (known, message) == ("cancelled", None)
    else:
        assert (known, "another than booked it" in str(message)) == ("booked", True)
        assert (await packed(client, supplier, confirmed))["trackingCodes"] == ["NS102"]


async def test_codes_of_ones_own_while_a_try_is_in_doubt_leave_nothing_stored(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
) -> None:
    nshift.after["POST stored-shipments"] = lost
    await book_due(booker, router.database)
    await client.patch(confirmed.partition("/parcels")[0], json=OWN, headers=supplier)
    await let_time_pass(router.database)
    await book_due(booker, router.database)
    assert ((await state(client, supplier, confirmed))[0], nshift.stored, nshift.printed) == ("not wanted", {}, {})


async def test_codes_of_ones_own_while_a_try_may_have_printed_send_a_person_to_look(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
    shipment: Shipment,
) -> None:
    nshift.after["POST shipments"] = lost
    await book_due(booker, router.database)
    await client.patch(confirmed.partition("/parcels")[0], json=OWN, headers=supplier)
    await let_time_pass(router.database)
    await book_due(booker, router.database)
    known, message = await state(client, supplier, confirmed)
    assert known == "not wanted"
    assert f"look there for order number {shipment.shipment_id.hex}-1" in str(message)


@pytest.mark.parametrize("way", ["two days", "no account"])
async def test_what_was_given_up_in_doubt_is_looked_for_before_it_is_booked_again(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    retailer: dict[str, str],
    confirmed: str,
    way: str,
) -> None:
    nshift.after["POST stored-shipments"] = lost
    await book_due(booker, router.database)
    await let_time_pass(router.database)
    if way == "two days":
        async with router.database.transaction() as tx:
            await tx.execute("UPDATE bookings SET first_tried_at = now() - interval '3 days'")
        nshift.before["GET stored-shipments"] = lost
    else:
        await client.delete(ACCOUNT, headers=retailer)
    await book_due(booker, router.database)
    known, message = await state(client, supplier, confirmed)
    assert (known, "may be booked at nShift as order number" in str(message)) == ("refused", True)
    await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    assert (await client.post(confirmed, headers=supplier)).json()["state"] == "pending"
    await book_due(booker, router.database)
    assert (await state(client, supplier, confirmed))[0] == "booked"
    assert (len(nshift.printed), nshift.stored) == (1, {})


async def test_a_label_that_does_not_come_is_fetched_later_and_the_parcel_is_booked_meanwhile(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
    shipment: Shipment,
) -> None:
    nshift.before["GET prints"] = lost
    await book_due(booker, router.database)
    answer = (await client.get(confirmed, headers=supplier)).json()
    assert (answer["state"], answer["message"]) == ("booked", "nShift did not answer: ReadTimeout")
    assert answer["nextAt"] > answer["changedAt"]
    assert (await packed(client, supplier, confirmed))["trackingCodes"] == ["NS102"]
    label = confirmed.replace("/booking", "/label")
    asked = await client.get(label, headers=supplier)
    assert (asked.status_code, asked.headers["retry-after"], "has not given it yet" in asked.text) == (503, "15", True)
    await let_time_pass(router.database)
    await book_due(booker, router.database)
    assert await state(client, supplier, confirmed) == ("booked", None)
    assert (await client.get(label, headers=supplier)).content == LABEL
    async with router.database.transaction_of(SUPPLIER) as tx:
        assert await bookings.label_of(tx, shipment.shipment_id, "1") == (LABEL, False)
    assert len(nshift.printed) == 1


async def test_a_label_that_nshift_refused_is_fetched_when_it_is_asked_for_again(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    confirmed: str,
    shipment: Shipment,
) -> None:
    nshift.before["GET prints"] = lambda: httpx.Response(400, content=b"not\0yet")
    await book_due(booker, router.database)
    assert await state(client, supplier, confirmed) == ("booked", "nShift refuses: 400 notyet")
    await let_time_pass(router.database)
    assert await book_due(booker, router.database) == 0
    assert (await client.get(confirmed.replace("/booking", "/label"), headers=supplier)).status_code == 404
    assert (await client.post(confirmed, headers=supplier)).status_code == 200
    await book_due(booker, router.database)
    async with router.database.transaction_of(SUPPLIER) as tx:
        assert await bookings.label_of(tx, shipment.shipment_id, "1") == (LABEL, False)
    assert (await client.post(confirmed, headers=supplier)).status_code == 409


async def test_an_answer_that_the_database_cannot_take_at_once_is_kept_for_it(
    client: httpx.AsyncClient, router: Router, booker: Booker, supplier: dict[str, str], confirmed: str
) -> None:
    async with router.database.transaction() as tx:
        await tx.execute("CREATE SEQUENCE noted")
        await tx.execute(
            "CREATE FUNCTION be_in_the_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF nextval('noted') = 1 THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '40P01'; END IF;"
            " RETURN NEW; END $$"
        )
        await tx.execute(
            "CREATE TRIGGER in_the_way BEFORE UPDATE ON bookings FOR EACH ROW WHEN (NEW.state = 'booked')"
            " EXECUTE FUNCTION be_in_the_way()"
        )
    await book_due(booker, router.database)
    assert await state(client, supplier, confirmed) == ("booked", None)


async def test_a_slow_answer_holds_up_its_own_parcel_alone_and_is_waited_for_at_the_end(
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    retailer: dict[str, str],
) -> None:
    class Part:
        name = "router"
        database = router.database

    async def coded() -> int:
        return sum(bool(one.parcels[0].tracking_codes) for one in await router.shipments())

    await router.knows([catalogue("W1")], [balance("W1")])
    for number in range(AT_ONCE + 3):
        await router.ships(order(row("1"), external_id=f"M-{number}"), {("W1", "BOOTS"): 99})
    await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    for shipment in await router.shipments():
        change = confirmation(parcel("1", BOOTS=5) | {"deliveryOperator": "nShift"})
        await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=change, headers=supplier)
    gate = nshift.gates["POST stored-shipments"] = asyncio.Event()
    with structlog.testing.capture_logs():
        await booker.start(Part())  # type: ignore[arg-type]
        await builders.eventually(coded, lambda count: count == AT_ONCE + 2)
        stopping = asyncio.create_task(booker.stop())
        gate.set()
        await stopping
    assert await coded() == AT_ONCE + 3
