"""What becomes of the things that a digest carries, once it was tried for the last time."""

from collections.abc import Iterator

from notifier.store import Carried, Tried


def settled(tried: Tried) -> Iterator[Carried]:
    """Of each kind: it is sent when one of those has it who want it, and not wanted when nobody does any more."""
    mail, verdict = tried.mail, tried.verdict
    if not mail.is_digest or verdict.state == "pending":
        return
    for kind, wanted_by in mail.readers.items():
        if wanted_by:
            reached = tuple(email for email in verdict.reached if email in wanted_by)
            yield Carried(mail.id, kind, "sent" if reached else "refused", tuple(wanted_by), reached)
        elif mail.recipients and not mail.reached:
            yield Carried(mail.id, kind, "not wanted", (), ())
        else:
            # Who had it from an earlier try has had all of it.
            yield Carried(mail.id, kind, verdict.state, mail.recipients, verdict.reached)
