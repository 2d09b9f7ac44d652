"""Bodies that nobody means well with: refused with a reason, by every address that reads one, and never a crash."""

import httpx
import pytest

from tests.public_api import asking, table
from tests.public_api.market import Market

BODIES = {
    "deep array": b"[" * 10_000,
    "deep closed array": b"[" * 5_000 + b"]" * 5_000,
    "deep object": b'{"rows":' * 10_000,
    "deep closed object": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "no UTF-8": b'{"externalId": "\xff\xfe"}',
    "half a surrogate": b'[{"externalId": "\\ud800", "product": {"externalId": "\\udfff"}}]',
    "byte order mark": b"\xef\xbb\xbf{}",
    "no number": b'{"quantity": NaN, "priority": Infinity}',
    "endless number": b'{"quantity": 1e999999999, "priority": 1e-999999999}',
    "long number": b'{"priority": ' + b"9" * 5_000 + b', "ids": [' + b"9" * 5_000 + b"]}",
    "a comma too many": b'{"status": {"value": "Viewed",}}',
    "two values": b"{} {}",
    "not JSON": b"<order/>",
    "a number": b"0",
    "a word": b'"word"',
    "a truth": b"true",
    "a list of everything": b'[null, 0, "", [], {}, true, [[]], {"product": []}, {"product": {"externalId": {}}}]',
    "an object of nothing": b'{"rows": [null], "status": null, "emails": [null], "roles": [null], "ids": [null]}',
    "another type": b'{"rows": {}, "status": [], "emails": {}, "roles": {}, "ids": {}, "consignment": [], "state": []}',
}
OPERATIONS = sorted(
    operation for operation in asking.BODIES if "/operations/" not in operation or "/operations/router/" in operation
)
"""Every operation that takes a body; what operators do with parked messages is the same for all services."""


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_no_body_is_answered_with_a_crash(market: Market, operation: str) -> None:
    caller = next(caller for caller in table.CALLERS if table.table()[operation][caller] == 200)
    method, path = operation.split()
    path = path.format_map(asking.things_for(operation, market))
    headers = {**market.headers(caller), "Content-Type": "application/json"}
    for name, body in BODIES.items():
        answer = await market.world.client.request(method, path, headers=headers, content=body)
        assert is_told(answer), f"{name}: {answer.status_code} {answer.text[:300]}"


def is_told(answer: httpx.Response) -> bool:
    """Whether the answer says what is wrong, in the one shape of errors or with the index of each wrong item."""
    told = answer.json()
    if answer.is_success:
        # A field that nobody knows does no harm, and `DELETE` does not read a body that it does not need.
        return not isinstance(told, list) or all("index" in item for item in told)
    return 400 <= answer.status_code < 500 and told["status"] == answer.status_code and bool(told["message"])
