"""The link in a mail by which its recipient gets no more of such mails (RFC 8058): only POST changes anything.

It needs no account: what it may do stands in it, signed. Mail programs POST to it by themselves, people see a page
first.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup

from notifier import choosing, store
from notifier.api import leaving_words
from notifier.api.leaving_words import Words
from shared import links, page
from shared.links import Signer
from shared.postgres import Database

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Query(alias="t")]

GONE, NONE, KEPT = 410, 404, 409

_FORM = Markup('{said}<form method="post"><button class="no">{leave}</button></form>')


@router.get(links.LEAVE_PATH)
async def ask_to_leave(request: Request, token: Token = "") -> Response:
    """What would be left, and a button. Nothing changes: what reads mails for viruses follows links, too."""
    found = _read(request, token)
    if isinstance(found, Response):
        return found
    _, email, words, kinds = found
    said = page.paragraph(words.question.format(email=email, kinds=words.named(kinds)))
    return page.answer(words.language, words.title, _FORM.format(said=said, leave=words.leave))


@router.post(links.LEAVE_PATH)
async def leave(request: Request, token: Token = "") -> Response:
    """The address gets no more of these mails, except of those of which nobody else would hear: 409 when it is all."""
    found = _read(request, token)
    if isinstance(found, Response):
        return found
    organisation, email, words, kinds = found
    database: Database = request.app.state.database
    async with database.transaction_of(organisation) as tx:
        contact = await store.contact_to_change(tx, organisation)
        # An address may be written otherwise by now; it is the same mailbox.
        known = next((one for one in contact.emails if one.casefold() == email.casefold()), None) if contact else None
        if contact is None or known is None:
            return _said(words, words.done.format(email=email, kinds=words.named(kinds)))
        choice = choosing.without(contact, known, kinds)
        if choice is None:
            return _said(words, words.last.format(email=email), KEPT)
        left = choosing.may_be_left(contact, known, kinds)
        await store.change_choice(tx, organisation, known, choice)
    done = words.done.format(email=email, kinds=words.named(left))
    return _said(words, done if len(left) == len(kinds) else f"{done} {words.last.format(email=email)}")


def _read(request: Request, token: str) -> tuple[str, str, Words, list[str]] | Response:
    signer: Signer = request.app.state.signer
    try:
        organisation, email, language, *kinds = signer.read(links.LEAVE, token, datetime.now(UTC))
    except links.Expired as expired:
        words = leaving_words.of(expired.subject[2])
        return _said(words, words.expired, GONE)
    except links.Forged:
        words = leaving_words.of("en")
        return _said(words, words.unknown, NONE)
    return organisation, email, leaving_words.of(language), kinds


def _said(words: Words, text: str, status: int = 200) -> Response:
    return page.answer(words.language, words.title, page.paragraph(text, "said"), status)
