"""Messages as the notifier hears them, with what a test does not care about filled in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4, uuid5

from shared.contracts import (
    CodedParcel,
    Comment,
    Delivery,
    OrderRouted,
    OrganisationChanged,
    Party,
    PromiseWithdrawn,
    Reference,
    ReturnChanged,
    ReturnRow,
    ReturnStatus,
    RowProgress,
    RowRouted,
    RowWithdrawn,
    ShipmentChanged,
    ShipmentCreated,
    ShipmentReminded,
    ShipmentRow,
)

SUPPLIER, OTHER_SUPPLIER, RETAILER = "2345678-9", "3456789-5", "1234567-1"


def organisation(
    business_id: str = SUPPLIER,
    *,
    name: str = "Kuppi Oy",
    email: str | None = "orders@kuppi.example",
    language: str = "en",
    version: int = 1,
) -> OrganisationChanged:
    """News of an organisation; by default a supplier that asked for mail."""
    return OrganisationChanged(
        business_id=business_id, name=name, roles=("supplier",), email=email, language=language, version=version
    )


def shipment(
    shipment_id: UUID | None = None,
    *,
    supplier: str = SUPPLIER,
    order: str = "WEB-1",
    description: str | None = "Coffee cup",
    note: str = "Ring the bell",
    receiver: str = "Maija Meikäläinen\nc/o Kioski",
) -> ShipmentCreated:
    """News of a shipment of two rows."""
    return ShipmentCreated(
        shipment_id=shipment_id or uuid4(),
        order_id=uuid4(),
        order_external_id=order,
        retailer_id=RETAILER,
        supplier_id=supplier,
        catalogue_id="CUPS",
        catalogue_name="Cups and mugs",
        created_at=datetime(2026, 7, 1, 6, 0, tzinfo=UTC),
        accept_by=datetime(2026, 7, 2, 21, 30, tzinfo=UTC),
        delivery=Delivery(
            references=(Reference(name="PO", value="4500012"),),
            order_date=datetime(2026, 7, 1, 5, 0, tzinfo=UTC),
            requested_delivery_date=datetime(2026, 7, 5, 22, 0, tzinfo=UTC),
            delivery_address=Party(
                name=receiver, street_address="Katu 1", postal_code="00100", post_office="HELSINKI", country="FI"
            ),
            delivery_operator="Posti",
            service_code="2103",
            comments=(Comment(type="pickingNote", value=note), Comment(type="passThrough", value="internal")),
        ),
        rows=(
            ShipmentRow(
                external_id="1",
                product_id="SKU-1",
                ean="6400000000001",
                description=description,
                unit="KPL",
                quantity=Decimal("3.000000"),
            ),
            ShipmentRow(external_id="2", product_id="SKU-2", quantity=Decimal("2.5")),
        ),
    )


def reminder(shipment: ShipmentCreated) -> ShipmentReminded:
    """News that the supplier was reminded of a shipment, at half of its time."""
    return ShipmentReminded(
        shipment_id=shipment.shipment_id,
        order_id=shipment.order_id,
        order_external_id=shipment.order_external_id,
        retailer_id=shipment.retailer_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=shipment.catalogue_id,
        accept_by=shipment.accept_by,
        reminded_at=shipment.created_at + (shipment.accept_by - shipment.created_at) / 2,
    )


def delivered(shipment: ShipmentCreated, *codes: str, version: int = 2, own: bool = False) -> ShipmentChanged:
    """News that a shipment was sent, in a parcel for each of these tracking codes."""
    parcels = {str(number): (code,) for number, code in enumerate(codes, start=1)}
    return packed(shipment, parcels, version=version, own=own)


def packed(
    shipment: ShipmentCreated, parcels: Mapping[str, tuple[str, ...]], *, version: int = 2, own: bool = False
) -> ShipmentChanged:
    """News that a shipment was sent, in these parcels with their tracking codes, which may be its supplier's own."""
    codes = tuple(code for several in parcels.values() for code in several)
    told = tuple(CodedParcel(parcel_id=id_, tracking_codes=several, own=own) for id_, several in parcels.items())
    row = RowProgress(
        external_id="1", product_id="SKU-1", quantity=Decimal(3), delivered=Decimal(3), tracking_codes=codes
    )
    sent = {"status": "Delivered", "version": version, "rows": (row,), "parcels": told}
    return cancelled(shipment).model_copy(update=sent)


def cancelled(shipment: ShipmentCreated) -> ShipmentChanged:
    """News that a shipment is not sent."""
    return ShipmentChanged(
        shipment_id=shipment.shipment_id,
        order_id=shipment.order_id,
        order_external_id=shipment.order_external_id,
        retailer_id=shipment.retailer_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=shipment.catalogue_id,
        status="Cancelled",
        closed=True,
        changed_at=shipment.created_at,
        version=2,
        rows=(RowProgress(external_id="1", product_id="SKU-1", quantity=Decimal(3), delivered=Decimal(0)),),
    )


def returned(
    shipment: ShipmentCreated, status: ReturnStatus = "Registered", *, by: str | None = RETAILER, version: int = 1
) -> ReturnChanged:
    """News that two of a shipment's first row come back, of which one came once it is received."""
    came = Decimal(1) if status == "Received" else Decimal(0)
    row = ReturnRow(
        external_id="1", product_id="SKU-1", quantity=Decimal(2), reason="DoesNotFit", received=came, restocked=came
    )
    return ReturnChanged(
        return_id=uuid5(shipment.shipment_id, "return"),
        shipment_id=shipment.shipment_id,
        order_id=shipment.order_id,
        order_external_id=shipment.order_external_id,
        retailer_id=shipment.retailer_id,
        supplier_id=shipment.supplier_id,
        catalogue_id=shipment.catalogue_id,
        status=status,
        changed_at=shipment.created_at,
        version=version,
        rows=(row,),
        changed_by=by,
    )


def opened(shipment: ShipmentCreated) -> ShipmentChanged:
    """News that the supplier has opened a shipment."""
    return cancelled(shipment).model_copy(update={"status": "Viewed", "closed": False})


def withdrawn(shipment: ShipmentCreated) -> PromiseWithdrawn:
    """News that there is less of what a shipment was promised."""
    return PromiseWithdrawn(
        order_id=shipment.order_id,
        retailer_id=shipment.retailer_id,
        catalogue_id=shipment.catalogue_id,
        supplier_id=shipment.supplier_id,
        withdrawn_at=shipment.created_at,
        cause="counted",
        rows=(RowWithdrawn(external_id="1", product_id="SKU-1", lot=1, quantity=Decimal(2)),),
    )


def unroutable(shipment: ShipmentCreated) -> OrderRouted:
    """News that nobody can deliver anything of an order."""
    return OrderRouted(
        order_id=shipment.order_id,
        order_external_id=shipment.order_external_id,
        retailer_id=shipment.retailer_id,
        round=2,
        outcome="none",
        routed_at=shipment.created_at,
        rows=(RowRouted(external_id="1", waiting=Decimal(0), unserved=Decimal(3), reason="no stock"),),
    )
