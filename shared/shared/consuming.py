"""The consuming side of a service: its topics and consumers, started as soon as Kafka can be reached.

A service must take orders while Kafka is away, for its outbox can wait. So this starts in the background and tries
again until it has worked; once the consumers have started they find their way back to Kafka by themselves.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from shared import failures, kafka, observability, subscriptions
from shared.inbox import Inbox
from shared.settings import ServiceSettings

log = structlog.get_logger()

REACH_WAIT_S = 5.0
JOIN_WAIT_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
TOPICS_S = 10.0
"""So often it is looked whether the topics are still there: a broker that came back empty makes none by itself."""


class Consuming:
    """The consumers of a service, one for each inbox."""

    def __init__(self, service: str, settings: ServiceSettings, inboxes: Sequence[Inbox]) -> None:
        self.service = service
        self.settings = settings
        self.inboxes = inboxes
        self._reached = asyncio.Event()
        self._joined = asyncio.Event()
        self._broker: KafkaBroker | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start in the background."""
        self._task = asyncio.create_task(self._run(), name=f"consuming-{self.service}")

    async def joined(self) -> bool:
        """Whether the consumers are members of their groups; waits for it a while, longer when Kafka answers."""
        for event, seconds in ((self._reached, REACH_WAIT_S), (self._joined, JOIN_WAIT_S)):
            try:
                await asyncio.wait_for(event.wait(), seconds)
            except TimeoutError:
                return False
        return True

    async def stop(self) -> None:
        """Take no more, finish the batches in hand, and leave the groups, however far the start has come."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._leave()

    async def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                await self._join()
            except Exception as error:
                # Whatever it was: a service that gave up would hear nothing until somebody starts it again.
                known = isinstance(error, KafkaError | OSError)
                log.warning(
                    "not consuming yet",
                    service=self.service,
                    error=failures.describe(error),
                    retry_in_s=pause,
                    trace=None if known else failures.trace(error),
                )
                await self._leave()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                self._joined.set()
                log.info("service consumes", service=self.service, topics=len(self.inboxes))
                await self._keep_topics()

    async def _keep_topics(self) -> None:
        """Make topics again that are gone, until cancelled. The consumers and the relays then find them."""
        topics = [inbox.type_of_message.topic for inbox in self.inboxes]
        while True:
            await asyncio.sleep(TOPICS_S)
            try:
                made = await kafka.create_topics(self.settings, topics)
            except Exception as error:
                log.warning("topics not seen", service=self.service, error=failures.describe(error))
            else:
                if made:
                    log.warning("topics made again", service=self.service, topics=made)

    async def _join(self) -> None:
        settings = self.settings
        await kafka.create_topics(settings, [inbox.type_of_message.topic for inbox in self.inboxes])
        self._reached.set()
        self._broker = broker = kafka.new_broker(settings, self.service)
        consumers = [
            subscriptions.subscribe(
                broker,
                inbox,
                kafka.topic_name(settings, inbox.type_of_message.topic),
                kafka.group_name(settings, self.service, inbox.type_of_message.topic),
                settings.kafka_session_ms,
            )
            for inbox in self.inboxes
        ]
        await broker.connect()
        # One after the other, as the broker's own start does it, every consumer would wait for its group in turn.
        starting = [asyncio.create_task(subscriber.start()) for subscriber in broker.subscribers]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            raise
        broker.running = True
        observability.CONSUMING.labels(self.service).set(1)
        await asyncio.gather(*(consumer.assigned.wait() for consumer in consumers))

    async def _leave(self) -> None:
        observability.CONSUMING.labels(self.service).set(0)
        if self._broker is None:
            return
        try:
            await asyncio.gather(*(subscriber.stop() for subscriber in self._broker.subscribers))
            await self._broker.stop()
        except Exception as error:
            # Kafka may be away, and then learns by the silence that they have left.
            log.warning("consumers not closed", service=self.service, error=failures.describe(error))
        self._broker = None
