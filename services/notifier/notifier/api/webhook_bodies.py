"""What webhooks look like from outside."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import from_json

from notifier.feed import telling
from notifier.webhooks.store import Kind, State, Webhook
from shared import wire
from shared.postgres import Record


def _if_given(given: object) -> object:
    return None if isinstance(given, str) and not given.strip() else given


def _each_once(given: tuple[telling.Type, ...] | None) -> tuple[telling.Type, ...]:
    return tuple(dict.fromkeys(given or ()))


class WebhookBody(wire.WireModel):
    """Where events are to be sent, and which."""

    url: Annotated[
        str,
        BeforeValidator(lambda given: given.strip() if isinstance(given, str) else given),
        Field(
            description="Where to POST each event: https, port 443 or 8443, and a public address",
            examples=["https://shop.example/sluice"],
        ),
    ]
    events: Annotated[
        tuple[telling.Type, ...] | None,
        AfterValidator(_each_once),
        Field(description="Which types of events you want; empty or left out: all, also those to come"),
    ] = None
    cursor: Annotated[
        str | None,
        BeforeValidator(_if_given),
        Field(
            description="Where in your feed to begin, or to go on: a cursor of `/events`, or `end`. Left out, a new"
            " webhook begins with what happens from now on, and one that is there goes on where it is",
            examples=["end"],
        ),
    ] = None


class RotateBody(wire.WireModel):
    """How to change a secret."""

    hours: Annotated[
        float,
        Field(
            ge=0, le=168, description="So long every request is signed with the old secret as well; 0 ends all old ones"
        ),
    ] = 24.0


class ResumeBody(wire.WireModel):
    """From where to go on."""

    cursor: Annotated[
        str | None,
        BeforeValidator(_if_given),
        Field(
            description="Go on behind this event instead of with the one that was refused: a cursor of `/events`, or"
            " `end`",
            examples=["4711"],
        ),
    ] = None


class WebhookShown(wire.WireModel):
    """A webhook and how it stands."""

    webhook_id: Annotated[str, Field(description="The name you gave it", examples=["shop"])]
    url: Annotated[str, Field(description="Where each event is sent")]
    events: Annotated[tuple[str, ...], Field(description="The types of events that are sent; empty: all")]
    state: Annotated[
        State, Field(description="active · paused: too long refused, or gone; nothing is sent until you resume it")
    ]
    why: Annotated[str | None, Field(description="Why it is paused")]
    cursor: Annotated[str, Field(description="The last event that was taken, or that you do not want")]
    behind: Annotated[int, Field(description="So many events of your feed come after that")]
    attempts: Annotated[int, Field(description="How often the event that is due was refused")]
    failing_since: Annotated[wire.Moment | None, Field(description="Since when events are refused")]
    next_at: Annotated[wire.Moment | None, Field(description="When an event that was refused is sent again")]
    created_at: Annotated[wire.Moment, Field(description="When it was created")]
    secret: Annotated[
        str | None,
        Field(
            description="With what requests are signed, as Standard Webhooks says. Answered once, when it is made:"
            " keep it",
            examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        ),
    ]


class DeliveryShown(wire.WireModel):
    """A request that was sent to a webhook, and what was answered."""

    delivery_id: Annotated[int, Field(description="Its number in the log")]
    kind: Annotated[Kind, Field(description="event: in its turn · test · redelivery: because you asked for it again")]
    event_id: Annotated[str, Field(description="The event's id, sent as `webhook-id`")]
    event_type: Annotated[str, Field(description="What happened", examples=["shipment.created"])]
    attempt: Annotated[
        int, Field(description="Which try it was to send the event in its turn; 1 for what was sent by hand")
    ]
    url: Annotated[str, Field(description="Where it was sent")]
    sent_at: Annotated[wire.Moment, Field(description="When it was sent; in seconds as `webhook-timestamp`")]
    milliseconds: Annotated[int, Field(description="How long it took until there was an answer, or none")]
    taken: Annotated[bool, Field(description="Whether the answer was a success (2xx)")]
    status: Annotated[int | None, Field(description="The status that was answered; none: no answer came")]
    answer: Annotated[str, Field(description="The beginning of the answer, or why there is none")]
    body: Annotated[
        str | None, Field(description="What was sent, as long as the event is kept; only when you ask for one entry")
    ]


def place_in(body: bytes, error: ValidationError) -> tuple[str | None, str | None]:
    """The URL and the cursor in a body that `WebhookBody` finds wrong; None for one that is wrong or not there."""
    places = [found["loc"][0] for found in error.errors(include_input=False) if found["loc"]]
    if not places:
        return None, None
    given: dict[str, str | None] = from_json(body)
    url, cursor = (None if name in places else given.get(name) for name in ("url", "cursor"))
    return url and url.strip(), cursor if cursor and cursor.strip() else None


def shown(webhook: Webhook, secret: str | None = None) -> WebhookShown:
    """A webhook as it is answered, with its secret only when that is new."""
    return WebhookShown(
        webhook_id=webhook.name,
        url=webhook.url,
        events=webhook.types,
        state=webhook.state,
        why=webhook.why,
        cursor=str(webhook.position),
        behind=webhook.behind,
        attempts=webhook.attempts,
        failing_since=webhook.failing_since,
        next_at=webhook.next_at if webhook.attempts and webhook.state == "active" else None,
        created_at=webhook.created_at,
        secret=secret,
    )


def delivery_shown(row: Record, body: bytes | None = None) -> DeliveryShown:
    """An entry of a log as it is answered."""
    return DeliveryShown(
        delivery_id=row["id"],
        kind=row["kind"],
        event_id=row["event_id"],
        event_type=row["event_type"],
        attempt=row["attempt"],
        url=row["url"],
        sent_at=row["sent_at"],
        milliseconds=row["milliseconds"],
        taken=row["status"] is not None and 200 <= row["status"] < 300,
        status=row["status"],
        answer=row["answer"],
        body=None if body is None else body.decode(),
    )
