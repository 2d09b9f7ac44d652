"""nShift as its public documents describe it: what it is asked, and what its answers mean.

The exchanges in `nshift/` are written down from its documentation; no system was asked to make them.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from router.carriers import system
from router.carriers.nshift import NShift
from router.carriers.system import Account, ParcelToBook
from shared.contracts import AdditionalService, Party, ServiceAttribute

HERE = Path(__file__).with_name("nshift")
ACCOUNT = Account("ABCDEFGHIJKLMNOP", "QRSTUVWXYZABCDEFGHIJKLMN")
PARCEL = ParcelToBook(
    key="0123456789abcdef-1",
    reference="A-1",
    service_code="PO2103",
    sender=Party(
        name="Webshop Oy",
        street_address="Postintaival 7",
        postal_code="00230",
        post_office="Helsinki",
        country="FI",
        email="a@example.com",
    ),
    receiver=Party(
        name="Maija\nMeikäläinen",
        street_address="Kotikatu 1\nA 5",
        postal_code="00100",
        post_office="Helsinki",
        country="FI",
        telephone="+358501234567",
        email="maija@example.com",
    ),
    additional_services=(
        AdditionalService(
            service_code="3101",
            attributes=(
                ServiceAttribute(name="amount", value="25.40"),
                ServiceAttribute(name="account", value="FI2112345600000785"),
                ServiceAttribute(name="colour", value="red"),
            ),
        ),
        AdditionalService(service_code="NOTEMAIL", email="maija@example.com"),
    ),
    pickup_point_id="001003200",
    weight=Decimal("1.5"),
    contents="Boots, SOCKS",
)


class Recorded(httpx.AsyncBaseTransport):
    """A network at whose other end is a record: it answers what stands in it, in its order, and nothing else."""

    def __init__(self, name: str) -> None:
        self.left: list[dict[str, Any]] = json.loads((HERE / f"{name}.json").read_text())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The recorded answer, if this is the recorded request."""
        exchange = self.left.pop(0)
        wanted, answer = exchange["request"], exchange["response"]
        assert (request.method, request.url.path) == (wanted["method"], f"/v1{wanted['path']}")
        assert dict(request.url.params) == wanted.get("query", {})
        if "body" in wanted:
            assert json.loads(await request.aread()) == wanted["body"]
        login = b64encode(f"{ACCOUNT.user}:{ACCOUNT.secret}".encode()).decode()
        assert request.headers["authorization"] == f"Basic {login}"
        content = b"" if answer["body"] is None else json.dumps(answer["body"]).encode()
        return httpx.Response(answer["status"], content=content)


def at(transport: httpx.AsyncBaseTransport) -> NShift:
    """nShift at the other end of a network."""
    return NShift("https://nshift.test/v1", transport)


async def test_a_parcel_is_stored_under_its_key_and_printed() -> None:
    recorded = Recorded("booked")
    booked = await at(recorded).book(PARCEL, ACCOUNT, maybe_booked=False)
    assert booked == system.Booked("5666306", ("JJFI65432100000000224",), b"%PDF-1.4 label")
    assert recorded.left == []


async def test_the_sender_may_be_one_that_nshift_knows() -> None:
    asked: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(500)

    with pytest.raises(system.Unanswered):
        await at(httpx.MockTransport(answer)).book(PARCEL, Account("U", "S", "7"), maybe_booked=False)
    assert asked[0]["sender"] == {"quickId": "7"}


async def test_what_was_stored_before_is_found_and_not_stored_twice() -> None:
    recorded = Recorded("stored_before")
    booked = await at(recorded).book(PARCEL, ACCOUNT, maybe_booked=True)
    assert (booked.codes, booked.label, recorded.left) == (("JJFI65432100000000224",), None, [])


async def test_what_may_have_been_printed_is_never_booked_again() -> None:
    recorded = Recorded("not_found_again")
    with pytest.raises(system.Lost, match="order number 0123456789abcdef-1"):
        await at(recorded).book(PARCEL, ACCOUNT, maybe_booked=True)
    assert recorded.left == []


@pytest.mark.parametrize(
    ("name", "says"),
    [("invalid", "^Address_Zipcode: Not valid postal code$"), ("refused_at_the_printer", "^Unknown media$")],
)
async def test_what_nshift_refuses_is_told_in_its_words_and_leaves_nothing_there(name: str, says: str) -> None:
    recorded = Recorded(name)
    with pytest.raises(system.Refused, match=says):
        await at(recorded).book(PARCEL, ACCOUNT, maybe_booked=False)
    assert recorded.left == []


async def test_a_label_is_fetched_and_a_booking_given_up_and_then_gone() -> None:
    recorded = Recorded("labelled_and_cancelled")
    nshift = at(recorded)
    assert await nshift.label("5666306", ACCOUNT) == b"%PDF-1.4 label"
    await nshift.cancel("5666306", ACCOUNT)
    with pytest.raises(system.Gone):
        await nshift.cancel("5666306", ACCOUNT)
    assert recorded.left == []


