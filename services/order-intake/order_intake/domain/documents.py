"""When two documents say the same."""

import json
from decimal import Decimal


def same_document(posted: bytes, again: bytes) -> bool:
    """Whether two JSON texts say the same: order of keys, white space and spelling of numbers do not count."""
    return _meaning(posted) == _meaning(again)


def _meaning(text: bytes) -> object:
    return json.loads(text, parse_int=_number, parse_float=_number)


def _number(text: str) -> tuple[Decimal]:
    # In a tuple, which JSON has not: to Python, true equals 1.
    return (Decimal(text),)
