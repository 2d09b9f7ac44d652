"""Bookings that go wrong half-way at nShift, or whose account is another by then: nothing is left there unheard of."""

import asyncio

import httpx
import pytest
import structlog.testing

from router.carriers.booker import AT_ONCE, Booker
from tests import builders
from tests.router.booking import Dispatch, start
from tests.router.conftest import Router
from tests.router.nshift_stand_in import LABEL, StandIn, lost


async def test_a_booking_whose_account_is_gone_stays_booked_until_it_is_given_again(dispatch: Dispatch) -> None:
    await dispatch.is_tried()
    await dispatch.account_is_taken_away()
    await dispatch.is_given_up()
    await dispatch.is_tried()
    known, message = await dispatch.stands()
    assert (known, "no nShift account any more" in str(message)) == ("booked", True)
    await dispatch.account_is_given()
    assert (await dispatch.is_given_up()).status_code == 200
    await dispatch.is_tried()
    assert ((await dispatch.stands())[0], dispatch.nshift.discarded) == ("cancelled", ["102"])


@pytest.mark.parametrize("user", ["USER", "OTHER"])
async def test_what_is_gone_is_given_up_only_if_the_account_that_booked_it_says_so(
    dispatch: Dispatch, user: str
) -> None:
    await dispatch.is_tried()
    # Given again, but only in one of the cases as another.
    await dispatch.account_is_given(user=user, secret="NEW")
    await dispatch.is_given_up()
    dispatch.nshift.before["DELETE 102"] = lambda: httpx.Response(404)
    await dispatch.is_tried()
    known, message = await dispatch.stands()
    if user == "USER":
        assert (known, message) == ("cancelled", None)
    else:
        assert (known, "another than booked it" in str(message)) == ("booked", True)
        assert await dispatch.codes() == ["NS102"]


async def test_codes_of_ones_own_while_a_try_is_in_doubt_leave_nothing_stored(dispatch: Dispatch) -> None:
    dispatch.nshift.after["POST stored-shipments"] = lost
    await dispatch.is_tried()
    await dispatch.has_code_of_its_own()
    await dispatch.is_tried_later()
    assert ((await dispatch.stands())[0], dispatch.nshift.stored, dispatch.nshift.printed) == ("not wanted", {}, {})


async def test_codes_of_ones_own_while_a_try_may_have_printed_send_a_person_to_look(dispatch: Dispatch) -> None:
    dispatch.nshift.after["POST shipments"] = lost
    await dispatch.is_tried()
    await dispatch.has_code_of_its_own()
    await dispatch.is_tried_later()
    known, message = await dispatch.stands()
    assert known == "not wanted"
    assert f"look there for order number {dispatch.key}" in str(message)


@pytest.mark.parametrize("way", ["two days", "no account"])
async def test_what_was_given_up_in_doubt_is_looked_for_before_it_is_booked_again(dispatch: Dispatch, way: str) -> None:
    dispatch.nshift.after["POST stored-shipments"] = lost
    await dispatch.is_tried()
    if way == "two days":
        async with dispatch.database.transaction() as tx:
            await tx.execute("UPDATE bookings SET first_tried_at = now() - interval '3 days'")
        dispatch.nshift.before["GET stored-shipments"] = lost
    else:
        await dispatch.account_is_taken_away()
    await dispatch.is_tried_later()
    known, message = await dispatch.stands()
    assert (known, "may be booked at nShift as order number" in str(message)) == ("refused", True)
    await dispatch.account_is_given()
    assert (await dispatch.is_asked_for_again()).json()["state"] == "pending"
    await dispatch.is_tried()
    assert (await dispatch.stands())[0] == "booked"
    assert (len(dispatch.nshift.printed), dispatch.nshift.stored) == (1, {})


async def test_a_label_that_does_not_come_is_fetched_later_and_the_parcel_is_booked_meanwhile(
    dispatch: Dispatch,
) -> None:
    dispatch.nshift.before["GET prints"] = lost
    await dispatch.is_tried()
    answer = await dispatch.shown()
    assert (answer["state"], answer["message"]) == ("booked", "nShift did not answer: ReadTimeout")
    assert answer["nextAt"] > answer["changedAt"]
    assert await dispatch.codes() == ["NS102"]
    asked = await dispatch.label_is_asked_for()
    assert (asked.status_code, asked.headers["retry-after"], "has not given it yet" in asked.text) == (503, "15", True)
    await dispatch.is_tried_later()
    assert await dispatch.stands() == ("booked", None)
    assert (await dispatch.label_is_asked_for()).content == LABEL
    assert await dispatch.label() == LABEL
    assert len(dispatch.nshift.printed) == 1


async def test_a_label_that_nshift_refused_is_fetched_when_it_is_asked_for_again(dispatch: Dispatch) -> None:
    dispatch.nshift.before["GET prints"] = lambda: httpx.Response(400, content=b"not\0yet")
    await dispatch.is_tried()
    assert await dispatch.stands() == ("booked", "nShift refuses: 400 notyet")
    assert await dispatch.is_tried_later() == 0
    assert (await dispatch.label_is_asked_for()).status_code == 404
    assert (await dispatch.is_asked_for_again()).status_code == 200
    await dispatch.is_tried()
    assert await dispatch.label() == LABEL
    assert (await dispatch.is_asked_for_again()).status_code == 409


async def test_an_answer_that_the_database_cannot_take_at_once_is_kept_for_it(dispatch: Dispatch) -> None:
    async with dispatch.database.transaction() as tx:
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
    await dispatch.is_tried()
    assert await dispatch.stands() == ("booked", None)


async def test_a_slow_answer_holds_up_its_own_parcel_alone_and_is_waited_for_at_the_end(
    router: Router, booker: Booker, nshift: StandIn, many: int
) -> None:
    async def coded() -> int:
        return sum(bool(one.parcels[0].tracking_codes) for one in await router.shipments())

    assert many > AT_ONCE
    gate = nshift.gates["POST stored-shipments"] = asyncio.Event()
    with structlog.testing.capture_logs():
        await start(booker, router.database)
        await builders.eventually(coded, lambda count: count == many - 1)
        stopping = asyncio.create_task(booker.stop())
        gate.set()
        await stopping
    assert await coded() == many


async def test_a_try_without_end_is_cut_off_at_a_stop_and_looked_for_later(dispatch: Dispatch) -> None:
    async def asked() -> list[str]:
        return dispatch.nshift.asked

    gate = dispatch.nshift.gates["POST shipments"] = asyncio.Event()
    dispatch.booker.drain_s = 0.0
    with structlog.testing.capture_logs() as logs:
        await start(dispatch.booker, dispatch.database)
        await builders.eventually(asked, lambda all_: "POST shipments" in all_)
        try:
            async with asyncio.timeout(20):
                await dispatch.booker.stop()
        finally:
            gate.set()
    assert [one["parcel"] for one in logs if one["event"] == "booking cut off"] == ["1"]
    assert (await dispatch.stands())[0] == "pending"
    await dispatch.is_tried_later()
    assert (await dispatch.stands())[0] == "booked"
    assert (len(dispatch.nshift.printed), dispatch.nshift.stored) == (1, {})
