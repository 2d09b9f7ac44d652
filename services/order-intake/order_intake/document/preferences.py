"""How a retailer wants one order to be handled."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, WithJsonSchema

from order_intake.document.texts import Blank, DocumentPart, OptionalFlag
from shared.rules import strategies


def _strategy(name: str) -> str:
    if name not in strategies.STRATEGIES:
        raise ValueError(f"is one of {', '.join(strategies.STRATEGIES)}")
    return name


Strategy = Annotated[
    str, AfterValidator(_strategy), WithJsonSchema({"type": "string", "enum": list(strategies.STRATEGIES)})
]


class Preferences(DocumentPart):
    """How the order is to be handled. All but autoSubmit count from the moment its rows are placed."""

    auto_submit: OptionalFlag = Field(
        default=None,
        description="False: the stock is promised, and nothing sent until the order is released. Left out: true",
        examples=[True],
    )
    all_or_nothing: OptionalFlag = Field(
        default=None,
        description="True: unless every row is promised in full, nothing is. Left out: as the routing settings say",
        examples=[False],
    )
    strategy: Annotated[Strategy | None, Blank] = Field(
        default=None,
        description="How warehouses are chosen for the rows. Left out: as the routing settings say",
        examples=["priority"],
    )
    reservation_id: Annotated[UUID | None, Blank] = Field(
        default=None,
        description="A hold of the retailer's whose stock the order takes. One that has ended is passed over, and the"
        " order takes what is free",
        examples=["0197f8a2-7c1e-7d30-8000-000000000002"],
    )
