"""Every step of every service, and the process killed at it; some where it is frozen, or the step fails."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from deploy.local import demo, demo_world
from tests.faults import load
from tests.faults.fault import Fault, Missed
from tests.faults.ground import SESSION_MS, Ground, Replica

Provoke = Callable[[Ground, random.Random], Awaitable[None]]
Strike = Callable[[Ground, random.Random], Awaitable[None]]

SOON_S, REACHED_S = 2.0, 20.0
FROZEN_S = 1.5 * SESSION_MS / 1_000


async def nothing_more(_: Ground, __: random.Random) -> None:
    """The load alone comes by."""


async def more_organisations(ground: Ground, chance: random.Random) -> None:
    """The operator adds some, so that the portal has something to say."""
    for _ in range(5):
        number = chance.randrange(1_000_000, 8_000_000)
        try:
            business_id = demo_world.business_id(number)
        except ValueError:
            continue
        body = {"name": f"Number {number}", "roles": ["supplier"], "email": f"{number}@example.com"}
        await ground.ask("portal", "PUT", f"/ecommerce/v3/organisations/{business_id}", demo_world.OPERATOR, body)


async def more_stock(ground: Ground, chance: random.Random) -> None:
    """Once some orders lack what is few, there is more of it, and the router asks again."""
    short = "SELECT FROM router.routes WHERE outcome IN ('partial', 'none') LIMIT 1"
    while await ground.execute(short) != "SELECT 1":
        await asyncio.sleep(0.1)
    await load.restock(ground, ground.runs, chance.randint(2, 20))


async def expired_carts(ground: Ground, chance: random.Random) -> None:
    """Carts for which stock was kept, and whose time is over."""
    for _ in range(3):
        rows = [{"externalProductId": chance.choice(load.few(ground.runs)), "quantity": 1}]
        body = {"minutes": 1, "rows": rows}
        await ground.ask("inventory", "POST", "/ecommerce/v3/reservations", demo_world.NORDIC, body)
    await ground.execute("UPDATE inventory.holds SET expires_at = now()")
    await ground.execute("UPDATE inventory.hold_lines SET expires_at = now()")


async def unopened_shipments(ground: Ground, chance: random.Random) -> None:
    """Shipments whose suppliers have had half of their time, or all of it."""
    shipments = "SELECT id FROM router.shipments WHERE status = 'Created' ORDER BY created_at DESC LIMIT"
    while await ground.execute(f"{shipments} 8") != "SELECT 8":
        await asyncio.sleep(0.1)
    await ground.execute(
        f"UPDATE router.shipments SET created_at = now() - interval '2 h', accept_by = now() + interval '1 h'"
        f" WHERE reminded_at IS NULL AND id IN ({shipments} 8)"
    )
    await ground.execute(
        f"UPDATE router.shipments SET reminded_at = now(), accept_by = now() WHERE id IN ({shipments} 4)"
    )


async def one_more_order(ground: Ground, chance: random.Random) -> None:
    """One more order passes every point that any order passes."""
    order = demo.new_order(chance, demo_world.NORDIC, f"M{ground.runs:03d}-{chance.randrange(10**6)}")
    await ground.ask("order-intake", "PUT", "/v2/orders", demo_world.NORDIC, order)


async def nobody_knows_it(ground: Ground, chance: random.Random) -> None:
    """An order for what nobody was heard to have: the router waits a moment for news of it."""
    order = demo.new_order(chance, demo_world.NORDIC, f"U{ground.runs:03d}-{chance.randrange(10**6)}")
    order["rows"][0]["externalProductId"] = "unheard-of"
    await ground.ask("order-intake", "PUT", "/v2/orders", demo_world.NORDIC, order)


def at(service: str, point: str, most: int, action: str = "kill", provoke: Provoke = nothing_more) -> Strike:
    """Have one process of a service die, freeze or fail at a point, the first to the `most`-th time it comes by.

    If the load does not come by so often, the next time is struck, and one more order sees to it that there is one.
    """

    async def strike(ground: Ground, chance: random.Random) -> None:
        replica = chance.choice(ground.replicas(service))
        replica.plan(point, action, chance.randint(1, most))
        await provoke(ground, chance)
        if not await happened(replica, SOON_S):
            replica.plan(point, action, 1)
            await (provoke if provoke is not nothing_more else one_more_order)(ground, chance)
            if not await happened(replica, REACHED_S):
                raise Missed
        if action == "kill":
            await replica.died()
            await replica.start()
        elif action == "freeze":
            replica.frozen = True
            await asyncio.sleep(FROZEN_S)
            replica.wake()

    return strike


def at_its_end(service: str, point: str) -> Strike:
    """Have a process that was asked to end die at a point of that."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        replica = chance.choice(ground.replicas(service))
        replica.plan(point, "kill", 1)
        code = await replica.terminate()
        await replica.start()
        if code == 0:
            raise Missed

    return strike


