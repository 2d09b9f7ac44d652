"""The parts of order-intake."""

from collections.abc import Sequence

from order_intake import api, forgetting, handlers, placing
from order_intake.gathering import Gathering
from order_intake.placing import NewOrder, Placement
from order_intake.settings import Settings
from shared import service
from shared.service import Service
from shared.watch import Watch


def build(settings: Settings | None = None) -> Service:
    """Order-intake, not yet started."""
    settings = settings or Settings()
    # Without a number of days orders are kept for ever.
    watches = [Watch("forgetting", forgetting.look(days), forgetting.EVERY_S)] if (days := settings.order_days) else []
    built = service.build("order-intake", settings, handlers.subscriptions, api.routers(), watches, api.lanes())
    state = built.app.state

    async def place(orders: Sequence[NewOrder]) -> list[Placement]:
        return await placing.place_orders(state.database, orders)

    state.gathering = Gathering(place, settings.max_waiting)
    return built
