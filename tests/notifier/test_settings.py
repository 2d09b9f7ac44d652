"""What the notifier reads from its environment."""

import pytest
from pydantic import ValidationError

from notifier.settings import Settings


@pytest.mark.parametrize(
    ("given", "networks"),
    [("10.2.0.0/16", ("10.2.0.0/16",)), (" 10.2.0.0/16 ,fd12::/16,", ("10.2.0.0/16", "fd12::/16")), ("", ())],
)
def test_networks_are_given_one_after_the_other_with_commas(
    given: str, networks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_WEBHOOK_NETWORKS", given)

    assert Settings(database="d", kafka="k").webhook_networks == networks


@pytest.mark.parametrize("given", ["intranet", "10.2.0.0/33", "10.2.0.1/16", '["10.2.0.0/16"]'])
def test_what_is_no_network_is_refused_by_name(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_WEBHOOK_NETWORKS", given)

    with pytest.raises(ValidationError, match="webhook_networks\n"):
        Settings(database="d", kafka="k")
