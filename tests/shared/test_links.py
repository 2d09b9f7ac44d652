"""Links that need no account: whom they let do what, and until when."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import links, sealing
from shared.links import Signer

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OLD, NEW = sealing.new_key(), sealing.new_key()
SIGNER = Signer([NEW])

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(texts, max_size=4), texts)
def test_a_link_says_what_it_was_signed_for_and_to_nobody_else(subject: list[str], other: str) -> None:
    token = SIGNER.sign(links.ANSWER, subject, LATER)
    assert token == SIGNER.sign(links.ANSWER, subject, LATER)
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").isalnum()
    assert SIGNER.read(links.ANSWER, token, NOW) == subject
    with pytest.raises(links.Forged):
        SIGNER.read(links.NOTE, token, NOW)
    with pytest.raises(links.Forged):
        SIGNER.read(links.ANSWER, other, NOW)


@given(st.data())
def test_a_link_of_which_one_bit_is_changed_is_forged(data: st.DataObject) -> None:
    token = SIGNER.sign(links.ANSWER, ["shipment", "supplier"], LATER)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(links.Forged):
        SIGNER.read(links.ANSWER, base64.urlsafe_b64encode(raw).decode(), NOW)


def test_a_link_is_good_until_its_second_comes() -> None:
    token = SIGNER.sign(links.ANSWER, ["shipment"], LATER)
    assert SIGNER.read(links.ANSWER, token, LATER - timedelta(seconds=1)) == ["shipment"]
    with pytest.raises(links.Expired) as expired:
        SIGNER.read(links.ANSWER, token, LATER)
    assert expired.value.subject == ["shipment"]


def test_a_link_signed_with_an_older_key_is_good_as_long_as_that_is_given() -> None:
    token = Signer([OLD]).sign(links.ANSWER, ["shipment"], LATER)
    assert Signer([NEW, OLD]).read(links.ANSWER, token, NOW) == ["shipment"]
    with pytest.raises(links.Forged):
        SIGNER.read(links.ANSWER, token, NOW)


def test_without_a_key_nothing_is_signed_and_nothing_is_good() -> None:
    nobody = Signer([])
    assert not nobody.can_sign
    with pytest.raises(sealing.NoKey):
        nobody.sign(links.ANSWER, ["shipment"], LATER)
    with pytest.raises(links.Forged):
        nobody.read(links.ANSWER, SIGNER.sign(links.ANSWER, ["shipment"], LATER), NOW)
