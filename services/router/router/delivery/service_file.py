"""A file of carriers' services: a JSON array of what `GET /ecommerce/v3/services` answers."""

import json
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from router.delivery import faults
from router.delivery.faults import Fault, NotLoadable
from router.delivery.texts import Code, Line, Tag
from router.domain.delivery_service import DeliveryService
from shared import problems, wire


def _none_given(value: object) -> object:
    return () if value is None else value


def _in_english(description: dict[str, str]) -> dict[str, str]:
    if "en" not in description:
        raise PydanticCustomError("no_english", "lacks en, which is shown to whoever reads none of the others")
    return description


def _each_once(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))


Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Description = Annotated[dict[Language, Line], AfterValidator(_in_english)]


class FileModel(wire.WireModel):
    """A part of the file. What is not known is most likely misspelt, and so refused."""

    model_config = wire.WireModel.model_config | {"extra": "forbid"}


class SpecifierGiven(FileModel):
    """A detail that an additional service cannot do without."""

    name: Code
    type: Literal["text", "number"] = "text"


class AdditionalGiven(FileModel):
    """An additional service."""

    code: Code
    description: Description
    specifiers: Annotated[tuple[SpecifierGiven, ...], BeforeValidator(_none_given)] = ()


class ServiceGiven(FileModel):
    """A carrier's service."""

    id: Code
    provider: Line
    delivery_operator: Line
    description: Description
    tags: Annotated[tuple[Tag, ...], BeforeValidator(_none_given), AfterValidator(_each_once)] = ()
    workflows: Annotated[tuple[Literal["WAREHOUSE", "DROPSHIPPING"], ...], Field(min_length=1)] = (
        "WAREHOUSE",
        "DROPSHIPPING",
    )
    package_types: Annotated[tuple[Code, ...], Field(min_length=1), AfterValidator(_each_once)] = ("PC",)
    additional_services: Annotated[tuple[AdditionalGiven, ...], BeforeValidator(_none_given)] = ()


SERVICES = TypeAdapter(list[ServiceGiven])


def read(data: bytes) -> tuple[DeliveryService, ...]:
    """The services of a file. Raises NotLoadable with everything that is wrong, each named by its place in the file."""
    try:
        given = SERVICES.validate_python(json.loads(data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise NotLoadable([Fault("file", f"is not UTF-8 (byte {error.start})")]) from None
    except json.JSONDecodeError as error:
        raise NotLoadable([Fault(f"line {error.lineno}", f"is not valid JSON: {error.msg}")]) from None
    except ValidationError as error:
        raise NotLoadable(_faults(error)) from None
    if twice := _twice(given):
        raise NotLoadable(twice)
    return tuple(DeliveryService.model_validate(one.model_dump(by_alias=False)) for one in given)


def _faults(error: ValidationError) -> list[Fault]:
    found: list[Fault] = []
    for one in error.errors(include_input=False, include_url=False):
        message = faults.worded(one["type"], one["msg"])
        found.append(Fault(problems.path_of(one["loc"]) or "file", message))
    return found


def _twice(given: Sequence[ServiceGiven]) -> list[Fault]:
    """Ids that more than one service has, and codes that more than one additional service of a service has."""
    found: list[Fault] = []
    first: dict[str, int] = {}
    for place, service in enumerate(given):
        if first.setdefault(service.id, place) != place:
            found.append(Fault(f"[{place}].id", f"is the id of [{first[service.id]}] already"))
        codes: set[str] = set()
        for inner, extra in enumerate(service.additional_services):
            if extra.code in codes:
                found.append(Fault(f"[{place}].additionalServices[{inner}].code", "is there already"))
            codes.add(extra.code)
    return found
