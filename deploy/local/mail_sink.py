"""The SMTP server that `sluice up` brings along: it takes every mail, delivers none and keeps them all."""

import asyncio
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local import ports
from deploy.local.mailbox import Mailbox

_WHAT = "The mail sink"


class MailSink:
    """Listens at `address` once started; what it takes is in `mailbox`, the folder `data`/mail, and stays there."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        """`port` None takes a free one, and keeps it over restarts."""
        self.mailbox = Mailbox(data.absolute() / "mail")
        self._port = port
        self._server: asyncio.Server | None = None
        self._sessions: weakref.WeakSet[SMTP] = weakref.WeakSet()
        self.address = ""

    async def start(self) -> None:
        """Listen. Raises `CannotStart` if the port is taken."""
        port = ports.claim(self._port, _WHAT)
        self._server = await asyncio.get_running_loop().create_server(self._session, ports.LOOPBACK, port)
        self._port = port
        self.address = f"{ports.LOOPBACK}:{port}"

    async def stop(self) -> None:
        """Stop listening and hang up. Harmless if it is not running."""
        if self._server is None:
            return
        self._server.close()
        for session in list(self._sessions):
            if session.transport is not None:
                session.transport.close()
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Called by aiosmtpd when a client greets; what the sink offers. It reads line by line: more may wait."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by aiosmtpd with a whole mail; the answer to the client. What it cannot keep is to be sent again."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            mail_id = await asyncio.to_thread(self.mailbox.keep, envelope.mail_from or "", envelope.rcpt_tos, content)
        except OSError as error:
            return f"452 4.3.1 The mail cannot be kept: {error.strerror}"
        return f"250 2.0.0 Kept as {mail_id}"

    def _session(self) -> SMTP:
        session = SMTP(
            self, hostname="localhost", ident="Sluice mail sink", enable_SMTPUTF8=True, loop=asyncio.get_running_loop()
        )
        self._sessions.add(session)
        return session
