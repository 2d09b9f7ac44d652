"""What a request changes of an order's document, as `order_intake.changing` takes it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import uuid_utils.compat as uuid_utils

from order_intake.api import answers
from order_intake.changing import Change
from order_intake.document import ANY, V3, OrderOfAny, order_placed, read_order, reading
from order_intake.settings import Settings
from shared import problems
from shared.contracts import OrderPlaced
from shared.problems import FieldError

_ROW = re.compile(r"rows\[(\d+)\]")

Edit = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Makes of a document another one."""


def announced(order_id: UUID, retailer_id: str, document: OrderOfAny, external_id: str) -> OrderPlaced:
    """The event that an order of version 3 is in the book, with this number."""
    placed = order_placed(order_id, retailer_id, document, datetime.now(UTC))
    return placed.model_copy(update={"external_id": external_id})


def change(
    edit: Edit,
    retailer_id: str,
    external_id: str,
    settings: Settings,
    *,
    given: Mapping[str, Any] | None = None,
    only_if: str | None = None,
) -> Change:
    """A change of an order's document that leaves a valid one, else it raises 400 with the fields of what was `given`.

    `only_if` is the part of an ETag that stands for the document: 412 when it is another one by now.
    """

    def changed(document: Mapping[str, Any]) -> tuple[dict[str, Any], OrderPlaced]:
        if only_if is not None and answers.tag_of(document) != only_if:
            raise changed_meanwhile()
        edited = edit(document)
        if edited == document:
            # It was taken once: whoever only cancels it need not put right what is asked of orders since.
            return edited, announced(uuid_utils.uuid7(), retailer_id, reading.stored_order(document), external_id)
        body = orjson.dumps(edited)
        if len(body) > settings.max_body_bytes:
            raise problems.Refused(413, f"With this the order is larger than {settings.max_body_bytes} bytes")
        read: OrderOfAny
        try:
            if _is_of_version_3(document, settings.max_rows):
                read = read_order(body, settings.max_rows, V3).document
            else:
                read = read_order(body, settings.max_rows, ANY).document
        except problems.Refused as refusal:
            raise problems.invalid(_as_given(error, edited, given or {}) for error in refusal.errors) from None
        return edited, announced(uuid_utils.uuid7(), retailer_id, read, external_id)

    return changed


def _is_of_version_3(document: Mapping[str, Any], max_rows: int) -> bool:
    """Whether an order has all that version 3 asks for. Version 2 asks for less, and its orders can be changed too."""
    try:
        read_order(orjson.dumps(document), max_rows, V3)
    except problems.Refused:
        return False
    return True


def changed_meanwhile() -> problems.Refused:
    """412."""
    return problems.Refused(412, "The order has changed since the version that If-Match names")


def _as_given(error: FieldError, edited: Mapping[str, Any], given: Mapping[str, Any]) -> FieldError:
    """An error in a row of the whole document, as one of the row of the fragment that it came from."""
    rows, row = given.get("rows"), _ROW.match(error.field)
    if row is None or not isinstance(rows, list):
        return error
    wrong = edited["rows"][int(row[1])]
    # A row that was merged into a stored one is another value with the same number; any other is here as it was given.
    places = [index for index, candidate in enumerate(rows) if candidate is wrong] or [
        index for index, candidate in enumerate(rows) if _number(candidate) == _number(wrong)
    ]
    return replace(error, field=f"rows[{places[0]}]{error.field[row.end() :]}") if places else error


def _number(row: Any) -> Any:
    return row.get("externalId") if isinstance(row, dict) else None
