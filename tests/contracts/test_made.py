"""A part that is made of values we computed is the part that reading them would give."""

import pytest

from shared.contracts import MESSAGES, Message, Part, made
from tests.contracts.test_samples import sample_of


def parts_of(part: Part) -> list[Part]:
    """A part and all parts in it."""
    found = [part]
    for name in type(part).model_fields:
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Part):
                found += parts_of(one)
    return found


@pytest.mark.parametrize("kind", ["", ".least"])
@pytest.mark.parametrize("type_of_message", MESSAGES, ids=lambda message: message.__name__)
def test_what_is_made_is_what_would_be_read(type_of_message: type[Message], kind: str) -> None:
    for part in parts_of(type_of_message.model_validate(sample_of(type_of_message, kind))):
        type_of_part = type(part)
        fields = type_of_part.model_fields
        values = {name: getattr(part, name) for name in reversed(fields) if name in part.model_fields_set}
        again = made(type_of_part, **values)
        assert again == part
        assert hash(again) == hash(part)
        assert again.model_fields_set == part.model_fields_set
        assert again.model_dump_json() == part.model_dump_json()
        assert again.model_dump_json(exclude_defaults=True) == part.model_dump_json(exclude_defaults=True)
        assert again.model_copy(update={}) == part
