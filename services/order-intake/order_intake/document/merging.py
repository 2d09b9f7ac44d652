"""How a document, or a fragment of one, changes the document that is stored."""

from collections.abc import Mapping, Sequence
from typing import Any

ANSWERED = frozenset({"status", "statuses", "trackingCodes"})
ANSWERED_OF_METADATA = frozenset({"insertDate", "updateDate", "creationDateTime"})
ANSWERED_OF_ROWS = frozenset(
    {
        *("status", "statuses", "deliveredQuantity", "trackingCodes", "routedWarehouses", "toBeRoutedQuantity"),
        *("waitingQuantity", "cancelledQuantity", "shipmentIds", "reason", "lastRoutedDateTime"),
        *("returnedQuantity", "returningQuantity", "returnIds"),
    }
)
"""What we add to a document in an answer. Clients send it back with what they change, and it is not theirs to say."""


def asked(document: Mapping[str, Any], retailer_id: str) -> dict[str, Any]:
    """What a retailer asks for in a document that may be an answer of ours with changes."""
    kept = {name: value for name, value in document.items() if name not in ANSWERED}
    if kept.get("clientId") == retailer_id:
        del kept["clientId"]
    if isinstance(metadata := kept.get("metadata"), dict):
        kept["metadata"] = {
            name: value
            for name, value in metadata.items()
            if name not in ANSWERED_OF_METADATA and (name, value) != ("sourceOrganization", retailer_id)
        }
    if isinstance(rows := kept.get("rows"), list):
        kept["rows"] = [
            {name: value for name, value in row.items() if name not in ANSWERED_OF_ROWS}
            if isinstance(row, dict)
            else row
            for row in rows
        ]
    return kept


def merge(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The stored document with what is given: objects field by field, and null takes a field out.

    Rows go by their `externalId`: a row that a fragment does not name stays as it is; a document with `orderDate` and
    rows is whole, and a row that is not in it is taken out. Comments that have an `externalId` go by it and stay unless
    comments are null; the others, and the elements of every other list, are replaced together.
    """
    merged = _merged(stored, {name: value for name, value in given.items() if name not in ("rows", "comments")})
    for name in ("rows", "comments"):
        if name not in given:
            continue
        before, now = stored.get(name), given[name]
        if not isinstance(now, list) or not isinstance(before, list | None):
            merged = _merged(merged, {name: now})
        elif name == "rows":
            merged[name] = _rows(before or [], now, whole=is_whole(given))
        else:
            merged[name] = _comments(before or [], now)
    return merged


def is_whole(given: Mapping[str, Any]) -> bool:
    """Whether a body is a whole order rather than a fragment of one."""
    return bool(given.get("orderDate")) and isinstance(given.get("rows"), list)


def _merged(stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(stored)
    for name, value in given.items():
        if value is None:
            # A null that is stored says the same already.
            if merged.get(name) is not None:
                del merged[name]
        elif isinstance(value, dict):
            before = merged.get(name)
            merged[name] = _merged(before if isinstance(before, dict) else {}, value)
        else:
            merged[name] = value
    return merged


def _rows(stored: Sequence[Any], given: Sequence[Any], *, whole: bool) -> list[Any]:
    """A number that is given twice stays twice, for the checks to name it."""
    known = _by_number(stored)
    named: dict[str, Any] = {}
    added: list[Any] = []
    for row in given:
        number = _number(row)
        if number is None or number in named:
            added.append(row)
            continue
        named[number] = _merged(known.get(number, {}), row)
        if whole or number not in known:
            added.append(named[number])
    return added if whole else [named.get(_number(row) or "", row) for row in stored] + added


def _comments(stored: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    known = _by_number(stored)
    merged: list[Any] = []
    for comment in given:
        number = _number(comment)
        merged.append(_merged(known.pop(number, {}), comment) if number is not None else comment)
    return merged + list(known.values())


def _by_number(items: Sequence[Any]) -> dict[str, Any]:
    return {number: item for item in items if (number := _number(item)) is not None}


def _number(item: Any) -> str | None:
    """What a row or a comment goes by, None when it has no number."""
    number = item.get("externalId") if isinstance(item, dict) else None
    return number if isinstance(number, str) and number.strip() else None


def with_comment(stored: Mapping[str, Any], comment: Mapping[str, Any]) -> dict[str, Any]:
    """The document with one more comment; one that is there under its `externalId` takes up what is new in it."""
    comments = list(stored.get("comments") or ())
    for place, known in enumerate(comments):
        if _number(known) == comment["externalId"]:
            comments[place] = _merged(known, comment)
            break
    else:
        comments.append(_merged({}, comment))
    return {**stored, "comments": comments}


def without_comment(stored: Mapping[str, Any], number: str) -> dict[str, Any] | None:
    """The document without the comment of that `externalId`, None when there is none."""
    comments = stored.get("comments") or ()
    kept = [comment for comment in comments if _number(comment) != number]
    return {**stored, "comments": kept} if len(kept) < len(comments) else None
