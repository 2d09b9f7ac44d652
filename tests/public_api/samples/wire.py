"""What goes over the wire, as it is printed, and what comes back."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.world import Caller

DATA = Path(__file__).parent / "data"

BLANK: tuple[Any, ...] = (None, "")


def printed(name: str) -> str:
    """A body as its document prints it."""
    return (DATA / name).read_text()


async def answer(caller: Caller, method: str, address: str, body: str = "") -> httpx.Response:
    """Whatever is answered to exactly this address and this body."""
    headers = dict(caller.headers)
    if method != "GET":
        headers["Content-Type"] = "application/json"
    answered = await caller.client.request(method, address, content=body.encode(), headers=headers)
    assert answered.request.url.raw_path.decode() == address, "the client changed the address"
    return answered


async def told(caller: Caller, method: str, address: str, body: str = "") -> Any:
    """What is answered, which must be 200 with something in JSON."""
    answered = await answer(caller, method, address, body)
    assert answered.status_code == 200, f"{method} {address}: {answered.status_code} {answered.text}"
    return answered.json()


def lacking(shown: Any, wanted: Any, place: str = "") -> list[str]:
    """Where what is shown lacks something that is wanted, or has something else. More than is wanted may be shown."""
    return list(_lacking(shown, wanted, place))


def _lacking(shown: Any, wanted: Any, place: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(shown, Mapping):
        for name, value in wanted.items():
            if name in shown:
                yield from _lacking(shown[name], value, f"{place}.{name}")
            elif value not in BLANK:
                yield f"{place}.{name} is not there"
    elif isinstance(wanted, list) and isinstance(shown, list) and len(shown) == len(wanted):
        for index, (one, other) in enumerate(zip(shown, wanted, strict=True)):
            yield from _lacking(one, other, f"{place}[{index}]")
    elif shown != wanted:
        yield f"{place} is {shown!r}, not {wanted!r}"
