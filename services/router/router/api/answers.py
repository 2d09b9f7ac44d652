"""The link in a supplier's mail by which it accepts or rejects a shipment: a page that acts only on POST, and once.

It needs no account: which shipment and supplier it is about stands in it, signed, and what it does is done as that
supplier. What reads mails for viruses follows links, so GET and HEAD change nothing.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, NamedTuple
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Query, Request, Response

from router import domain
from router.api import answer_page, answer_words, papers, shipment_moves, shipment_requests
from router.api.answer_words import REASONS, Words
from router.api.papers import Which
from router.domain import Change, Refusal, RejectedRow, Shipment
from shared import failures, links, page, postgres, problems
from shared.links import Signer

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Query(alias="t")]

OPEN = frozenset({"Created", "Submitted"})
"""The statuses of a shipment that its supplier has not answered yet."""
GONE, NONE, BAD, AWAY = 410, 404, 400, 503
MOST_BYTES = 10_000


class Whose(NamedTuple):
    """What a link is about: a shipment, its supplier, and the words of the page."""

    shipment_id: str
    supplier_id: str
    words: Words


class _Answered(Exception):
    """The shipment was answered, or has moved on by itself."""

    def __init__(self, shipment: Shipment) -> None:
        super().__init__(f"shipment {shipment.shipment_id} is {shipment.status}")
        self.shipment = shipment


@router.get(links.ANSWER_PATH)
async def show_shipment_to_answer(request: Request, token: Token = "") -> Response:
    """The shipment, and what can be answered. 410 with what has happened once it was; 404 for no link of ours."""
    whose = _read(request, token)
    if isinstance(whose, Response):
        return whose
    try:
        shipment = await _shipment(request, whose)
    except problems.Refused:
        return _said(whose.words, whose.words.forgotten, GONE)
    except postgres.TROUBLE as error:
        return _away(request, whose.words, error)
    if shipment.status not in OPEN:
        return _moved_on(whose.words, shipment)
    return answer_page.question(whose.words, shipment)


@router.post(links.ANSWER_PATH)
async def answer_shipment(request: Request, token: Token = "") -> Response:
    """Accept the shipment, or reject all of it for a reason. 400 for an answer that there is not, 410 as GET."""
    whose = _read(request, token)
    if isinstance(whose, Response):
        return whose
    given = dict(parse_qsl((await request.body())[:MOST_BYTES].decode("utf-8", "replace")))
    said, reason = given.get("answer"), given.get("reason", "")
    if said not in ("accept", "reject") or (said == "reject" and reason not in REASONS):
        return _said(whose.words, whose.words.incomplete, BAD)

    def decide(found: Shipment, at: datetime) -> Shipment | Refusal:
        if found.status not in OPEN:
            raise _Answered(found)
        if said == "accept":
            return domain.move(found, Change(status="Viewed"), at)
        rows = dict.fromkeys(row.row_id for row in found.rows)
        return domain.reject(found, [RejectedRow(row) for row in rows], REASONS[reason], at)

    try:
        async with shipment_requests.database(request).transaction_of(whose.supplier_id) as tx:
            moved = await shipment_moves.moved_on(tx, whose.supplier_id, whose.shipment_id, decide)
    except _Answered as answered:
        return _moved_on(whose.words, answered.shipment)
    except problems.Refused as refused:
        if refused.status == NONE:
            return _said(whose.words, whose.words.forgotten, GONE)
        return _said(whose.words, whose.words.busy, refused.status)
    except postgres.TROUBLE as error:
        return _away(request, whose.words, error)
    return answer_page.thanks(whose.words, moved)


@router.get(links.NOTE_PATH)
async def delivery_note_by_link(request: Request, token: Token = "") -> Response:
    """The delivery note of a parcel, as PDF: of the first one, unless the link says which. 404 when there is none any
    more, 410 for an old link.
    """
    words = answer_words.of("en")

    def make(
        shipment_id: str, supplier_id: str, code: str | None = None, parcel_id: str | None = None
    ) -> Awaitable[Response]:
        return papers.note(request, supplier_id, shipment_id, Which(parcel_id, code))

    return await _paper(request, links.NOTE, token, make, words, words.no_note)


@router.get(links.LABEL_PATH)
async def label_by_link(request: Request, token: Token = "") -> Response:
    """The address label of a parcel, as PDF. 404 when there is none, or none any more, 410 for an old link."""
    words = answer_words.of("en")

    def make(shipment_id: str, supplier_id: str, code: str, parcel_id: str | None = None) -> Awaitable[Response]:
        return papers.label(request, supplier_id, shipment_id, Which(parcel_id, code))

    return await _paper(request, links.LABEL, token, make, words, words.no_label)


async def _paper(
    request: Request, purpose: str, token: str, make: Callable[..., Awaitable[Response]], words: Words, missing: str
) -> Response:
    """The paper that a link is for, made of what it is about, or the page that says why there is none.

    A header says it to programs when that is certain: the link is ours, and there is no such paper.
    """
    try:
        subject = _signer(request).read(purpose, token, datetime.now(UTC))
    except links.Expired:
        return _said(words, words.expired, GONE)
    except links.Forged:
        return _said(words, words.unknown, NONE)
    try:
        made = await make(*subject)
    except problems.Refused as refused:
        if refused.status != NONE:
            raise
        said = _said(words, missing, NONE)
        if isinstance(refused, papers.NoPaper):
            said.headers[links.NO_PAPER] = "certain"
        return said
    except postgres.TROUBLE as error:
        return _away(request, words, error)
    made.headers["Cache-Control"] = "no-store"
    made.headers["Referrer-Policy"] = "no-referrer"
    return made


def _signer(request: Request) -> Signer:
    signer: Signer = request.app.state.signer
    return signer


def _read(request: Request, token: str) -> Whose | Response:
    """What a link is about, or the page that says why it is good for nothing."""
    try:
        shipment_id, supplier_id, language = _signer(request).read(links.ANSWER, token, datetime.now(UTC))
    except links.Expired as expired:
        words = answer_words.of(expired.subject[2])
        return _said(words, words.expired, GONE)
    except links.Forged:
        words = answer_words.of("en")
        return _said(words, words.unknown, NONE)
    return Whose(shipment_id, supplier_id, answer_words.of(language))


async def _shipment(request: Request, whose: Whose) -> Shipment:
    async with shipment_requests.database(request).transaction_of(whose.supplier_id) as tx:
        return await shipment_requests.find(tx, whose.shipment_id)


def _away(request: Request, words: Words, error: Exception) -> Response:
    """The page for a database that does not answer. Raises every other error again."""
    if not (postgres.is_away(error) or postgres.is_passing(error)):
        raise error
    log.warning("database cannot answer", path=request.url.path, error=failures.describe(error))
    answer = _said(words, words.away, AWAY)
    answer.headers["Retry-After"] = "1"
    return answer


def _moved_on(words: Words, shipment: Shipment) -> Response:
    return answer_page.moved_on(words, shipment, GONE)


def _said(words: Words, text: str, status: int) -> Response:
    return page.answer(words.language, words.title, page.paragraph(text, "said"), status)
