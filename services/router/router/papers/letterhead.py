"""What a retailer wants on the papers of its parcels whatever the order says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from shared.contracts import Part, Party

LARGEST_LOGO = 256 * 1024
"""Bytes of a logo as it is given."""


class Letterhead(Part):
    """A retailer's own words for papers: `sender` for orders that name no sender, texts by language."""

    sender: Party | None = None
    return_instructions: Mapping[str, str] = Field(default_factory=dict)
    closing_text: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Printed:
    """A letterhead with its logo, a PNG; `logo` is empty without one."""

    letterhead: Letterhead = field(default_factory=Letterhead)
    logo: bytes = b""
