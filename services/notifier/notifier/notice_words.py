"""What notices say in each language. Texts in braces are filled in by name."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifier.domain import Language
from notifier.papers import Paper
from shared.contracts import ReturnStatus


@dataclass(frozen=True)
class ReturnWords:
    """What is said of a return in one of its states."""

    subject: str
    introduction: str


@dataclass(frozen=True)
class Words:
    """All that notices say that is not data. `reasons` are those of returns, as they are registered."""

    webhook_subject: str
    webhook_heading: str
    webhook_introduction: str
    webhook: str
    url: str
    why_paused: str
    since: str
    webhook_steps: tuple[str, ...]
    webhook_why: str
    cancelled_subject: str
    cancelled_introduction: str
    stock_subject: str
    stock_to_supplier: str
    stock_to_retailer: str
    unroutable_subject: str
    unroutable_introduction: str
    returns: Mapping[ReturnStatus, ReturnWords]
    return_id: str
    reasons: Mapping[str, str]
    week_subject: str
    week_introduction: str
    week_facts: dict[str, str]
    digest_subject: str
    digest_heading: str
    cause: str
    answer: str
    note: str
    label: str
    files: Mapping[Paper, str]
    missing: str
    tracking_code: str
    papers_subject: str
    papers_introduction: str
    note_alone: str
    no_label: str
    leave: str
    why: str


WORDS: dict[Language, Words] = {
    "fi": Words(
        webhook_subject="Webhook {name} on keskeytetty",
        webhook_heading="Webhook on keskeytetty",
        webhook_introduction="Osoitteenne ei ole ottanut tapahtumia vastaan, joten emme enää lähetä niitä sinne. Mitään"
        " ei ole kadonnut: tapahtumat odottavat, kunnes jatkatte.",
        webhook="Webhook",
        url="Osoite",
        why_paused="Syy",
        since="Keskeytetty",
        webhook_steps=(
            "Korjatkaa vastaanottava järjestelmä ja kokeilkaa sitä: POST {path}/test",
            "Jatkakaa siitä, mihin jäätiin: POST {path}/resume",
            "Tapahtumat säilyvät 30 päivää. Vanhempia ei voi enää lähettää.",
        ),
        webhook_why="Saatte tämän viestin, koska organisaatiollanne on tämä webhook.",
        cancelled_subject="Lähetys peruttu: tilaus {order}, {retailer}",
        cancelled_introduction="Älkää lähettäkö tätä lähetystä. Jos se on jo matkalla, ottakaa yhteyttä"
        " jälleenmyyjään.",
        stock_subject="Varasto ei riittänyt: tilaus {order}",
        stock_to_supplier="Varastossanne on vähemmän kuin tilaukselle oli luvattu. Puuttuvat tuotteet tilataan muualta."
        " Tarkistakaa saldot.",
        stock_to_retailer="Toimittajan varastossa on vähemmän kuin tilauksellenne oli luvattu. Puuttuvat tuotteet"
        " yritetään hankkia muualta.",
        unroutable_subject="Tilausta {order} ei voi toimittaa",
        unroutable_introduction="Mitään tilauksen tuotteista ei ole juuri nyt missään. Tilausta yritetään uudelleen,"
        " kun"
        " varastoa tulee; voitte myös muuttaa tai perua sen.",
        returns={
            "Registered": ReturnWords(
                "Palautus tulossa: tilaus {order}",
                "Osa tästä tilauksesta on tulossa takaisin. Kun paketti on perillä, vastaanottaja kertoo, mitä tuli.",
            ),
            "Received": ReturnWords(
                "Palautus saapunut: tilaus {order}", "Palautus on otettu vastaan. Määrät: saapunut / ilmoitettu."
            ),
            "Cancelled": ReturnWords("Palautus peruttu: tilaus {order}", "Nämä tuotteet eivät tulekaan takaisin."),
        },
        return_id="Palautus",
        reasons={
            "ChangedMind": "ostaja muutti mielensä",
            "DoesNotFit": "ei sovi",
            "NotAsDescribed": "ei vastaa kuvausta",
            "WrongProduct": "väärä tuote",
            "Damaged": "vaurioitunut",
            "Defective": "viallinen",
            "Incomplete": "puutteellinen",
            "TooLate": "tuli liian myöhään",
            "NotCollected": "noutamatta",
            "Other": "muu syy",
        },
        week_subject="Viikkonne: {count} tapahtumaa",
        week_introduction="Viikko päättyi {until}.",
        week_facts={
            "order.accepted": "Tilauksia vastaanotettu",
            "order.cancelled": "Tilauksia peruttu",
            "order.unroutable": "Tilauksia ilman toimittajaa",
            "shipment.created": "Uusia lähetyksiä",
            "shipment.delivered": "Lähetyksiä toimitettu",
            "shipment.cancelled": "Lähetyksiä peruttu",
            "shipment.reminded": "Muistutuksia",
            "stock.corrected": "Varastosaldoja oikaistu",
            "return.registered": "Palautuksia ilmoitettu",
            "return.received": "Palautuksia vastaanotettu",
            "return.cancelled": "Palautuksia peruttu",
            "mail.refused": "Viestejä, jotka eivät menneet perille",
        },
        digest_subject="{count} uutta asiaa: {first}",
        digest_heading="{count} uutta asiaa",
        cause="Syy",
        answer="Hyväksy tai hylkää lähetys",
        note="Lähetysluettelo (PDF)",
        label="Osoitelappu (PDF)",
        files={"label": "Osoitelappu", "note": "Lähetysluettelo"},
        missing="PDF:ää ei saatu liitettyä tällä kertaa. Saatte sen linkistä.",
        tracking_code="Seurantakoodi",
        papers_subject="Paketin asiakirjat: tilaus {order}, {retailer}",
        papers_introduction="Paketilla on seurantakoodi. Tulostakaa osoitelappu paketin päälle ja lähetysluettelo sen"
        " sisään.",
        note_alone="Paketilla on teidän oma seurantakoodinne, joten myös osoitelappu on teidän. Tulostakaa"
        " lähetysluettelo paketin sisään.",
        no_label="Paketilla on seurantakoodi, mutta kuljetusliikkeeltä ei ole saatu osoitelappua. Tulostakaa"
        " lähetysluettelo paketin sisään, ja katsokaa osoitelapusta kuljetusliikkeen järjestelmästä.",
        leave="En halua enää tällaisia viestejä",
        why="Saatte tämän viestin, koska {organisation} on pyytänyt näistä tiedon sähköpostiin. Voitte muuttaa tätä"
        " ilmoitusten asetuksissa.",
    ),
    "sv": Words(
        webhook_subject="Webhooken {name} har pausats",
        webhook_heading="En webhook har pausats",
        webhook_introduction="Er adress har inte tagit emot händelser, så vi skickar dem inte dit längre. Inget har"
        " gått"
        " förlorat: händelserna väntar tills ni fortsätter.",
        webhook="Webhook",
        url="Adress",
        why_paused="Orsak",
        since="Pausad",
        webhook_steps=(
            "Laga det mottagande systemet och prova det: POST {path}/test",
            "Fortsätt där det slutade: POST {path}/resume",
            "Händelser sparas i 30 dagar. Äldre kan inte skickas längre.",
        ),
        webhook_why="Ni får det här meddelandet eftersom er organisation har den här webhooken.",
        cancelled_subject="Försändelse annullerad: order {order}, {retailer}",
        cancelled_introduction="Skicka inte den här försändelsen. Är den redan på väg? Kontakta återförsäljaren.",
        stock_subject="Lagret räckte inte: order {order}",
        stock_to_supplier="I ert lager finns mindre än vad ordern hade lovats. Det som fattas beställs någon annanstans"
        " ifrån. Kontrollera saldona.",
        stock_to_retailer="I leverantörens lager finns mindre än vad er order hade lovats. Vi försöker få det som"
        " fattas någon annanstans ifrån.",
        unroutable_subject="Order {order} kan inte levereras",
        unroutable_introduction="Ingen av orderns produkter finns någonstans just nu. Vi försöker på nytt när det"
        " kommer"
        " lager; ni kan också ändra eller annullera ordern.",
        returns={
            "Registered": ReturnWords(
                "Retur på väg: order {order}",
                "En del av den här ordern är på väg tillbaka. När paketet är framme berättar mottagaren vad som kom.",
            ),
            "Received": ReturnWords(
                "Retur mottagen: order {order}", "Returen har tagits emot. Antal: mottaget / anmält."
            ),
            "Cancelled": ReturnWords(
                "Retur annullerad: order {order}", "De här produkterna kommer ändå inte tillbaka."
            ),
        },
        return_id="Retur",
        reasons={
            "ChangedMind": "köparen ångrade sig",
            "DoesNotFit": "passar inte",
            "NotAsDescribed": "motsvarar inte beskrivningen",
            "WrongProduct": "fel produkt",
            "Damaged": "skadad",
            "Defective": "defekt",
            "Incomplete": "ofullständig",
            "TooLate": "kom för sent",
            "NotCollected": "inte avhämtad",
            "Other": "annan orsak",
        },
        week_subject="Er vecka: {count} händelser",
        week_introduction="Veckan slutade {until}.",
        week_facts={
            "order.accepted": "Mottagna order",
            "order.cancelled": "Annullerade order",
            "order.unroutable": "Order utan leverantör",
            "shipment.created": "Nya försändelser",
            "shipment.delivered": "Levererade försändelser",
            "shipment.cancelled": "Annullerade försändelser",
            "shipment.reminded": "Påminnelser",
            "stock.corrected": "Rättade lagersaldon",
            "return.registered": "Anmälda returer",
            "return.received": "Mottagna returer",
            "return.cancelled": "Annullerade returer",
            "mail.refused": "Meddelanden som inte kom fram",
        },
        digest_subject="{count} nyheter: {first}",
        digest_heading="{count} nyheter",
        cause="Orsak",
        answer="Godkänn eller avvisa försändelsen",
        note="Följesedel (PDF)",
        label="Adressetikett (PDF)",
        files={"label": "Adressetikett", "note": "Följesedel"},
        missing="PDF-filen kunde inte bifogas den här gången. Ni får den via länken.",
        tracking_code="Spårningskod",
        papers_subject="Dokument till ett paket: order {order}, {retailer}",
        papers_introduction="Paketet har fått sin spårningskod. Skriv ut adressetiketten och fäst den på paketet, och"
        " lägg följesedeln i det.",
        note_alone="Paketet har er egen spårningskod, så även adressetiketten är er egen. Skriv ut följesedeln och lägg"
        " den i paketet.",
        no_label="Paketet har fått sin spårningskod, men transportören har inte gett någon adressetikett. Skriv ut"
        " följesedeln och lägg den i paketet, och sök adressetiketten i transportörens system.",
        leave="Jag vill inte ha sådana här meddelanden längre",
        why="Ni får det här meddelandet eftersom {organisation} har bett om e-post om detta. Ni kan ändra det i"
        " inställningarna för meddelanden.",
    ),
    "en": Words(
        webhook_subject="The webhook {name} has been paused",
        webhook_heading="A webhook has been paused",
        webhook_introduction="Your address has not taken events, so we do not send them there any more. Nothing is"
        " lost:"
        " the events wait until you go on.",
        webhook="Webhook",
        url="Address",
        why_paused="Reason",
        since="Paused",
        webhook_steps=(
            "Mend the system that receives, and try it: POST {path}/test",
            "Go on where it stopped: POST {path}/resume",
            "Events are kept for 30 days. Older ones cannot be sent any more.",
        ),
        webhook_why="You receive this message because your organisation has this webhook.",
        cancelled_subject="Shipment cancelled: order {order}, {retailer}",
        cancelled_introduction="Please do not send this shipment. If it is on its way already, talk to the retailer.",
        stock_subject="Not enough in stock: order {order}",
        stock_to_supplier="You have less in stock than the order was promised. What is missing is ordered elsewhere."
        " Please check your balances.",
        stock_to_retailer="The supplier has less in stock than your order was promised. We try to get what is missing"
        " from somewhere else.",
        unroutable_subject="Order {order} cannot be delivered",
        unroutable_introduction="None of the order's products is to be had anywhere at this moment. The order is tried"
        " again when there is stock; you may also change or cancel it.",
        returns={
            "Registered": ReturnWords(
                "Return on its way: order {order}",
                "Some of this order is on its way back. Once the parcel is there, whoever receives it says what came.",
            ),
            "Received": ReturnWords(
                "Return received: order {order}", "The return has been received. Quantities: received / announced."
            ),
            "Cancelled": ReturnWords(
                "Return cancelled: order {order}", "These products are not coming back after all."
            ),
        },
        return_id="Return",
        reasons={
            "ChangedMind": "the buyer has changed their mind",
            "DoesNotFit": "does not fit",
            "NotAsDescribed": "not as described",
            "WrongProduct": "wrong product",
            "Damaged": "damaged",
            "Defective": "defective",
            "Incomplete": "incomplete",
            "TooLate": "came too late",
            "NotCollected": "not collected",
            "Other": "another reason",
        },
        week_subject="Your week: {count} events",
        week_introduction="The week ended on {until}.",
        week_facts={
            "order.accepted": "Orders taken",
            "order.cancelled": "Orders cancelled",
            "order.unroutable": "Orders nobody can deliver",
            "shipment.created": "New shipments",
            "shipment.delivered": "Shipments delivered",
            "shipment.cancelled": "Shipments cancelled",
            "shipment.reminded": "Reminders",
            "stock.corrected": "Balances corrected",
            "return.registered": "Returns registered",
            "return.received": "Returns received",
            "return.cancelled": "Returns cancelled",
            "mail.refused": "Mails that did not arrive",
        },
        digest_subject="{count} pieces of news: {first}",
        digest_heading="{count} pieces of news",
        cause="Cause",
        answer="Accept or reject the shipment",
        note="Delivery note (PDF)",
        label="Address label (PDF)",
        files={"label": "Address label", "note": "Delivery note"},
        missing="The PDF could not be attached this time. You get it by the link.",
        tracking_code="Tracking code",
        papers_subject="Papers of a parcel: order {order}, {retailer}",
        papers_introduction="The parcel has its tracking code. Print the address label and put it on the parcel, and"
        " the delivery note into it.",
        note_alone="The parcel has a tracking code of your own, so its address label is yours as well. Print the"
        " delivery note and put it into the parcel.",
        no_label="The parcel has its tracking code, but its carrier has given no address label. Print the delivery note"
        " and put it into the parcel, and look for the label in the carrier's system.",
        leave="I do not want such mails any more",
        why="You receive this message because {organisation} has asked for e-mail about this. You can change it in the"
        " notification settings.",
    ),
}
