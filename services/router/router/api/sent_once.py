"""Requests that count once, however often they are sent: their senders give each a key of its own."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import BeforeValidator

from router.store import kept_answers
from router.store.kept_answers import KEPT_HOURS
from shared import problems
from shared.postgres import Transaction

LONGEST_KEY = 200


def _none_if_blank(value: object) -> object:
    return (value.strip() or None) if isinstance(value, str) else value


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=LONGEST_KEY,
        pattern=r"^[\x20-\x7e]*$",
        description="A name of your own for this request, such as a random one. Sent again with it within"
        f" {KEPT_HOURS} hours, the request counts once, and is answered as it was then, with"
        " `Idempotent-Replayed: true`. Another request under the same name is a 409. Nothing is kept of a request that"
        " was refused",
        examples=["3f0c1c5e-5d0b-4a53-9d0f-2a6a35a4f1de"],
    ),
    BeforeValidator(_none_if_blank),
]


@dataclass(frozen=True)
class Once:
    """A request of an organisation, with the key that its sender gave it, if any. `asked` tells it from others."""

    organisation: str
    key: str | None
    asked: bytes

    async def answered(self, tx: Transaction) -> Response | None:
        """What was answered to it before; None when it is to be done now. 409 if its key is another request's.

        To be asked first in the transaction that does it: whoever sends the same at the same time waits for its end.
        """
        if self.key is None or await kept_answers.claim_key(tx, self.organisation, self.key, self.asked):
            return None
        kept = await kept_answers.kept_answer(tx, self.organisation, self.key)
        if kept is None or kept.asked != self.asked:
            raise problems.conflict("This Idempotency-Key was given to another request")
        headers = {"Idempotent-Replayed": "true"} | ({} if kept.etag is None else {"ETag": kept.etag})
        return Response(kept.answer, media_type="application/json", headers=headers)

    async def keep(self, tx: Transaction, answer: Response) -> Response:
        """The answer, kept for whoever sends the same again."""
        if self.key is not None:
            body, etag = bytes(answer.body), answer.headers.get("ETag")
            await kept_answers.keep_answer(tx, self.organisation, self.key, body, etag)
        return answer


def once(request: Request, organisation: str, key: str | None, body: bytes) -> Once:
    """A request as one that counts once. It is the same as another if address and body are."""
    return Once(organisation, key, sha256(b"\0".join((request.url.path.encode(), body))).digest())
