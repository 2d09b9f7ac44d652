"""A mail on the wire: what the server hears, turn by turn, and what we make of its answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier import outgoing, wire
from notifier.domain import Answer
from notifier.wire import Wire
from tests.notifier.conftest import settings_for
from tests.notifier.mail_server import MailServer

MAIL = b"Subject: hello\r\n\r\nworld\r\n"
SENDER, ONE, OTHER = "hub@sluice.example", "one@kuppi.example", "other@kuppi.example"


class Script:
    """A server that answers what it hears, turn by turn, from a list; None hangs up. It keeps what it heard."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while heard := await reader.read(65_536):
                self.heard.append(heard)
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    break
                writer.write(answer)
            writer.close()


@asynccontextmanager
async def talking(script: Script, *, pipelining: bool, size: bool = False) -> AsyncIterator[Wire]:
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    transport, _ = await asyncio.get_running_loop().create_connection(
        asyncio.Protocol, "127.0.0.1", server.sockets[0].getsockname()[1]
    )
    line = Wire(transport, pipelining=pipelining, size=size, patience_s=5)
    try:
        yield line
    finally:
        line.close()
        server.close()
        await server.wait_closed()


async def hand_over(script: Script, *recipients: str, pipelining: bool = True) -> dict[str, Answer]:
    async with talking(script, pipelining=pipelining) as line:
        return await line.hand_over(SENDER, recipients, MAIL)


async def test_a_server_that_takes_several_commands_at_once_hears_a_mail_in_two_turns() -> None:
    script = Script(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b"250 kept\r\n")
    answers = await hand_over(script, ONE, OTHER)
    assert script.heard == [
        b"MAIL FROM:<hub@sluice.example>\r\nRCPT TO:<one@kuppi.example>\r\nRCPT TO:<other@kuppi.example>\r\nDATA\r\n",
        MAIL + b".\r\n",
    ]
    assert answers == dict.fromkeys((ONE, OTHER), Answer(250, "kept"))


async def test_a_server_that_does_not_is_told_one_thing_at_a_time() -> None:
    script = Script(b"250 ok\r\n", b"250-ok\r\n250 really\r\n", b"354 go\r\n", b"250 kept\r\n")
    assert await hand_over(script, ONE, pipelining=False) == {ONE: Answer(250, "kept")}
    assert len(script.heard) == 4


async def test_a_server_that_asks_for_it_hears_how_large_a_mail_is() -> None:
    script = Script(b"552 too large\r\n")
    async with talking(script, pipelining=False, size=True) as line:
        answers = await line.hand_over(SENDER, [ONE], MAIL)
    assert script.heard == [b"MAIL FROM:<hub@sluice.example> SIZE=25\r\n"]
    assert answers == {ONE: Answer(552, "too large")}


async def test_each_recipient_has_the_servers_own_answer() -> None:
    script = Script(b"250 ok\r\n550 nobody\r\n250 ok\r\n354 go\r\n", b"250 kept\r\n")
    assert await hand_over(script, ONE, OTHER) == {ONE: Answer(550, "nobody"), OTHER: Answer(250, "kept")}


@pytest.mark.parametrize("go_on", [b"554 nobody to send to\r\n", b"354 go\r\n"], ids=["stops", "goes on"])
async def test_a_mail_that_every_recipient_refused_is_not_told(go_on: bytes) -> None:
    script = Script(b"250 ok\r\n550 nobody\r\n" + go_on, b"554 no recipients\r\n")
    assert await hand_over(script, ONE) == {ONE: Answer(550, "nobody")}
    assert script.heard[1:] in ([], [b".\r\n"])


async def test_after_a_refusal_the_next_mail_begins_afresh() -> None:
    envelope = b"250 ok\r\n250 ok\r\n354 go\r\n"
    script = Script(b"250 ok\r\n250 ok\r\n451 later\r\n", b"250 reset\r\n", envelope, b"250 kept\r\n")
    async with talking(script, pipelining=True) as line:
        assert await line.hand_over(SENDER, [ONE], MAIL) == {ONE: Answer(451, "later")}
        assert await line.hand_over(SENDER, [ONE], MAIL) == {ONE: Answer(250, "kept")}
    assert script.heard[1] == b"RSET\r\n"


