"""Ids that begin with the moment at which they were made, as those of orders and messages do."""

from datetime import datetime
from uuid import UUID


def first_id(moment: datetime) -> UUID:
    """The smallest id that can be of a moment: ids begin with their millisecond, counted from 1970 on."""
    return UUID(bytes=max(0, int(moment.timestamp() * 1_000)).to_bytes(6) + bytes(10))
