"""Orders, version 3: a retailer places one, follows it, and changes its mind."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import uuid_utils.compat as uuid_utils
from fastapi import APIRouter, Header, Request, Response

from order_intake import changing, domain
from order_intake.api import answers, changes, examples, schemas, shown_v3, taking
from order_intake.api.order_address import ORDER, ORDERS, OrderNumber, Retailer
from order_intake.document import V3, OrderV3, merging, read_order, reading
from order_intake.document.reading import Read
from order_intake.placing import NewOrder
from order_intake.store import Placed
from shared import auth, edge, observability, problems
from shared.problems import FieldError

router = APIRouter(tags=["orders"])

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Capitals and digits that nobody takes for one another."""

ATTEMPTS = 10

IfMatch = Annotated[
    str | None, Header(description="Change the order only if this is still its ETag", examples=['"3f2a9c01-64b7f0"'])
]


@router.post(
    ORDERS,
    summary="Place an order",
    description="Checks and keeps the order, and then routes it. The very same order again answers the one that is"
    " stored; another one with its number is a conflict. Answered once the order is safely stored.",
    response_model=None,
    openapi_extra={"requestBody": schemas.json_body(OrderV3, examples.ORDER)},
    responses={
        200: {"model": shown_v3.OrderShown, "description": "The order as it is stored"},
        409: {"description": "Another order has this externalId"},
    },
)
async def place_order(request: Request, caller: Retailer) -> Response:
    """Place an order."""
    body = await edge.read_body(request)
    read = read_order(body, request.app.state.settings.max_rows, V3)
    number = read.document.external_id
    if not number:
        return await _place_with_made_number(request, caller, body, read)
    placed = changes.announced(uuid_utils.uuid7(), caller.organisation, read.document, number)
    order = NewOrder(placed, body, observability.traceparent(), read.mended)
    placement = await taking.take(request, order)
    if placement.outcome == "same":
        return await answers.answer_stored(request, caller, number)
    return answers.answer(read.values, taking.just_placed(order, placement.at))


async def _place_with_made_number(request: Request, caller: auth.Caller, body: bytes, read: Read[OrderV3]) -> Response:
    for _ in range(ATTEMPTS):
        number = made_number()
        placed = changes.announced(uuid_utils.uuid7(), caller.organisation, read.document, number)
        numbered = read.values | {"externalId": number}
        order = NewOrder(placed, body, observability.traceparent(), orjson.dumps(numbered))
        try:
            placement = await taking.take(request, order)
        except problems.Refused as refusal:
            if refusal.status != 409:
                raise
        else:
            if placement.outcome == "new":
                return answers.answer(numbered, taking.just_placed(order, placement.at))
    raise problems.Refused(503, "No free order number was found; send it again", headers={"Retry-After": "1"})


