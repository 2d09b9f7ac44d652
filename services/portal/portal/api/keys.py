"""API keys: given and revoked by operators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field

from portal import organisations, store
from portal.api.organisations import BusinessId
from portal.organisations import Key
from shared import auth, edge, problems, wire

router = APIRouter(prefix="/ecommerce/v3/organisations/{business_id}/keys", tags=["keys"])

Operator = Annotated[auth.Caller, Depends(auth.caller_with("operator"))]

Account = Annotated[str, Path(description="The key's name", examples=["nordic-webshop"])]

BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": Key.model_json_schema()}}}}


class KnownKey(wire.WireModel):
    """A key as it is kept: without its secret."""

    account: str = Field(description="The key's name, under which tokens are fetched")
    created_at: wire.Moment = Field(description="When it got its secret")
    last_used_at: wire.Moment | None = Field(description="When it last fetched a token, to the minute")
    revoked_at: wire.Moment | None = Field(description="When it was revoked; left out while it is good")


class GivenKey(wire.WireModel):
    """A key that was just given, with the secret that cannot be asked for again."""

    business_id: str = Field(description="Whose key it is", examples=["0109357-9"])
    account: str = Field(description="The key's name, under which tokens are fetched", examples=["nordic-webshop"])
    secret: str = Field(description="Its secret: keep it, it is not shown again")


@router.get("", response_model=wire.Page[KnownKey], summary="List an organisation's keys")
async def list_keys(request: Request, _: Operator, business_id: BusinessId) -> Response:
    """All keys of an organisation on one page, also the revoked ones. For operators."""
    async with request.app.state.database.transaction() as tx:
        if await store.organisation(tx, business_id) is None:
            raise problems.not_found(f"organisation {business_id}")
        rows = await store.keys_of(tx, business_id)
    keys = [
        KnownKey(
            account=row["account"],
            created_at=row["created_at"],
            last_used_at=row["last_used_at"],
            revoked_at=row["revoked_at"],
        )
        for row in rows
    ]
    return wire.answer(wire.page_of(keys, len(keys), wire.PageRequest(0, max(len(keys), 1))))


@router.post(
    "",
    status_code=201,
    response_model=GivenKey,
    summary="Give a key",
    openapi_extra=BODY,
    responses={409: {"description": "The account is a key of another organisation"}},
)
async def add_key(request: Request, _: Operator, business_id: BusinessId) -> Response:
    """Give an organisation a key, or one it has a new secret. The answer shows the secret, once. For operators.

    409 when the account is another organisation's.
    """
    asked = Key.model_validate_json(await edge.read_body(request))
    key = await organisations.new_key(asked.account, asked.secret)
    try:
        async with request.app.state.database.transaction() as tx:
            await organisations.add_key(tx, business_id, key)
    except organisations.UnknownOrganisation:
        raise problems.not_found(f"organisation {business_id}") from None
    except organisations.AccountTaken as taken:
        raise problems.conflict(str(taken)) from None
    given = GivenKey(business_id=business_id, account=key.account, secret=key.secret)
    return wire.answer(given, status=201, headers={"Cache-Control": "no-store"})


@router.delete("/{account:path}", status_code=204, summary="Revoke a key")
async def revoke_key(request: Request, _: Operator, business_id: BusinessId, account: Account) -> Response:
    """Let a key fetch no more tokens; those it has live on until they expire. For operators."""
    try:
        async with request.app.state.database.transaction() as tx:
            await organisations.revoke_key(tx, business_id, account)
    except organisations.UnknownKey:
        raise problems.not_found(f"key {account} of organisation {business_id}") from None
    return Response(status_code=204)
