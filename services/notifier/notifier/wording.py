"""The words of the mails in each language, and how each writes numbers and dates."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from notifier.domain import Language

_FINNISH_DAYS = (
    *("maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina"),
    *("lauantaina", "sunnuntaina"),
)
_SWEDISH_DAYS = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SWEDISH_MONTHS = (
    *("januari", "februari", "mars", "april", "maj", "juni"),
    *("juli", "augusti", "september", "oktober", "november", "december"),
)
_ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Wording:
    """Everything a mail about a shipment says that is not data. Texts in braces are filled in by name."""

    language: Language
    subject: str
    heading: str
    introduction: str
    reminder_subject: str
    reminder_heading: str
    reminder_introduction: str
    reminder_steps: tuple[str, ...]
    order: str
    reference: str
    retailer: str
    catalogue: str
    deadline: str
    service: str
    additional_services: str
    pickup_point: str
    ship_on: str
    deliver_on: str
    products: str
    product_id: str
    ean: str
    description: str
    quantity: str
    unit: str
    address: str
    notes: str
    next: str
    steps: tuple[str, ...]
    link: str
    why: str
    write_day: Callable[[date], str]
    write_moment: Callable[[datetime], str]
    decimal_point: str = ","

    def write_quantity(self, quantity: Decimal) -> str:
        """A quantity as people write it: without noughts at the end."""
        return f"{quantity.normalize():f}".replace(".", self.decimal_point)


def _finnish_day(day: date) -> str:
    return f"{_FINNISH_DAYS[day.weekday()]} {day.day}.{day.month}.{day.year}"


def _swedish_day(day: date) -> str:
    return f"{_SWEDISH_DAYS[day.weekday()]} {day.day} {_SWEDISH_MONTHS[day.month - 1]} {day.year}"


def _english_day(day: date) -> str:
    return f"{_ENGLISH_DAYS[day.weekday()]} {day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}"


FINNISH = Wording(
    language="fi",
    subject="Uusi lähetys: tilaus {order}, {retailer}",
    heading="Uusi lähetys toimitettavaksi",
    introduction="{retailer} on myynyt tuotteitanne. Lähettäkää alla olevat tuotteet suoraan asiakkaalle.",
    reminder_subject="Muistutus: tilaus {order}, {retailer} odottaa vastaustanne",
    reminder_heading="Lähetys odottaa vastaustanne",
    reminder_introduction="Ette ole vielä avanneet tätä jälleenmyyjän {retailer} lähetystä, ja puolet vastausajasta on"
    " kulunut.",
    reminder_steps=(
        "Avatkaa lähetys viimeistään {deadline}, jos voitte toimittaa sen.",
        "Jos ette voi toimittaa sitä, peruuttakaa se jo nyt, jotta tilaus ehditään hoitaa muualta.",
        "Ellemme kuule teistä siihen mennessä, lähetys perutaan ja tuotteet tilataan muualta.",
    ),
    order="Tilaus",
    reference="Viite",
    retailer="Jälleenmyyjä",
    catalogue="Katalogi",
    deadline="Vastattava viimeistään",
    service="Kuljetuspalvelu",
    additional_services="Lisäpalvelut",
    pickup_point="Noutopiste",
    ship_on="Toivottu lähetyspäivä",
    deliver_on="Toivottu toimituspäivä",
    products="Tuotteet",
    product_id="Tuotenumero",
    ean="EAN",
    description="Kuvaus",
    quantity="Määrä",
    unit="Yksikkö",
    address="Toimitusosoite",
    notes="Lisätiedot",
    next="Näin jatkatte",
    steps=(
        "Tarkistakaa, että voitte toimittaa kaikki tuotteet.",
        "Pakatkaa tuotteet ja luovuttakaa paketti kuljetettavaksi.",
        "Vahvistakaa lähettämänne määrät.",
        "Jos ette voi toimittaa tilausta, peruuttakaa lähetys viimeistään {deadline}, jotta tilaus ehditään hoitaa"
        " muualta.",
    ),
    link="Avaa lähetys",
    why="Saatte tämän viestin, koska {supplier} on pyytänyt tiedon uusista lähetyksistä sähköpostiin."
    " Voitte muuttaa tätä ilmoitusten asetuksissa.",
    write_day=_finnish_day,
    write_moment=lambda at: f"{_finnish_day(at)} klo {at:%H.%M} (Suomen aikaa)",
)

SWEDISH = Wording(
    language="sv",
    subject="Ny försändelse: order {order}, {retailer}",
    heading="Ny försändelse att skicka",
    introduction="{retailer} har sålt era produkter. Skicka produkterna nedan direkt till kunden.",
    reminder_subject="Påminnelse: order {order}, {retailer} väntar på ert svar",
    reminder_heading="En försändelse väntar på ert svar",
    reminder_introduction="Ni har ännu inte öppnat den här försändelsen från {retailer}, och halva svarstiden har"
    " gått.",
    reminder_steps=(
        "Öppna försändelsen senast {deadline}, om ni kan leverera den.",
        "Kan ni inte leverera den? Annullera den redan nu, så att ordern hinner levereras någon annanstans ifrån.",
        "Hör vi inget från er till dess annulleras försändelsen, och produkterna beställs någon annanstans ifrån.",
    ),
    order="Order",
    reference="Referens",
    retailer="Återförsäljare",
    catalogue="Katalog",
    deadline="Svara senast",
    service="Transporttjänst",
    additional_services="Tilläggstjänster",
    pickup_point="Utlämningsställe",
    ship_on="Önskad avsändningsdag",
    deliver_on="Önskad leveransdag",
    products="Produkter",
    product_id="Produktnummer",
    ean="EAN",
    description="Beskrivning",
    quantity="Antal",
    unit="Enhet",
    address="Leveransadress",
    notes="Övriga uppgifter",
    next="Så här går ni vidare",
    steps=(
        "Kontrollera att ni kan leverera alla produkter.",
        "Packa produkterna och lämna paketet för transport.",
        "Bekräfta de antal ni har skickat.",
        "Kan ni inte leverera ordern? Annullera försändelsen senast {deadline}, så att ordern hinner levereras"
        " någon annanstans ifrån.",
    ),
    link="Öppna försändelsen",
    why="Ni får det här meddelandet eftersom {supplier} har bett om e-post om nya försändelser."
    " Ni kan ändra detta i inställningarna för meddelanden.",
    write_day=_swedish_day,
    write_moment=lambda at: f"{_swedish_day(at)} kl. {at:%H.%M} (finsk tid)",
)

ENGLISH = Wording(
    language="en",
    subject="New shipment: order {order}, {retailer}",
    heading="A new shipment to send",
    introduction="{retailer} has sold products of yours. Please send the products below straight to the customer.",
    reminder_subject="Reminder: order {order}, {retailer} is waiting for your answer",
    reminder_heading="A shipment is waiting for your answer",
    reminder_introduction="You have not opened this shipment of {retailer} yet, and half of the time to answer is"
    " over.",
    reminder_steps=(
        "If you can deliver it, open the shipment by {deadline}.",
        "If you cannot, cancel it now, so that there is time to send it from somewhere else.",
        "If we do not hear from you by then, the shipment is cancelled and the products are ordered elsewhere.",
    ),
    order="Order",
    reference="Reference",
    retailer="Retailer",
    catalogue="Catalogue",
    deadline="Answer by",
    service="Delivery service",
    additional_services="Additional services",
    pickup_point="Pick-up point",
    ship_on="Requested dispatch",
    deliver_on="Requested delivery",
    products="Products",
    product_id="Product number",
    ean="EAN",
    description="Description",
    quantity="Quantity",
    unit="Unit",
    address="Delivery address",
    notes="Notes",
    next="What to do next",
    steps=(
        "Check that you can deliver all the products.",
        "Pack the products and hand the parcel over to the carrier.",
        "Confirm the quantities you have sent.",
        "If you cannot deliver the order, cancel the shipment by {deadline}, so that there is time to send it from"
        " somewhere else.",
    ),
    link="Open the shipment",
    why="You receive this message because {supplier} has asked for e-mail about new shipments."
    " You can change this in the notification settings.",
    write_day=_english_day,
    write_moment=lambda at: f"{_english_day(at)} at {at:%H:%M} (Finnish time)",
    decimal_point=".",
)

WORDINGS: dict[Language, Wording] = {"fi": FINNISH, "sv": SWEDISH, "en": ENGLISH}
