"""Messages of which the feed needs little: read no further than that, for the rest of them is most of the work.

They are the messages of the contracts, on the same topics, with fewer fields.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts import OrderAmended, OrderPlaced
from shared.contracts.message import Event


class OrderTaken(Event):
    """What the feed reads of `OrderPlaced`."""

    topic: ClassVar[str] = OrderPlaced.topic

    order_id: UUID
    retailer_id: str
    external_id: str
    placed_at: datetime
    held: bool = False

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)


class OrderAltered(Event):
    """What the feed reads of `OrderAmended`."""

    topic: ClassVar[str] = OrderAmended.topic

    order_id: UUID
    retailer_id: str
    external_id: str | None = None
    amended_at: datetime
    version: int
    cancelled: bool = False
    held: bool = False

    @property
    def key(self) -> str:
        """The order's id."""
        return str(self.order_id)
