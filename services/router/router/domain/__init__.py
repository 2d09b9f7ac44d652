"""What the router decides: pure functions from values to values, the same that replay uses."""

from router.domain.decision import Decision, decide, misfit
from router.domain.dispatch import NewShipment, order_routed, shipment_id
from router.domain.moving import Change, PackedChange, ParcelChange, Refusal, Wrong, move
from router.domain.plan import (
    CatalogueTerms,
    Dropped,
    Plan,
    Ranked,
    RowPlan,
    allocation_request,
    lacks_news,
    needs_stock,
)
from router.domain.ranking import Balance, Catalogue, Sources, names_supplier, rank_candidates, sources
from router.domain.record import DecisionRecord, Route, RowRecord, recompute
from router.domain.shipment import (
    CANCELLED,
    DELIVERED,
    PROGRESS,
    ZERO,
    Packed,
    Parcel,
    Row,
    Shipment,
    packing,
    shipment_changed,
    tracking_codes,
)

__all__ = [
    "CANCELLED",
    "DELIVERED",
    "PROGRESS",
    "ZERO",
    "Balance",
    "Catalogue",
    "CatalogueTerms",
    "Change",
    "Decision",
    "DecisionRecord",
    "Dropped",
    "NewShipment",
    "Packed",
    "PackedChange",
    "Parcel",
    "ParcelChange",
    "Plan",
    "Ranked",
    "Refusal",
    "Route",
    "Row",
    "RowPlan",
    "RowRecord",
    "Shipment",
    "Sources",
    "Wrong",
    "allocation_request",
    "decide",
    "lacks_news",
    "misfit",
    "move",
    "names_supplier",
    "needs_stock",
    "order_routed",
    "packing",
    "rank_candidates",
    "recompute",
    "shipment_changed",
    "shipment_id",
    "sources",
    "tracking_codes",
]
