"""How an organisation says by which addresses it wants to be told what, and when."""

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from notifier import domain
from notifier.domain import USUAL, Choice, Kind, Language
from notifier.hours import Pace, Quiet, Timing
from notifier.store import ContactSettings
from shared import wire

MOST_ADDRESSES = 20
MOST_RETAILERS = 200

KINDS = (
    "new-shipment · reminder: of one that was not opened in half of its time · papers: a parcel has its tracking code;"
    " its address label and delivery note are attached · cancelled: a shipment you need not send"
    " · stock-corrected: there was less than was promised · unroutable: nobody can deliver your order · return:"
    " the other side says that something comes back, came, or is not coming · weekly-summary: on Mondays"
    " · webhook-paused. Left out: new-shipment, reminder, cancelled and webhook-paused"
)


def _address(given: str) -> str:
    address = given.strip()
    if not domain.is_address(address):
        raise ValueError("is not an e-mail address")
    return address


def _if_given(given: object) -> object:
    return None if isinstance(given, str) and not given.strip() else given


def _zone(given: str) -> str:
    if given not in available_timezones():
        raise ValueError("is not a time zone such as Europe/Helsinki")
    ZoneInfo(given)
    return given


Email = Annotated[str, AfterValidator(_address)]
NotGiven = BeforeValidator(_if_given)
HourOfDay = Annotated[int, Field(ge=0, le=23)]
Clock = Annotated[
    str,
    BeforeValidator(lambda given: given.strip() if isinstance(given, str) else given),
    Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"),
]


class RetailerTiming(wire.WireModel):
    """How soon an address wants to be told about the shipments of one retailer."""

    retailer_id: Annotated[str, Field(min_length=1, max_length=50, description="The retailer's business id")]
    timing: Annotated[Pace, Field(description="instant · hourly · daily")]
    hour: Annotated[
        HourOfDay | None, NotGiven, Field(description="The hour of what comes daily, 0 to 23; left out, 8")
    ] = None


class AddressSettings(wire.WireModel):
    """An address, what it is told, and how soon."""

    email: Annotated[Email, Field(description="The address", examples=["orders@supplier.example"])]
    kinds: Annotated[tuple[Kind, ...] | None, NotGiven, Field(description=KINDS)] = None
    timing: Annotated[
        Pace | None,
        NotGiven,
        Field(
            description="instant: each by itself, at once; so it is when left out · hourly: together, at each full hour"
            " · daily: together, once a day"
        ),
    ] = None
    hour: Annotated[
        HourOfDay | None, NotGiven, Field(description="The hour of what comes daily, 0 to 23; left out, 8")
    ] = None
    retailers: Annotated[
        Annotated[tuple[RetailerTiming, ...], Field(max_length=MOST_RETAILERS)] | None,
        NotGiven,
        Field(description="Retailers whose shipments it wants to hear of otherwise"),
    ] = None
    attach_note: Annotated[
        bool | None,
        NotGiven,
        Field(
            description="Attach the delivery note (PDF) to each mail of a new shipment that is in no digest; left out,"
            " there is only a link to it"
        ),
    ] = None

    @property
    def choice(self) -> Choice:
        """What it has chosen."""
        return Choice(
            kinds=USUAL if self.kinds is None else frozenset(self.kinds),
            timing=_timing(self.timing, self.hour),
            retailers={one.retailer_id: _timing(one.timing, one.hour) for one in self.retailers or ()},
            attach_note=bool(self.attach_note),
        )


class QuietHours(wire.WireModel):
    """From when until when nothing is sent. Past midnight when it ends earlier than it begins."""

    begin: Annotated[Clock, Field(alias="from", description="When it begins", examples=["20:00"])]
    end: Annotated[
        Clock, Field(alias="until", description="When it ends, and what has waited goes", examples=["07:00"])
    ]

    @property
    def quiet(self) -> Quiet:
        """The same, as times of the day."""
        return Quiet(time.fromisoformat(self.begin), time.fromisoformat(self.end))


class NotificationSettings(wire.WireModel):
    """Where an organisation wants its mail, about what, and when."""

    emails: Annotated[
        Annotated[tuple[Email, ...], Field(max_length=MOST_ADDRESSES)] | None,
        NotGiven,
        Field(
            description="Every address; what each of them wants is said in `addresses`. An empty list stops"
            " all mail. Required unless `addresses` is given",
        ),
    ] = None
    addresses: Annotated[
        Annotated[tuple[AddressSettings, ...], Field(max_length=MOST_ADDRESSES)] | None,
        NotGiven,
        Field(
            description="The addresses with what each of them wants. Given together with `emails`, both name the same"
            " addresses. Without it an address keeps what it has chosen, and a new one gets the usual mails at once",
        ),
    ] = None
    new_shipment: Annotated[
        bool,
        Field(
            description="Write when there is a new shipment to send, once more when half of its time is over, and when"
            " it is cancelled"
        ),
    ] = True
    quiet_hours: Annotated[
        QuietHours | None,
        NotGiven,
        Field(description="Mails that are due in them go when they end; left out, there are none"),
    ] = None
    time_zone: Annotated[
        Annotated[str, AfterValidator(_zone)] | None,
        NotGiven,
        Field(
            description="The time zone (IANA) of quiet hours, digests and the weekly summary; left out,"
            " Europe/Helsinki",
            examples=["Europe/Stockholm"],
        ),
    ] = None
    language: Annotated[
        Language | None, NotGiven, Field(description="Language of the mails; left out, it stays as it is")
    ] = None


def shown(settings: ContactSettings) -> NotificationSettings:
    """Settings as they are answered. Of choices nothing is said as long as nobody has made any."""
    contact = settings.contact
    chosen = any(email in contact.choices for email in contact.emails)
    quiet = contact.quiet
    return NotificationSettings(
        emails=tuple(contact.emails),
        addresses=tuple(_shown(email, contact.choices.get(email, Choice())) for email in contact.emails)
        if chosen
        else None,
        new_shipment=contact.new_shipment,
        quiet_hours=None if quiet is None else QuietHours(begin=f"{quiet.begin:%H:%M}", end=f"{quiet.end:%H:%M}"),
        time_zone=None if contact.time_zone == domain.TIME_ZONE else contact.time_zone,
        language=settings.language,
    )


def _shown(email: str, choice: Choice) -> AddressSettings:
    return AddressSettings(
        email=email,
        kinds=tuple(kind for kind in domain.KINDS if kind in choice.kinds),
        timing=choice.timing.pace,
        hour=_hour(choice.timing),
        retailers=tuple(
            RetailerTiming(retailer_id=retailer, timing=timing.pace, hour=_hour(timing))
            for retailer, timing in choice.retailers.items()
        )
        or None,
        attach_note=choice.attach_note or None,
    )


def _timing(pace: Literal["instant", "hourly", "daily"] | None, hour: int | None) -> Timing:
    # An hour counts for what comes daily only; kept otherwise, it would make two timings of one.
    return Timing(pace, hour) if pace == "daily" and hour is not None else Timing(pace or "instant")


def _hour(timing: Timing) -> int | None:
    return timing.hour if timing.pace == "daily" else None
