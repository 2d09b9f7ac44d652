"""Where nothing may be sent, what answers mean, how requests are signed, and what a pause is told with."""

import asyncio
import contextlib
from datetime import UTC, datetime
from ipaddress import IPv4Address, ip_address

import pytest
import standardwebhooks
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from notifier import notice, reporting
from notifier.domain import Language, Patience
from notifier.places import Places
from notifier.store import Told
from notifier.webhooks import judging, signing
from notifier.webhooks.guard import Guard, NotAllowed
from notifier.webhooks.judging import Reply
from notifier.webhooks.names import Names
from notifier.webhooks.paused import WebhookPaused
from notifier.webhooks.posting import Outgoing, Posting
from shared import problems
from tests import builders
from tests.notifier import name_server, receivers
from tests.notifier.test_letter import envelope, read

PATIENCE = Patience(first_s=5, longest_s=21_600, whole_s=345_600)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "192.0.2.1"),
        *("192.168.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2001:db8::1"),
        *("2002:7f00:1::", "fc00::1", "fd00::1", "fe80::1", "fec0::1", "ff02::1"),
    ],
)
def test_no_address_of_our_own_network_is_called(address: str) -> None:
    assert not Guard().allows(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotAllowed):
        Guard().url(f"https://{host}/")


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_public_addresses_are_called(address: str) -> None:
    assert Guard().allows(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_in_ipv6_clothes_is_what_it_is(address: IPv4Address) -> None:
    dressed = [f"::ffff:{address}", f"64:ff9b::{address}", str(ip_address(b"\x20\x02" + address.packed + bytes(10)))]
    guard = Guard()
    assert {guard.allows(ip_address(one)) for one in dressed} == {guard.allows(address)}


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "https://example.com:80/", "https://example.com:22/", "https://a:b@example.com/"),
        *("https://example.com/#x", "https:///x", "//example.com/", "example.com", "https://example.com:99999/"),
        *("https://exa mple.com/", "https://example.com/\n", "file:///etc/passwd", "gopher://example.com/"),
    ],
)
def test_only_plain_https_addresses_are_called(url: str) -> None:
    with pytest.raises(NotAllowed):
        Guard().url(url)


def test_networks_that_an_operator_names_are_called() -> None:
    guard = Guard(["10.2.0.0/16"])
    assert guard.allows(ip_address("10.2.3.4"))
    assert not guard.allows(ip_address("10.3.0.1"))
    assert guard.allows(ip_address("::ffff:10.2.3.4"))


async def test_a_name_that_turns_to_our_network_after_it_was_looked_at_is_not_called() -> None:
    """Public when it is registered, and this machine when it is connected to."""
    async with name_server.running({"turning.example": ("8.8.8.8",)}) as server:
        guard = Guard(names=Names(["127.0.0.1"], server.port))
        await guard.look_up(guard.url("https://turning.example/"))
        server.hosts["turning.example"] = ("127.0.0.1",)
        posting = Posting(guard, 5)
        _, reply = await posting.send(Outgoing("https://turning.example/", (signing.new_secret(),), "e1", b"{}"))
        await posting.close()
    assert (reply.status, reply.text) == (None, "not sent: the host cannot be found, or is not public")
    assert server.asked == ["turning.example"] * 2


async def test_a_name_in_our_network_is_refused_as_one_that_there_is_not() -> None:
    hosts = {
        "both.example": ("8.8.8.8", "10.0.0.1"),
        "inner.example": ("10.0.0.1",),
        "public.example": ("8.8.8.8",),
    }
    async with name_server.running(hosts) as server:
        guard = Guard(names=Names(["127.0.0.1"], server.port))
        said = set()
        for host in ("both.example", "inner.example", "nobody.example"):
            with pytest.raises(NotAllowed) as refused:
                await guard.look_up(guard.url(f"https://{host}/"))
            said.add(str(refused.value))
        assert said == {"has a host that cannot be found, or is not public"}
        await guard.look_up(guard.url("https://public.example/"))
        await guard.names.close()


async def test_names_that_nobody_answers_for_hold_no_other_up() -> None:
    """More of them than there are threads."""
    silent = frozenset(f"silent{number}.example" for number in range(100))
    async with name_server.running({"public.example": ("8.8.8.8",)}, silent) as server:
        guard = Guard(names=Names(["127.0.0.1"], server.port))
        hanging = [asyncio.create_task(guard.look_up(guard.url(f"https://{host}/"))) for host in sorted(silent)]
        await builders.eventually(server.names_asked, lambda asked: silent <= asked)
        await guard.look_up(guard.url("https://public.example/"))
        assert await asyncio.get_running_loop().getaddrinfo("localhost", 443)
        assert not any(one.done() for one in hanging)
        for one in hanging:
            one.cancel()
        await asyncio.wait(hanging)
        await guard.names.close()


