"""Who takes part in an order, and where they live."""

from pydantic import Field

from order_intake.document.texts import (
    Country,
    DocumentPart,
    Line,
    OptionalCountry,
    OptionalLine,
    OptionalThreeLines,
    ThreeLines,
    TwoLines,
)


class Address(DocumentPart):
    """A party, as far as it is known."""

    external_id: OptionalLine = Field(
        default=None, description="The party's number in the shop's own books", examples=["100060"]
    )
    name: TwoLines = Field(description="A person or a company, on up to two lines", examples=["Maija Meikäläinen"])
    street_address: OptionalThreeLines = Field(
        default=None, description="Street and house, on up to three lines", examples=["Kotikatu 1"]
    )
    postal_code: OptionalLine = Field(default=None, description="Postal code", examples=["90900"])
    post_office: OptionalLine = Field(default=None, description="Town", examples=["Kiiminki"])
    country: OptionalCountry = Field(
        default=None,
        description="Two letters of ISO 3166-1; anything after a colon is left aside",
        examples=["FI"],
    )
    telephone: OptionalLine = Field(
        default=None, description="Number to call or to send text messages to", examples=["+358501234567"]
    )
    email: OptionalLine = Field(default=None, description="E-mail address", examples=["maija@example.com"])


class PostalAddress(Address):
    """A party with everything a parcel needs to reach it."""

    street_address: ThreeLines = Field(description="Street and house, on up to three lines", examples=["Kotikatu 1"])
    postal_code: Line = Field(description="Postal code", examples=["90900"])
    post_office: Line = Field(description="Town", examples=["Kiiminki"])
    country: Country = Field(
        description="Two letters of ISO 3166-1; anything after a colon is left aside", examples=["FI"]
    )


class DeliveryAddress(PostalAddress):
    """Where the parcel goes; its name may have a pick-up point on a third line."""

    name: ThreeLines = Field(
        description="Who takes the parcel, on up to three lines", examples=["Maija Meikäläinen\nc/o Kiosk"]
    )
