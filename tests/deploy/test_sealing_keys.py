"""The key of a system on one machine."""

from pathlib import Path

from deploy.local import sealing_keys
from router.settings import Settings
from shared import sealing


def test_the_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    file = sealing_keys.file_in(tmp_path)
    written = file.read_text()
    assert (file.is_absolute(), file.stat().st_mode & 0o777) == (True, 0o600)
    assert sealing_keys.file_in(tmp_path).read_text() == written
    given = {"database": "postgresql:///", "kafka": "nowhere:9092", "sealing_keys_file": str(file)}
    assert sealing.sealer_of(Settings.model_validate(given)).can_seal
