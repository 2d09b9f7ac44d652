"""What a retailer wants on the papers that its suppliers print: its address, its words, its logo."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from router.papers import press, printing
from router.papers.letterhead import LARGEST_LOGO, Letterhead
from router.store import letterheads
from shared import auth, edge, problems, wire
from shared.contracts import Party
from shared.postgres import Database
from shared.problems import FieldError

router = APIRouter(prefix="/ecommerce/v3/papers/letterhead", tags=["papers"])

Retailer = Annotated[auth.Caller, Depends(auth.caller_with("retailer"))]
Language = Literal["fi", "sv", "en"]

BUSY_S = "2"


def _not_given(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _country(text: str) -> str:
    return text.upper()


NotGiven = BeforeValidator(_not_given)
LINE = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=LINE)] | None, NotGiven
]
Lines = Annotated[Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")] | None, NotGiven]
Country = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, pattern="^[A-Za-z]{2}$"), AfterValidator(_country)] | None,
    NotGiven,
]
Prose = Annotated[Annotated[str, StringConstraints(max_length=5_000, pattern=r"^[^\x00]*$")] | None, NotGiven]

WHAT_RETURNS_ARE = "How the customer returns something, by language; lines are kept. Printed at the end of each note"
WHAT_CLOSES = "A text for every note, such as thanks, by language"
WHAT_SENDER_IS = (
    "Who sends: the sender on address labels, of orders that name none themselves, and the address at the head of the"
    " note, of orders without a vendor"
)
RETURNS = {"fi": "Palauta 14 päivän kuluessa.", "en": "Return within 14 days."}


class SenderGiven(wire.WireModel):
    """Who sends, and from where."""

    model_config = ConfigDict(populate_by_name=False, extra="forbid")

    name: Lines = Field(default=None, description="A company or a person", examples=["Webshop Oy"])
    street_address: Lines = Field(default=None, description="Street and number", examples=["Postintaival 7"])
    postal_code: Line = Field(default=None, description="Postal code", examples=["00230"])
    post_office: Line = Field(default=None, description="Town", examples=["Helsinki"])
    country: Country = Field(default=None, description="Country, in two letters", examples=["FI"])
    telephone: Line = Field(default=None, description="Telephone", examples=["+358501234567"])
    email: Line = Field(default=None, description="E-mail address", examples=["shop@example.com"])


class TextsGiven(wire.WireModel):
    """A text in each language it is to be printed in; in another, the English one is, or any."""

    model_config = ConfigDict(populate_by_name=False, extra="forbid")

    fi: Prose = Field(default=None, description="In Finnish", examples=["Palauta 14 päivän kuluessa."])
    sv: Prose = Field(default=None, description="In Swedish", examples=["Returnera inom 14 dagar."])
    en: Prose = Field(default=None, description="In English", examples=["Return within 14 days."])


class LetterheadGiven(wire.WireModel):
    """A letterhead as it is given; what is left out is not printed. Any other field would be a typo."""

    model_config = ConfigDict(populate_by_name=False, extra="forbid")

    sender: Annotated[SenderGiven | None, NotGiven] = Field(default=None, description=WHAT_SENDER_IS)
    return_instructions: Annotated[TextsGiven | None, NotGiven] = Field(
        default=None, description=WHAT_RETURNS_ARE, examples=[RETURNS]
    )
    closing_text: Annotated[TextsGiven | None, NotGiven] = Field(
        default=None, description=WHAT_CLOSES, examples=[{"fi": "Kiitos!", "en": "Thank you!"}]
    )


class SenderShown(wire.WireModel):
    """Who sends, and from where."""

    name: str | None = Field(default=None, description="A company or a person", examples=["Webshop Oy"])
    street_address: str | None = Field(default=None, description="Street and number", examples=["Postintaival 7"])
    postal_code: str | None = Field(default=None, description="Postal code", examples=["00230"])
    post_office: str | None = Field(default=None, description="Town", examples=["Helsinki"])
    country: str | None = Field(default=None, description="Country, in two letters", examples=["FI"])
    telephone: str | None = Field(default=None, description="Telephone", examples=["+358501234567"])
    email: str | None = Field(default=None, description="E-mail address", examples=["shop@example.com"])


class LetterheadShown(wire.WireModel):
    """What is printed for a retailer."""

    sender: SenderShown | None = Field(default=None, description=WHAT_SENDER_IS)
    return_instructions: Mapping[str, str] = Field(description=WHAT_RETURNS_ARE, examples=[RETURNS])
    closing_text: Mapping[str, str] = Field(description=WHAT_CLOSES, examples=[{"fi": "Kiitos!", "en": "Thank you!"}])
    has_logo: bool = Field(description="Whether there is a logo at `…/letterhead/logo`", examples=[False])


PICTURE = {"schema": {"type": "string", "format": "binary"}}
LOGO_BODY = {
    "requestBody": {
        "required": True,
        "description": "A PNG or JPEG picture of at most 256 KiB and four million pixels",
        "content": {"image/png": PICTURE, "image/jpeg": PICTURE},
    }
}


@router.get(
    "",
    summary="Read your letterhead",
    description="What your suppliers print on labels and delivery notes for you. Until you give one it is empty.",
    response_description="The letterhead",
    response_model=LetterheadShown,
    response_model_exclude_none=True,
)
async def read_letterhead(request: Request, caller: Retailer) -> Response:
    """The caller's letterhead."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        found, has_logo = await letterheads.letterhead(tx, caller.organisation)
    return _answer(found, has_logo)


