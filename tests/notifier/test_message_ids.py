"""What mails are called."""

from uuid import UUID

from notifier import message_ids
from notifier.message_ids import MessageIds
from shared import sealing
from shared.links import Signer

SHIPMENT = UUID(int=7)
KEY = sealing.new_key()


def test_the_message_id_of_a_shipment_is_always_the_same() -> None:
    ids = MessageIds("sluice.example", Signer([]))
    assert ids.of(SHIPMENT, "new-shipment/daily-8") == (
        "<00000000-0000-0000-0000-000000000007.new-shipment.daily-8@sluice.example>"
    )
    assert MessageIds("sluice.example", Signer([KEY])).of(SHIPMENT, "reminder") == (
        MessageIds("sluice.example", Signer([KEY])).of(SHIPMENT, "reminder")
    )


def test_who_knows_the_shipment_but_not_the_key_cannot_tell_the_message_id() -> None:
    names = {MessageIds("sluice.example", Signer([key])).of(SHIPMENT, "reminder") for key in (KEY, sealing.new_key())}
    assert len(names) == 2
    assert all(map(message_ids.is_secret, names))
    assert not message_ids.is_secret(MessageIds("sluice.example", Signer([])).of(SHIPMENT, "new-shipment/daily-8"))
