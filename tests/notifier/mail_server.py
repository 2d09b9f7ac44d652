"""A real SMTP server on the loopback that answers as a test tells it to, and keeps what it accepts."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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
    """Its answers, what was accepted, and how many connections were made.

    With a `certificate` it offers STARTTLS. Whether they came so is said of each mail and of each account that logs in.
    """

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    certificate: ssl.SSLContext | None = None
    encrypted: list[bool] = field(default_factory=list)
    logins: list[tuple[bytes, bool]] = field(default_factory=list)
    offers: tuple[str, ...] = ()
    answer_recipient: Callable[[str], str] = lambda recipient: OK
    answer_data: Callable[[], str] = lambda: OK
    silent_to: str = ""
    _server: asyncio.Server | None = None
    _sessions: set[SMTP] = field(default_factory=set)

    @property
    def address(self) -> str:
        """Its host:port."""
        return f"127.0.0.1:{self.port}"

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Answer a greeting; besides what aiosmtpd offers, with what the test wants offered."""
        session.host_name = hostname
        return [*responses[:-1], *(f"250-{offer}" for offer in self.offers), responses[-1]]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer a recipient, except the one that gets no answer ever."""
        if address == self.silent_to:
            await asyncio.Event().wait()
        answer = self.answer_recipient(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer a mail, and keep it if that is a yes."""
        self.encrypted.append(session.ssl is not None)
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

    def _log_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        self.logins.append((given.login, session.ssl is not None))
        return AuthResult(success=True)

    def _session(self) -> SMTP:
        self.connections += 1
        session = SMTP(
            self,
            hostname="mail.test",
            enable_SMTPUTF8=False,
            tls_context=self.certificate,
            authenticator=self._log_in,
            auth_require_tls=False,
        )
        self._sessions.add(session)
        return session


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody vouches for, as a fresh mail server has it."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")]),
    )
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime.now(UTC)).not_valid_after(datetime.now(UTC) + timedelta(days=1))
    file = folder / "mail.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


@asynccontextmanager
async def running() -> AsyncIterator[MailServer]:
    """A server that accepts everything until told otherwise."""
    server = MailServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