async def happened(replica: Replica, seconds: float) -> bool:
    """Wait until what is planned has happened; if it does not, forget it and return False."""
    deadline = time.monotonic() + seconds
    while replica.planned:
        if time.monotonic() > deadline:
            replica.forget_plan()
            return False
        await asyncio.sleep(0.02)
    return True


def _killed(service: str, point: str, words: str, most: int = 1, provoke: Provoke = nothing_more) -> Fault:
    return Fault(
        f"{service}:{point}",
        f"killed {words}",
        at(service, point, most, provoke=provoke),
        moment=(0.0, 0.1),
        orders=12,
    )


INBOX = (
    ("inbox.before-handler", "once message ids are inserted", 2),
    ("inbox.before-commit", "before a batch is committed", 2),
    ("inbox.after-commit", "between commit and offsets", 2),
    ("inbox.after-offsets", "once offsets are committed", 2),
)
RELAY = (
    ("relay.after-fetch", "before messages are published", 2),
    ("relay.before-move", "between the broker's word and the move to sent", 2),
    ("relay.after-move", "once messages are moved to sent", 2),
)

FAULTS = [
    _killed("order-intake", "intake.before-commit", "before orders are committed", 3),
    _killed("order-intake", "intake.after-commit", "between commit and answer", 3),
    *(
        _killed(service, point, words, most)
        for service in ("order-intake", "inventory", "router")
        for point, words, most in RELAY
    ),
    *(_killed("portal", point, words, 1, more_organisations) for point, words, _ in RELAY),
    *(
        _killed(service, point, words, most)
        for service in ("order-intake", "inventory", "router")
        for point, words, most in INBOX
    ),
    _killed("router", "patience.before-commit", "as it goes on without news of a product", 1, nobody_knows_it),
    replace(
        _killed("router", "retrying.before-commit", "as it asks again for what was short", 1, more_stock),
        moment=(0.8, 1.0),
    ),
    replace(
        _killed("router", "acceptance.before-commit", "as it calls off unopened shipments", 1, unopened_shipments),
        moment=(0.5, 0.6),
    ),
    _killed("inventory", "expiry.before-commit", "as it gives free what carts kept", 1, expired_carts),
    *(_killed("notifier", point, words, 2) for point, words, _ in INBOX),
    _killed("notifier", "sender.before-send", "between taking and sending a mail", 5),
    _killed("notifier", "sender.before-note", "between sending and noting mails", 2),
    _killed("notifier", "sender.after-note", "once mails are noted", 2),
    *(
        Fault(f"{service}:{point}", f"asked to end, and killed {words}", at_its_end(service, point), orders=12)
        for service in ("order-intake", "inventory", "router")
        for point, words in (
            ("drain.begun", "as it begins to drain"),
            ("drain.left-groups", "once it has left its groups"),
            ("drain.relay-stopped", "before it closes its connections"),
        )
    ),
    *(
        Fault(
            f"{service}:{point} frozen",
            f"frozen {words} for longer than its session, and woken",
            at(service, point, 3, "freeze"),
            moment=(0.0, 0.1),
            orders=12,
        )
        for service, point, words in (
            ("router", "inbox.before-commit", "with a transaction open"),
            ("inventory", "inbox.after-commit", "between commit and offsets"),
            ("order-intake", "relay.before-move", "between the broker's word and the move to sent"),
        )
    ),
    *(
        Fault(
            f"{service}:{point} fails",
            f"an error {words}",
            at(service, point, 3, "raise"),
            moment=(0.0, 0.1),
            orders=12,
        )
        for service, point, words in (
            ("router", "inbox.before-commit", "before a batch is committed"),
            ("inventory", "inbox.after-commit", "between commit and offsets"),
            ("order-intake", "relay.before-move", "between the broker's word and the move to sent"),
        )
    ),
]
