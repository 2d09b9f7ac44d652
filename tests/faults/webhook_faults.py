"""The notifier killed while it sends events to a webhook: each arrives, in its order, and few of them twice."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from deploy.local import demo_world
from notifier.webhooks.courier import UNNOTED
from shared import sealing
from tests.faults import failpoint_faults
from tests.faults.fault import Fault
from tests.faults.ground import Ground
from tests.notifier import receivers

WEBHOOKS, EVENTS = "/ecommerce/v3/webhooks", "/ecommerce/v3/events"
ARRIVE_S = 30.0

ENVIRONMENT = {
    "NOTIFIER_WEBHOOK_HTTP": "true",
    "NOTIFIER_WEBHOOK_NETWORKS": "127.0.0.0/8",
    "SLUICE_SEALING_KEYS": sealing.new_key(),
}


def dies_at(point: str, most: int) -> Callable[[Ground, random.Random], Awaitable[None]]:
    """The process that sends dies at a point, and the receiver gets every event all the same."""
    die = failpoint_faults.at("notifier", point, most)

    async def strike(ground: Ground, chance: random.Random) -> None:
        address = f"{WEBHOOKS}/run{ground.runs}"
        async with receivers.running() as receiver:
            created = await asked(ground, "PUT", address, {"url": receiver.address})
            await die(ground, chance)
            # What the database does by itself once the lease of one that died is over.
            await ground.execute("UPDATE notifier.webhooks SET leased_until = now()")
            async with asyncio.timeout(ARRIVE_S):
                while (shown := await asked(ground, "GET", address))["behind"]:
                    await asyncio.sleep(0.1)
            page = await asked(ground, "GET", f"{EVENTS}?limit=1000&cursor={created['cursor']}")
            await asked(ground, "DELETE", address)
        wanted = [event["id"] for event in page["events"]][: int(shown["cursor"]) - int(created["cursor"])]
        came = list(dict.fromkeys(receiver.took))
        assert came[: len(wanted)] == wanted, "events are missing, or came in another order"
        assert len(receiver.took) - len(came) <= UNNOTED, "more events came twice than were not noted"
        if len(receiver.took) > len(came):
            ground.note("events came twice")

    return strike


async def asked(ground: Ground, method: str, path: str, body: object | None = None) -> Any:
    """What the shop is answered, once there is an answer."""
    async with asyncio.timeout(ARRIVE_S):
        while True:
            answer = await ground.ask("notifier", method, path, demo_world.NORDIC, body)
            if answer is not None and answer.is_success:
                return answer.json() if answer.content else None
            await asyncio.sleep(0.1)


FAULTS = [
    Fault(
        f"notifier:{point}",
        f"killed {words}",
        dies_at(point, most),
        moment=(0.0, 0.1),
        orders=12,
        environment=ENVIRONMENT,
    )
    for point, words, most in (
        ("courier.before-send", "between taking a webhook and sending to it", 5),
        ("courier.before-note", "between sending events and noting them", 2),
        ("courier.after-note", "once events are noted", 2),
    )
]
