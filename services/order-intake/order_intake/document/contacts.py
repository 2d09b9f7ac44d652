"""How the customer must be reachable, depending on who carries the parcel (glue-api.md A.8).

Looks at plain JSON values, so that it finds its errors also in a document that has others.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from order_intake.document.contradictions import given
from shared.problems import FieldError


def contacts_missing(document: Mapping[str, Any]) -> Iterator[FieldError]:
    """Posti writes to an e-mail address or a telephone number of the client, Unifaun needs the telephone number."""
    operator, client = document.get("deliveryOperator"), document.get("client")
    if not isinstance(client, dict):
        return
    telephone, email = given(client.get("telephone")), given(client.get("email"))
    if operator == "Posti" and not telephone and not email:
        yield FieldError("client.telephone", "missing", "this or email is required with the operator Posti")
        yield FieldError("client.email", "missing", "this or telephone is required with the operator Posti")
    elif operator == "Unifaun" and not telephone:
        yield FieldError("client.telephone", "missing", "is required with the operator Unifaun")
