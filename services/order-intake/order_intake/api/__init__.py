"""What retailers do over HTTP."""

from fastapi import APIRouter

from order_intake.api import comments, listing, orders_v2, orders_v3, preferences
from order_intake.api.order_address import ORDERS
from shared import auth
from shared.express import Lane


def routers() -> list[APIRouter]:
    """The service's addresses."""
    return [orders_v2.router, comments.router, preferences.router, listing.router, orders_v3.router]


def lanes() -> list[Lane]:
    """Placing an order, which is asked more often than all else together."""
    retailer = auth.caller_with("retailer")
    return [
        Lane("PUT", orders_v2.router.prefix, retailer, orders_v2.place_order_v2),
        Lane("POST", ORDERS, retailer, orders_v3.place_order),
    ]
