"""What others must know of catalogues and balances. Both are whole snapshots: the highest version wins."""

from decimal import Decimal
from typing import ClassVar

from shared.contracts.message import Event, Quantity


class CatalogueChanged(Event):
    """A retailer's catalogue was made, changed or closed.

    Smaller `priority` is asked first, none comes last; `route_weight` shares the load among equals. A supplier that is
    silent for `acceptance_hours` has declined a shipment; None is as long as everywhere.
    """

    topic: ClassVar[str] = "inventory.catalogue-changed.v1"

    retailer_id: str
    catalogue_id: str
    supplier_id: str
    name: str | None = None
    catalogue_type: str = "Catalog"
    priority: int | None = None
    route_weight: int | None = None
    back_order_allowed: bool = False
    contract_number: str | None = None
    acceptance_hours: float | None = None
    active: bool
    version: int

    @property
    def key(self) -> str:
        """The retailer and the catalogue."""
        return f"{self.retailer_id}/{self.catalogue_id}"


class BalanceChanged(Event):
    """A product was published into a catalogue, withdrawn from it, or its data changed there.

    Not said for every unit an order takes, but for stock that is there again after there was none: the router ranks,
    inventory knows the truth. `fragile`: to be handled with care; `oversized`: larger than a normal parcel. Carriers
    have an additional service for either. `back_order_allowed` is None where the catalogue's word counts.
    """

    topic: ClassVar[str] = "inventory.balance-changed.v1"

    retailer_id: str
    catalogue_id: str
    supplier_id: str
    product_id: str
    ean: str | None = None
    description: str | None = None
    quantity: Quantity
    published: bool
    fragile: bool = False
    oversized: bool = False
    safety_stock: Quantity = Decimal(0)
    sellable: bool = True
    unlimited: bool = False
    back_order_allowed: bool | None = None
    wholesale_price: Decimal | None = None
    currency: str | None = None
    version: int

    @property
    def key(self) -> str:
        """The retailer, the catalogue and the product."""
        return f"{self.retailer_id}/{self.catalogue_id}/{self.product_id}"
