"""The number series that tracking codes are made of, as operators give them."""

from typing import Annotated

import asyncpg
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from router.api import shipment_requests
from router.domain import coding, number_series
from router.domain.number_series import CheckDigit, Form, Misfit, NumberSeries, Used
from router.store import number_series as store
from shared import auth, edge, problems, wire
from shared.postgres import Transaction
from shared.problems import FieldError

router = APIRouter(prefix="/ecommerce/v3/tracking/series", tags=["tracking"])

Operator = Annotated[auth.Caller, Depends(auth.caller_with("operator"))]

FEW = 1_000
"""At so many numbers left a series is low, if nothing else is said and it has had ten times as many."""

WHAT_FORMS_ARE = (
    "How a code looks. `JJFI`: Posti's own form, the letters, a prefix of six digits, ten digits of the number and a"
    " check digit. `SSCC`: eighteen digits, of which the last is the check digit; any carrier reads it"
)
WHAT_PREFIXES_ARE = (
    "The digits before the number. For `JJFI` the six of the contract, which are taken from `contractNumber` when left"
    " out; for `SSCC` the extension digit and your company's GS1 prefix, 8 to 11 digits together"
)
WHAT_CHECK_DIGITS_ARE = (
    "How the last digit is calculated. `LUHN`: from the number behind the prefix, by the rule of Luhn; `GS1`: from all"
    " digits, as GS1 does. Left out: `LUHN` for `JJFI`, and for `SSCC` always `GS1`"
)
WHAT_CONTRACTS_DO = (
    "Only for shipments on this payer's contract. Left out: for those of the carrier that have no series of theirs"
)
WHAT_RETAILERS_DO = "Only for the orders of this retailer; left out: of all"
WHAT_LOW_MEANS = (
    "With so many numbers left it is time to give another series: it is shown as `low`, logged and counted. Left out:"
    f" a tenth of all, and {FEW} at most"
)


def _not_given(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value


def _upper(value: object) -> object:
    given = _not_given(value)
    return given.upper() if isinstance(given, str) else given


def _with_series(carrier: str) -> str:
    if coding.is_nshift(carrier):
        raise ValueError(f"takes numbers of a series, and {coding.NSHIFT} gives its parcels their own codes")
    return carrier


NotGiven = BeforeValidator(_not_given)
PLAIN = r"^[^\x00-\x1f\x7f]+$"
Word = Annotated[str, StringConstraints(max_length=100, pattern=PLAIN)]
Number = Annotated[int, Field(ge=0, lt=10**10)]

Name = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9._-]{1,50}$",
        description="The name you give the series: letters, digits, `.`, `_` and `-`",
        examples=["posti-612345"],
    ),
]


class SeriesGiven(wire.WireModel):
    """A series as a carrier gave it. Any other field would be a typo."""

    model_config = ConfigDict(populate_by_name=False, extra="forbid")

    carrier: Annotated[
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PLAIN),
            AfterValidator(_with_series),
        ],
        Field(description="Whose parcels get the codes, as parcels name it in `deliveryOperator`", examples=["Posti"]),
    ]
    contract_number: Annotated[Word | None, NotGiven, Field(description=WHAT_CONTRACTS_DO, examples=["612345"])] = None
    retailer_id: Annotated[Word | None, NotGiven, Field(description=WHAT_RETAILERS_DO, examples=["1531864-4"])] = None
    form: Annotated[Form, BeforeValidator(_upper), Field(description=WHAT_FORMS_ARE, examples=["JJFI"])]
    prefix: Annotated[
        Annotated[str, StringConstraints(pattern="^[0-9]+$", max_length=11)] | None,
        NotGiven,
        Field(description=WHAT_PREFIXES_ARE, examples=["612345"]),
    ] = None
    check_digit: Annotated[
        CheckDigit | None, BeforeValidator(_upper), Field(description=WHAT_CHECK_DIGITS_ARE, examples=["LUHN"])
    ] = None
    first: Annotated[Number | None, NotGiven, Field(description="The first number; left out: 1", examples=[1])] = None
    last: Annotated[
        Number | None,
        NotGiven,
        Field(description="The last number; left out: the largest that has room", examples=[999_999]),
    ] = None
    low_at: Annotated[Number | None, NotGiven, Field(description=WHAT_LOW_MEANS, examples=[1_000])] = None


class SeriesShown(wire.WireModel):
    """A series, and how far it is used."""

    name: str = Field(description="The name you gave it", examples=["posti-612345"])
    carrier: str = Field(description="Whose parcels get the codes", examples=["Posti"])
    contract_number: str | None = Field(default=None, description=WHAT_CONTRACTS_DO, examples=["612345"])
    retailer_id: str | None = Field(default=None, description=WHAT_RETAILERS_DO, examples=["1531864-4"])
    form: str = Field(description=WHAT_FORMS_ARE, examples=["JJFI"])
    prefix: str = Field(description=WHAT_PREFIXES_ARE, examples=["612345"])
    check_digit: str = Field(description=WHAT_CHECK_DIGITS_ARE, examples=["LUHN"])
    first: int = Field(description="The first number", examples=[1])
    last: int = Field(description="The last number", examples=[999_999])
    low_at: int = Field(description=WHAT_LOW_MEANS, examples=[1_000])
    left: int = Field(description="How many numbers are not taken yet", examples=[987_654])
    left_in_all: int = Field(
        description="How many it has left together with the series for the same shipments: one goes on where another"
        " ends",
        examples=[987_654],
    )
    low: bool = Field(description="Whether that is so few that it is time to give another series", examples=[False])
    next_code: str | None = Field(
        default=None,
        description="The code that is made next; left out when none is left",
        examples=["JJFI61234500000123461"],
    )


