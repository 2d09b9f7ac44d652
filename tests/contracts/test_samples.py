"""Every message has samples that old and new code must read: a complete one, and the least that a sender must say."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from shared.contracts import MESSAGES, Message

SAMPLES = Path(__file__).parent / "samples"
OWNERS = ("inventory", "notifier", "order-intake", "portal", "router")

every_message = pytest.mark.parametrize("type_of_message", MESSAGES, ids=lambda message: message.__name__)


def sample_of(type_of_message: type[Message], kind: str = "") -> Any:
    version = type_of_message.topic.rpartition(".")[2]
    return json.loads((SAMPLES / f"{type_of_message.__name__}.{version}{kind}.json").read_text())


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def required_only(model: type[BaseModel], value: Any) -> list[str]:
    """The fields of a sample that its sender need not have said."""
    extra = []
    for name, given in value.items():
        field = model.model_fields[name]
        if not field.is_required():
            extra.append(f"{model.__name__}.{name}")
        for inner in models_in(field.annotation):
            for part in given if isinstance(given, list) else [given]:
                extra += required_only(inner, part)
    return extra


def left_out(model: type[BaseModel], value: Any) -> list[str]:
    """The fields a sample does not show, wherever they are."""
    missing = []
    for name, field in model.model_fields.items():
        if value.get(name) in (None, [], ""):
            missing.append(f"{model.__name__}.{name}")
            continue
        for inner in models_in(field.annotation):
            for part in value[name] if isinstance(value[name], list) else [value[name]]:
                missing += left_out(inner, part)
    return missing


@every_message
def test_the_complete_sample_shows_every_field(type_of_message: type[Message]) -> None:
    assert left_out(type_of_message, sample_of(type_of_message)) == []


@every_message
def test_the_least_sample_shows_required_fields_only(type_of_message: type[Message]) -> None:
    assert required_only(type_of_message, sample_of(type_of_message, ".least")) == []


@every_message
@pytest.mark.parametrize("kind", ["", ".least"])
def test_a_sample_survives_the_journey(type_of_message: type[Message], kind: str) -> None:
    sample = sample_of(type_of_message, kind)
    read = type_of_message.model_validate_json(json.dumps(sample))
    sent = read.model_dump_json(exclude_defaults=True)
    assert type_of_message.model_validate_json(sent) == read
    assert read.key


@every_message
def test_the_complete_sample_is_written_as_it_was_read(type_of_message: type[Message]) -> None:
    sample = sample_of(type_of_message)
    assert type_of_message.model_validate(sample).model_dump(mode="json") == sample


@every_message
def test_what_a_newer_sender_adds_is_ignored(type_of_message: type[Message]) -> None:
    sample = sample_of(type_of_message)
    newer = sample | {"added_later": {"anything": 1}}
    assert type_of_message.model_validate(newer) == type_of_message.model_validate(sample)


@every_message
def test_a_sample_without_a_required_field_is_no_message(type_of_message: type[Message]) -> None:
    sample = sample_of(type_of_message, ".least")
    for name in sample:
        with pytest.raises(ValidationError):
            type_of_message.model_validate({field: value for field, value in sample.items() if field != name})


@every_message
def test_a_topic_names_its_owner_the_message_and_the_version(type_of_message: type[Message]) -> None:
    words = re.findall("[A-Z][a-z]+", type_of_message.__name__)
    owner, message, version = type_of_message.topic.split(".")
    assert owner in OWNERS
    assert message == "-".join(words).lower()
    assert re.fullmatch("v[1-9][0-9]*", version)


def test_no_two_messages_share_a_topic() -> None:
    assert len({message.topic for message in MESSAGES}) == len(MESSAGES)


def test_every_message_there_is_is_listed() -> None:
    def below(parent: type[Message]) -> set[type[Message]]:
        return {parent}.union(*(below(child) for child in parent.__subclasses__()))

    every = below(Message)  # type: ignore[type-abstract] # it is looked at, none is made
    ours = {message for message in every if message.__module__.startswith("shared.contracts.")}
    assert {message for message in ours if "topic" in vars(message)} == set(MESSAGES)


def test_every_sample_belongs_to_a_message() -> None:
    expected = {
        f"{message.__name__}.{message.topic.rpartition('.')[2]}{kind}.json"
        for message in MESSAGES
        for kind in ("", ".least")
    }
    assert {path.name for path in SAMPLES.iterdir()} == expected


@pytest.mark.parametrize("quantity", ["-1", "1.0000001", "1234567890123", "NaN", "Infinity"])
def test_a_quantity_that_no_column_can_keep_is_no_quantity(quantity: str) -> None:
    for message in MESSAGES:
        if "quantity" in message.model_fields:
            with pytest.raises(ValidationError):
                message.model_validate(sample_of(message) | {"quantity": quantity})
