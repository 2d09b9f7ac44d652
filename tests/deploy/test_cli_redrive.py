"""`sluice redrive` sends again what a receiver lacks."""

import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from shared.contracts import OrderPlaced
from shared.postgres import Database
from tests.deploy.commands import sluice


@pytest.fixture
async def lost(database: str) -> AsyncIterator[UUID]:
    """A message that order-intake has sent an hour ago, and that nobody has taken."""
    message = uuid4()
    opened = await Database.connect(database, "order_intake", size=2)
    async with opened.transaction() as tx:
        await tx.execute("CREATE TABLE sent_all PARTITION OF sent DEFAULT")
        await tx.execute(
            "INSERT INTO sent (id, message_id, topic, key, value, created_at, sent_at)"
            " SELECT 1, $1, $2, 'order', '{}', t, t FROM (SELECT now() - interval '1 hour' AS t)",
            message,
            OrderPlaced.topic,
        )
    yield message
    await opened.close()


async def test_a_message_that_nobody_has_taken_is_sent_again_once(lost: UUID, database: str) -> None:
    answer = await sluice("redrive", "--since", "7d", "--json", SLUICE_DATABASE=database)
    assert (answer.exit_code, json.loads(answer.stdout)) == (0, {OrderPlaced.topic: 1})
    opened = await Database.connect(database, "order_intake", size=2)
    async with opened.transaction() as tx:
        assert await tx.fetch_value("SELECT array_agg(message_id) FROM outbox") == [lost]
    await opened.close()
    again = await sluice("redrive", SLUICE_DATABASE=database)
    assert again.stdout == "Every message has been taken by all who take it.\n"


@pytest.mark.parametrize("span", [("--since", "30m"), ("--older-than", "2h")])
async def test_what_was_sent_outside_the_span_is_left_alone(lost: UUID, database: str, span: tuple[str, str]) -> None:
    answer = await sluice("redrive", *span, SLUICE_DATABASE=database)
    assert answer.stdout == "Every message has been taken by all who take it.\n"