@pytest.mark.parametrize("leave", [None, b"421 you were idle\r\n"], ids=["silently", "in words"])
@pytest.mark.parametrize("pipelining", [True, False], ids=["at once", "in turn"])
async def test_a_kept_connection_that_is_of_no_use_any_more_says_nothing_about_the_mail(
    leave: bytes | None, pipelining: bool
) -> None:
    first = [b"250 ok\r\n250 ok\r\n354 go\r\n"] if pipelining else [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]
    script = Script(*first, b"250 kept\r\n", leave)
    async with talking(script, pipelining=pipelining) as line:
        assert (await line.hand_over(SENDER, [ONE], MAIL))[ONE].accepted
        with pytest.raises(wire.NotTried):
            await line.hand_over(SENDER, [ONE], MAIL)


async def test_nobody_knows_about_a_mail_whose_answer_never_came() -> None:
    script = Script(b"250 ok\r\n250 ok\r\n354 go\r\n", None)
    with pytest.raises(wire.Lost):
        await hand_over(script, ONE)


async def test_a_new_connection_that_is_closed_with_a_word_has_given_its_answer() -> None:
    script = Script(b"421 too many of you\r\n", None)
    async with talking(script, pipelining=False) as line:
        assert await line.hand_over(SENDER, [ONE], MAIL) == {ONE: Answer(421, "too many of you")}
        assert not line.usable


@pytest.mark.parametrize(
    "nonsense", [b"hello\r\n", b"25\r\n", b"2500 ok\r\n"[1:2] * 70_000], ids=["word", "short", "flood"]
)
async def test_a_server_that_says_what_is_no_smtp_is_hung_up_on(nonsense: bytes) -> None:
    with pytest.raises(wire.Lost):
        await hand_over(Script(nonsense), ONE)


@pytest.mark.parametrize(
    ("recipient", "mail"),
    [
        ("one@kuppi.example>\r\nDATA", MAIL),
        ("<one@kuppi.example>", MAIL),
        (ONE, b"a\n.\nMAIL FROM:<x>\r\n"),
        (ONE, b"a\r.\r\n"),
    ],
)
async def test_what_would_end_a_command_or_the_mail_early_is_not_said(recipient: str, mail: bytes) -> None:
    script = Script(b"250 ok\r\n")
    async with talking(script, pipelining=True) as line:
        with pytest.raises(ValueError, match=r"is no address|line ends"):
            await line.hand_over(SENDER, [recipient], mail)
    assert script.heard == []


@settings(max_examples=10)
@given(st.lists(st.sampled_from(["", ".", "..", ".x", "x.", "x", "=?"]), min_size=1, max_size=8), st.booleans())
def test_a_server_reads_the_very_lines_that_were_sent(lines: Sequence[str], pipelining: bool) -> None:
    mail = "".join(f"{line}\r\n" for line in lines).encode()
    server = MailServer(offers=("PIPELINING",) if pipelining else ())

    async def send_twice() -> None:
        await server.start()
        way = outgoing.Outgoing(settings_for(server.address))
        for _ in range(2):
            assert (await way.send([ONE], mail))[ONE].accepted
        await way.close()
        await server.stop()

    asyncio.run(send_twice())
    assert [received.content for received in server.received] == [mail, mail]
    assert server.connections == 1


def test_replies_are_found_however_they_are_cut_in_pieces() -> None:
    heard = bytearray(b"250-one\r\n250 two\r\n354 go\r\n")
    found: list[Answer] = []
    rest = bytearray()
    take: Callable[[bytearray], Answer | None] = wire._next_reply
    for byte in bytes(heard):
        rest.append(byte)
        if (reply := take(rest)) is not None:
            found.append(reply)
    assert found == [Answer(250, "one\ntwo"), Answer(354, "go")]
