"""The papers that come with a mail, and how long it waits for them."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from notifier.domain import Patience
from notifier.mime import Attachment

Paper = Literal["label", "note"]
"""The address label of a parcel, and its delivery note."""

LONGEST_NAME = 60


@dataclass(frozen=True)
class Papers:
    """What came of the papers a mail is to have.

    Those that are `attached`, each a PDF; those of which it is certain that there are `none`; and whether one is
    `missing` that there may be, so that the mail says why it comes without.
    """

    attached: Mapping[Paper, bytes] = field(default_factory=dict)
    none: frozenset[Paper] = frozenset()
    missing: bool = False

    @property
    def are_none(self) -> bool:
        """Whether it is certain that there is nothing to print."""
        return bool(self.none) and not self.attached and not self.missing


NOTHING = Papers()
MISSING = Papers(missing=True)


def asked_again_s(waited_s: float, patience: Patience) -> float | None:
    """Seconds until the papers are asked for again of a mail that has waited so long for them; None: it goes without.

    A pause is as long as all before it together, so that each is twice the last. It goes without them at the latest
    when it has waited as long as patience lasts.
    """
    left_s = patience.whole_s - waited_s
    return min(max(waited_s, patience.first_s), patience.longest_s, left_s) if left_s > 0 else None


def attachments(papers: Papers, names: Mapping[Paper, str], *about: str) -> list[Attachment]:
    """The papers as parts of a mail, called by their names and what they are about."""
    return [Attachment(file_name(names[paper], *about), content) for paper, content in papers.attached.items()]


def file_name(*words: str) -> str:
    """A name for a PDF of words anybody may have written: letters, digits, blanks, and `-`, `_`, `.` within."""
    text = unicodedata.normalize("NFC", " ".join(words))
    plain = "".join(sign if sign.isalnum() or sign in "-_." else " " for sign in text)
    return f"{' '.join(plain.split())[:LONGEST_NAME].strip(' .-')}.pdf"
