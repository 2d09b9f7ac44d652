"""What the router keeps: one function for each statement."""

from router.store.books import books, routed_orders
from router.store.routes import (
    count_postponed,
    overdue_routes,
    postponed_routes,
    record_of,
    routes_for_update,
    routes_of,
    save_plans,
    save_records,
    save_routes,
)
from router.store.shipments import (
    Wanted,
    count_shipments,
    save_delivered,
    save_moved,
    save_shipment_rows,
    save_shipments,
    shipment,
    shipments,
)
from router.store.sources import balances_with, catalogues_of, save_balances, save_catalogues, save_organisations

__all__ = [
    "Wanted",
    "balances_with",
    "books",
    "catalogues_of",
    "count_postponed",
    "count_shipments",
    "overdue_routes",
    "postponed_routes",
    "record_of",
    "routed_orders",
    "routes_for_update",
    "routes_of",
    "save_balances",
    "save_catalogues",
    "save_delivered",
    "save_moved",
    "save_organisations",
    "save_plans",
    "save_records",
    "save_routes",
    "save_shipment_rows",
    "save_shipments",
    "shipment",
    "shipments",
]
