"""Notes that are added to an order after it was placed, and taken away again."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
import uuid_utils.compat as uuid_utils
from fastapi import APIRouter, Path, Request, Response

from order_intake import changing
from order_intake.api import answers, changes, examples, schemas, shown_v3
from order_intake.api.order_address import OF_ORDER, OrderNumber, Retailer
from order_intake.document import merging, reading
from order_intake.document.services import KnownComment
from shared import edge, problems

router = APIRouter(tags=["orders"])


@router.post(
    OF_ORDER + "/comments",
    summary="Add a comment to an order",
    description="The comment goes with the order and with its shipments that are not closed. One that is there under"
    " the same externalId is changed instead; without an externalId one is made up. The answer is the whole order.",
    response_model=None,
    openapi_extra={"requestBody": schemas.json_body(KnownComment, examples.COMMENT)},
    responses={200: {"model": shown_v3.OrderShown, "description": "The order as it is now"}},
)
async def add_comment(request: Request, caller: Retailer, external_id: OrderNumber) -> Response:
    """Add a comment to an order."""
    body = await edge.read_body(request)
    given = reading.read_object(body)
    comment = KnownComment.model_validate_json(body)
    given["externalId"] = comment.external_id or str(uuid_utils.uuid7())
    # Misspelt kinds of values are mended in whole documents only.
    numbered = reading.as_posted(orjson.dumps({"comments": [given]}))["comments"][0]
    return await _change(request, caller, external_id, lambda document: merging.with_comment(document, numbered))


@router.delete(
    OF_ORDER + "/comments/{comment_id:path}",
    summary="Take a comment away from an order",
    description="No body is needed. The answer is the whole order.",
    response_model=None,
    responses={200: {"model": shown_v3.OrderShown, "description": "The order as it is now"}},
)
async def remove_comment(
    request: Request,
    caller: Retailer,
    external_id: OrderNumber,
    comment_id: Annotated[str, Path(description="The comment's externalId, percent-encoded", examples=["91"])],
) -> Response:
    """Take a comment away from an order."""

    def without(document: Mapping[str, Any]) -> dict[str, Any]:
        changed = merging.without_comment(document, comment_id)
        if changed is None:
            raise problems.not_found(f"comment {comment_id} at order {external_id}")
        return changed

    return await _change(request, caller, external_id, without)


async def _change(request: Request, caller: Retailer, external_id: str, edit: changes.Edit) -> Response:
    change = changes.change(edit, caller.organisation, external_id, request.app.state.settings)
    await changing.change_order(answers.database(request), caller.organisation, external_id, change)
    return await answers.answer_stored(request, caller, external_id)
