"""The router's HTTP interface: why an order went where it went, the shipments, and how they are sent."""

from collections.abc import Sequence

from fastapi import APIRouter

from router.api import (
    answers,
    bookings,
    carrier_accounts,
    delivery_services,
    letterheads,
    number_series,
    papers,
    pickup_points,
    return_label,
    return_moves,
    return_registration,
    returns,
    routing,
    routing_settings,
    row_cancellations,
    shipment_moves,
    shipment_options,
    shipments,
    simulations,
    tracking_codes,
    tracking_links,
)


def routers() -> Sequence[APIRouter]:
    """All of it."""
    return (
        routing.router,
        routing_settings.router,
        simulations.router,
        row_cancellations.router,
        shipments.router,
        shipment_moves.router,
        papers.router,
        returns.router,
        return_registration.router,
        return_moves.router,
        return_label.router,
        answers.router,
        letterheads.router,
        shipment_options.router,
        delivery_services.router,
        pickup_points.router,
        number_series.router,
        tracking_links.router,
        tracking_codes.router,
        bookings.router,
        carrier_accounts.router,
    )
