"""Where consumers can fetch their parcels, nearest first (glue-api.md A.10)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, TypeAdapter

from router.delivery import points
from router.domain import pickup_point
from router.domain.pickup_point import PickupPoint
from router.store.pickup_points import Wanted
from shared import auth, problems, wire
from shared.postgres import Database
from shared.problems import FieldError

router = APIRouter(tags=["delivery"])

DEFAULT_SIZE, MAX_SIZE = 20, 500

Anybody = Annotated[auth.Caller, Depends(auth.caller_with("retailer", "supplier", "operator"))]


class PickupPointShown(wire.WireModel):
    """A place where parcels wait for whoever they are sent to."""

    external_id: str = Field(
        description="The carrier's id of the place, which goes into an order as its `pickupPointId`",
        examples=["001003200"],
    )
    type: str = Field(
        description="What kind of place: `POSTOFFICE`, `SMARTPOST`, `LOCKER` or `POBOX`; `PRIVATE_LOCKER`, for those"
        " who live there; `STORE`, a shop of the retailer; or another word of the carrier",
        examples=["SMARTPOST"],
    )
    service_provider: str = Field(
        description="The carrier the place belongs to; empty for a shop that is of no carrier", examples=["Posti"]
    )
    name: str = Field(description="What it is called", examples=["Posti, Keskusta"])
    street_address: str = Field(description="Street and number", examples=["Tullikatu 6"])
    postal_code: str = Field(description="Postal code", examples=["33100"])
    post_office: str = Field(description="City", examples=["Tampere"])
    country: str = Field(description="Country, two letters", examples=["FI"])
    latitude: float = Field(description="Degrees north", examples=[61.4978247])
    longitude: float = Field(description="Degrees east", examples=[23.777128])
    capabilities: tuple[str, ...] = Field(
        description="What is special about it: `outdoors` when it stands outside", examples=[["outdoors"]]
    )


LISTED = TypeAdapter(tuple[PickupPointShown, ...])

MOST = 200
"""Characters of a text that is searched with."""

Codes = Annotated[
    str,
    Query(
        alias="serviceCode",
        max_length=1_000,
        description="Only points that one of these services delivers to: ids of `GET /services`, separated by commas."
        " An id that is not there has no points",
        examples=["2103"],
    ),
]
PostalCode = Annotated[
    str,
    Query(
        alias="postalCode",
        max_length=MOST,
        description="Near this postal code. Where it is, the points themselves tell: the middle of those that have it,"
        " else of those whose code begins like it for longest, else of those in the city",
        examples=["00100"],
    ),
]
PostOffice = Annotated[
    str, Query(alias="postOffice", max_length=MOST, description="Near this city", examples=["Helsinki"])
]
StreetAddress = Annotated[
    str,
    Query(
        alias="streetAddress",
        max_length=MOST,
        description="Alone, it is searched like `search`; beside a postal code or a city it is not used",
        examples=["Mannerheiminaukio 1"],
    ),
]
Country = Annotated[
    str,
    Query(
        max_length=MOST,
        description="Only points in this country: two letters, of which `FI:18` keeps those before the colon",
        examples=["FI"],
    ),
]
Search = Annotated[
    str,
    Query(
        max_length=MOST,
        description="A few words instead of an address: postal code, city, street or name, in capitals or not, with"
        " accents or without. The points that have the most of the words; when it begins with a postal code, the"
        " points near that",
        examples=["Hämeenkatu Tampere"],
    ),
]
Types = Annotated[
    str,
    Query(
        alias="type",
        max_length=MOST,
        description="Only this type, or with `!` all but this; several with commas between",
        examples=["!STORE"],
    ),
]
Capabilities = Annotated[
    str,
    Query(
        alias="capability",
        max_length=MOST,
        description="Only points with this capability, or with `!` those without; several with commas between",
        examples=["!outdoors"],
    ),
]
CountryFrom = Annotated[
    str,
    Query(
        alias="countryFrom",
        max_length=MOST,
        description="Where the parcel comes from. Taken and not used: days of delivery are not known here",
        examples=["FI"],
    ),
]
PostalCodeFrom = Annotated[
    str,
    Query(
        alias="postalCodeFrom",
        max_length=MOST,
        description="The postal code the parcel comes from; see `countryFrom`",
        examples=["00230"],
    ),
]
Latitude = Annotated[
    float | None,
    Query(
        ge=-90,
        le=90,
        allow_inf_nan=False,
        description="Near this place instead of an address; degrees north, and `longitude` with it",
        examples=[60.1719],
    ),
]
Longitude = Annotated[
    float | None,
    Query(ge=-180, le=180, allow_inf_nan=False, description="Degrees east, with `latitude`", examples=[24.9414]),
]
Size = Annotated[
    int,
    Query(ge=1, le=1_000_000, description=f"How many points; more than {MAX_SIZE} gets {MAX_SIZE}", examples=[20]),
]


@router.get(
    "/ecommerce/v3/pickup-points",
    summary="Find pickup points",
    description="A plain array, nearest first; empty when nothing fits or nobody knows the place. When no place is"
    " asked for, by country and postal code. Parameters that are empty count as left out.",
    response_description="The points",
    response_model=list[PickupPointShown],
)
async def find_pickup_points(
    request: Request,
    caller: Anybody,
    service_code: Codes = "",
    postal_code: PostalCode = "",
    post_office: PostOffice = "",
    street_address: StreetAddress = "",
    country: Country = "",
    search: Search = "",
    types: Types = "",
    capabilities: Capabilities = "",
    country_from: CountryFrom = "",
    postal_code_from: PostalCodeFrom = "",
    latitude: Latitude = None,
    longitude: Longitude = None,
    size: Size = DEFAULT_SIZE,
) -> Response:
    """400 for a latitude without longitude, and the other way round."""
    sought = pickup_point.sought(
        search=search,
        postal_code=postal_code,
        post_office=post_office,
        street_address=street_address,
        coordinates=_coordinates(latitude, longitude),
    )
    wanted = Wanted(
        types=pickup_point.selection(types),
        capabilities=pickup_point.selection(capabilities),
        country=pickup_point.country_code(country),
    )
    codes = {code for part in service_code.split(",") if (code := part.strip())}
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        found = await points.found(tx, sought, wanted, codes, limit=min(size, MAX_SIZE))
    shown = tuple(_shown(point) for point in found)
    return Response(LISTED.dump_json(shown, by_alias=True), media_type="application/json")


def _coordinates(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    if latitude is not None and longitude is not None:
        return latitude, longitude
    if latitude is None and longitude is None:
        return None
    lacking, given = ("latitude", "longitude") if latitude is None else ("longitude", "latitude")
    raise problems.invalid([FieldError(lacking, "missing", f"is required with {given}")])


def _shown(point: PickupPoint) -> PickupPointShown:
    return PickupPointShown(
        external_id=point.external_id,
        type=point.type,
        service_provider=point.service_provider,
        name=point.name,
        street_address=point.street_address,
        postal_code=point.postal_code,
        post_office=point.post_office,
        country=point.country,
        latitude=point.latitude,
        longitude=point.longitude,
        capabilities=point.capabilities,
    )
