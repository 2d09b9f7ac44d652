"""How a retailer edits the document of an order in the book."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import uuid_utils.compat as uuid_utils

from order_intake.changing import Change
from order_intake.document import OrderOfAny, order_placed
from shared.contracts import OrderPlaced
from tests.order_intake.orders import NOON, SHOP

Edit = Callable[[dict[str, Any]], object]


def announced(posted: Mapping[str, Any]) -> OrderPlaced:
    """What a document asks for."""
    read = OrderOfAny.model_validate_json(json.dumps(posted))
    return order_placed(uuid_utils.uuid7(), SHOP, read, NOON)


def edited(edit: Edit = lambda document: None) -> Change:
    """A change that edits the document."""

    def change(stored: Mapping[str, Any]) -> tuple[dict[str, Any], OrderPlaced]:
        now = deepcopy(dict(stored))
        edit(now)
        return now, announced(now)

    return change


def field_set(name: str, value: Any) -> Change:
    """A change of one field of the document."""
    return edited(lambda now: now.update({name: value}))


def moved_to(town: str) -> Change:
    """A change of where the client lives."""
    return edited(lambda now: now["client"].update(postOffice=town))


def quantity_set(quantity: float, row: int = 0) -> Change:
    """A change of a row's quantity."""
    return edited(lambda now: now["rows"][row].update({"quantity": quantity}))
