"""A file of pickup points: CSV with a header, or a JSON array; the fields are those of `GET /pickup-points`.

What a spreadsheet does to such a file is told where it can be seen: dropped zeros, decimal commas, odd characters.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from router.delivery import faults
from router.delivery.faults import Fault, NotLoadable
from router.delivery.texts import Code, Line, Tag
from router.domain.pickup_point import STORE, PickupPoint
from shared import problems, wire

TELL_EVERY = 500

Item = tuple[str, Mapping[str, object]]
"""A point as it stands in the file: where (`line 17`, `item 3`), and its fields."""


def _parts(value: object) -> object:
    """In CSV a list is written with blanks between its parts."""
    return tuple(value.split()) if isinstance(value, str) else value


def _country(value: str) -> str:
    if not re.fullmatch("[A-Za-z]{2}", value):
        raise PydanticCustomError("country", "is not a country code of two letters, such as FI")
    return value.upper()


def _external_id(value: str) -> str:
    # Shops cut an id with other characters in it out of their own texts, and lose it.
    if not re.fullmatch("[A-Za-z0-9-]+", value):
        raise PydanticCustomError("external_id", "has other characters than A to Z, a to z, 0 to 9 and -")
    return value


Codes = Annotated[tuple[Code, ...], BeforeValidator(_parts)]


class PointGiven(wire.WireModel):
    """A point. What is not known is most likely misspelt, and so refused."""

    model_config = wire.WireModel.model_config | {"extra": "forbid"}

    external_id: Annotated[str, StringConstraints(max_length=50, strip_whitespace=True), AfterValidator(_external_id)]
    type: Tag
    service_provider: Line | None = None
    name: Line
    street_address: Line
    postal_code: Annotated[Line, StringConstraints(max_length=20)]
    post_office: Line
    country: Annotated[str, AfterValidator(_country)]
    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)
    service_codes: Codes = ()
    capabilities: Codes = ()


REQUIRED = {field.alias or name: field.is_required() for name, field in PointGiven.model_fields.items()}
"""The columns a file may have, and whether it must have them."""

KNOWN = {name.lower(): name for name in REQUIRED}


def read(
    data: bytes, provider: str | None = None, progress: Callable[[int], None] = lambda _: None
) -> list[PickupPoint]:
    """The points of a file. With `provider` they are all its: a point that names none is given it.

    `progress` is told how many more have been looked at. Raises NotLoadable with everything that is wrong.
    """
    points: list[PickupPoint] = []
    wrong: list[Fault] = []
    first: dict[tuple[str, str], str] = {}
    count = 0
    for count, item in enumerate(_items(_text(data)), 1):
        if count % TELL_EVERY == 0:
            progress(TELL_EVERY)
        if isinstance(item, Fault):
            wrong.append(item)
            continue
        place, values = item
        found = _point(place, values, provider)
        if not isinstance(found, PickupPoint):
            wrong += found
        elif before := first.get((found.service_provider, found.external_id)):
            wrong.append(Fault(place, f"externalId: {found.external_id} is on {before} already"))
        else:
            first[found.service_provider, found.external_id] = place
            points.append(found)
    progress(count % TELL_EVERY)
    if not count and provider is None:
        wrong.append(Fault("file", "has no points; to remove all that a provider has, name it"))
    if wrong:
        raise NotLoadable(wrong)
    return points


def _point(place: str, values: Mapping[str, object], provider: str | None) -> PickupPoint | list[Fault]:
    try:
        given = PointGiven.model_validate(values)
    except ValidationError as error:
        return [
            Fault(place, f"{problems.path_of(one['loc'])}: {faults.worded(one['type'], one['msg'])}")
            for one in error.errors(include_input=False, include_url=False)
        ]
    if wrong := _contradictions(given, provider):
        return [Fault(place, message) for message in wrong]
    return PickupPoint(
        service_provider=given.service_provider or provider or "",
        external_id=given.external_id,
        type=given.type,
        name=given.name,
        street_address=given.street_address,
        postal_code=given.postal_code,
        post_office=given.post_office,
        country=given.country,
        latitude=given.latitude,
        longitude=given.longitude,
        service_codes=given.service_codes,
        capabilities=tuple(name.lower() for name in given.capabilities),
    )


def _contradictions(given: PointGiven, provider: str | None) -> Sequence[str]:
    found: list[str] = []
    if provider is not None and given.service_provider not in (None, provider):
        found.append(f"serviceProvider: is not {provider}, whose points are loaded")
    if provider is None and given.service_provider is None and given.type != STORE:
        found.append(f"serviceProvider: is required, except of a {STORE}")
    if given.country == "FI" and not re.fullmatch("[0-9]{5}", given.postal_code):
        found.append("postalCode: has five digits in Finland; did a spreadsheet drop zeros?")
    return found


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotLoadable([Fault(f"line {line}", "is not UTF-8; save the file as CSV UTF-8")]) from None


def _items(text: str) -> Iterator[Item | Fault]:
    """The points of a file with what is given of them, and what of it cannot even be read."""
    return _of_json(text) if text.lstrip()[:1] in ("[", "{") else _of_csv(text)


def _of_json(text: str) -> Iterator[Item | Fault]:
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        yield Fault(f"line {error.lineno}", f"is not valid JSON: {error.msg}")
        return
    if not isinstance(items, list):
        yield Fault("file", "is not a JSON array")
        return
    for number, item in enumerate(items, 1):
        place = f"item {number}"
        if isinstance(item, dict):
            yield place, {name: value for name, value in item.items() if value not in (None, "")}
        else:
            yield Fault(place, "is not an object")


def _of_csv(text: str) -> Iterator[Item | Fault]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = next(lines, [])
        if wrong := _wrong_columns(header):
            yield from wrong
            return
        columns = [KNOWN[_plain(cell)] for cell in header]
        for cells in lines:
            place, given = f"line {lines.line_num}", [cell.strip() for cell in cells]
            if any(given) and len(given) != len(columns):
                yield Fault(place, f"has {len(given)} cells under {len(columns)} columns")
            elif any(given):
                yield place, {column: cell for column, cell in zip(columns, given, strict=True) if cell}
    except csv.Error as error:
        yield Fault(f"line {lines.line_num}", f"is not valid CSV: {error}")


def _plain(cell: str) -> str:
    """A header may have capitals, blanks and underscores as it likes."""
    return re.sub(r"[\W_]", "", cell).lower()


def _wrong_columns(header: Sequence[str]) -> list[Fault]:
    plain = [_plain(cell) for cell in header]
    messages = [
        *(
            f"the column {cell!r} is not known; there are {', '.join(REQUIRED)}"
            for cell in header
            if _plain(cell) not in KNOWN
        ),
        *(
            f"the column {name} is missing"
            for name, required in REQUIRED.items()
            if required and name.lower() not in plain
        ),
        *(f"the column {name} is there twice" for name in REQUIRED if plain.count(name.lower()) > 1),
    ]
    return [Fault("line 1", message) for message in messages]
