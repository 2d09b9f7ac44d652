"""Conventions of the HTTP interface: numbers, dates, paging, and how sloppy requests are read (glue-api.md A.3, B)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Response
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from shared import problems

Item = TypeVar("Item")

MAX_PAGE_SIZE = 2_000

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""No order, mail or search is about a moment outside these; the far ends of the calendar break time zones."""


def shortest(number: Decimal) -> int | float:
    """A decimal number as JSON writes it best: whole ones without a point."""
    return int(number) if number == number.to_integral_value() else float(number)


def _not_given(value: object) -> object:
    return None if value == "" else value


def _may_be_null(field: JsonSchemaValue) -> bool:
    return any(choice.get("type") == "null" for choice in field.get("anyOf", ()))


def read_moment(value: object) -> object:
    """An ISO 8601 moment with any offset, or none for UTC; a `+` that arrived as a blank is read as `+`."""
    if isinstance(value, str):
        text = value.strip()
        return (text if "T" in text else text.replace(" ", "T", 1)).replace(" ", "+")
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError("is a date and time in ISO 8601, such as 2026-01-02T08:00:00.000Z")  # noqa: TRY004 - pydantic reads ValueError
    return value


def _in_utc(moment: datetime) -> datetime:
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        within = FIRST_YEAR <= moment.year <= LAST_YEAR
    except OverflowError:
        within = False
    if not within:
        raise ValueError(f"is a date and time in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


Number = Annotated[Decimal, PlainSerializer(shortest, return_type=int | float, when_used="json")]
"""A decimal number, answered as the shortest JSON number."""

Moment = Annotated[
    datetime,
    BeforeValidator(read_moment),
    AfterValidator(_in_utc),
    PlainSerializer(problems.timestamp, when_used="json"),
]
"""A moment, read as `read_moment` says and kept in UTC; years 1900 to 2200. Answered in Zulu time, in milliseconds."""

Text = Annotated[str | None, BeforeValidator(_not_given)]
"""A text that may be left out; `""` counts as left out."""


class WireModel(BaseModel):
    """A body of the HTTP interface: camelCase names, unknown fields ignored as Glue ignores them."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """As pydantic says it, except that an answer leaves out what is not known, and so promises nothing of it."""
        schema = handler(core)
        if handler.mode == "serialization":
            fields = handler.resolve_ref_schema(schema)
            known = [name for name in fields.get("required", ()) if not _may_be_null(fields["properties"][name])]
            fields["required"] = known
        return schema


class PageInfo(WireModel):
    """Where in a list an answer is. The first page is 0."""

    size: int = Field(description="Elements on a full page", examples=[2000])
    total_elements: int = Field(description="Elements of the whole list", examples=[3322])
    total_pages: int = Field(description="Pages of the whole list", examples=[2])
    number: int = Field(description="The page this is; the first is 0", examples=[0])


class Link(WireModel):
    """The address of a neighbouring page."""

    rel: str = Field(description="Which page it is: `prev` or `next`", examples=["next"])
    href: str = Field(description="Its path and query", examples=["/ecommerce/v3/inventory?page=1&size=2000"])


class Page(WireModel, Generic[Item]):
    """A list as it is answered."""

    links: tuple[Link, ...] = Field(default=(), description="The neighbouring pages")
    content: Sequence[Item] = Field(description="The elements of this page")
    page: PageInfo = Field(description="Where in the whole list this page is")


@dataclass(frozen=True)
class PageRequest:
    """Which page is asked for."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many elements come before this page."""
        return self.number * self.size


def page_request(default_size: int = MAX_PAGE_SIZE) -> Any:
    """A FastAPI dependency that reads `page` and `size`; a blank one is not given, and more than 2,000 are 2,000."""

    def read(
        page: Annotated[
            int, _or_if_blank(0), Query(ge=0, le=10_000_000, description="The page; the first is 0", examples=[0])
        ] = 0,
        size: Annotated[
            int,
            _or_if_blank(default_size),
            Query(ge=1, le=1_000_000, description="Elements on a page, at most 2000", examples=[100]),
        ] = default_size,
    ) -> PageRequest:
        return PageRequest(page, min(size, MAX_PAGE_SIZE))

    return read


def _or_if_blank(usual: int) -> BeforeValidator:
    return BeforeValidator(lambda given: usual if isinstance(given, str) and not given.strip() else given)


def page_of(content: Sequence[Item], total: int, asked: PageRequest, url: Any = None) -> Page[Item]:
    """The envelope of a list of `total` elements. `url`, the request's, gives the links to the neighbouring pages."""
    pages = -(-total // asked.size)
    links: list[Link] = []
    if url is not None:
        for rel, number in (("prev", asked.number - 1), ("next", asked.number + 1)):
            if 0 <= number < pages:
                address = url.include_query_params(page=number, size=asked.size)
                links.append(Link(rel=rel, href=f"{address.path}?{address.query}"))
    return Page(
        links=tuple(links),
        content=content,
        page=PageInfo(size=asked.size, total_elements=total, total_pages=pages, number=asked.number),
    )


def answer(model: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A model as an answer, serialised once by pydantic. What is not known is left out."""
    return Response(
        model.model_dump_json(by_alias=True, exclude_none=True),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )
