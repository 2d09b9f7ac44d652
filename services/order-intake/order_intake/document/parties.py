"""Who takes part in an order, and where they live."""

from order_intake.document.texts import Country, DocumentPart, Line, OptionalLine, ThreeLines, TwoLines


class Address(DocumentPart):
    """A party with a postal address."""

    external_id: OptionalLine = None
    name: TwoLines
    street_address: ThreeLines
    postal_code: Line
    post_office: Line
    country: Country
    telephone: OptionalLine = None
    email: OptionalLine = None


class DeliveryAddress(Address):
    """Where the parcel goes; its name may have a pick-up point on a third line."""

    name: ThreeLines
