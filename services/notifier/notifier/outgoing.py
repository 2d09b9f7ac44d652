"""Kept connections to the mail server, and its answers in our words."""

import asyncio
from collections.abc import Sequence
from typing import cast

import aiosmtplib

from notifier import domain, wire
from notifier.domain import Answer
from notifier.settings import Settings
from notifier.wire import Wire

CONNECT_S = 60.0
"""The longest it may take until a server has been greeted, however many turns that takes."""
SEND_S = 60.0
"""The longest a mail may take from MAIL to the answer to its data."""


class Unreachable(Exception):
    """The mail server does not answer or does not let us in: no mail was tried."""


class Outgoing:
    """The mail server as a place to hand mails over. Connections are kept while there is work for them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._sender = settings.sender
        self._idle: list[Wire] = []

    async def send(self, recipients: Sequence[str], content: bytes) -> dict[str, Answer]:
        """Hand a mail over, its lines ended by CRLF; return the server's answer for each recipient.

        Raises Unreachable, and ValueError when the mail or an address could be taken for more than that.
        """
        while self._idle:
            try:
                return await self._send_on(self._idle.pop(), recipients, content)
            except wire.NotTried:
                # The server had hung up in the meantime, as servers do: that says nothing about the mail.
                continue
        return await self._send_on(await self._connect(), recipients, content)

    async def _send_on(self, line: Wire, recipients: Sequence[str], content: bytes) -> dict[str, Answer]:
        try:
            async with asyncio.timeout(SEND_S):
                answers = await line.hand_over(self._sender.addr_spec, recipients, content)
        except (OSError, TimeoutError) as error:
            line.close()
            return dict.fromkeys(recipients, Answer(0, f"no answer: {_words(error)}"))
        except BaseException:
            line.close()
            raise
        if line.usable:
            self._idle.append(line)
        else:
            line.close()
        return answers

    async def _connect(self) -> Wire:
        settings = self.settings
        host, port = settings.smtp_address
        here = domain.is_loopback(host)
        client = aiosmtplib.SMTP(
            hostname=host,
            port=port,
            # None: when the server offers it. Mail that may go in clear may as well go to a server that proves nothing.
            start_tls=True if settings.smtp_starttls else None,
            validate_certs=settings.smtp_starttls or (settings.smtp_user is not None and not here),
            local_hostname=self._sender.domain,
            timeout=settings.smtp_timeout_seconds,
        )
        try:
            async with asyncio.timeout(CONNECT_S):
                await client.connect()
                if settings.smtp_user is not None:
                    if not here and client.get_transport_info("sslcontext") is None:
                        why = "offers no STARTTLS: the password is not sent to it in clear"
                        raise Unreachable(f"{settings.smtp} {why}")
                    await client.login(settings.smtp_user, settings.smtp_password.get_secret_value())
                await _say_hello(client)
            return Wire(
                _transport_of(client),
                pipelining=client.supports_extension("pipelining"),
                size=client.supports_extension("size"),
                patience_s=settings.smtp_timeout_seconds,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise Unreachable(f"cannot reach the mail server {settings.smtp}: {_words(error)}") from error
        except BaseException:
            client.close()
            raise

    async def close(self) -> None:
        """Take leave of the server on every idle connection."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(line.quit() for line in idle))


async def _say_hello(client: aiosmtplib.SMTP) -> None:
    """Greet the server, unless logging in has done it: what it offers is known only then."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()


def _transport_of(client: aiosmtplib.SMTP) -> asyncio.Transport:
    """The connection a client has made. From here on it is ours: the client waits for each reply before it goes on."""
    if client.transport is None:
        raise ConnectionResetError("the server hung up")
    return cast(asyncio.Transport, client.transport)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