@router.put(
    "",
    summary="Write your letterhead",
    description="All of it but the logo, in place of what was there. It is on every paper that is made from then on.",
    response_description="The letterhead as it is now",
    response_model=LetterheadShown,
    response_model_exclude_none=True,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": LetterheadGiven.model_json_schema()}},
        }
    },
)
async def write_letterhead(request: Request, caller: Retailer) -> Response:
    """400 names each field that cannot be."""
    given = LetterheadGiven.model_validate_json(await edge.read_body(request))
    wanted = _letterhead(given)
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        has_logo = await letterheads.save_letterhead(tx, caller.organisation, wanted)
    return _answer(wanted, has_logo)


@router.get(
    "/logo",
    summary="Get your logo",
    description="As it is printed: drawn anew from the picture you gave, and made smaller where that was too large.",
    response_class=Response,
    responses={200: {"description": "The logo", "content": {"image/png": PICTURE}}, 404: {"description": "None"}},
)
async def read_logo(request: Request, caller: Retailer) -> Response:
    """404 without one."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        found = await letterheads.printed(tx, caller.organisation)
    if not found.logo:
        raise problems.not_found("logo")
    return Response(found.logo, media_type="image/png")


@router.put(
    "/logo",
    status_code=204,
    summary="Give your logo",
    description=(
        "The picture itself is the body. It stands at the head of your delivery notes, at most 16 mm high. Nothing but"
        " the picture is kept of the file, and nothing is ever fetched from elsewhere."
    ),
    response_class=Response,
    openapi_extra=LOGO_BODY,
)
async def give_logo(request: Request, caller: Retailer) -> Response:
    """400 for what is no picture, 413 for too large a file; what was there before stays then."""
    given = await request.body()
    if not given.strip():
        raise problems.invalid([FieldError("body", "missing", "a picture is required")])
    if len(given) > LARGEST_LOGO:
        raise problems.Refused(413, f"A logo has at most {LARGEST_LOGO} bytes, and this has {len(given)}")
    try:
        logo = await press.of(request.app.state.service).make(printing.logo, given, asked_by=caller.organisation)
    except ValueError as error:
        raise problems.invalid([FieldError("body", "not_a_logo", str(error))]) from None
    except (press.Busy, press.Failed) as error:
        raise problems.Refused(503, f"The logo cannot be read now: {error}", headers={"Retry-After": BUSY_S}) from None
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        await letterheads.save_logo(tx, caller.organisation, logo)
    return Response(status_code=204)


@router.delete(
    "/logo",
    status_code=204,
    summary="Take your logo away",
    description="Notes are made without one from then on. Nothing happens when there is none.",
    response_class=Response,
)
async def remove_logo(request: Request, caller: Retailer) -> Response:
    """204 in any case."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        await letterheads.save_logo(tx, caller.organisation, None)
    return Response(status_code=204)


def _letterhead(given: LetterheadGiven) -> Letterhead:
    sender = None if given.sender is None else Party(**given.sender.model_dump())
    return Letterhead(
        sender=None if sender == Party() else sender,
        return_instructions=_texts(given.return_instructions),
        closing_text=_texts(given.closing_text),
    )


def _texts(given: TextsGiven | None) -> dict[str, str]:
    return {} if given is None else given.model_dump(exclude_none=True)


def _answer(found: Letterhead, has_logo: bool) -> Response:
    sender = found.sender
    return wire.answer(
        LetterheadShown(
            sender=None if sender is None else SenderShown(**sender.model_dump(exclude={"external_id"})),
            return_instructions=found.return_instructions,
            closing_text=found.closing_text,
            has_logo=has_logo,
        )
    )
