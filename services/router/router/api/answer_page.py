"""The page on which a supplier accepts or rejects a shipment: what it says of the shipment, and its two forms."""

from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import Response
from markupsafe import Markup

from router.api.answer_words import REASONS, Words
from router.domain import Shipment
from shared import page

HELSINKI = ZoneInfo("Europe/Helsinki")
MOST_ROWS = 200

_ROW = Markup('<tr><td>{name}</td><td>{number}</td><td class="number">{quantity}</td></tr>\n')
_SHIPMENT = Markup(
    "<table>\n<tr><th>{order}</th><td>{order_number}</td></tr>\n<tr><th>{deadline}</th><td>{accept_by}</td></tr>\n"
    "</table>\n<h2>{products}</h2>\n<table>\n{rows}</table>\n"
)
_REASON = Markup('<label><input type="radio" name="reason" value="{reason}" required> {text}</label>\n')
_FORMS = Markup(
    '<h2>{accept_heading}</h2>\n<p>{accept_text}</p>\n<form method="post">\n'
    '<button name="answer" value="accept">{accept}</button>\n</form>\n'
    '<h2>{reject_heading}</h2>\n<p>{reject_text}</p>\n<form method="post">\n<fieldset>\n{reasons}</fieldset>\n'
    '<button class="no" name="answer" value="reject">{reject}</button>\n</form>\n'
)


def question(words: Words, shipment: Shipment) -> Response:
    """The shipment, and what can be answered to it."""
    reasons = Markup("").join(_REASON.format(reason=reason, text=words.reasons[reason]) for reason in REASONS)
    forms = _FORMS.format(
        accept_heading=words.accept_heading,
        accept_text=words.accept_text,
        accept=words.accept,
        reject_heading=words.reject_heading,
        reject_text=words.reject_text,
        reject=words.reject,
        reasons=reasons,
    )
    return page.answer(words.language, words.title, _shown(words, shipment) + forms)


def thanks(words: Words, shipment: Shipment) -> Response:
    """What was answered just now, and is done."""
    text = words.rejected_now if shipment.closed else words.accepted_now
    return page.answer(words.language, words.title, page.paragraph(text, "said") + _shown(words, shipment))


def moved_on(words: Words, shipment: Shipment, status: int) -> Response:
    """What has happened to a shipment that can be answered no more."""
    texts = {"Cancelled": words.was_cancelled, "Delivered": words.was_delivered, "Error": words.was_stopped}
    kind = texts.get(shipment.status, words.was_opened)
    said = page.paragraph(kind.format(at=_moment(shipment.status_at)), "said")
    why = page.paragraph(shipment.status_reason) if shipment.status_reason else Markup("")
    return page.answer(words.language, words.title, said + why + _shown(words, shipment), status)


def _shown(words: Words, shipment: Shipment) -> Markup:
    rows = [
        _ROW.format(
            name=row.description or row.product_id,
            number=row.product_id,
            quantity=f"{row.quantity.normalize():f} {row.unit or ''}".strip(),
        )
        for row in shipment.rows[:MOST_ROWS]
    ]
    if len(shipment.rows) > MOST_ROWS:
        rows.append(_ROW.format(name="…", number="", quantity=f"+ {len(shipment.rows) - MOST_ROWS}"))
    return _SHIPMENT.format(
        order=words.order,
        order_number=shipment.order_external_id,
        deadline=words.deadline,
        accept_by=_moment(shipment.accept_by),
        products=words.products,
        rows=Markup("").join(rows),
    )


def _moment(at: datetime) -> str:
    here = at.astimezone(HELSINKI)
    return f"{here.day}.{here.month}.{here.year} {here:%H:%M} ({here:%Z})"
