"""Secrets that are kept sealed."""

from pathlib import Path

import pytest

from router.settings import Settings
from shared import sealing
from shared.sealing import Sealer

OLD, NEW = sealing.new_key(), sealing.new_key()


def test_what_is_sealed_opens_for_its_name_and_shows_nothing() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("pässword", "W1")
    assert b"word" not in sealed
    assert sealer.open(sealed, "W1") == "pässword"
    assert sealer.seal("pässword", "W1") != sealed


def test_what_is_sealed_for_one_opens_for_no_other() -> None:
    with pytest.raises(sealing.NotOpened, match="somebody else"):
        Sealer([NEW]).open(Sealer([NEW]).seal("secret", "W1"), "W2")


def test_a_key_follows_another_without_a_gap() -> None:
    sealed = Sealer([OLD]).seal("secret", "W1")
    both = Sealer([NEW, OLD])
    assert both.open(sealed, "W1") == "secret"
    assert not both.is_newest(sealed)
    assert both.is_newest(both.seal_anew(sealed))
    assert Sealer([NEW]).open(both.seal_anew(sealed), "W1") == "secret"
    with pytest.raises(sealing.NotOpened):
        Sealer([NEW]).open(sealed, "W1")
    with pytest.raises(sealing.NotOpened):
        Sealer([NEW]).seal_anew(sealed)


def test_what_was_changed_does_not_open() -> None:
    sealed = bytearray(Sealer([NEW]).seal("secret", "W1"))
    sealed[20] ^= 1
    with pytest.raises(sealing.NotOpened):
        Sealer([NEW]).open(bytes(sealed), "W1")


def test_without_a_key_nothing_is_sealed() -> None:
    assert not Sealer([]).can_seal
    with pytest.raises(sealing.NoKey):
        Sealer([]).seal("secret", "W1")


def test_keys_come_from_a_setting_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{NEW}\n{OLD}\n")
    of_file = sealing.sealer_of(settings(sealing_keys_file=str(tmp_path / "keys")))
    of_setting = sealing.sealer_of(settings(sealing_keys=f"{NEW}, {OLD}"))
    assert of_file.open(Sealer([OLD]).seal("secret", "W1"), "W1") == "secret"
    assert of_setting.open(of_file.seal("secret", "W1"), "W1") == "secret"
    assert NEW not in repr(settings(sealing_keys=NEW))


def settings(**fields: str) -> Settings:
    """A service's settings."""
    return Settings.model_validate({"database": "postgresql:///", "kafka": "nowhere:9092", **fields})
