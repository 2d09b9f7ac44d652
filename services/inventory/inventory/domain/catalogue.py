"""Catalogues: when one is used, who may say so, and which one a supplier means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

CatalogueType = Literal["Catalog", "Posti", "Store"]
Activation = Literal["requested", "active", "declined", "withdrawn"]
Side = Literal["retailer", "supplier"]
Wish = Literal["ask", "activate", "decline", "publish", "withdraw"]

Address = tuple[str, str]
"""A catalogue's retailer and id."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A retailer's catalogue that names the supplier. One that is the supplier's own and public is open to view."""

    retailer_id: str
    external_id: str
    active: bool = True
    activation: Activation = "active"
    public: bool = False
    own: bool = False

    @property
    def address(self) -> Address:
        """Its retailer and id."""
        return self.retailer_id, self.external_id

    @property
    def on_view(self) -> bool:
        """Whether it is a public catalogue itself, rather than one a retailer got by asking for it."""
        return self.public and self.own


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why something cannot be done with a catalogue: a code, and a sentence."""

    code: str
    message: str


STATES: Sequence[Activation] = ("requested", "active", "declined", "withdrawn")


def asked(state: Activation) -> Activation:
    """What becomes of a state when the retailer asks: it waits for the supplier, unless both want it already."""
    return "active" if state == "active" else "requested"


BOTH: Mapping[tuple[Side, Wish], Mapping[Activation, Activation]] = {
    ("retailer", "ask"): {state: asked(state) for state in STATES},
    ("supplier", "activate"): {"requested": "active", "active": "active", "declined": "active"},
    ("supplier", "publish"): {"requested": "active", "active": "active"},
    ("supplier", "decline"): {"requested": "declined", "declined": "declined"},
    ("retailer", "withdraw"): dict.fromkeys(STATES, "withdrawn"),
    ("supplier", "withdraw"): dict.fromkeys(STATES, "withdrawn"),
}
"""What becomes of each state by each side's wish. What is not here cannot be."""


def agree(state: Activation, side: Side, wish: Wish, *, own: bool = False) -> Activation | Hindrance:
    """A catalogue is used once its retailer asked for it and its supplier agreed, and until one of them withdraws.

    A supplier may change its mind about what it declined. After a withdrawal the retailer has to ask again.
    A catalogue of one's own (`own`) is active and stays so: it is closed instead.
    """
    if own:
        if wish in ("ask", "activate", "publish"):
            return "active"
        return Hindrance("own", "it is your own: there is nobody to agree with; close it instead")
    after = BOTH.get((side, wish), {}).get(state)
    if after is not None:
        return after
    if state == "withdrawn":
        return Hindrance("withdrawn", "the agreement was withdrawn: its retailer has to ask again")
    if wish == "decline":
        return Hindrance("active", "it is active: withdraw instead of declining")
    return Hindrance(state, f"it is {state}")


def hindrance_to_publishing(catalogue: Catalogue) -> Hindrance | None:
    """Why nothing new may be published into a catalogue.

    To publish into a private catalogue that waits is to agree to it. A public catalogue comes with all its products,
    so a retailer that asked for one is answered rather than served with a single product.
    """
    if not catalogue.active:
        return Hindrance("inactive", f"the catalogue {catalogue.external_id} is closed")
    if catalogue.public and catalogue.activation == "requested":
        return Hindrance("requested", f"{catalogue.retailer_id} waits for an answer about {catalogue.external_id}")
    after = agree(catalogue.activation, "supplier", "publish", own=catalogue.own)
    if isinstance(after, Hindrance):
        name = catalogue.external_id
        return Hindrance(catalogue.activation, f"the catalogue {name} is {catalogue.activation}: activate it first")
    return None


def meant(named: Iterable[Catalogue], retailer_id: str | None) -> Sequence[Catalogue]:
    """Which of the catalogues of one id a supplier may mean: without a retailer its own public one, if it has one."""
    fitting = [catalogue for catalogue in named if retailer_id in (None, catalogue.retailer_id)]
    on_view = [catalogue for catalogue in fitting if catalogue.on_view]
    return on_view or fitting


def opened_to(catalogues: Iterable[Catalogue]) -> dict[Address, list[Catalogue]]:
    """The catalogues of retailers that came from asking for a public one, by the address of the public one."""
    known = list(catalogues)
    on_view = {catalogue.external_id: catalogue.address for catalogue in known if catalogue.on_view}
    opened: dict[Address, list[Catalogue]] = {address: [] for address in on_view.values()}
    for catalogue in known:
        if catalogue.public and not catalogue.own and catalogue.external_id in on_view:
            opened[on_view[catalogue.external_id]].append(catalogue)
    return opened


def unfit_contract(catalogue_type: CatalogueType, contract_number: str | None) -> str | None:
    """Posti's contracts have six digits and begin with a 6; other carriers have numbers of their own kinds."""
    if catalogue_type != "Posti" or contract_number is None:
        return None
    if (
        len(contract_number) == 6
        and contract_number.isascii()
        and contract_number.isdigit()
        and contract_number[0] == "6"
    ):
        return None
    return "of a catalogue of type Posti has six digits and begins with 6, such as 612345"
