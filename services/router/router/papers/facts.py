"""What is on a parcel's papers, and nothing else: the same facts make the same paper, to the last byte."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata, resources
from typing import Literal

import orjson

from router.papers.words import Language

Lines = tuple[str, ...]
LabelSize = Literal["107x192", "A5"]
LabelFormat = Literal["pdf", "zpl"]

SIZES: Mapping[LabelSize, tuple[int, int]] = {"107x192": (107, 192), "A5": (148, 210)}
"""Width and height of a label in millimetres."""

SET_BY = ("typst", "python-barcode", "pillow", "manimgx-fonts", "manimgx-fonts-cjk")
"""What a paper's looks depend on besides the files of this package."""


@dataclass(frozen=True)
class Addressee:
    """Who gets the parcel, and where, in the order in which it is printed."""

    name: Lines
    street: Lines = ()
    town: str = ""
    country: str = ""
    telephone: str = ""


@dataclass(frozen=True)
class LabelFacts:
    """What is on an address label. `code` is the tracking code; a text that is empty is not known."""

    language: Language
    code: str
    sender: Lines
    receiver: Addressee
    carrier: str
    service_code: str
    service: str
    extras: Lines
    weight: str
    number: int
    of: int
    order: str
    ordered_on: str
    contract: str
    routing: str


@dataclass(frozen=True)
class NoteRow:
    """A row on a delivery note. `to_follow` is what is ordered and not in this parcel."""

    product: str
    description: str
    ean: str
    unit: str
    ordered: str
    delivered: str
    to_follow: str


@dataclass(frozen=True)
class Text:
    """A text on a delivery note, with a heading unless that is empty."""

    heading: str
    body: str


@dataclass(frozen=True)
class NoteFacts:
    """What is on a delivery note. `logo` is a PNG, or empty; `letterhead` is the retailer's name and address."""

    language: Language
    letterhead: Lines
    logo: bytes = field(repr=False)
    order: str
    ordered_on: str
    references: tuple[Text, ...]
    deliver_to: Lines
    buyer: Lines
    sent_by: str
    codes: Lines
    weight: str
    number: int
    of: int
    rows: tuple[NoteRow, ...]
    texts: tuple[Text, ...]
    returns: str


Facts = LabelFacts | NoteFacts


@cache
def release() -> bytes:
    """Which release of the layout this is: another one may make another paper of the same facts."""
    files = sorted(resources.files("router.papers").iterdir(), key=lambda file: file.name)
    code = [file.read_bytes() for file in files if file.name.endswith((".py", ".typ"))]
    versions = [metadata.version(name).encode() for name in SET_BY]
    return hashlib.sha256(b"\0".join([*code, *versions])).digest()


def fingerprint(facts: Facts, *made_as: str) -> str:
    """A name for the paper that is made of these facts, the same in every process of a release."""
    logo = facts.logo if isinstance(facts, NoteFacts) else b""
    parts = [release(), plain(facts), logo, "/".join(made_as).encode()]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:32]


def plain(facts: Facts) -> bytes:
    """The facts as JSON; a logo is left out."""
    return orjson.dumps({name: value for name, value in vars(facts).items() if name != "logo"})
