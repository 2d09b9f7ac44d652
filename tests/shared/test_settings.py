"""Settings that would lose or double orders are refused."""

import pytest
from pydantic import ValidationError

from shared.settings import ServiceSettings


@pytest.mark.parametrize(("sent_days", "inbox_days"), [(7, 7), (14, 7), (30, 14)])
def test_messages_are_remembered_for_longer_than_they_can_be_sent_again(sent_days: int, inbox_days: int) -> None:
    with pytest.raises(ValidationError, match=r"inbox_days \(\d+\) must be greater than sent_days"):
        ServiceSettings(database="d", kafka="k", sent_days=sent_days, inbox_days=inbox_days)


def test_a_day_longer_is_enough() -> None:
    assert ServiceSettings(database="d", kafka="k", sent_days=14, inbox_days=15).inbox_days == 15
