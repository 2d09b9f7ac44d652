"""What every message is: a small frozen value with a topic and a key."""

from abc import abstractmethod
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Quantity = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]
"""A number of units, never negative; at most twelve digits before and six after the point."""


class Part(BaseModel):
    """A part of a message. Unknown fields are ignored, so that a newer sender can add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Message(Part):
    """A fact or a request that travels through Kafka, one topic for each type.

    `topic` is `<owner>.<message>.v<n>`. Messages with the same `key` keep their order.
    """

    topic: ClassVar[str]

    @property
    @abstractmethod
    def key(self) -> str:
        """The Kafka key: the id of the order, or of whatever else the message is about."""


class Event(Message):
    """A fact in the past tense, owned by its publisher."""


class Command(Message):
    """A request in the imperative, owned by its receiver."""
