"""Those who wait for news of a feed in this process: told what was written here, or was seen in the database."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

_waiting: dict[str, set[asyncio.Event]] = {}
_of_all: set[asyncio.Event] = set()


def tell(organisations: Collection[str]) -> None:
    """There is something new in these feeds."""
    for organisation in organisations:
        for event in _waiting.get(organisation, ()):
            event.set()
    for event in _of_all:
        event.set()


def waited_for() -> list[str]:
    """The organisations whose feeds somebody waits for."""
    return list(_waiting)


def waiting(organisation: str) -> int:
    """How many wait for news of an organisation's feed."""
    return len(_waiting.get(organisation, ()))


@contextmanager
def listening(organisation: str) -> Iterator[asyncio.Event]:
    """An event that is set whenever there is something new in a feed. Listen before you look, or news may be missed."""
    event = asyncio.Event()
    _waiting.setdefault(organisation, set()).add(event)
    try:
        yield event
    finally:
        _waiting[organisation].discard(event)
        if not _waiting[organisation]:
            del _waiting[organisation]


def listen(event: asyncio.Event) -> None:
    """Set this event whenever there is something new in any feed."""
    _of_all.add(event)


def leave(event: asyncio.Event) -> None:
    """Leave this event alone from now on."""
    _of_all.discard(event)
