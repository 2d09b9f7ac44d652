"""The table of who may do what, read from `who_may.txt`."""

from collections.abc import Iterator
from pathlib import Path

from deploy.local.services import SERVICES

CALLERS = ("retailer", "other retailer", "supplier", "other supplier", "operator", "nobody")

Expected = dict[str, int]
"""The status that each caller is answered."""


def table() -> dict[str, Expected]:
    """What is expected of each operation, which is called `GET /path`."""
    found: dict[str, Expected] = {}
    for operation, codes in _lines():
        for service in SERVICES if "/*/" in operation else SERVICES[:1]:
            found[operation.replace("/*/", f"/{service.name}/")] = dict(zip(CALLERS, codes, strict=True))
    return found


def _lines() -> Iterator[tuple[str, list[int]]]:
    method = path = ""
    for line in Path(__file__).with_name("who_may.txt").read_text().splitlines():
        words = line.partition("#")[0].split()
        if words and not words[0].isdigit():
            method, path, *words = words
        if words:
            yield f"{method} {path}", [int(word) for word in words]


def allowed(caller: str) -> list[str]:
    """What a caller may do."""
    return [operation for operation, expected in table().items() if expected[caller] == 200]
