"""What the page behind the link to answer a shipment says, in each language. Texts in braces are filled in by name."""

from collections.abc import Mapping
from dataclasses import dataclass

REASONS: Mapping[str, str] = {
    "out-of-stock": "out of stock",
    "damaged": "damaged or faulty",
    "too-late": "cannot be sent in time",
    "not-there": "cannot be sent to this address",
    "other": "other reason",
}
"""Why a shipment can be rejected on the page, and what is noted of it for the retailer."""


@dataclass(frozen=True)
class Words:
    """All that the page says. `reasons` are the texts of `REASONS`."""

    language: str
    title: str
    order: str
    deadline: str
    products: str
    accept_heading: str
    accept_text: str
    accept: str
    reject_heading: str
    reject_text: str
    reject: str
    reasons: Mapping[str, str]
    accepted_now: str
    rejected_now: str
    was_opened: str
    was_cancelled: str
    was_delivered: str
    was_stopped: str
    incomplete: str
    busy: str
    away: str
    expired: str
    unknown: str
    forgotten: str
    no_note: str
    no_label: str


WORDS: Mapping[str, Words] = {
    "fi": Words(
        language="fi",
        title="Hyväksykää tai hylätkää lähetys",
        order="Tilaus",
        deadline="Vastattava viimeistään",
        products="Tuotteet",
        accept_heading="Voitte toimittaa kaiken",
        accept_text="Hyväksytty lähetys odottaa, että pakkaatte ja vahvistatte sen.",
        accept="Hyväksy lähetys",
        reject_heading="Ette voi toimittaa lähetystä",
        reject_text="Koko lähetys perutaan ja tuotteet tilataan muualta. Jos vain osa puuttuu, hyväksykää lähetys ja"
        " toimittakaa vähemmän.",
        reject="Hylkää lähetys",
        reasons={
            "out-of-stock": "Tuotteet ovat loppu",
            "damaged": "Tuotteet ovat vioittuneet",
            "too-late": "Emme ehdi lähettää ajoissa",
            "not-there": "Emme voi lähettää tähän osoitteeseen",
            "other": "Muu syy",
        },
        accepted_now="Kiitos. Lähetys on hyväksytty.",
        rejected_now="Lähetys on hylätty. Tuotteet tilataan muualta, älkää lähettäkö niitä.",
        was_opened="Lähetys on jo hyväksytty ({at}). Tällä linkillä ei voi enää muuttaa mitään.",
        was_cancelled="Lähetys on peruttu ({at}). Älkää lähettäkö sitä.",
        was_delivered="Lähetys on jo vahvistettu toimitetuksi ({at}).",
        was_stopped="Lähetyksestä on ilmoitettu virhe ({at}). Tällä linkillä ei voi enää muuttaa mitään.",
        incomplete="Vastaus puuttuu, tai hylkäämiseltä puuttuu syy. Mitään ei muutettu. Palatkaa takaisin ja valitkaa.",
        busy="Lähetystä ei voitu muuttaa juuri nyt. Mitään ei muutettu. Yrittäkää uudelleen.",
        away="Palvelu ei vastaa juuri nyt. Avatkaa linkki hetken kuluttua uudelleen: siitä näette, tallentuiko"
        " vastauksenne.",
        expired="Linkki on vanhentunut. Mitään ei muutettu.",
        unknown="Linkki ei ole meidän, tai se on katkennut matkalla. Mitään ei muutettu.",
        forgotten="Tätä lähetystä ei enää ole. Mitään ei muutettu.",
        no_note="Lähetysluetteloa ei ole: lähetys on peruttu, tai sitä ei enää ole.",
        no_label="Osoitelappua ei ole: seurantakoodi on teidän omanne, tai pakettia ei enää ole.",
    ),
    "sv": Words(
        language="sv",
        title="Godkänn eller avvisa försändelsen",
        order="Order",
        deadline="Svara senast",
        products="Produkter",
        accept_heading="Ni kan leverera allt",
        accept_text="En godkänd försändelse väntar på att ni packar och bekräftar den.",
        accept="Godkänn försändelsen",
        reject_heading="Ni kan inte leverera försändelsen",
        reject_text="Hela försändelsen annulleras, och produkterna beställs någon annanstans ifrån. Fattas bara en del?"
        " Godkänn försändelsen och leverera mindre.",
        reject="Avvisa försändelsen",
        reasons={
            "out-of-stock": "Produkterna är slut",
            "damaged": "Produkterna är skadade",
            "too-late": "Vi hinner inte skicka i tid",
            "not-there": "Vi kan inte skicka till den här adressen",
            "other": "Annan orsak",
        },
        accepted_now="Tack. Försändelsen är godkänd.",
        rejected_now="Försändelsen är avvisad. Produkterna beställs någon annanstans ifrån; skicka dem inte.",
        was_opened="Försändelsen har redan godkänts ({at}). Med den här länken kan inget mer ändras.",
        was_cancelled="Försändelsen har annullerats ({at}). Skicka den inte.",
        was_delivered="Försändelsen har redan bekräftats som levererad ({at}).",
        was_stopped="Ett fel har anmälts på försändelsen ({at}). Med den här länken kan inget mer ändras.",
        incomplete="Svaret saknas, eller orsaken till avvisningen. Inget har ändrats. Gå tillbaka och välj.",
        busy="Försändelsen kunde inte ändras just nu. Inget har ändrats. Försök på nytt.",
        away="Tjänsten svarar inte just nu. Öppna länken igen om en stund: den visar om ert svar har sparats.",
        expired="Länken har gått ut. Inget har ändrats.",
        unknown="Länken är inte vår, eller har gått sönder på vägen. Inget har ändrats.",
        forgotten="Den här försändelsen finns inte längre. Inget har ändrats.",
        no_note="Det finns ingen följesedel: försändelsen är annullerad, eller finns inte längre.",
        no_label="Det finns ingen adressetikett: spårningskoden är er egen, eller paketet finns inte längre.",
    ),
    "en": Words(
        language="en",
        title="Accept or reject the shipment",
        order="Order",
        deadline="Answer by",
        products="Products",
        accept_heading="You can deliver all of it",
        accept_text="An accepted shipment waits for you to pack and confirm it.",
        accept="Accept the shipment",
        reject_heading="You cannot deliver the shipment",
        reject_text="All of the shipment is cancelled, and the products are ordered elsewhere. If only a part is"
        " missing,"
        " accept the shipment and deliver less.",
        reject="Reject the shipment",
        reasons={
            "out-of-stock": "The products are out of stock",
            "damaged": "The products are damaged",
            "too-late": "We cannot send them in time",
            "not-there": "We cannot send to this address",
            "other": "Another reason",
        },
        accepted_now="Thank you. The shipment is accepted.",
        rejected_now="The shipment is rejected. The products are ordered elsewhere; please do not send them.",
        was_opened="The shipment has been accepted already ({at}). Nothing more can be changed by this link.",
        was_cancelled="The shipment was cancelled ({at}). Please do not send it.",
        was_delivered="The shipment has been confirmed as delivered already ({at}).",
        was_stopped="The shipment was reported as faulty ({at}). Nothing more can be changed by this link.",
        incomplete="The answer is missing, or the reason of a rejection. Nothing was changed. Go back and choose.",
        busy="The shipment could not be changed at this moment. Nothing was changed. Please try again.",
        away="The service does not answer at this moment. Open the link again in a while: it shows whether your answer"
        " was kept.",
        expired="The link has expired. Nothing was changed.",
        unknown="This is no link of ours, or it was broken on the way. Nothing was changed.",
        forgotten="There is no such shipment any more. Nothing was changed.",
        no_note="There is no delivery note: the shipment is cancelled, or is not there any more.",
        no_label="There is no address label: the tracking code is your own, or the parcel is not there any more.",
    ),
}


def of(language: str) -> Words:
    """The words of a language, English for one that there is not."""
    return WORDS.get(language, WORDS["en"])
