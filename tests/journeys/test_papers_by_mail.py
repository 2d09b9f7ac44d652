"""A supplier that packs from its mails: the papers it needs are attached to them."""

from email.message import EmailMessage

from tests.journeys.world import World, row
from tests.router import papers


def pdfs(mail: EmailMessage) -> dict[str, papers.Page]:
    """The PDFs attached to a mail, by their names, each of one page."""
    found: dict[str, papers.Page] = {}
    for part in mail.iter_attachments():
        assert isinstance(part, EmailMessage)
        [found[str(part.get_filename())]] = papers.pages(part.get_content())
    return found


async def test_the_note_comes_with_the_new_shipment_and_label_and_note_with_the_confirmed_parcel(world: World) -> None:
    address = world.supplier.party.email
    chosen = {"email": address, "kinds": ["new-shipment", "papers"], "attachNote": True}
    await world.supplier.put("/ecommerce/v3/notifications/settings", {"addresses": [chosen], "language": "en"})
    operator = await world.party("operator", "Operations", mail=False)
    series = {"carrier": "Posti", "form": "JJFI", "prefix": "654321", "retailerId": world.retailer.id}
    await operator.put(f"/ecommerce/v3/tracking/series/{world.retailer.id}", series)
    await world.warehouse("tampere", {"boots": 5})
    number = await world.place(row("boots", 2))
    [mail] = await world.messages_to(world.supplier, 1)
    [(name, note)] = pdfs(mail).items()
    assert (name, papers.scanned(note.picture)) == (f"Delivery note {number}.pdf", [number])

    [shipment] = await world.supplier.shipments()
    parcel = {
        "parcelId": "1",
        "deliveryOperator": "Posti",
        "rows": [{"externalId": "1", "deliveredQuantity": 2}],
    }
    sent = await world.supplier.change_shipment(
        shipment, status={"value": "Delivered"}, consignment={"parcels": [parcel]}
    )
    [code] = sent["consignment"]["parcels"][0]["trackingCodes"]
    found = pdfs((await world.messages_to(world.supplier, 2))[0])
    assert list(found) == [f"Address label {number} {code}.pdf", f"Delivery note {number} {code}.pdf"]
    label, note = found.values()
    assert papers.scanned(label.picture) == [code]
    assert code in note.text