def made_number() -> str:
    """An order number such as `K7W-2PQ-9XA`, for an order that comes without one."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(3)) for _ in range(3))


@router.get(
    ORDER,
    summary="Show an order",
    description="The order as it is asked for now, with how far it and each of its rows are, what was delivered, and"
    " the tracking codes.",
    response_model=None,
    responses={200: {"model": shown_v3.OrderShown, "description": "The order"}},
)
async def show_order(request: Request, caller: Retailer, external_id: OrderNumber) -> Response:
    """Show an order."""
    return await answers.answer_stored(request, caller, external_id)


@router.put(
    ORDER,
    summary="Change or cancel an order",
    description="What is given is merged into the order, field by field; null takes a field out. Rows are told apart"
    " by their externalId: a fragment leaves the rows that it does not name, a whole order (with orderDate and rows)"
    " takes them out. Other rows can be asked for until a supplier works on the order, other addresses until it has"
    " ended. With the status Cancelled the order is cancelled. The answer is the whole order.",
    response_model=None,
    openapi_extra={"requestBody": schemas.fragment_body(OrderV3, examples.CHANGES)},
    responses={
        200: {"model": shown_v3.OrderShown, "description": "The order as it is now"},
        409: {"description": "The order has come too far for this change"},
    },
)
async def change_order(
    request: Request, caller: Retailer, external_id: OrderNumber, if_match: IfMatch = None
) -> Response:
    """Change or cancel an order."""
    given = reading.read_object(await edge.read_body(request))
    _check_number(given, external_id)
    placed = await answers.stored(request, caller, external_id)
    tag = answers.tag(answers.document_of(placed), placed)
    if not _matches(if_match, tag):
        raise changes.changed_meanwhile()
    cancel = _cancels(given, placed)
    asked = merging.asked(given, caller.organisation)
    asked.pop("externalId", None)
    change = changes.change(
        lambda document: merging.merge(document, asked),
        *(caller.organisation, external_id, request.app.state.settings),
        given=asked,
        only_if=tag.strip('"').partition("-")[0] if if_match is not None and if_match.strip() != "*" else None,
    )
    await changing.change_order(answers.database(request), caller.organisation, external_id, change, cancel=cancel)
    return await answers.answer_stored(request, caller, external_id)


@router.post(
    ORDER,
    summary="Open an order again",
    description="Asks again for what a cancelled or delivered order did not deliver, or for everything if everything"
    " was delivered. A body may say what is different this time; without one it is the same order again. The answer"
    " is the whole order.",
    response_model=None,
    openapi_extra={"requestBody": schemas.fragment_body(OrderV3, examples.REOPENING, required=False)},
    responses={
        200: {"model": shown_v3.OrderShown, "description": "The order as it is now"},
        409: {"description": "The order is still open"},
    },
)
async def reopen_order(request: Request, caller: Retailer, external_id: OrderNumber) -> Response:
    """Open an order again."""
    given: dict[str, Any] = {}
    if body := await edge.said(request):
        given = reading.read_object(body)
        _check_number(given, external_id)
    asked = merging.asked(given, caller.organisation)
    asked.pop("externalId", None)
    change = changes.change(
        lambda document: merging.merge(document, asked),
        *(caller.organisation, external_id, request.app.state.settings),
        given=asked,
    )
    posted = body if asked else None
    await changing.reopen_order(answers.database(request), caller.organisation, external_id, change, posted)
    return await answers.answer_stored(request, caller, external_id)


@router.delete(
    ORDER,
    summary="Delete an order",
    description="Cancels the order and takes it out of the book, so that its number is free again. The answer is the"
    " order as it was last. No body is needed.",
    response_model=None,
    responses={
        200: {"model": shown_v3.OrderShown, "description": "The order as it was last"},
        409: {"description": "Something of the order was delivered"},
    },
)
async def delete_order(request: Request, caller: Retailer, external_id: OrderNumber) -> Response:
    """Delete an order."""
    placed = await answers.stored(request, caller, external_id)
    await changing.delete_order(answers.database(request), caller.organisation, external_id)
    return answers.answer(answers.document_of(placed), placed)


def _check_number(given: Mapping[str, Any], external_id: str) -> None:
    """An order keeps its number."""
    number = given.get("externalId")
    if number not in (None, external_id) and not (isinstance(number, str) and not number.strip()):
        raise problems.invalid([FieldError("externalId", "other_order", "is not the number in the address")])


def _cancels(given: Mapping[str, Any], placed: Placed) -> bool:
    """Whether a body asks to cancel the order. No other status can be set.

    One that the order has, or had when the body was made of an answer, may be said again.
    """
    status = given.get("status")
    if status is None:
        return False
    if not isinstance(status, dict):
        raise problems.invalid([FieldError("status", "model_type", "is an object with a value")])
    value, present = status.get("value"), shown_v3.status_of(placed.order, placed.order.rows, placed.placed_at)[0]
    if value == domain.CANCELLED:
        return bool(value != present)
    if value not in (None, "", present, *shown_v3.statuses_so_far(placed.order)):
        raise problems.invalid(
            [FieldError("status.value", "not_settable", f"is {present}; a retailer can only make it Cancelled")]
        )
    return False


def _matches(if_match: str | None, tag: str) -> bool:
    """Whether `If-Match` allows a change: absent, `*`, or a list that has the tag."""
    if if_match is None or if_match.strip() == "*":
        return True
    return tag in {one.strip().removeprefix("W/") for one in if_match.split(",")}
