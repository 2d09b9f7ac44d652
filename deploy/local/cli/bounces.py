"""`sluice bounces`: note which mails came back."""

import asyncio
import mailbox
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.local.cli import options, show

if TYPE_CHECKING:
    from notifier.bouncing import Failed

LONGEST = 10_000_000
"""A notification is short; what quotes more of a mail than that is not read."""


def bounces(
    mails: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH",
            exists=True,
            help="A Maildir, or a file in mbox form; left out, one message on standard input.",
        ),
    ] = None,
    data: options.Data = options.DEFAULT_DATA,
    as_json: options.AsJson = False,
) -> None:
    """Note which mails came back.

    Reads delivery status notifications (RFC 3464) from the mailbox of the sender, notes them in the delivery logs, and
    tells the organisations in their feeds. Read again, they count once; nothing in the mailbox is changed, and whatever
    else is in it is passed over.

    Example: sluice bounces /var/mail/sluice
    """
    from notifier import bouncing

    read, unread, failed = 0, 0, list["Failed"]()
    for message in _messages(mails):
        try:
            failed += bouncing.read(message())
            read += 1
        except Exception as error:
            # Anybody may write to that mailbox, whatever it likes: those behind it are not to wait for that.
            unread += 1
            typer.echo(f"A message cannot be read: {error!r}", err=True)
    noted = asyncio.run(_note(data, failed))
    if as_json:
        show.as_json({"read": read, "unread": unread, "failed": len(failed), "noted": noted})
    else:
        passed = f" {unread} could not be read." if unread else ""
        typer.echo(f"{read} messages read, {len(failed)} mails came back, {noted} of them new.{passed}")


def _messages(mails: Path | None) -> Iterator[Callable[[], bytes]]:
    """What reads each message."""
    if mails is None:
        yield lambda: sys.stdin.buffer.read(LONGEST)
        return
    with closing(mailbox.Maildir(mails, create=False) if mails.is_dir() else mailbox.mbox(mails, create=False)) as box:
        for key in box.iterkeys():
            yield partial(_content, box, key)


def _content(box: mailbox.Maildir | mailbox.mbox, key: str) -> bytes:
    with box.get_file(key) as message:
        return message.read(LONGEST)


async def _note(data: Path, failed: "list[Failed]") -> int:
    from deploy.local.cli import reach
    from notifier import bouncing

    async with reach.database("notifier", data) as database:
        return await bouncing.note(database, failed)
