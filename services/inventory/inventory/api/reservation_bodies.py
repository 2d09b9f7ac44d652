"""What is sent and answered about timed holds, in the words of orders."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from inventory.api.bodies import CatalogueId, Ean, Flag, Line, NotGiven
from inventory.domain import MOST_UNITS, Hold, WantedRow
from shared import problems
from shared.wire import Moment, Number, WireModel

MOST_ROWS = 1_000
"""Rows of one cart."""

LONGEST_MINUTES = 24 * 60

Wanted = Annotated[Decimal, Field(gt=0, le=MOST_UNITS, decimal_places=6)]


class ReservationRowBody(WireModel):
    """A product that a cart holds, as a row of the order will name it."""

    external_id: Annotated[
        Annotated[Line, Field(min_length=1, max_length=100, coerce_numbers_to_str=True)] | None,
        NotGiven,
        Field(description="Your id of the row; without it, its number", examples=["1"]),
    ] = None
    external_product_id: Annotated[
        Annotated[Line, Field(max_length=100)] | None,
        NotGiven,
        Field(description="The product, by its supplier's id", examples=["Example-product-01"]),
    ] = None
    product_ean_code: Annotated[
        Ean | None,
        NotGiven,
        Field(
            validation_alias="productEANCode",
            description="The product's barcode: needed where no product id is given",
            examples=["1234567890005"],
        ),
    ] = None
    quantity: Annotated[Wanted, Field(description="Units the cart holds", examples=[2])]
    external_warehouse_id: Annotated[
        CatalogueId | None,
        NotGiven,
        Field(description="The only catalogue it may come from", examples=["Catalog1"]),
    ] = None
    partial_delivery_allowed: Annotated[
        Flag,
        Field(
            description="False: the row is kept as a whole in one catalogue, or not at all. Left out: true",
            examples=[True],
        ),
    ] = None


class ReservationBody(WireModel):
    """What to keep, and how long."""

    minutes: Annotated[
        int, Field(ge=1, le=LONGEST_MINUTES, description="How long to keep it: at most a day", examples=[30])
    ]
    rows: Annotated[
        Sequence[ReservationRowBody], Field(min_length=1, max_length=MOST_ROWS, description="What the cart holds")
    ]

    @property
    def wanted(self) -> Sequence[WantedRow]:
        """The rows, each with an id of its own. 400 for a row without a product, and for an id given twice."""
        wrong: list[problems.FieldError] = []
        given = [row.external_id for row in self.rows]
        numbers = (str(n) for n in range(1, 2 * len(given) + 1) if str(n) not in set(given))
        seen: set[str] = set()
        for place, row in enumerate(self.rows):
            if row.external_product_id is None and row.product_ean_code is None:
                message = "is required where there is no productEANCode"
                wrong.append(problems.FieldError(f"rows[{place}].externalProductId", "missing", message))
            if row.external_id is not None and row.external_id in seen:
                message = "is the id of an earlier row"
                wrong.append(problems.FieldError(f"rows[{place}].externalId", "repeated", message))
            seen.add(row.external_id or "")
        if wrong:
            raise problems.invalid(wrong)
        return [
            WantedRow(
                row.external_id or next(numbers),
                row.quantity,
                row.external_product_id,
                row.product_ean_code,
                row.external_warehouse_id,
                partial_delivery_allowed=row.partial_delivery_allowed is not False,
            )
            for row in self.rows
        ]


class KeptAnswer(WireModel):
    """A quantity that is kept in a catalogue."""

    external_warehouse_id: Annotated[str, Field(description="The catalogue", examples=["Catalog1"])]
    external_product_id: Annotated[
        str, Field(description="The product, by its supplier's id", examples=["Example-product-01"])
    ]
    quantity: Annotated[Number, Field(description="Units kept there", examples=[2])]


class ReservationRowAnswer(WireModel):
    """What is kept for a row."""

    external_id: Annotated[str, Field(description="The row's id, or its number", examples=["1"])]
    quantity: Annotated[Number, Field(description="Units asked for", examples=[3])]
    taken: Annotated[Sequence[KeptAnswer], Field(description="What is kept, from where")]
    short: Annotated[Number, Field(description="Units that nobody has now", examples=[1])]


class ReservationAnswer(WireModel):
    """What can be promised, and until when it is kept."""

    reservation_id: Annotated[
        UUID | None,
        Field(description="For `preferences.reservationId` of the order; left out when nothing could be kept"),
    ]
    expires_at: Annotated[
        Moment | None,
        Field(description="Until when it is kept", examples=["2026-01-02T08:30:00.000Z"]),
    ]
    rows: Annotated[Sequence[ReservationRowAnswer], Field(description="Row by row, as they were sent")]


def reservation_answer(hold: Hold) -> ReservationAnswer:
    """A hold as it is answered."""
    return ReservationAnswer(
        reservation_id=hold.id if hold.keeps_anything else None,
        expires_at=hold.expires_at if hold.keeps_anything else None,
        rows=[
            ReservationRowAnswer(
                external_id=row.external_id,
                quantity=row.quantity,
                taken=[
                    KeptAnswer(
                        external_warehouse_id=one.catalogue_id,
                        external_product_id=one.product_id,
                        quantity=one.quantity,
                    )
                    for one in row.taken
                ],
                short=row.short,
            )
            for row in hold.rows
        ],
    )


def body() -> dict[str, Any]:
    """The part of an OpenAPI description that says what is sent."""
    content = {"application/json": {"schema": ReservationBody.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}
