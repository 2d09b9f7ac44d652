"""A real SMTP server on the loopback that answers as a test tells it to, and keeps what it accepts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

OK = "250 taken"


@dataclass(frozen=True)
class Received:
    """A mail the server has accepted."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, read."""
        read = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read

    def body(self, kind: str) -> str:
        """The text of the `plain` or the `html` part."""
        part = self.message.get_body((kind,))
        assert part is not None
        text: str = part.get_content()
        return text


@dataclass
class MailServer:
    """Its answers, what was accepted, and how many connections were made."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    answer_recipient: Callable[[str], str] = lambda recipient: OK
    answer_data: Callable[[], str] = lambda: OK
    _server: asyncio.Server | None = None
    _sessions: set[SMTP] = field(default_factory=set)

    @property
    def address(self) -> str:
        """Its host:port."""
        return f"127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer a recipient."""
        answer = self.answer_recipient(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer a mail, and keep it if that is a yes."""
        answer = self.answer_data()
        if answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.received.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.content))
        return answer

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the door, and hang up on everybody."""
        if self._server is not None:
            self._server.close()
            for session in self._sessions:
                if session.transport is not None:
                    session.transport.close()
            await self._server.wait_closed()
            await asyncio.sleep(0)
        self._server = None
        self._sessions.clear()

    def hang_up(self) -> None:
        """Hang up on everybody, and go on listening."""
        for session in self._sessions:
            if session.transport is not None:
                session.transport.close()

    def _session(self) -> SMTP:
        self.connections += 1
        session = SMTP(self, hostname="mail.test", enable_SMTPUTF8=False)
        self._sessions.add(session)
        return session


@asynccontextmanager
async def running() -> AsyncIterator[MailServer]:
    """A server that accepts everything until told otherwise."""
    server = MailServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
