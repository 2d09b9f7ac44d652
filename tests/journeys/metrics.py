"""What the services have counted, as a Prometheus server reads it."""

from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

from tests.journeys.world import World

Counted = Counter[tuple[str, str]]
"""Numbers by service and topic."""


async def counted(world: World, name: str, outcome: str | None = None) -> Counted:
    """A counter of every service and topic; of one outcome, where it is counted by outcome."""
    answer = await world.client.get("/metrics")
    assert answer.status_code == 200
    numbers: Counted = Counter()
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.name == f"{name}_total" and (outcome is None or sample.labels["outcome"] == outcome):
                numbers[sample.labels["service"], sample.labels["topic"]] += int(sample.value)
    return numbers
