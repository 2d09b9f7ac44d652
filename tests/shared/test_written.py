"""What was written is remembered with what it says, and only as long as there is room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared import written
from shared.contracts import Taking
from shared.written import Written

takings = st.builds(
    Taking,
    catalogue_id=st.text(max_size=5),
    product_id=st.text(max_size=5),
    quantity=st.decimals(0, 999, places=3),
)


@given(st.lists(takings, max_size=20))
def test_what_is_read_is_what_was_written_whoever_wrote_it(parts: list[Taking]) -> None:
    here, elsewhere = Written(Taking), Written(Taking)
    texts = [elsewhere.write(part) for part in parts]
    assert [here.write(part) for part in parts] == texts
    assert [here.read(text) for text in texts] == parts
    assert [Written(Taking).read(text) for text in texts] == parts


def test_the_same_text_is_read_once() -> None:
    texts = Written(Taking)
    text = b'{"catalogue_id": "W1", "product_id": "BOOTS", "quantity": "2"}'
    assert texts.read(text) is texts.read(bytes(bytearray(text)))


def test_what_says_nothing_is_refused_each_time() -> None:
    texts = Written(Taking)
    for _ in range(2):
        with pytest.raises(ValidationError):
            texts.read(b'{"catalogue_id": "W1"}')


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "REMEMBERED", 3)
    texts = Written(Taking)
    made = [Taking.model_validate({"catalogue_id": str(n), "product_id": "BOOTS", "quantity": n}) for n in range(5)]
    kept = [texts.write(part) for part in made]
    assert texts.read(kept[4]) is made[4]
    assert texts.read(kept[0]) is not made[0]
