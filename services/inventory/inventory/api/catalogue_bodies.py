"""What is sent and answered about catalogues and the agreements they rest on (glue-api.md A.4, A.5, A.13)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from inventory.api.bodies import Flag, Line, NewCatalogueId, NotGiven, OrganisationId
from inventory.domain import Activation, CatalogueType
from inventory.store import Offer, StoredCatalogue
from shared.wire import Moment, Number, WireModel

MOST_HOURS = 8_760
"""A year: whoever may be silent for longer is never late."""

Whole = Annotated[int, Field(ge=0, le=1_000_000)]
Contract = Annotated[Line, Field(coerce_numbers_to_str=True)]

Supplier = Annotated[
    OrganisationId | None,
    NotGiven,
    Field(description="Business id of the supplier that keeps it", examples=["0109357-9"]),
]
Retailer = Annotated[
    OrganisationId | None,
    NotGiven,
    Field(description="Business id of the retailer whose catalogue it is", examples=["1531864-4"]),
]
Type = Annotated[
    CatalogueType | None,
    NotGiven,
    Field(
        description="Who sends the goods: `Catalog` a supplier, `Posti` a warehouse of Posti, `Store` a shop",
        examples=["Catalog"],
    ),
]
Name = Annotated[
    Line | None, NotGiven, Field(description="What people call it; its id when it has no name", examples=["North"])
]
Priority = Annotated[
    Whole | None,
    NotGiven,
    Field(description="Its turn when an order is routed: 1 before 2, and without a number last", examples=[1]),
]
RouteWeight = Annotated[
    Whole | None,
    NotGiven,
    Field(description="Its share of the orders among catalogues of the same priority", examples=[30]),
]
BackOrder = Annotated[Flag, Field(description="Whether it takes orders for goods that are not there yet")]
ContractNumber = Annotated[
    Contract | None,
    NotGiven,
    Field(
        description="The contract that pays for its parcels. In a catalogue of type `Posti` six digits, the first a 6",
        examples=["612345"],
    ),
]
InvoicingReference = Annotated[
    Annotated[str, Field(pattern=r"^[0-9]{5}$", coerce_numbers_to_str=True)] | None,
    NotGiven,
    Field(description="Five digits under which the carrier's invoice lists its parcels", examples=["10234"]),
]
InfoCode = Annotated[
    Line | None,
    NotGiven,
    Field(description="Tells warehouses under one contract apart; printed into tracking codes", examples=["A1"]),
]

AcceptanceHours = Annotated[
    Annotated[float, Field(gt=0, le=MOST_HOURS)] | None,
    NotGiven,
    Field(
        description="Hours a supplier has to open a shipment; after that it goes to the next catalogue. `null` is as "
        "long as everywhere",
        examples=[8],
    ),
]


class PrintingService(WireModel):
    """How labels of a warehouse are printed."""

    info_code: InfoCode = None


Printing = Annotated[
    PrintingService | None, NotGiven, Field(description="Another place for `infoCode`, where version 2 has it")
]


class CatalogueBody(WireModel):
    """A catalogue as it is given; what is not named stays as it is, or as a new catalogue has it.

    `null` takes away a name, a number or a code. It changes nothing else.
    """

    supplier_id: Supplier = None
    catalog_type: Type = None
    catalog_name: Name = None
    priority: Priority = None
    route_weight: RouteWeight = None
    back_order_allowed: BackOrder = None
    public: Annotated[
        Flag, Field(description="Makes a supplier's catalogue that all retailers can find; settled when it is made")
    ] = None
    active: Annotated[Flag, Field(description="false closes it: no order goes there. true opens it again")] = None
    contract_number: ContractNumber = None
    invoicing_reference: InvoicingReference = None
    info_code: InfoCode = None
    printing_service: Printing = None
    acceptance_hours: AcceptanceHours = None

    @property
    def given(self) -> Mapping[str, Any]:
        """What is given, by the names of what is stored."""
        return _stored(self.model_dump(exclude_unset=True))


class WarehouseBody(WireModel):
    """A catalogue as version 2 names its fields."""

    external_id: Annotated[NewCatalogueId, Field(description="The catalogue's id", examples=["003712345678"])]
    warehouse_type: Annotated[
        CatalogueType, Field(description="What version 3 calls the catalogue's type", examples=["Posti"])
    ]
    supplier_id: Annotated[
        OrganisationId, Field(description="Business id of the supplier that keeps it", examples=["0109357-9"])
    ]
    back_order_allowed: Annotated[bool, Field(description="Whether it takes orders for goods that are not there yet")]
    priority: Annotated[Whole, Field(description="Its turn when an order is routed: 1 before 2", examples=[1])]
    warehouse_name: Name = None
    route_weight: RouteWeight = None
    contract_number: ContractNumber = None
    invoicing_reference: InvoicingReference = None
    info_code: InfoCode = None
    printing_service: Printing = None
    acceptance_hours: AcceptanceHours = None

    @property
    def given(self) -> Mapping[str, Any]:
        """What is given, by the names of what is stored."""
        return _stored(self.model_dump(exclude_unset=True, exclude={"external_id"}))


NAMES = {
    "catalog_type": "catalogue_type",
    "warehouse_type": "catalogue_type",
    "catalog_name": "name",
    "warehouse_name": "name",
}
KEPT = ("supplier_id", "catalogue_type", "back_order_allowed", "public", "active")
"""What `null` does not take away."""


def _stored(given: dict[str, Any]) -> dict[str, Any]:
    printing = given.pop("printing_service", None) or {}
    given = {**printing, **given}
    renamed = {NAMES.get(name, name): value for name, value in given.items()}
    return {name: value for name, value in renamed.items() if value is not None or name not in KEPT}


class CatalogueAnswer(WireModel):
    """A catalogue as it is answered. Of a public one that is not its own, a retailer is told what it offers."""

    external_id: Annotated[str, Field(description="The catalogue's id", examples=["01093579"])]
    catalog_type: Annotated[CatalogueType, Field(description="Who sends the goods")]
    catalog_name: Annotated[str, Field(description="What people call it")]
    supplier_id: Annotated[str, Field(description="Business id of the supplier that keeps it", examples=["0109357-9"])]
    retailer_id: Annotated[
        str,
        Field(
            description="Business id of whose catalogue it is; of a public one, the supplier", examples=["1531864-4"]
        ),
    ]
    back_order_allowed: Annotated[bool, Field(description="Whether it takes orders for goods that are not there yet")]
    priority: Annotated[int | None, Field(description="Its turn when an order is routed")] = None
    route_weight: Annotated[int | None, Field(description="Its share among those of the same priority")] = None
    public: Annotated[bool, Field(description="Whether it is a public one, or was got by asking for one")]
    active: Annotated[
        bool, Field(description="Whether it is open; orders go there if `activation` says active as well")
    ]
    activation: Annotated[
        Activation | None,
        Field(description="Where the two sides stand; left out of a public one that the caller has not asked for"),
    ] = None
    contract_number: Annotated[str | None, Field(description="The contract that pays for its parcels")] = None
    invoicing_reference: Annotated[str | None, Field(description="Where the carrier's invoice lists them")] = None
    info_code: Annotated[str | None, Field(description="What is printed into tracking codes")] = None
    printing_service: Annotated[PrintingService | None, Field(description="`infoCode` once more")] = None
    acceptance_hours: Annotated[
        Number | None,
        Field(description="Hours its supplier has to open a shipment; left out where it is as long as everywhere"),
    ] = None


def catalogue_answer(saved: StoredCatalogue) -> CatalogueAnswer:
    """A catalogue as its two sides see it."""
    return CatalogueAnswer(
        external_id=saved.external_id,
        catalog_type=saved.catalogue_type,
        catalog_name=saved.name or saved.external_id,
        supplier_id=saved.supplier_id,
        retailer_id=saved.retailer_id,
        back_order_allowed=saved.back_order_allowed,
        priority=saved.priority,
        route_weight=saved.route_weight,
        public=saved.public,
        active=saved.active,
        activation=saved.activation,
        contract_number=saved.contract_number,
        invoicing_reference=saved.invoicing_reference,
        info_code=saved.info_code,
        printing_service=None if saved.info_code is None else PrintingService(info_code=saved.info_code),
        acceptance_hours=None if saved.acceptance_hours is None else Decimal(str(saved.acceptance_hours)),
    )


def offer_answer(offer: Offer) -> CatalogueAnswer:
    """A public catalogue as every retailer sees it."""
    return CatalogueAnswer(
        external_id=offer.catalogue.external_id,
        catalog_type=offer.catalogue.catalogue_type,
        catalog_name=offer.catalogue.name or offer.catalogue.external_id,
        supplier_id=offer.catalogue.supplier_id,
        retailer_id=offer.catalogue.retailer_id,
        back_order_allowed=offer.catalogue.back_order_allowed,
        public=True,
        active=offer.catalogue.active,
        activation=offer.activation,
    )


class ActivationBody(WireModel):
    """A retailer's request for a catalogue, or a supplier's answer to it."""

    state: Annotated[
        Annotated[Literal["requested", "active", "declined"] | None, NotGiven],
        Field(description="A supplier's answer: active or declined. A retailer asks without it, or with requested"),
    ] = None
    retailer_id: Retailer = None
    supplier_id: Supplier = None
    catalog_name: Name = None
    priority: Priority = None
    route_weight: RouteWeight = None

    @property
    def terms(self) -> Mapping[str, Any]:
        """How the retailer wants to use it, by the names of what is stored."""
        return _stored(self.model_dump(exclude_unset=True, exclude={"state", "retailer_id", "supplier_id"}))


class PartiesBody(WireModel):
    """Whose agreement is meant, where the catalogue's id is not enough."""

    retailer_id: Retailer = None


