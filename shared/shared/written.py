"""Documents that are written now and read again in a moment: the text is remembered with what it says.

An order is noted when inventory is asked and read when it has answered, mostly by the same process and within a second.
To read it is a quarter of the work of deciding it. A model never changes, so the same text always says the same.
"""

from typing import Generic, TypeVar

from shared.contracts import Part

AnyPart = TypeVar("AnyPart", bound=Part)

REMEMBERED, LONGEST = 1_000, 16_384
"""So many texts are remembered, of at most so many bytes: what a few large orders say would fill the memory."""


class Written(Generic[AnyPart]):
    """The texts (JSON) of one kind of part, of which the last 1,000 that are not long are remembered."""

    def __init__(self, kind: type[AnyPart]) -> None:
        self._kind = kind
        self._known: dict[bytes, AnyPart] = {}

    def write(self, part: AnyPart) -> bytes:
        """The text of a part, without what is as always."""
        text = part.model_dump_json(exclude_defaults=True).encode()
        self._remember(text, part)
        return text

    def read(self, text: bytes) -> AnyPart:
        """The part that a text says. Raises pydantic's ValidationError when it says none."""
        part = self._known.get(text)
        if part is None:
            part = self._kind.model_validate_json(text)
            self._remember(text, part)
        return part

    def _remember(self, text: bytes, part: AnyPart) -> None:
        if len(text) > LONGEST:
            return
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[text] = part
