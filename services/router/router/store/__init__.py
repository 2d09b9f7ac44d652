"""What the router keeps: one function for each statement."""

from router.store.amendments import have_placing_alone, keep_amendments, share_placing, take_amendments
from router.store.books import books, reserved, routed_orders
from router.store.new_shipments import save_shipment_rows, save_shipments
from router.store.routes import (
    count_postponed,
    overdue_routes,
    postponed_routes,
    record_of,
    routes_for_update,
    routes_of,
    save_amended,
    save_decided,
    save_plans,
    save_routes,
)
from router.store.shipments import (
    Wanted,
    count_shipments,
    delivered_of,
    save_amended_shipments,
    save_delivered,
    save_moved,
    shipment,
    shipments,
    shipments_for_update,
)
from router.store.sources import balances_with, catalogues_of, save_balances, save_catalogues, save_organisations

__all__ = [
    "Wanted",
    "balances_with",
    "books",
    "catalogues_of",
    "count_postponed",
    "count_shipments",
    "delivered_of",
    "have_placing_alone",
    "keep_amendments",
    "overdue_routes",
    "postponed_routes",
    "record_of",
    "reserved",
    "routed_orders",
    "routes_for_update",
    "routes_of",
    "save_amended",
    "save_amended_shipments",
    "save_balances",
    "save_catalogues",
    "save_decided",
    "save_delivered",
    "save_moved",
    "save_organisations",
    "save_plans",
    "save_routes",
    "save_shipment_rows",
    "save_shipments",
    "share_placing",
    "shipment",
    "shipments",
    "shipments_for_update",
    "take_amendments",
]
