"""The Message-IDs of mails: always the same for the same mail, so that a receiver can tell a repeated one."""

import re
from uuid import UUID

from shared import links
from shared.links import Signer

_STAMPED = re.compile(r"\.[0-9a-f]{20}@")


class MessageIds:
    """Names mails. With a key to sign with each name has a part that only who has the mail can know.

    What a mail is about is known to others, too: the retailer of a shipment has its id.
    """

    def __init__(self, host: str, signer: Signer) -> None:
        """`host` is that of our sender's address."""
        self._host = host
        self._signer = signer

    def of(self, about: UUID, kind: str) -> str:
        """The Message-ID of a mail of a kind about something. It is kept with the mail, whatever becomes of the key."""
        name = f"{about}.{kind.replace('/', '.')}"
        stamp = f".{self._signer.stamp(links.MESSAGE_ID, name)}" if self._signer.can_sign else ""
        return f"<{name}{stamp}@{self._host}>"


def is_secret(message_id: str) -> bool:
    """Whether a Message-ID of ours can be known only from the mail itself."""
    return _STAMPED.search(message_id) is not None
