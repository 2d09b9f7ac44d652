"""An SMTP conversation on an open connection: one mail after the other, with as few turns as the server allows."""

import asyncio
from collections import deque
from collections.abc import Sequence

from notifier import domain
from notifier.domain import Answer

LONGEST_REPLY = 65_536
LEAVE_S = 2.0
"""So long a server may take to say goodbye."""
_CLOSING = 421
_GO_ON = 354
_DATA = b"DATA\r\n"


class NotTried(Exception):
    """The server hung up on a kept connection before it was given the mail."""


class Lost(ConnectionError):
    """The server hung up, or says what is no SMTP."""


class Wire(asyncio.Protocol):
    """A connection on which greetings are over. One mail at a time.

    `pipelining` says that the server takes several commands at once (RFC 2920), `size` that it wants to hear how large
    a mail is (RFC 1870), and `patience_s` how long to wait for a reply.
    """

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool, size: bool, patience_s: float) -> None:
        self._transport = transport
        self._pipelining = pipelining
        self._size = size
        self._patience_s = patience_s
        self._heard = bytearray()
        self._replies: deque[Answer] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        self._kept = self._going = False
        self._open_envelope = False
        transport.set_protocol(self)

    @property
    def usable(self) -> bool:
        """Whether another mail may be tried on it."""
        return self._lost is None and not self._going and not self._transport.is_closing()

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    async def quit(self) -> None:
        """Take leave of the server and hang up."""
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._ask(b"QUIT\r\n")
        except (OSError, TimeoutError):
            pass
        finally:
            self.close()

    async def hand_over(self, sender: str, recipients: Sequence[str], content: bytes) -> dict[str, Answer]:
        """Hand over a mail whose lines end as SMTP wants; return the server's answer for each recipient.

        Raises NotTried, when a kept connection was of no use; OSError or TimeoutError when it broke meanwhile, so that
        nobody knows; ValueError when the mail or an address would end its command or the mail early.
        """
        mail = _framed(content)
        for address in (sender, *recipients):
            if not domain.is_address(address):
                raise ValueError("is no address that mail can be sent to")
        try:
            accepted, answers = await self._envelope(sender, recipients, len(content))
        except Lost as error:
            if self._kept:
                raise NotTried from error
            raise
        if accepted:
            said = await self._ask(mail)
            self._open_envelope = False
            answers |= dict.fromkeys(accepted, said)
        self._kept = True
        return {recipient: answers[recipient] for recipient in recipients}

    async def _envelope(self, sender: str, recipients: Sequence[str], size: int) -> tuple[list[str], dict[str, Answer]]:
        """Say from whom and to whom. Return whose mail the server waits for now, and its answers to the others."""
        first = f"MAIL FROM:<{sender}>{f' SIZE={size}' if self._size else ''}\r\n".encode()
        asked = [first, *(f"RCPT TO:<{recipient}>\r\n".encode() for recipient in recipients)]
        begun, *replies = await self._ask_all([*asked, _DATA] if self._pipelining else asked)
        if not begun.accepted:
            if begun.code == _CLOSING and self._kept:
                raise NotTried
            return [], dict.fromkeys(recipients, begun)
        answers = dict(zip(recipients, replies, strict=False))
        accepted = [recipient for recipient, reply in answers.items() if reply.accepted]
        if not self._pipelining and not accepted:
            return [], answers
        go_on = replies[-1] if self._pipelining or self._going else await self._ask(_DATA)
        if go_on.code != _GO_ON:
            if go_on.accepted:
                # A reply too many has put all replies off by one: whatever it says now is about something else.
                raise Lost("the server took DATA for something else")
            return [], answers | dict.fromkeys(accepted, go_on)
        if not accepted:
            # It waits for a mail to nobody. An empty one is refused (RFC 2920, 3.1).
            await self._ask(b".\r\n")
        return accepted, answers

    async def _ask_all(self, commands: Sequence[bytes]) -> list[Answer]:
        """The replies to MAIL and what follows it; after a refused MAIL they may be fewer."""
        if self._open_envelope:
            await self._ask(b"RSET\r\n")
            if self._going:
                raise Lost("the server is leaving")
        self._open_envelope = True
        replies: list[Answer] = []
        if self._pipelining:
            self._say(b"".join(commands))
        for command in commands:
            replies.append(await (self._reply() if self._pipelining else self._ask(command)))
            if self._going:
                # Who says that he is going says no more.
                return [*replies, *[replies[-1]] * (len(commands) - len(replies))]
            if not self._pipelining and not replies[0].accepted:
                break
        return replies

    async def _ask(self, command: bytes) -> Answer:
        self._say(command)
        return await self._reply()

    def _say(self, words: bytes) -> None:
        if self._lost is not None or self._transport.is_closing():
            raise self._lost or Lost("the connection is closed")
        self._transport.write(words)

    async def _reply(self) -> Answer:
        if not self._replies:
            if self._lost is not None:
                raise self._lost
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._waiting
            finally:
                self._waiting = None
        reply = self._replies.popleft()
        if reply.code == _CLOSING:
            self._going = True
        return reply

    def data_received(self, data: bytes) -> None:
        """Read the replies that are whole by now."""
        self._heard += data
        try:
            while (reply := _next_reply(self._heard)) is not None:
                self._replies.append(reply)
        except Lost as error:
            self._break_off(error)
            return
        if len(self._heard) > LONGEST_REPLY or len(self._replies) > LONGEST_REPLY:
            self._break_off(Lost("the server talks without end"))
        elif self._replies and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def eof_received(self) -> bool:
        """The server will say no more."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Let whoever waits for a reply know that there will be none."""
        self._break_off(Lost(str(error) if error else "the server hung up"))

    def _break_off(self, error: Exception) -> None:
        self._lost = self._lost or error
        self._transport.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(self._lost)


def _framed(content: bytes) -> bytes:
    """A mail as it goes over the wire: lines that begin with a dot get one more, and a dot alone ends it."""
    if not content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r"):
        raise ValueError("has line ends of several kinds")
    doubled = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    return doubled + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n")


def _next_reply(heard: bytearray) -> Answer | None:
    """Take the first whole reply out of what was heard; None while it is not whole. Raises Lost for what is none."""
    texts: list[str] = []
    start = 0
    while (end := heard.find(b"\n", start)) >= 0:
        line = heard[start:end].rstrip(b"\r")
        code, more = bytes(line[:3]), line[3:4] == b"-"
        if not (code.isdigit() and len(code) == 3):
            raise Lost("the server says what is no SMTP")
        texts.append(line[4:].decode("utf-8", "replace").strip())
        start = end + 1
        if not more:
            del heard[:start]
            return Answer(int(code), "\n".join(texts))
    return None
