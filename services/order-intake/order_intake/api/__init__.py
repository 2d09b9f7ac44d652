"""What retailers do over HTTP."""

from fastapi import APIRouter

from order_intake.api import orders_v2


def routers() -> list[APIRouter]:
    """The service's addresses."""
    return [orders_v2.router]