async def test_that_looking_is_refused_says_nothing_of_the_parcel() -> None:
    nshift = at(httpx.MockTransport(lambda _: httpx.Response(400, content=b"bad query")))
    with pytest.raises(system.Unanswered, match="bad query"):
        await nshift.book(PARCEL, ACCOUNT, maybe_booked=True)
    with pytest.raises(system.Unanswered, match="bad query"):
        await nshift.withdraw(PARCEL.key, ACCOUNT)


@pytest.mark.parametrize(
    ("answers", "means"),
    [
        # Found, and gone when it was to be printed or deleted: the earlier try has printed it meanwhile.
        ([httpx.Response(404)], system.Lost),
        # Refused by the printer, and not to be deleted now: it has to be found again.
        ([httpx.Response(422, json=[]), httpx.Response(429)], system.Unanswered),
        # Refused by the printer, and not to be deleted ever: the earlier try was in its way.
        ([httpx.Response(422, json=[]), httpx.Response(404)], system.Lost),
        ([httpx.Response(409), httpx.Response(409)], system.Lost),
        ([httpx.Response(422, json=[]), httpx.Response(204)], system.Refused),
    ],
)
async def test_what_is_found_and_cannot_be_printed_is_not_left_there_unheard_of(
    answers: list[httpx.Response], means: type[Exception]
) -> None:
    found = httpx.Response(200, json=[{"id": "1", "status": "READY", "orderNo": PARCEL.key}])
    with pytest.raises(means):
        await at(httpx.MockTransport(saying(found, *answers))).book(PARCEL, ACCOUNT, maybe_booked=True)


async def test_what_is_stored_is_withdrawn_and_what_may_be_printed_is_told() -> None:
    found = httpx.Response(200, json=[{"id": "1", "status": "READY", "orderNo": PARCEL.key}])
    await at(httpx.MockTransport(saying(found, httpx.Response(204)))).withdraw(PARCEL.key, ACCOUNT)
    for answers in ([httpx.Response(200, json=[])], [found, httpx.Response(404)]):
        with pytest.raises(system.Lost, match=f"order number {PARCEL.key}, and discard it"):
            await at(httpx.MockTransport(saying(*answers))).withdraw(PARCEL.key, ACCOUNT)


def failing(error: type[httpx.HTTPError]) -> Callable[[httpx.Request], httpx.Response]:
    """A network that fails."""

    def answer(_: httpx.Request) -> httpx.Response:
        raise error("it broke")

    return answer


def saying(*answers: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """A network with these answers."""
    left: Iterator[httpx.Response] = iter(answers)
    return lambda _: next(left)


STORED = httpx.Response(201, json={"id": "1", "status": "READY"})


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (failing(httpx.ConnectError), system.NotNow),
        (failing(httpx.ConnectTimeout), system.NotNow),
        (failing(httpx.ReadTimeout), system.Unanswered),
        (failing(httpx.RemoteProtocolError), system.Unanswered),
        (saying(httpx.Response(401)), system.NotNow),
        (saying(httpx.Response(429)), system.NotNow),
        (saying(httpx.Response(503)), system.Unanswered),
        (saying(httpx.Response(408)), system.Unanswered),
        (saying(httpx.Response(400, json={"code": "MISSING", "message": "no body"})), system.Refused),
        (saying(httpx.Response(302, headers={"location": "http://elsewhere.test"})), system.Refused),
        (saying(httpx.Response(422, content=b"?")), system.Refused),
        (saying(httpx.Response(201, content=b"<html>")), system.Unanswered),
        (saying(httpx.Response(201, content=b"1" * 10_000_001)), system.Unanswered),
        # Stored by then, so that it must be looked for.
        (saying(STORED, httpx.Response(401)), system.Unanswered),
        (saying(STORED, httpx.Response(201, json=[])), system.Lost),
        (saying(STORED, httpx.Response(201, json=[{"id": "2", "parcels": [{"parcelNo": None}]}])), system.Lost),
    ],
)
async def test_every_other_answer_says_whether_anything_may_have_been_done(
    answer: Callable[[httpx.Request], httpx.Response], means: type[Exception]
) -> None:
    with pytest.raises(means) as raised:
        await at(httpx.MockTransport(answer)).book(PARCEL, ACCOUNT, maybe_booked=False)
    assert ACCOUNT.secret not in f"{raised.value!r}{ACCOUNT!r}"


async def test_nshift_may_be_closed_and_asked_again() -> None:
    nshift = at(httpx.MockTransport(lambda _: httpx.Response(204)))
    await nshift.close()
    for _ in range(2):
        await nshift.cancel("1", ACCOUNT)
        await nshift.close()
