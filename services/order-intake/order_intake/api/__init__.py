"""What retailers do over HTTP."""

from fastapi import APIRouter

from order_intake.api import comments, listing, orders_v2, orders_v3, preferences


def routers() -> list[APIRouter]:
    """The service's addresses."""
    return [orders_v2.router, comments.router, preferences.router, listing.router, orders_v3.router]
