"""How a retailer wants its orders to be routed, unless an order says it itself."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from router.domain import Preferences, Strategy
from router.store import routing_settings
from shared import auth, edge, wire
from shared.postgres import Database

router = APIRouter(prefix="/ecommerce/v3/routing", tags=["routing"])

Retailer = Annotated[auth.Caller, Depends(auth.caller_with("retailer"))]

WHAT_STRATEGIES_DO = (
    "In which order catalogues that can serve a row are asked. `priority`: by their priority and share."
    " `fewest-shipments`: so that as few of them as possible send something. `lowest-cost`: so that the wholesale"
    " prices and the shipments together cost least. `highest-stock`: those that have most of the product first"
)
WHAT_TOGETHER_MEANS = (
    "Whether an order is refused whole if anything of it can be neither sent nor put on a waiting list"
)
WHAT_A_SHIPMENT_COSTS = (
    "What each shipment costs you, beside the goods, in the currency of the wholesale prices; `lowest-cost` counts it"
)


def _not_given(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _as_named(value: object) -> object:
    return _not_given(value.strip().lower() if isinstance(value, str) else value)


def _to_cents_of_cents(amount: Decimal) -> Decimal:
    # Shops calculate with floating point: 4.900000000000001 is meant to be 4.9.
    return amount.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


class SettingsGiven(wire.WireModel):
    """Settings as they are given; what is left out, empty or `null` stays as it is. Any other field would be a typo."""

    model_config = ConfigDict(populate_by_name=False, extra="forbid")

    strategy: Annotated[
        Strategy | None,
        BeforeValidator(_as_named),
        Field(description=WHAT_STRATEGIES_DO, examples=["fewest-shipments"]),
    ] = None
    all_or_nothing: Annotated[
        bool | None, BeforeValidator(_not_given), Field(description=WHAT_TOGETHER_MEANS, examples=[False])
    ] = None
    cost_per_shipment: Annotated[
        Annotated[Decimal, Field(ge=0, lt=10**12), AfterValidator(_to_cents_of_cents)] | None,
        BeforeValidator(_not_given),
        Field(description=WHAT_A_SHIPMENT_COSTS, examples=[4.9]),
    ] = None


class RoutingSettings(wire.WireModel):
    """How orders are routed when they do not say it themselves."""

    strategy: str = Field(description=WHAT_STRATEGIES_DO, examples=["fewest-shipments"])
    all_or_nothing: bool = Field(description=WHAT_TOGETHER_MEANS, examples=[False])
    cost_per_shipment: wire.Number = Field(description=WHAT_A_SHIPMENT_COSTS, examples=[4.9])


@router.get(
    "/settings",
    summary="Read your routing settings",
    description="Until you give some: by priority, each row by itself, and shipments that cost nothing.",
    response_description="The settings",
    response_model=RoutingSettings,
)
async def read_routing_settings(request: Request, caller: Retailer) -> Response:
    """The caller's settings."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        found = await routing_settings.preferences(tx, caller.organisation)
    return _answer(found)


@router.put(
    "/settings",
    summary="Change your routing settings",
    description="They count for orders that are routed from then on. An order's own `preferences` go before them. Any"
    " other field is refused.",
    response_description="All settings as they are now",
    response_model=RoutingSettings,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": SettingsGiven.model_json_schema()}},
        }
    },
)
async def change_routing_settings(request: Request, caller: Retailer) -> Response:
    """Merge what is given into the caller's settings. 400 names each field that cannot be."""
    given = SettingsGiven.model_validate_json(await edge.read_body(request))
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        saved = await routing_settings.save_preferences(
            tx, caller.organisation, given.strategy, given.all_or_nothing, given.cost_per_shipment
        )
    return _answer(saved)


def _answer(saved: Preferences) -> Response:
    return wire.answer(
        RoutingSettings(
            strategy=saved.strategy,
            all_or_nothing=saved.all_or_nothing,
            cost_per_shipment=saved.cost_per_shipment,
        )
    )
