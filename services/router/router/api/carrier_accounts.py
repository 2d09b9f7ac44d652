"""The nShift accounts of a retailer's catalogues: with them parcels are booked. A secret is never shown again."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from router.api import shipment_requests
from router.carriers import accounts
from router.store import carrier_accounts
from router.store.carrier_accounts import SealedAccount
from shared import auth, edge, problems, sealing, wire
from shared.sealing import Sealer

router = APIRouter(prefix="/ecommerce/v3/tracking/accounts", tags=["tracking"])

Retailer = Annotated[auth.Caller, Depends(auth.caller_with("retailer"))]
CatalogueId = Annotated[
    str,
    Path(
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="The id of one of your catalogues",
        examples=["01093579"],
    ),
]

LONGEST_SECRET = 200


def _not_given(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value


Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_SECRET, pattern=r"^[\x21-\x7e]+$")
]


def _secret(given: SecretStr) -> SecretStr:
    """Without the blanks around it. Raises ValueError for characters that no secret of nShift has."""
    secret = given.get_secret_value().strip()
    if not secret:
        raise PydanticCustomError("missing", "is required")
    if not secret.isascii() or not secret.isprintable():
        raise PydanticCustomError("characters", "has characters that no secret of nShift has")
    return SecretStr(secret)


class AccountGiven(wire.WireModel):
    """An account. Any other field would be a typo."""

    model_config = ConfigDict(populate_by_name=False, extra="forbid", hide_input_in_errors=True)

    user: Annotated[Word, Field(description="The id of the API key", examples=["ABCDEFGHIJKLMNOP"])]
    secret: Annotated[
        SecretStr,
        AfterValidator(_secret),
        Field(
            min_length=1,
            max_length=LONGEST_SECRET,
            description="Its secret. It is kept sealed, used for nothing but nShift, and never shown",
            examples=["QRSTUVWXYZABCDEFGHIJKLMN"],
        ),
    ]
    sender_quick_id: Annotated[
        Word | None,
        BeforeValidator(_not_given),
        Field(
            description="The sender as nShift knows it, with its contracts. Left out: the order's sender is sent along,"
            " or else that of your letterhead",
            examples=["1"],
        ),
    ] = None


class AccountShown(wire.WireModel):
    """An account, without its secret and its user."""

    catalogue_id: str = Field(
        alias="catalogExternalId", description="The catalogue whose parcels it books", examples=["01093579"]
    )
    sender_quick_id: str | None = Field(default=None, description="The sender as nShift knows it", examples=["1"])
    changed_at: wire.Moment = Field(description="When it was given")


@router.get(
    "/{catalogue_id}",
    summary="Show whether a catalogue has an nShift account",
    response_description="The account, without its secret",
    response_model=AccountShown,
)
async def show_carrier_account(request: Request, caller: Retailer, catalogue_id: CatalogueId) -> Response:
    """404 when it has none."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        kept = await carrier_accounts.account_of(tx, caller.organisation, catalogue_id)
    if kept is None:
        raise problems.not_found(f"nShift account of catalogue {catalogue_id}")
    return wire.answer(_shown(kept))


@router.put(
    "/{catalogue_id}",
    summary="Give a catalogue an nShift account",
    description="Parcels that go through nShift (`deliveryOperator` `Unifaun` or `nShift`) and are confirmed without"
    " tracking codes are booked with it: a little later they have the carrier's code and label. It replaces the account"
    " the catalogue had.",
    response_description="The account, without its secret",
    response_model=AccountShown,
    responses={503: {"description": "This system was given no key to seal secrets with"}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": AccountGiven.model_json_schema()}}}
    },
)
async def give_carrier_account(request: Request, caller: Retailer, catalogue_id: CatalogueId) -> Response:
    """400 for fields that cannot be, 404 for a catalogue that is not the caller's.

    Whether nShift knows the account is found out with the first parcel.
    """
    given = AccountGiven.model_validate_json(await edge.read_body(request))
    sealer: Sealer = request.app.state.sealer
    try:
        sealed = accounts.sealed(sealer, caller.organisation, catalogue_id, given.user, given.secret.get_secret_value())
    except sealing.NoKey as error:
        raise problems.Refused(503, f"Secrets cannot be kept here: {error}") from None
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        if not await carrier_accounts.has_catalogue(tx, caller.organisation, catalogue_id):
            raise problems.not_found(f"catalogue {catalogue_id} of yours")
        kept = await carrier_accounts.save_account(tx, caller.organisation, catalogue_id, sealed, given.sender_quick_id)
    return wire.answer(_shown(kept), headers={"Cache-Control": "no-store"})


@router.delete("/{catalogue_id}", status_code=204, summary="Take a catalogue's nShift account away")
async def take_carrier_account_away(request: Request, caller: Retailer, catalogue_id: CatalogueId) -> Response:
    """What is booked stays booked. 404 when it has none."""
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        if not await carrier_accounts.forget_account(tx, caller.organisation, catalogue_id):
            raise problems.not_found(f"nShift account of catalogue {catalogue_id}")
    return Response(status_code=204)


def _shown(kept: SealedAccount) -> AccountShown:
    return AccountShown(
        catalogue_id=kept.catalogue_id, sender_quick_id=kept.sender_quick_id, changed_at=kept.changed_at
    )
