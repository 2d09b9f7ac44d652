"""Every fault there is, in the order in which they are struck and told."""

from collections.abc import Sequence

from tests.faults import (
    broker_faults,
    clock_faults,
    disk_faults,
    failpoint_faults,
    link_faults,
    mail_faults,
    message_faults,
    postgres_faults,
    process_faults,
    webhook_faults,
)
from tests.faults.fault import Fault

FAULTS: Sequence[Fault] = (
    *process_faults.FAULTS,
    *failpoint_faults.FAULTS,
    *link_faults.FAULTS,
    *message_faults.FAULTS,
    *mail_faults.FAULTS,
    *webhook_faults.FAULTS,
    *postgres_faults.FAULTS,
    *broker_faults.FAULTS,
    *disk_faults.FAULTS,
    *clock_faults.FAULTS,
)
