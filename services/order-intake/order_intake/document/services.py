"""What an order and its rows have in common: additional services and comments."""

from typing import Literal

from pydantic import Field

from order_intake.document.texts import (
    MOST_FREE_TEXT,
    Code,
    DocumentPart,
    Few,
    Line,
    OptionalCode,
    OptionalFlag,
    OptionalLine,
    OptionalMoment,
    OptionalProse,
    Prose,
)

CommentType = Literal["pickingNote", "packingNote", "deliveryNote", "reference", "passThrough"]


class AttributeDocument(DocumentPart):
    """A named detail of an additional service, such as CashOnDelivery."""

    name: Line = Field(description="Which detail", examples=["CashOnDelivery"])
    value: Prose = Field(description="The detail", examples=["20.10"])


class AdditionalServiceDocument(DocumentPart):
    """An additional service of the carrier, such as 3139."""

    service_code: Code = Field(description="The carrier's code of the additional service", examples=["3104"])
    telephone: OptionalLine = Field(
        default=None, description="Number that the service writes to", examples=["+358501234567"]
    )
    email: OptionalLine = Field(
        default=None, description="Address that the service writes to", examples=["maija@example.com"]
    )
    attributes: Few[AttributeDocument] | None = Field(default=None, description="Further details of the service")


class CommentDocument(DocumentPart):
    """A note to whoever picks, packs or reads the delivery note."""

    type: CommentType = Field(description="Who is meant to read it", examples=["pickingNote"])
    value: Prose = Field(description="The text", examples=["Ring the bell"])
    name: OptionalLine = Field(default=None, description="A heading", examples=["Delivery"])


class KnownComment(CommentDocument):
    """A note that can be found again by its own number, as those that are added later."""

    external_id: OptionalCode = Field(
        default=None, description="The note's own number in its order; made up when left out", examples=["91"]
    )
    author: OptionalLine = Field(default=None, description="Who wrote it", examples=["shop@example.com"])
    created_date: OptionalMoment = Field(
        default=None, description="When it was written", examples=["2026-11-21T16:14:50.000Z"]
    )
    origin: OptionalLine = Field(default=None, description="The program it comes from", examples=["WOOCOMMERCE"])


class FreeText(DocumentPart):
    """A text that fills a place of a print template."""

    name: OptionalLine = Field(default=None, description="The place in the template", examples=["greeting"])
    value: OptionalProse = Field(default=None, description="The text", examples=["Thank you"])


class PrintDocument(DocumentPart):
    """How the order's papers are printed."""

    template_id: OptionalLine = Field(default=None, description="The template's number", examples=["1"])
    free_text: Few[FreeText] | None = Field(
        default=None,
        description=f"Texts for the template's places: of an order at most {MOST_FREE_TEXT} characters in all",
    )
    references: OptionalFlag = Field(default=None, description="Whether the references are printed", examples=[True])
