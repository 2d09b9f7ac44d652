"""The parts of order-intake."""

from collections.abc import Sequence

from order_intake import api, handlers, placing
from order_intake.forgetting import Forgetting
from order_intake.gathering import Gathering
from order_intake.placing import NewOrder, Placement
from order_intake.settings import Settings
from shared import service
from shared.service import Service


def build(settings: Settings | None = None) -> Service:
    """Order-intake, not yet started."""
    settings = settings or Settings()
    built = service.build(
        "order-intake", settings, handlers.subscriptions, api.routers(), [Forgetting(settings)], api.lanes()
    )
    state = built.app.state

    async def place(orders: Sequence[NewOrder]) -> list[Placement]:
        return await placing.place_orders(state.database, orders)

    state.gathering = Gathering(place, settings.max_waiting)
    return built
