"""Nobody reads or changes another organisation's data: every operation, asked by everybody (trust.md, invariant 7)."""

import json

import httpx
import pytest

from tests.public_api import asking, table
from tests.public_api.market import Market

WHO_MAY = table.table()


async def test_the_table_says_of_every_operation_who_may(market: Market) -> None:
    described = (await market.world.client.get("/openapi.json")).json()
    served = {f"{method.upper()} {path}" for path, methods in described["paths"].items() for method in methods}
    assert served - WHO_MAY.keys() == set(), "who may? Say so in who_may.txt"
    assert WHO_MAY.keys() - served == set(), "there is no such operation any more"


@pytest.mark.parametrize("operation", sorted(WHO_MAY))
async def test_everybody_may_what_the_table_says_and_hears_only_of_what_is_theirs(
    market: Market, operation: str
) -> None:
    expected = WHO_MAY[operation]
    # Who is refused comes first: nothing of what they asked for has happened when the others come.
    callers = sorted(expected, key=expected.__getitem__, reverse=True)
    answers = {caller: await asked(market, operation, caller) for caller in callers}
    told = "\n".join(f"{caller}: {answer.text[:200]}" for caller, answer in answers.items())
    assert {caller: answered(answer) for caller, answer in answers.items()} == expected, told
    for caller in ("other retailer", "other supplier"):
        heard, said = answers[caller], answers[caller].request
        own_words = str(said.url) + said.content.decode(errors="replace")
        if heard.is_success:
            assert [mark for mark in market.marks if mark in heard.text and mark not in own_words] == []


async def asked(market: Market, operation: str, caller: str) -> httpx.Response:
    """What a caller is answered."""
    method, path = operation.split()
    basic = path.endswith("/token")
    body = asking.BODIES[operation](market) if operation in asking.BODIES else None
    query = asking.QUERIES[operation](market) if operation in asking.QUERIES else {}
    path = path.format_map(asking.things_for(operation, market))
    return await market.ask(method, path, market.headers(caller, basic=basic), query, body)


def answered(answer: httpx.Response) -> int:
    """The status, with every success as 200. An error has the one shape, and a batch says its errors in a list."""
    if answer.is_success:
        return 200
    problem = json.loads(answer.content)
    assert problem["status"] == answer.status_code
    assert ("www-authenticate" in answer.headers) == (answer.status_code == 401)
    return answer.status_code
