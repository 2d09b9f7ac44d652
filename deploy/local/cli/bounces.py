"""`sluice bounces`: note which mails came back."""

import asyncio
import mailbox
import sys
from collections.abc import Iterator
from contextlib import closing
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

    read, failed = 0, list["Failed"]()
    for content in _contents(mails):
        read += 1
        failed += bouncing.read(content)
    noted = asyncio.run(_note(data, failed))
    if as_json:
        show.as_json({"read": read, "failed": len(failed), "noted": noted})
    else:
        typer.echo(f"{read} messages read, {len(failed)} mails came back, {noted} of them new.")


def _contents(mails: Path | None) -> Iterator[bytes]:
    if mails is None:
        yield sys.stdin.buffer.read(LONGEST)
        return
    with closing(mailbox.Maildir(mails, create=False) if mails.is_dir() else mailbox.mbox(mails, create=False)) as box:
        for key in box.iterkeys():
            with box.get_file(key) as message:
                yield message.read(LONGEST)


async def _note(data: Path, failed: "list[Failed]") -> int:
    from deploy.local.cli import reach
    from notifier import bouncing

    async with reach.database("notifier", data) as database:
        return await bouncing.note(database, failed)