class ActivationAnswer(WireModel):
    """Where the two sides of a catalogue stand."""

    external_id: Annotated[str, Field(description="The catalogue's id", examples=["01093579"])]
    retailer_id: Annotated[str, Field(description="Business id of who uses it", examples=["1531864-4"])]
    supplier_id: Annotated[str, Field(description="Business id of who keeps it", examples=["0109357-9"])]
    public: Annotated[bool, Field(description="Whether a public catalogue was asked for")]
    state: Annotated[
        Activation,
        Field(
            description="requested: the supplier has not answered. active: both want it. declined: the supplier does "
            "not. withdrawn: one of them ended it, and the retailer may ask again"
        ),
    ]
    changed_at: Annotated[
        Moment | None, Field(description="Since when it is so", examples=["2026-01-02T08:00:00.000Z"])
    ]


def activation_answer(saved: StoredCatalogue) -> ActivationAnswer:
    """The agreement about a catalogue."""
    return ActivationAnswer(
        external_id=saved.external_id,
        retailer_id=saved.retailer_id,
        supplier_id=saved.supplier_id,
        public=saved.public,
        state=saved.activation,
        changed_at=saved.activation_changed_at,
    )


def body_of(model: type[WireModel], *, required: bool = True) -> dict[str, Any]:
    """The part of an OpenAPI description that says what the body is."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": required, "content": content}}
