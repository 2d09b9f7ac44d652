"""`sluice migrate` brings a database and a broker to where the services can start."""

import asyncpg
import pytest

from deploy.local.cli import migrations
from shared.contracts import MESSAGES
from tests import servers
from tests.deploy.commands import sluice

SERVICES = ("portal", "inventory", "order-intake", "router", "notifier")


async def test_an_empty_database_gets_the_schemas_of_all_services_and_the_broker_the_topics(
    postgres_server: servers.Database, embedded_broker: servers.Broker
) -> None:
    async with servers.clone(postgres_server.dsn, "template1") as dsn:
        assert set(await migrations.lacking(dsn)) == set(SERVICES)
        answer = await sluice(
            *("migrate", "--postgres", dsn),
            SLUICE_KAFKA=embedded_broker.address,
            SLUICE_KAFKA_NAMESPACE="test-cli-migrate.",
            SLUICE_KAFKA_PARTITIONS="1",
        )
        assert answer.exit_code == 0
        *schemas, topics = answer.stdout.splitlines()
        assert [line.partition(": migrated to ")[0] for line in schemas] == list(SERVICES)
        assert topics == f"topics: {len(MESSAGES)} made, 0 were there"
        assert await migrations.lacking(dsn) == {}


async def test_a_database_that_is_up_to_date_stays_as_it_is(database: str) -> None:
    answer = await sluice("migrate", SLUICE_POSTGRES=database, SLUICE_DATABASE="postgresql://nobody@127.0.0.1:1/none")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines() == [
        *(f"{service}: up to date" for service in SERVICES),
        "topics: left alone, as SLUICE_KAFKA does not say where Kafka is",
    ]


async def test_a_migration_that_is_lacking_is_named(database: str) -> None:
    connection = await asyncpg.connect(database)
    await connection.execute("DELETE FROM router.schema_migrations WHERE version = '1001'")
    await connection.close()
    assert await migrations.lacking(database) == {"router": {"1001"}}


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "postgresql://u:p@127.0.0.1:1/none",
        "postgresql://[",
        "postgresql://h:port/none",
        "postgresql://h:99999/none",
        "postgresql://127.0.0.1:1/none?sslmode=perhaps",
    ],
)
async def test_a_database_that_is_none_is_refused_in_one_line(address: str) -> None:
    answer = await sluice("migrate", "--postgres", address)
    assert answer.exit_code == 3
    assert len(answer.stderr.splitlines()) == 1