@router.get(
    "",
    summary="List the number series",
    response_description="All of them on one page, by name",
    response_model=wire.Page[SeriesShown],
)
async def list_number_series(request: Request, _: Operator) -> Response:
    """For operators."""
    async with shipment_requests.database(request).transaction() as tx:
        found = [_shown(used) for used in await store.all_series(tx)]
    return wire.answer(wire.page_of(found, len(found), wire.PageRequest(0, max(len(found), 1))))


@router.get("/{name}", summary="Show a number series", response_description="The series", response_model=SeriesShown)
async def show_number_series(request: Request, _: Operator, name: Name) -> Response:
    """For operators."""
    async with shipment_requests.database(request).transaction() as tx:
        return wire.answer(_shown(await _find(tx, name)))


@router.put(
    "/{name}",
    summary="Give a number series",
    description="A shipment that is confirmed takes its parcels' codes from the series of its carrier and its contract."
    " Several may be for the same shipments: they are used in the order in which they were given. Once numbers of a"
    " series are used, its codes stay what they are; for whom it is, and where it ends, may still change.",
    response_description="The series as it is now",
    response_model=SeriesShown,
    responses={409: {"description": "It has a code in common with another series, or numbers of it are used already"}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": SeriesGiven.model_json_schema()}}}
    },
)
async def give_number_series(request: Request, _: Operator, name: Name) -> Response:
    """400 for fields that cannot be, 409 for what contradicts codes of this series or of others. For operators."""
    wanted = _series(name, SeriesGiven.model_validate_json(await edge.read_body(request)))
    try:
        async with shipment_requests.database(request).transaction() as tx:
            kept = await store.lock_series(tx, name)
            series = wanted if kept is None else number_series.become(kept, wanted)
            if isinstance(series, Misfit):
                raise problems.conflict(series.message)
            if (other := await store.overlapping_series(tx, series)) is not None:
                raise problems.conflict(f"It has codes in common with series {other}; no code is given twice")
            await store.save_series(tx, series)
            return wire.answer(_shown(await _find(tx, name)))
    except (asyncpg.ExclusionViolationError, asyncpg.DeadlockDetectedError):
        raise problems.conflict("Another series with codes in common was given at the same time") from None


@router.delete("/{name}", status_code=204, summary="Give up a number series")
async def give_up_number_series(request: Request, _: Operator, name: Name) -> Response:
    """No more codes are made of it. Those that were made are never made again. For operators."""
    async with shipment_requests.database(request).transaction() as tx:
        if not await store.retire_series(tx, name):
            raise problems.not_found(f"number series {name}")
    return Response(status_code=204)


async def _find(tx: Transaction, name: str) -> Used:
    for used in await store.all_series(tx):
        if used.series.name == name:
            return used
    raise problems.not_found(f"number series {name}")


def _series(name: str, given: SeriesGiven) -> NumberSeries:
    """The series that is given. 400 with every field that does not fit the others."""
    form = given.form
    prefix = given.prefix or (given.contract_number if form == number_series.JJFI else None)
    shortest, longest = number_series.PREFIXES[form]
    wrong: list[FieldError] = []
    if prefix is None or not (prefix.isascii() and prefix.isdigit() and shortest <= len(prefix) <= longest):
        digits = f"{shortest}" if shortest == longest else f"{shortest} to {longest}"
        wrong.append(FieldError("prefix", "prefix", f"of form {form} has {digits} digits"))
        # What else is wrong can be told of the shortest that could be meant.
        prefix = "0" * shortest
    largest = number_series.largest(form, prefix)
    first = 1 if given.first is None else given.first
    last = largest if given.last is None else given.last
    check_digit = given.check_digit or ("GS1" if form == number_series.SSCC else "LUHN")
    if last > largest:
        wrong.append(FieldError("last", "too_large", f"is at most {largest} behind a prefix of {len(prefix)} digits"))
    if first > last:
        wrong.append(FieldError("first", "too_large", f"is more than the last number, {last}"))
    if (form, check_digit) == (number_series.SSCC, number_series.LUHN):
        wrong.append(FieldError("checkDigit", "check_digit", "of an SSCC is always GS1"))
    if wrong:
        raise problems.invalid(wrong)
    return NumberSeries(
        name=name,
        carrier=given.carrier,
        form=form,
        prefix=prefix,
        check_digit=check_digit,
        first=first,
        last=last,
        low_at=min(FEW, (last - first + 1) // 10) if given.low_at is None else given.low_at,
        contract_number=given.contract_number,
        retailer_id=given.retailer_id,
    )


def _shown(used: Used) -> SeriesShown:
    series = used.series
    code = number_series.tracking_code(series.form, series.prefix, series.check_digit, used.next)
    return SeriesShown(
        name=series.name,
        carrier=series.carrier,
        contract_number=series.contract_number,
        retailer_id=series.retailer_id,
        form=series.form,
        prefix=series.prefix,
        check_digit=series.check_digit,
        first=series.first,
        last=series.last,
        low_at=series.low_at,
        left=used.left,
        left_in_all=used.left_in_all,
        low=used.low,
        next_code=code if used.left else None,
    )
