"""What the page behind the link to leave mails says, in each language. Texts in braces are filled in by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from notifier import domain


@dataclass(frozen=True)
class Words:
    """All that the page says."""

    language: str
    title: str
    question: str
    leave: str
    done: str
    last: str
    expired: str
    unknown: str
    kinds: dict[str, str]

    def named(self, kinds: Sequence[str]) -> str:
        """Kinds of mails in words."""
        return ", ".join(self.kinds.get(kind, kind) for kind in kinds)


WORDS = {
    "fi": Words(
        language="fi",
        title="Sähköposti-ilmoitukset",
        question="Osoitteeseen {email} ei enää lähetetä näitä ilmoituksia: {kinds}.",
        leave="En halua enää näitä viestejä",
        done="Osoitteeseen {email} ei enää lähetetä näitä ilmoituksia: {kinds}. Voitte muuttaa tätä ilmoitusten"
        " asetuksissa.",
        last="{email} on organisaationne ainoa osoite, joka saa tiedon uusista lähetyksistä, joten sitä ei voi poistaa"
        " tällä linkillä. Lisätkää ensin toinen osoite, tai kytkekää ilmoitukset pois ilmoitusten asetuksissa.",
        expired="Linkki on vanhentunut. Mitään ei muutettu.",
        unknown="Linkki ei ole meidän, tai se on katkennut matkalla. Mitään ei muutettu.",
        kinds={
            "new-shipment": "uudet lähetykset",
            "reminder": "muistutukset",
            "papers": "pakettien asiakirjat",
            "cancelled": "perutut lähetykset",
            "stock-corrected": "oikaistut varastosaldot",
            "unroutable": "tilaukset ilman toimittajaa",
            "return": "palautukset",
            "weekly-summary": "viikkoyhteenveto",
        },
    ),
    "sv": Words(
        language="sv",
        title="Meddelanden per e-post",
        question="Till {email} skickas inte längre: {kinds}.",
        leave="Jag vill inte ha de här meddelandena längre",
        done="Till {email} skickas inte längre: {kinds}. Ni kan ändra det i inställningarna för meddelanden.",
        last="{email} är er enda adress som får veta om nya försändelser, och kan därför inte tas bort med den här"
        " länken. Lägg till en annan adress först, eller stäng av meddelandena i inställningarna.",
        expired="Länken har gått ut. Inget har ändrats.",
        unknown="Länken är inte vår, eller har gått sönder på vägen. Inget har ändrats.",
        kinds={
            "new-shipment": "nya försändelser",
            "reminder": "påminnelser",
            "papers": "dokument till paket",
            "cancelled": "annullerade försändelser",
            "stock-corrected": "rättade lagersaldon",
            "unroutable": "order utan leverantör",
            "return": "returer",
            "weekly-summary": "veckans sammandrag",
        },
    ),
    "en": Words(
        language="en",
        title="Notifications by e-mail",
        question="No longer to be sent to {email}: {kinds}.",
        leave="I do not want these mails any more",
        done="No longer sent to {email}: {kinds}. You can change this in the notification settings.",
        last="{email} is the only address of your organisation that hears of new shipments, so it cannot leave by this"
        " link. Add another address first, or turn these mails off in the notification settings.",
        expired="The link has expired. Nothing was changed.",
        unknown="This is no link of ours, or it was broken on the way. Nothing was changed.",
        kinds={
            "new-shipment": "new shipments",
            "reminder": "reminders",
            "papers": "papers of parcels",
            "cancelled": "cancelled shipments",
            "stock-corrected": "corrected balances",
            "unroutable": "orders nobody can deliver",
            "return": "returns",
            "weekly-summary": "the weekly summary",
        },
    ),
}


def of(language: str) -> Words:
    """The words of a language, or else of Finnish, Swedish or English, as mails are written."""
    return WORDS[domain.language_of(language)]
