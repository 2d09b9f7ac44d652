"""Brokers that stop, die, come back empty, or change their leaders under load."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable

from tests.faults import kafka_nodes
from tests.faults.fault import Fault
from tests.faults.ground import Ground
from tests.faults.kafka_nodes import Nodes

Strike = Callable[[Ground, random.Random], Awaitable[None]]


async def lost_all(ground: Ground, chance: random.Random) -> None:
    """The broker stops, comes back without anything it held, and what it forgot is sent again."""
    await ground.servers.broker.stop()
    await asyncio.sleep(chance.uniform(0, 1))
    await ground.servers.broker.start()
    await ground.redrive()


async def lost_all_twice(ground: Ground, chance: random.Random) -> None:
    """As before, and once more while what it forgot is being sent again."""
    await lost_all(ground, chance)
    await asyncio.sleep(chance.uniform(0, 0.5))
    await lost_all(ground, chance)


def ended(sign: signal.Signals, *, leader: bool) -> Strike:
    """A node ends, and comes back with what it held: the leader, or each in its turn, one in a run."""

    async def strike(ground: Ground, chance: random.Random) -> None:
        nodes = _nodes(ground)
        node = await nodes.leader() if leader else nodes.nodes[ground.runs % len(nodes.nodes)]
        await nodes.end(node, sign)
        await asyncio.sleep(chance.uniform(0, 0.5))
        await nodes.come_back(node)

    return strike


def _nodes(ground: Ground) -> Nodes:
    nodes = ground.servers.broker
    assert isinstance(nodes, Nodes)
    return nodes


THREE = {"SLUICE_KAFKA_REPLICAS": "3"}

FAULTS = [
    Fault("broker: lost all", "the embedded broker comes back empty; `sluice redrive`", lost_all, forgets=True),
    Fault(
        "broker: lost all twice",
        "the embedded broker comes back empty, and again while `sluice redrive` is under way",
        lost_all_twice,
        forgets=True,
    ),
    Fault(
        "Apache Kafka: restarted",
        "a lone broker is asked to end, and comes back with what it held",
        ended(signal.SIGTERM, leader=False),
        servers=kafka_nodes.one_node,
        lacks=kafka_nodes.lacks,
    ),
    Fault(
        "Apache Kafka: killed",
        "a lone broker is killed, and comes back with what it held",
        ended(signal.SIGKILL, leader=False),
        servers=kafka_nodes.one_node,
        lacks=kafka_nodes.lacks,
    ),
    Fault(
        "Apache Kafka: lost all",
        "a lone broker comes back empty; `sluice redrive`",
        lost_all,
        servers=kafka_nodes.one_node,
        forgets=True,
        lacks=kafka_nodes.lacks,
    ),
    Fault(
        "Apache Kafka, three nodes: leader killed",
        "of three brokers the one that leads most is killed, and comes back",
        ended(signal.SIGKILL, leader=True),
        servers=kafka_nodes.three_nodes,
        environment=THREE,
        lacks=kafka_nodes.lacks,
    ),
    Fault(
        "Apache Kafka, three nodes: restarted in turn",
        "one of three brokers after the other, one in a run, is asked to end and comes back",
        ended(signal.SIGTERM, leader=False),
        servers=kafka_nodes.three_nodes,
        environment=THREE,
        lacks=kafka_nodes.lacks,
    ),
]
