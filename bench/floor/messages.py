"""What the floor's processes tell each other, and the order as it is put: parsed once, by pydantic, from the bytes."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """What is read from JSON and written to it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Place(Wire):
    """A party of an order."""

    external_id: str | None = None
    name: str
    street_address: str
    postal_code: str
    post_office: str
    country: str
    telephone: str | None = None
    email: str | None = None


class Row(Wire):
    """A row of an order."""

    external_id: str
    external_product_id: str
    product_description: str
    quantity: float


class Order(Wire):
    """An order as a shop puts it."""

    external_id: str
    order_date: str
    vendor: Place
    client: Place
    delivery_address: Place
    service_code: str
    rows: tuple[Row, ...] = Field(min_length=1)


class Placed(Wire):
    """An order was placed."""

    order_id: UUID
    number: str
    delivery_address: Place
    rows: tuple[Row, ...]


class Wish(Wire):
    """What a row needs, and the balances that may give it, in their order."""

    row: str
    quantity: float
    balances: tuple[int, ...]


class Allocate(Wire):
    """Promise this order what it needs."""

    order_id: UUID
    wishes: tuple[Wish, ...]


class Taking(Wire):
    """A quantity of a row, promised from a balance."""

    row: str
    balance: int
    catalogue: str
    quantity: float


class Allocated(Wire):
    """What was promised to an order."""

    order_id: UUID
    takings: tuple[Taking, ...]


class Part(Wire):
    """What of a row goes from where."""

    row: str
    catalogue: str
    quantity: float


class Routed(Wire):
    """Where an order's rows go from."""

    order_id: UUID
    parts: tuple[Part, ...]


class Shipment(Wire):
    """A shipment was made, for one catalogue of an order."""

    shipment_id: UUID
    number: str
    catalogue: str
    delivery_address: Place
    rows: tuple[Part, ...]


TOPICS: dict[type[Wire], str] = {
    kind: f"floor.{kind.__name__.lower()}" for kind in (Placed, Allocate, Allocated, Routed, Shipment)
}