@pytest.mark.parametrize("whole", [3, None])
def test_each_organisation_has_its_own_places_and_all_together_have_so_many(whole: int | None) -> None:
    places = Places("things", 2, whole, again_s=5)
    with places.taken_by("one"), places.taken_by("one"):
        with pytest.raises(problems.Refused) as refused, places.taken_by("one"):
            pass
        with places.taken_by("other"), contextlib.ExitStack() as stack:
            if whole is not None:
                with pytest.raises(problems.Refused):
                    stack.enter_context(places.taken_by("third"))
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "5"})
    with places.taken_by("one"):
        pass


async def test_a_compressed_answer_is_not_unpacked() -> None:
    async def bomb(_: web.Request, __: receivers.Received) -> web.StreamResponse:
        return web.Response(body=b"\x1f\x8b" + bytes(100), headers={"Content-Encoding": "gzip"})

    async with receivers.running() as receiver:
        receiver.way = bomb
        posting = Posting(Guard(["127.0.0.0/8"], http=True), 5)
        _, reply = await posting.send(Outgoing(receiver.address, (signing.new_secret(),), "e1", b"{}"))
        await posting.close()
    assert reply.taken


async def test_answers_are_asked_for_as_they_can_be_read_in_the_log() -> None:
    async with receivers.running() as receiver:
        posting = Posting(Guard(["127.0.0.0/8"], http=True), 5)
        await posting.send(Outgoing(receiver.address, (signing.new_secret(),), "e1", b"{}"))
        await posting.close()
    assert receiver.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "wish",
    [
        "soon",
        "-5",
        "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
        "Fri, 31 Dec 2027 23:59:59 +99999999999999",
        "Fri, 31 Dec 2027 23:59:59",
    ],
)
async def test_a_pause_that_no_clock_can_tell_is_none(wish: str) -> None:
    async with receivers.running() as receiver:
        receiver.way = receivers.says(503, Retry_After=wish)
        posting = Posting(Guard(["127.0.0.0/8"], http=True), 5)
        _, reply = await posting.send(Outgoing(receiver.address, (signing.new_secret(),), "e1", b"{}"))
        await posting.close()
    assert (reply.status, reply.retry_after_s) == (503, 0.0)


@given(st.binary(), st.lists(st.just(None), min_size=1, max_size=3))
def test_the_public_library_finds_our_signatures_good(body: bytes, keys: list[None]) -> None:
    secrets = tuple(signing.new_secret() for _ in keys)
    event = b'{"data":"%b"}' % body.hex().encode()
    headers = signing.headers(secrets, "e1", int(datetime.now(UTC).timestamp()), event)
    for secret in secrets:
        standardwebhooks.Webhook(secret).verify(event, headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secrets[0]).verify(event + b" ", headers)


@given(st.integers(200, 299))
def test_only_success_is_success(status: int) -> None:
    assert judging.judge(Reply(status, "", 1), 9, 1e9, PATIENCE, 0.5).state == "taken"


@given(
    st.one_of(st.none(), st.integers(300, 599).filter(lambda status: status != 410)),
    st.integers(1, 1_000),
    st.floats(0, 345_599),
    st.floats(0, 1),
    st.floats(0, 1e9),
)
def test_what_is_refused_comes_again_within_bounds(
    status: int | None, attempts: int, failing: float, chance: float, wish: float
) -> None:
    verdict = judging.judge(Reply(status, "no", 1, wish), attempts, failing, PATIENCE, chance)
    assert verdict.state == "again"
    assert 4 <= verdict.pause_s <= max(1.2 * 21_600, 86_400)
    assert verdict.pause_s >= min(wish, 86_400)


@given(st.integers(1, 30))
def test_pauses_grow_and_are_spread(attempts: int) -> None:
    refused = Reply(500, "", 1)
    early, late = (judging.judge(refused, attempts, 0, PATIENCE, chance).pause_s for chance in (0.0, 1.0))
    assert late == pytest.approx(1.5 * early)
    assert early == pytest.approx(0.8 * min(5 * 2 ** (attempts - 1), 21_600))


def test_patience_ends() -> None:
    verdict = judging.judge(Reply(None, "no connection", 1), 40, 345_600, PATIENCE, 0.5)
    assert (verdict.state, verdict.why) == ("paused", "refused 40 times, last: no connection")


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_mail_about_a_pause_says_what_to_do(language: Language) -> None:
    paused = WebhookPaused(
        organisation="1234567-1",
        name="shop",
        url="https://shop.example/<b>hook</b>",
        why="refused 40 times, last: 500 <script>out</script>",
        cursor="12",
        paused_at=datetime(2026, 7, 1, 6, 0, tzinfo=UTC),
    )
    told = reporting.report(Told("webhook-paused", paused.model_dump_json(), "", ""), envelope(language, ""))
    written = notice.written(told.subject, told.notice.title, [told.notice], told.why, envelope(language, ""))
    message, plain, html = read(written)
    assert "shop" in message["Subject"]
    for text in (plain, html):
        assert "https://sluice.example/ecommerce/v3/webhooks/shop/resume" in text
        assert "1.7.2026" in text or "July" in text or "juli" in text
    assert "500 <script>out</script>" in plain
    assert "<script>" not in html
