"""The messages between the services: who owns each, on which topic, in which shape."""

from shared.contracts.allocation import (
    AllocateOrder,
    Candidate,
    DeliveredPart,
    OrderAllocated,
    Outcome,
    ReleaseOrder,
    RowAllocated,
    RowDemand,
    Seen,
    Taking,
)
from shared.contracts.catalogue import BalanceChanged, CatalogueChanged
from shared.contracts.message import Command, Event, Message, Part, Quantity
from shared.contracts.order import (
    AdditionalService,
    Comment,
    Delivery,
    OrderAmended,
    OrderPlaced,
    OrderRow,
    Party,
    Reference,
    ServiceAttribute,
)
from shared.contracts.organisation import OrganisationChanged, Role, TokenKey, TokenKeysChanged
from shared.contracts.shipment import (
    OrderRouted,
    RoutedPart,
    RowProgress,
    RowRouted,
    ShipmentChanged,
    ShipmentCreated,
    ShipmentRow,
)

MESSAGES: tuple[type[Message], ...] = (
    OrganisationChanged,
    TokenKeysChanged,
    CatalogueChanged,
    BalanceChanged,
    OrderPlaced,
    OrderAmended,
    AllocateOrder,
    ReleaseOrder,
    OrderAllocated,
    OrderRouted,
    ShipmentCreated,
    ShipmentChanged,
)
"""Every message there is."""

__all__ = [
    "MESSAGES",
    "AdditionalService",
    "AllocateOrder",
    "BalanceChanged",
    "Candidate",
    "CatalogueChanged",
    "Command",
    "Comment",
    "DeliveredPart",
    "Delivery",
    "Event",
    "Message",
    "OrderAllocated",
    "OrderAmended",
    "OrderPlaced",
    "OrderRouted",
    "OrderRow",
    "OrganisationChanged",
    "Outcome",
    "Part",
    "Party",
    "Quantity",
    "Reference",
    "ReleaseOrder",
    "Role",
    "RoutedPart",
    "RowAllocated",
    "RowDemand",
    "RowProgress",
    "RowRouted",
    "Seen",
    "ServiceAttribute",
    "ShipmentChanged",
    "ShipmentCreated",
    "ShipmentRow",
    "Taking",
    "TokenKey",
    "TokenKeysChanged",
]
