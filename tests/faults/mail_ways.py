"""A mail server with ways of its own: slow, refusing, or gone before it has answered."""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mail_sink import MailSink

OK = "250 2.0.0 Taken"


@dataclass(frozen=True)
class Way:
    """What the server does: with this `part` of all mails, the first `most` at most, and as usual with the others.

    `recipient` and `data` are its answers to RCPT and to the whole mail; a `slow_s` it waits before it answers the
    mail; `lost`: it hangs up instead of answering, having `kept` the mail or not.
    """

    part: float = 1.0
    most: int = 1_000_000
    recipient: str = OK
    data: str = OK
    slow_s: float = 0.0
    lost: bool = False
    kept: bool = True


class HarmedSink(MailSink):
    """The mail sink, with a `way` while there is one."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.chance = random.Random(0)
        self.met = 0
        """How many have met with the present way."""
        self._latest: dict[SMTP, str] = {}
        self._way: Way | None = None

    @property
    def unsure(self) -> set[str]:
        """The Message-IDs of mails it has kept of which the sender may not have heard: the last of ended sessions."""
        return {
            message_id
            for session, message_id in self._latest.items()
            if session.transport is None or session.transport.is_closing()
        }

    def take(self, way: Way | None, chance: random.Random) -> None:
        """Go this way from now on, or the usual one."""
        self._way, self.chance, self.met = way, chance, 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer a recipient."""
        way = self._way
        if way is not None and way.recipient != OK and self._meets(way):
            self._leave_after(way.recipient, server)
            return way.recipient
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Here"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer a mail."""
        way = self._way
        if way is None or way.recipient != OK or not self._meets(way):
            return await self._keep(server, session, envelope)
        if way.kept and way.data == OK:
            await self._keep(server, session, envelope)
        await asyncio.sleep(way.slow_s)
        if way.lost and server.transport is not None:
            server.transport.close()
        else:
            self._leave_after(way.data, server)
        return way.data

    async def _keep(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        # It ends with what `CountedMail` calls the mail: its Message-ID.
        self._latest[server] = answer.rpartition(" ")[2]
        return answer

    def _meets(self, way: Way) -> bool:
        if self.met >= way.most or self.chance.random() >= way.part:
            return False
        self.met += 1
        return True

    def _leave_after(self, answer: str, server: SMTP) -> None:
        """Who says 421 hangs up."""
        if answer.startswith("421") and server.transport is not None:
            asyncio.get_running_loop().call_later(0.02, server.transport.close)
