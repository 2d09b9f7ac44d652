"""The words on papers, in the languages they are made in, and dates and numbers as these languages write them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["fi", "sv", "en"]

LANGUAGES: Mapping[str, Language] = {"fi": "fi", "sv": "sv", "en": "en"}
BY_COUNTRY: Mapping[str, Language] = {"FI": "fi", "SE": "sv", "AX": "sv"}

HELSINKI = ZoneInfo("Europe/Helsinki")

WORDS: Mapping[str, Mapping[Language, str]] = {
    "note": {"fi": "Lähetysluettelo", "sv": "Följesedel", "en": "Delivery note"},
    "from": {"fi": "Lähettäjä", "sv": "Avsändare", "en": "From"},
    "to": {"fi": "Vastaanottaja", "sv": "Mottagare", "en": "To"},
    "deliver_to": {"fi": "Toimitusosoite", "sv": "Leveransadress", "en": "Delivery address"},
    "buyer": {"fi": "Tilaaja", "sv": "Beställare", "en": "Ordered by"},
    "parcel": {"fi": "Paketti", "sv": "Paket", "en": "Parcel"},
    "weight": {"fi": "Paino", "sv": "Vikt", "en": "Weight"},
    "order": {"fi": "Tilaus", "sv": "Order", "en": "Order"},
    "ordered_on": {"fi": "Tilattu", "sv": "Beställd", "en": "Ordered"},
    "contract": {"fi": "Sopimus", "sv": "Avtal", "en": "Contract"},
    "routing": {"fi": "Reititys", "sv": "Sortering", "en": "Routing"},
    "telephone": {"fi": "Puh.", "sv": "Tel.", "en": "Tel."},
    "pickup_point": {"fi": "Noutopiste", "sv": "Utlämningsställe", "en": "Pickup point"},
    "sent_by": {"fi": "Toimitustapa", "sv": "Leveranssätt", "en": "Sent by"},
    "tracking_code": {"fi": "Seurantakoodi", "sv": "Sändningsnummer", "en": "Tracking code"},
    "reference_po": {"fi": "Ostotilaus", "sv": "Inköpsorder", "en": "Purchase order"},
    "reference_so": {"fi": "Myyntitilaus", "sv": "Försäljningsorder", "en": "Sales order"},
    "product": {"fi": "Tuote", "sv": "Produkt", "en": "Product"},
    "unit": {"fi": "Yks.", "sv": "Enhet", "en": "Unit"},
    "ordered": {"fi": "Tilattu", "sv": "Beställt", "en": "Ordered"},
    "delivered": {"fi": "Tässä", "sv": "Häri", "en": "Here"},
    "to_follow": {"fi": "Tulossa", "sv": "Restnoterat", "en": "To follow"},
    "what_follows": {
        "fi": "Tässä: tässä paketissa. Tulossa: toisessa paketissa tai myöhemmässä toimituksessa.",
        "sv": "Häri: i detta paket. Restnoterat: i ett annat paket eller en senare leverans.",
        "en": "Here: in this parcel. To follow: in another parcel or a later delivery.",
    },
    "returns": {"fi": "Palautusohjeet", "sv": "Returanvisningar", "en": "Returns"},
    "return": {"fi": "Palautus", "sv": "Retur", "en": "Return"},
    "page": {"fi": "Sivu", "sv": "Sida", "en": "Page"},
    "nothing": {
        "fi": "Paketissa ei ole tilauksen rivejä.",
        "sv": "Paketet innehåller inga orderrader.",
        "en": "The parcel holds none of the order's rows.",
    },
}

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def language_of(asked: str | None, country: str | None) -> Language:
    """The language of an order's papers: its own if we have the words, else that of the country it goes to."""
    return LANGUAGES.get(asked or "") or BY_COUNTRY.get(country or "", "en")


def in_language(language: Language) -> dict[str, str]:
    """All words in one language."""
    return {name: texts[language] for name, texts in WORDS.items()}


def word(name: str, language: Language) -> str:
    """One word."""
    return WORDS[name][language]


def chosen(texts: Mapping[str, str], language: Language) -> str | None:
    """Of a text in several languages the one that is asked for, else the English one, else any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), None)


def day(moment: datetime, language: Language) -> str:
    """A moment's day as it is written, where most of our readers are, as mails have it."""
    here = moment.astimezone(HELSINKI)
    if language == "fi":
        return f"{here.day}.{here.month}.{here.year}"
    if language == "sv":
        return f"{here:%Y-%m-%d}"
    return f"{here.day} {MONTHS[here.month - 1]} {here.year}"


def number(value: Decimal, language: Language) -> str:
    """A number without zeros at its end, with a point in English and a comma elsewhere."""
    written = f"{value.normalize():f}"
    return written if language == "en" else written.replace(".", ",")
