"""What a replay found, as it is answered over HTTP and written to files."""

from dataclasses import asdict

from pydantic import Field

from shared import wire
from shared.rules.figures import Comparison, Figures, Group


class FiguresShown(wire.WireModel):
    """What decisions come to."""

    orders: int = Field(description="Orders that it has a part in", examples=[100])
    split_orders: int = Field(description="Those of them that go in several shipments", examples=[12])
    shipments: int = Field(description="Shipments in all", examples=[113])
    units: wire.Number = Field(description="Units promised from the shelf", examples=[240])
    backordered: wire.Number = Field(description="Units that wait for stock", examples=[8])
    unserved: wire.Number = Field(
        description="Units that nobody serves; of the order, so always 0 for a supplier or a catalogue", examples=[3]
    )
    cost: wire.Number = Field(
        description="The wholesale price of all that was promised, and the cost of the shipments", examples=[1234.5]
    )
    unpriced: wire.Number = Field(
        description="Units among them that have no wholesale price and count nothing", examples=[0]
    )


class BeforeAfter(wire.WireModel):
    """The figures as it was decided then, and as it would be decided under the changed rules."""

    before: FiguresShown = Field(description="As it was decided")
    after: FiguresShown = Field(description="As it would be decided")


class CatalogueCompared(BeforeAfter):
    """The figures of a catalogue."""

    external_warehouse_id: str = Field(description="The catalogue, by its retailer's id", examples=["01093579"])
    retailer_id: str = Field(description="Whose catalogue it is", examples=["1531864-4"])


class SupplierCompared(BeforeAfter):
    """The figures of a supplier."""

    supplier_id: str = Field(description="The supplier", examples=["0109357-9"])


class RetailerCompared(BeforeAfter):
    """The figures of a retailer."""

    retailer_id: str = Field(description="The retailer", examples=["1531864-4"])


class Compared(BeforeAfter):
    """What other rules would have changed, in all and by whom it concerns."""

    orders: int = Field(description="Orders that were decided again", examples=[100])
    changed: int = Field(description="Those of them that would have been promised something else", examples=[17])
    skipped: int = Field(
        description="Orders left out, because they were cancelled before any catalogue was asked", examples=[0]
    )
    retailers: tuple[RetailerCompared, ...] = Field(default=(), description="By retailer")
    suppliers: tuple[SupplierCompared, ...] = Field(default=(), description="By supplier")
    catalogues: tuple[CatalogueCompared, ...] = Field(default=(), description="By catalogue")


def compared(found: Comparison) -> Compared:
    """What was found, as it is shown."""
    before, after = found.total
    return Compared(
        orders=found.orders,
        changed=found.changed,
        skipped=found.skipped,
        before=figures(before),
        after=figures(after),
        retailers=tuple(
            RetailerCompared(retailer_id=group.name, before=figures(before), after=figures(after))
            for group, before, after in found.of("retailer")
        ),
        suppliers=tuple(
            SupplierCompared(supplier_id=group.name, before=figures(before), after=figures(after))
            for group, before, after in found.of("supplier")
        ),
        catalogues=tuple(_catalogue(*row) for row in found.of("catalogue")),
    )


def figures(of: Figures) -> FiguresShown:
    """Figures as they are shown."""
    return FiguresShown.model_validate(asdict(of))


def _catalogue(group: Group, before: Figures, after: Figures) -> CatalogueCompared:
    return CatalogueCompared(
        external_warehouse_id=group.name,
        retailer_id=group.retailer_id,
        before=figures(before),
        after=figures(after),
    )
