"""The web pages of the mail sink: what was sent, to read and to download. Nothing a mail holds can act on the page."""

from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.local.mailbox import Mailbox, Summary

_PAGE = 50
_MOST = 1000
_SAFETY = {
    # A mail's own style is all it may bring along; no script, no address outside, no form.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def application(mailbox: Mailbox) -> Starlette:
    """An ASGI application for `mailbox`: `/mail`, `/mail/{id}`, `/mail/{id}/raw` and `/mail.json`."""
    templates = Environment(loader=PackageLoader("deploy.local", "mail_templates"), autoescape=True)

    def page(template: str, **values: Any) -> HTMLResponse:
        return HTMLResponse(templates.get_template(template).render(**values), headers=_SAFETY)

    def mails(request: Request) -> Response:
        before = request.query_params.get("before", "")
        found = mailbox.newest(_PAGE + 1, before)
        return page("mails.html", mails=found[:_PAGE], count=mailbox.count(), before=before, more=len(found) > _PAGE)

    def mail(request: Request) -> Response:
        found = mailbox.read(request.path_params["id"])
        if found is None:
            raise HTTPException(404)
        return page("mail.html", mail=found)

    def raw(request: Request) -> Response:
        mail_id = request.path_params["id"]
        content = mailbox.raw(mail_id)
        if content is None:
            raise HTTPException(404)
        download = {"Content-Disposition": f'attachment; filename="{mail_id}.eml"'}
        return Response(content, media_type="message/rfc822", headers=_SAFETY | download)

    def listing(request: Request) -> Response:
        """`limit` (1,000 at most, and if not given) and `before` as in the pages; newest first."""
        limit = request.query_params.get("limit", str(_MOST))
        if not limit.isdecimal() or len(limit) > 6:
            raise HTTPException(400, "limit must be a number")
        found = mailbox.newest(min(int(limit), _MOST), request.query_params.get("before", ""))
        return JSONResponse([_as_json(summary) for summary in found], headers=_SAFETY)

    return Starlette(
        routes=[
            Route("/mail", mails),
            Route("/mail.json", listing),
            Route("/mail/{id}", mail),
            Route("/mail/{id}/raw", raw),
        ]
    )


def _as_json(mail: Summary) -> dict[str, Any]:
    return {
        "id": mail.id,
        "received": mail.received.isoformat(timespec="milliseconds"),
        "from": mail.sender,
        "to": list(mail.recipients),
        "subject": mail.subject,
        "message_id": mail.message_id,
    }
