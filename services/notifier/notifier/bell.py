"""A bell for the senders of this process: mail to be sent need not wait for their next look."""

import asyncio

_listeners: set[asyncio.Event] = set()


def ring() -> None:
    """Wake every sender of this process."""
    for listener in _listeners:
        listener.set()


def listen(listener: asyncio.Event) -> None:
    """Set this event whenever the bell rings."""
    _listeners.add(listener)


def leave(listener: asyncio.Event) -> None:
    """Leave this event alone from now on."""
    _listeners.discard(listener)
