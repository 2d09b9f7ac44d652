"""Kept connections to the mail server, and its answers in our words."""

import asyncio
from collections.abc import Sequence

import aiosmtplib

from notifier import domain
from notifier.domain import Answer
from notifier.settings import Settings

SEND_S = 60.0
"""The longest a mail may take from MAIL to the answer to its data."""


class Unreachable(Exception):
    """The mail server does not answer or does not let us in: no mail was tried."""


class Outgoing:
    """The mail server as a place to hand mails over. Connections are kept while there is work for them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, recipients: Sequence[str], content: bytes) -> dict[str, Answer]:
        """Hand a mail over; return the server's answer for each recipient. Raises Unreachable."""
        client = await self._connection()
        try:
            async with asyncio.timeout(SEND_S):
                answers = await self._hand_over(client, recipients, content)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            lost = Answer(0, f"no answer: {_words(error)}")
            return dict.fromkeys(recipients, lost)
        except BaseException:
            client.close()
            raise
        if client.is_connected:
            self._idle.append(client)
        return answers

    async def _hand_over(self, client: aiosmtplib.SMTP, recipients: Sequence[str], content: bytes) -> dict[str, Answer]:
        try:
            refused, said = await client.sendmail(self.settings.sender.addr_spec, recipients, content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {one.recipient: Answer(one.code, one.message) for one in error.recipients}
        except aiosmtplib.SMTPResponseException as error:
            return dict.fromkeys(recipients, Answer(error.code, error.message))
        answers = dict.fromkeys(recipients, Answer(250, said))
        return answers | {recipient: Answer(one.code, one.message) for recipient, one in refused.items()}

    async def _connection(self) -> aiosmtplib.SMTP:
        while self._idle:
            client = self._idle.pop()
            try:
                # The server may have hung up in the meantime; better to hear it now than in the middle of a mail.
                await client.rset()
            except (aiosmtplib.SMTPException, OSError):
                client.close()
            else:
                return client
        return await self._connect()

    async def _connect(self) -> aiosmtplib.SMTP:
        settings = self.settings
        host, port = settings.smtp_address
        here = domain.is_loopback(host)
        client = aiosmtplib.SMTP(
            hostname=host,
            port=port,
            # None: when the server offers it. Mail that may go in clear may as well go to a server that proves nothing.
            start_tls=True if settings.smtp_starttls else None,
            validate_certs=settings.smtp_starttls or (settings.smtp_user is not None and not here),
            local_hostname=settings.sender.domain,
            timeout=settings.smtp_timeout_seconds,
        )
        try:
            await client.connect()
            if settings.smtp_user is not None:
                if not here and client.get_transport_info("sslcontext") is None:
                    raise Unreachable(f"{settings.smtp} offers no STARTTLS: the password is not sent to it in clear")
                await client.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise Unreachable(f"cannot reach the mail server {settings.smtp}: {_words(error)}") from error
        except BaseException:
            client.close()
            raise
        return client

    async def close(self) -> None:
        """Take leave of the server on every idle connection."""
        while self._idle:
            client = self._idle.pop()
            try:
                await client.quit()
            except (aiosmtplib.SMTPException, OSError):
                client.close()


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
