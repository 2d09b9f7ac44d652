"""The carriers' services that parcels can be sent by, and which of them may be chosen where."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from router.domain.shipment import Parcel
from shared.contracts import Part

WORKFLOWS = ("WAREHOUSE", "DROPSHIPPING")
PICKUP_POINT, STORE_PICKUP = "PICKUP_POINT", "STORE_PICKUP"
"""Tags of a service that delivers to the carrier's pickup points, and of one that delivers to shops."""
RETURN = "RETURN"
"""The tag of a service that takes parcels back from consumers."""


class Specifier(Part):
    """A detail without which an additional service cannot be rendered, such as the account of a cash on delivery."""

    name: str
    type: str = "text"


class AdditionalOffer(Part):
    """What a carrier does beside carrying; `description` is by language. Without specifiers its code is enough."""

    code: str
    description: Mapping[str, str]
    specifiers: tuple[Specifier, ...] = ()


class DeliveryService(Part):
    """A carrier's service. `provider` is through whom it is booked, `delivery_operator` is who carries."""

    id: str
    provider: str
    delivery_operator: str
    description: Mapping[str, str]
    tags: tuple[str, ...] = ()
    workflows: tuple[str, ...] = WORKFLOWS
    package_types: tuple[str, ...] = ("PC",)
    additional_services: tuple[AdditionalOffer, ...] = ()


@dataclass(frozen=True)
class Reach:
    """Which pickup points a choice of services delivers to.

    Those that name one of `codes`; of those that name none, the pickup points of `operators`, the shops of
    `shop_operators`, and with `any_shop` the shops that are of no carrier.
    """

    codes: tuple[str, ...]
    operators: tuple[str, ...]
    shop_operators: tuple[str, ...]

    @property
    def any_shop(self) -> bool:
        """Whether shops that are of no carrier are reached."""
        return bool(self.shop_operators)


@dataclass(frozen=True)
class Choice:
    """A service a shipment may be sent by, and what of it is chosen at present."""

    service: DeliveryService
    chosen: bool
    additional_services: frozenset[str]
    package_types: frozenset[str]


def offered(
    built_in: Iterable[DeliveryService], own: Mapping[str, DeliveryService | None]
) -> tuple[DeliveryService, ...]:
    """What is built in, unless the operator says otherwise of it; None says it is not offered. By id."""
    services: dict[str, DeliveryService | None] = {service.id: service for service in built_in}
    services.update(own)
    return tuple(service for _, service in sorted(services.items()) if service is not None)


def within_reach(services: Iterable[DeliveryService], codes: Collection[str]) -> Reach:
    """The pickup points that the services with these codes deliver to; a code that is not offered adds none."""
    wanted = [service for service in services if service.id in codes]
    return Reach(
        codes=tuple(service.id for service in wanted),
        operators=tuple(service.delivery_operator for service in wanted if PICKUP_POINT in service.tags),
        shop_operators=tuple(service.delivery_operator for service in wanted if STORE_PICKUP in service.tags),
    )


def choices(services: Iterable[DeliveryService], parcels: Sequence[Parcel], operator: str | None) -> list[Choice]:
    """What a shipment may be sent by: the services of the operator asked for, all when none is, and in any case those
    its parcels have at present.
    """
    present = {parcel.service_code for parcel in parcels}
    return [
        _choice(service, [parcel for parcel in parcels if parcel.service_code == service.id])
        for service in services
        if operator is None or _same(service.delivery_operator, operator) or service.id in present
    ]


def _choice(service: DeliveryService, parcels: Sequence[Parcel]) -> Choice:
    return Choice(
        service=service,
        chosen=bool(parcels),
        additional_services=frozenset(extra.service_code for parcel in parcels for extra in parcel.additional_services),
        package_types=frozenset(parcel.package_type for parcel in parcels),
    )


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
