"""What an order and its rows have in common: additional services and comments."""

from typing import Literal

from pydantic import Field

from order_intake.document.texts import DocumentPart, Few, Line, OptionalLine, OptionalProse, Prose


class AttributeDocument(DocumentPart):
    """A named detail of an additional service, such as CashOnDelivery."""

    name: Line
    value: Prose


class AdditionalServiceDocument(DocumentPart):
    """An additional service of the carrier, such as 3139."""

    service_code: Line
    telephone: OptionalLine = None
    email: OptionalLine = None
    attributes: Few[AttributeDocument] | None = None


class CommentDocument(DocumentPart):
    """A note to whoever picks, packs or reads the delivery note."""

    type: Literal["pickingNote", "packingNote", "deliveryNote", "reference", "passThrough"]
    value: Prose
    name: OptionalLine = None


class FreeText(DocumentPart):
    """A text that fills a place of a print template."""

    name: OptionalLine = None
    value: OptionalProse = None


class PrintDocument(DocumentPart):
    """How the order's papers are printed."""

    template_id: OptionalLine = None
    free_text: Few[FreeText] | None = None
    references: bool | None = Field(default=None, description="Whether the references are printed")
