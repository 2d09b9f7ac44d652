"""A mail server that is slow, refuses, or takes a mail and is gone before it has said so."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from tests.faults.fault import Fault
from tests.faults.ground import Ground
from tests.faults.mail_ways import Way

Strike = Callable[[Ground, random.Random], Awaitable[None]]

IMPATIENT = {"NOTIFIER_SMTP_TIMEOUT_SECONDS": "3"}
"""The notifier waits so long for an answer: for less, a busy machine would be too slow."""
TOO_LATE_S = 4.0


def goes(way: Way) -> Strike:
    """The server goes this way for a while."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        ground.sink.take(way, chance)
        # Mails come after the orders that are behind them.
        async with asyncio.timeout(30):
            while ground.sink.met < 1:
                await asyncio.sleep(0.05)
        await asyncio.sleep(chance.uniform(0.3, 1.2))
        ground.notes["mails that met with it"] += ground.sink.met
        ground.sink.take(None, chance)

    return strike


def mail_fault(name: str, what: str, way: Way, *, refused: bool = False, impatient: bool = False) -> Fault:
    """A fault of the mail server: some mails may come twice, or may be refused for good."""
    return Fault(
        f"mail server: {name}",
        what,
        goes(way),
        environment=IMPATIENT if impatient else {},
        mails_end=frozenset({"sent", "refused"} if refused else {"sent"}),
    )


FAULTS = [
    mail_fault("slow", "it thinks of every mail for a third of a second", Way(slow_s=0.3)),
    mail_fault("421", "it says 421 to a recipient and hangs up", Way(part=0.7, recipient="421 4.3.2 Going down")),
    mail_fault("451 to a recipient", "not now", Way(part=0.7, recipient="451 4.7.1 Greylisted")),
    mail_fault("451 to a mail", "not now, after it has heard all of it", Way(part=0.7, data="451 4.3.0 Not now")),
    mail_fault(
        "550 to a recipient",
        "never: the mail ends as refused",
        Way(part=0.3, recipient="550 5.1.1 Nobody"),
        refused=True,
    ),
    mail_fault(
        "550 to a mail", "never: the mail ends as refused", Way(part=0.3, data="550 5.7.1 Not wanted"), refused=True
    ),
    mail_fault("deaf", "it hangs up after a mail, which it has not kept", Way(part=0.7, lost=True, kept=False)),
    mail_fault(
        "gone with the mail",
        "it keeps three mails and hangs up without an answer",
        Way(most=3, lost=True),
    ),
    mail_fault(
        "answers too late",
        "it keeps three mails and answers when nobody waits any more",
        Way(most=3, slow_s=TOO_LATE_S),
        impatient=True,
    ),
]
