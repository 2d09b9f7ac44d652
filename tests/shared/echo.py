"""A handler whose work can be counted: it says every organisation again as a catalogue, in the same transaction."""

from collections.abc import Sequence

from prometheus_client import REGISTRY

from shared import outbox
from shared.contracts import CatalogueChanged, Message, OrganisationChanged
from shared.postgres import Database, Transaction


def news(name: str, *, version: int = 1) -> OrganisationChanged:
    """A message with a name to know it by."""
    return OrganisationChanged(business_id=name, name=name, roles=("supplier",), version=version)


async def echo(messages: Sequence[Message], tx: Transaction) -> None:
    """Say each organisation again."""
    await outbox.put(
        tx,
        *(
            CatalogueChanged(
                retailer_id="r", catalogue_id=message.key, supplier_id="s", active=True, version=len(messages)
            )
            for message in messages
        ),
    )


async def echoes(house: Database) -> list[str]:
    """The names that were said again, in the order in which it happened."""
    async with house.transaction() as tx:
        rows = await tx.fetch(
            "SELECT value FROM (SELECT id, topic, value FROM outbox UNION ALL SELECT id, topic, value FROM sent) said"
            " WHERE topic = $1 ORDER BY id",
            CatalogueChanged.topic,
        )
    return [CatalogueChanged.model_validate_json(row["value"]).catalogue_id for row in rows]


def counted(metric: str, **labels: str) -> float:
    """A metric's value now; 0 when it has never counted."""
    return REGISTRY.get_sample_value(metric, labels) or 0.0
