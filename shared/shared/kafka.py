"""Topics and clients: how a service reaches Kafka."""

from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared import lost_connections
from shared.settings import ServiceSettings

lost_connections.name_them()

RETENTION_MS = 7 * 24 * 3600 * 1000
METADATA_MS = 5_000
"""So often consumers look which topics and partitions there are. After a broker came back empty a group may form before
its topics are made again; it would have nothing to read until it looks, which is every five minutes by default."""


def topic_name(settings: ServiceSettings, topic: str) -> str:
    """The broker's name for a contract's topic."""
    return f"{settings.kafka_namespace}{topic}"


def group_name(settings: ServiceSettings, service: str, topic: str) -> str:
    """The consumer group of a service for a topic: one each, so that a slow topic never holds up another."""
    return f"{settings.kafka_namespace}{service}.{topic}"


def new_broker(settings: ServiceSettings, service: str) -> KafkaBroker:
    """The FastStream broker with which a service consumes. It publishes nothing: that is the relay's work."""
    return KafkaBroker(
        settings.kafka.split(","),
        client_id=f"sluice-{service}",
        allow_auto_create_topics=False,
        metadata_max_age_ms=METADATA_MS,
        graceful_timeout=settings.drain_seconds,
        ack_policy=AckPolicy.MANUAL,
        logger=None,
        consumer_only=True,
    )


def new_producer(settings: ServiceSettings, service: str) -> AIOKafkaProducer:
    """A producer for a relay, not yet started. Acknowledged means: by all replicas in sync."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka.split(","),
        client_id=f"sluice-{service}-relay",
        acks="all",
        enable_idempotence=settings.kafka_idempotence,
        linger_ms=2,
        max_batch_size=131_072,
        max_request_size=8_000_000,
        request_timeout_ms=20_000,
    )


async def create_topics(settings: ServiceSettings, topics: Iterable[str]) -> list[str]:
    """Create the topics that do not exist; return the names of those created.

    Raises aiokafka.errors.KafkaError when the broker cannot be reached or refuses.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka.split(","), client_id="sluice-topics")
    try:
        await client.start()
        there = set(await client.list_topics())
        missing = [name for name in (topic_name(settings, topic) for topic in topics) if name not in there]
        if not missing:
            return []
        answer = await client.create_topics(
            [
                NewTopic(
                    name,
                    num_partitions=settings.kafka_partitions,
                    replication_factor=settings.kafka_replicas,
                    topic_configs={"retention.ms": str(RETENTION_MS), "max.message.bytes": "8000000"},
                )
                for name in missing
            ]
        )
        for error in answer.topic_errors:
            kind = for_code(error[1])
            if error[1] and kind is not TopicAlreadyExistsError:
                raise kind(f"topic {error[0]} cannot be created: {error[-1]}")
        return missing
    finally:
        await client.close()
