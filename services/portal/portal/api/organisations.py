"""Organisations: kept by operators, each may read its own record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from portal import organisations, store
from portal.organisations import Organisation, OrganisationBody, Registered
from shared import auth, edge, problems, wire

router = APIRouter(prefix="/ecommerce/v3/organisations", tags=["organisations"])

Operator = Annotated[auth.Caller, Depends(auth.caller_with("operator"))]
Anyone = Annotated[auth.Caller, Depends(auth.caller_with("operator", "retailer", "supplier"))]
Asked = Annotated[wire.PageRequest, Depends(wire.page_request())]

BusinessId = Annotated[str, Path(description="The organisation's business id", examples=["0109357-9"])]

BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": OrganisationBody.model_json_schema()}}}
}


@router.get("", response_model=wire.Page[Registered], summary="List the organisations")
async def list_organisations(request: Request, _: Operator, asked: Asked) -> Response:
    """All organisations by business id, a page at a time. For operators."""
    async with request.app.state.database.transaction() as tx:
        rows = await store.organisations(tx, limit=asked.size, offset=asked.offset)
        total = await store.count_of_organisations(tx)
    return wire.answer(wire.page_of([organisations.registered(row) for row in rows], total, asked, request.url))


@router.get("/{business_id}", response_model=Registered, summary="Show an organisation")
async def show_organisation(request: Request, caller: Anyone, business_id: BusinessId) -> Response:
    """An organisation's record: any for operators, for others their own. 404 for everybody else's."""
    database = request.app.state.database
    is_operator = "operator" in caller.roles
    async with database.transaction() if is_operator else database.transaction_of(caller.organisation) as tx:
        try:
            found = await organisations.known_organisation(tx, business_id)
        except organisations.UnknownOrganisation:
            raise problems.not_found(f"organisation {business_id}") from None
    return wire.answer(found)


@router.put("/{business_id}", response_model=Registered, summary="Add or change an organisation", openapi_extra=BODY)
async def put_organisation(request: Request, _: Operator, business_id: BusinessId) -> Response:
    """Replace the whole record. The same again changes nothing and keeps the version. For operators.

    400 names every field that is not valid.
    """
    body = OrganisationBody.model_validate_json(await edge.read_body(request))
    organisation = Organisation.model_validate({"businessId": business_id, **dict(body)})
    async with request.app.state.database.transaction() as tx:
        saved = await organisations.save_organisation(tx, organisation)
    return wire.answer(saved)
