"""What the goods of a shipment ask of its carrier, whatever the order said (glue-api.md A.9, behaviour 1)."""

from collections.abc import Iterable, Sequence

from shared.contracts import AdditionalService
from shared.rules.plan import Ranked

FRAGILE, OVERSIZED = "3104", "3174"
"""The carrier's codes of these additional services."""


def handling_of(products: Iterable[Ranked]) -> tuple[str, ...]:
    """The codes of the additional services that products need: fragile ones and oversized ones one each."""
    packed = tuple(products)
    needed = {
        FRAGILE: any(product.fragile for product in packed),
        OVERSIZED: any(product.oversized for product in packed),
    }
    return tuple(code for code, asked in needed.items() if asked)


def with_handling(services: Sequence[AdditionalService], handling: Iterable[str]) -> tuple[AdditionalService, ...]:
    """The additional services with those that the goods need, of which none is there twice."""
    there = {service.service_code for service in services}
    return (*services, *(AdditionalService(service_code=code) for code in handling if code not in there))
