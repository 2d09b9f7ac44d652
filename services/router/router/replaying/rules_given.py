"""Changed rules as people write them, in JSON and TOML alike: every name and type must fit, so typos are found."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from router.store import past_orders
from shared import wire
from shared.contracts import Quantity
from shared.postgres import Transaction
from shared.rules import strategies
from shared.rules.replay import CatalogueRules, Rules

MOST_NAMED = 1_000
"""So many catalogues, and so many products, may be named."""


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _number(value: object) -> object:
    """A number that is written as one; blank is not given."""
    value = _none_if_blank(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError("is a number")
    return value


def _known_strategy(name: str | None) -> str | None:
    if name is not None and name not in strategies.STRATEGIES:
        raise ValueError(f"is one of {', '.join(strategies.STRATEGIES)}")
    return name


NotGiven = BeforeValidator(_none_if_blank)
"""Blank means that nothing is changed, as `null` does."""

# An exact kind is asked for otherwise, and no JSON is a Decimal.
Number = Annotated[Annotated[Quantity, Field(strict=False)] | None, BeforeValidator(_number)]

SafetyStock = Annotated[
    Number,
    Field(description="Units that no order gets, in place of what was kept back", examples=[5]),
]
Whole = Annotated[Annotated[int, Field(ge=0, le=2_147_483_647)] | None, NotGiven]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Given(wire.WireModel):
    # A name in any other spelling than the documented one would be a typo elsewhere.
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="forbid", strict=True, hide_input_in_errors=True
    )


class ProductRulesGiven(_Given):
    """What is to be different for a product."""

    safety_stock: SafetyStock = None


ByProduct = Annotated[Mapping[Name, ProductRulesGiven], Field(max_length=MOST_NAMED)]


class CatalogueRulesGiven(_Given):
    """What is to be different at a catalogue; what is left out stays as it was."""

    priority: Whole = Field(default=None, description="When it is asked: 1 before 2", examples=[1])
    route_weight: Whole = Field(
        default=None, description="Its share of the orders among catalogues of the same priority", examples=[70]
    )
    safety_stock: SafetyStock = None
    closed: Annotated[bool | None, NotGiven] = Field(
        default=None, description="Whether it gets no order at all", examples=[True]
    )
    products: ByProduct | None = Field(
        default=None, description="What is to be different for single products there, by the supplier's product id"
    )


ByCatalogue = Annotated[Mapping[Name, CatalogueRulesGiven], Field(max_length=MOST_NAMED)]


class RulesGiven(_Given):
    """Changed rules. What is left out stays as it was for each order."""

    strategy: Annotated[str | None, NotGiven, AfterValidator(_known_strategy)] = Field(
        default=None,
        description=f"How catalogues are chosen: {', '.join(strategies.STRATEGIES)}",
        examples=["priority"],
    )
    cost_per_shipment: Number = Field(
        default=None,
        description="What one shipment costs; counted before and after alike, and what `lowest-cost` plans with",
        examples=[4.9],
    )
    catalogues: ByCatalogue | None = Field(
        default=None,
        description="By the catalogue's id, what is to be different there",
        examples=[{"01093579": {"priority": 1, "safetyStock": 2}}],
    )
    products: ByProduct | None = Field(
        default=None, description="By the supplier's product id, what is to be different in all catalogues"
    )

    def rules(self) -> Rules:
        """The rules they mean."""
        return Rules(
            strategy=self.strategy,
            cost_per_shipment=self.cost_per_shipment,
            catalogues={
                name: CatalogueRules(
                    priority=given.priority,
                    route_weight=given.route_weight,
                    safety_stock=given.safety_stock,
                    closed=bool(given.closed),
                    products=_safety_stocks(given.products),
                )
                for name, given in (self.catalogues or {}).items()
            },
            products=_safety_stocks(self.products),
        )


class Unknown(NamedTuple):
    """A name in rules that nothing has: where it stands, and what is wrong with it."""

    place: tuple[str, ...]
    message: str


async def unknown(tx: Transaction, rules: Rules, retailer_id: str | None) -> list[Unknown]:
    """The names in rules that nothing has, of the retailer or, without one, of any: most likely they are typos."""
    products = [
        *(
            ("catalogues", name, "products", product)
            for name, at in rules.catalogues.items()
            for product in at.products
        ),
        *(("products", product) for product in rules.products),
    ]
    found: list[Unknown] = []
    if rules.catalogues:
        missing = await past_orders.unknown_catalogues(tx, rules.catalogues.keys(), retailer_id)
        found += [Unknown(("catalogues", name), "there is no such catalogue") for name in missing]
    if products:
        absent = set(await past_orders.unknown_products(tx, {place[-1] for place in products}, retailer_id))
        found += [Unknown(place, "there is no such product") for place in products if place[-1] in absent]
    return found


def _safety_stocks(given: Mapping[str, ProductRulesGiven] | None) -> dict[str, Decimal]:
    return {name: one.safety_stock for name, one in (given or {}).items() if one.safety_stock is not None}
