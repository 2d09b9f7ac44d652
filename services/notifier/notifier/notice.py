"""A mail to an organisation about its own affairs with us: that a webhook of its was paused."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from pydantic import BaseModel

from notifier import domain, letter, mime, wording
from notifier.domain import Language
from notifier.letter import Envelope, Letter


class WebhookPaused(BaseModel):
    """What is told of a webhook to which nothing is sent any more; events behind `cursor` are kept for it."""

    organisation: str
    name: str
    url: str
    why: str
    cursor: str
    paused_at: datetime


@dataclass(frozen=True)
class Words:
    """What the mail says in a language. Texts in braces are filled in by name."""

    subject: str
    heading: str
    introduction: str
    name: str
    url: str
    why_paused: str
    since: str
    steps: tuple[str, ...]
    why: str


WORDS: dict[Language, Words] = {
    "fi": Words(
        subject="Webhook {name} on keskeytetty",
        heading="Webhook on keskeytetty",
        introduction="Osoitteenne ei ole ottanut tapahtumia vastaan, joten emme enää lähetä niitä sinne. Mitään ei ole"
        " kadonnut: tapahtumat odottavat, kunnes jatkatte.",
        name="Webhook",
        url="Osoite",
        why_paused="Syy",
        since="Keskeytetty",
        steps=(
            "Korjatkaa vastaanottava järjestelmä ja kokeilkaa sitä: POST {path}/test",
            "Jatkakaa siitä, mihin jäätiin: POST {path}/resume",
            "Tapahtumat säilyvät 30 päivää. Vanhempia ei voi enää lähettää.",
        ),
        why="Saatte tämän viestin, koska organisaatiollanne on tämä webhook.",
    ),
    "sv": Words(
        subject="Webhooken {name} har pausats",
        heading="En webhook har pausats",
        introduction="Er adress har inte tagit emot händelser, så vi skickar dem inte dit längre. Inget har gått"
        " förlorat: händelserna väntar tills ni fortsätter.",
        name="Webhook",
        url="Adress",
        why_paused="Orsak",
        since="Pausad",
        steps=(
            "Laga det mottagande systemet och prova det: POST {path}/test",
            "Fortsätt där det slutade: POST {path}/resume",
            "Händelser sparas i 30 dagar. Äldre kan inte skickas längre.",
        ),
        why="Ni får det här meddelandet eftersom er organisation har den här webhooken.",
    ),
    "en": Words(
        subject="The webhook {name} has been paused",
        heading="A webhook has been paused",
        introduction="Your address has not taken events, so we do not send them there any more. Nothing is lost: the"
        " events wait until you go on.",
        name="Webhook",
        url="Address",
        why_paused="Reason",
        since="Paused",
        steps=(
            "Mend the system that receives, and try it: POST {path}/test",
            "Go on where it stopped: POST {path}/resume",
            "Events are kept for 30 days. Older ones cannot be sent any more.",
        ),
        why="You receive this message because your organisation has this webhook.",
    ),
}


def webhook_paused(paused: WebhookPaused, envelope: Envelope) -> Letter:
    """The mail that tells the owner of a webhook that it was paused, as text and as HTML."""
    words, moments = WORDS[envelope.language], wording.WORDINGS[envelope.language]
    path = f"{envelope.public_url.rstrip('/')}/ecommerce/v3/webhooks/{paused.name}"
    said = {
        "language": envelope.language,
        "heading": words.heading,
        "introduction": words.introduction,
        "facts": [
            (words.name, paused.name),
            (words.url, paused.url),
            (words.why_paused, domain.one_line(paused.why, domain.MAX_ANSWER)),
            (words.since, moments.write_moment(paused.paused_at.astimezone(letter.HELSINKI))),
        ],
        "steps": [step.format(path=path) for step in words.steps],
        "why": words.why,
    }
    subject = domain.one_line(words.subject.format(name=paused.name))
    headers = mime.Headers(
        envelope.sender, envelope.recipients, subject, envelope.written_at, envelope.message_id, envelope.language
    )
    text, html = (_templates().get_template(f"notice.{kind}").render(said) for kind in ("txt", "html"))
    boundary = f"=_{envelope.message_id.strip('<>').partition('.')[0]}"
    return Letter(subject, mime.mail(headers, text, html, boundary))


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("notifier"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
