"""A mail of one or several notices: what happened, in facts, rows and links, under one heading."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifier import domain, letter, mime
from notifier.letter import Envelope, Letter
from notifier.mime import Attachment


@dataclass(frozen=True)
class Notice:
    """One thing that is told: facts by their names, rows of a product and a quantity, lines of an address, next steps,
    and links by what they are for."""

    title: str
    introduction: str = ""
    facts: Sequence[tuple[str, str]] = ()
    rows: Sequence[tuple[str, str]] = ()
    lines: Sequence[str] = ()
    steps: Sequence[str] = ()
    links: Sequence[tuple[str, str]] = ()


def written(
    subject: str,
    heading: str,
    notices: Sequence[Notice],
    why: str,
    envelope: Envelope,
    attachments: Sequence[Attachment] = (),
) -> Letter:
    """A mail that tells all of this, as text and as HTML. With one notice the heading is that notice's."""
    said = {
        "language": envelope.language,
        "heading": domain.one_line(heading),
        "notices": notices,
        "titled": len(notices) > 1,
        "why": why,
        "leave": letter.leaving(envelope),
    }
    subject = domain.one_line(subject)
    headers = mime.Headers(
        envelope.sender,
        envelope.recipients,
        subject,
        envelope.written_at,
        envelope.message_id,
        envelope.language,
        envelope.leave,
    )
    text, html = (_templates().get_template(f"notice.{kind}").render(said) for kind in ("txt", "html"))
    boundary = f"=_{envelope.message_id.strip('<>').partition('.')[0]}"
    return Letter(subject, mime.mail(headers, text, html, boundary, attachments))


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("notifier"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        finalize=letter.printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
