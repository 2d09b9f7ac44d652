"""Gives a program a small disk of its own in the place of a folder, and becomes the program.

Run as a script, with nothing but the standard library:

    python small_disk.py UID GID FOLDER SIZE PROGRAM [ARGUMENT ...]

FOLDER and what is in it are moved to a file system in memory of SIZE bytes that nobody else sees and that is gone with
the program. It is the kernel's own, so that what is full is full as a disk is. Takes root, and then the
disk belongs to UID and GID, or a kernel on which everybody may have name spaces (UID and GID are `-` then); exits with
3 and says why where neither is.
"""

import ctypes
import os
import shutil
import sys
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_REC, MS_PRIVATE = 0x4000, 1 << 18


def _or_exit(result: int, what: str) -> None:
    if result != 0:
        print(f"{what}: {os.strerror(ctypes.get_errno())}", file=sys.stderr)
        sys.exit(3)


def _own_names(libc: ctypes.CDLL) -> None:
    uid, gid = os.getuid(), os.getgid()
    if uid == 0:
        _or_exit(libc.unshare(CLONE_NEWNS), "no name space for mounts")
        return
    _or_exit(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "no name space of one's own")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def main(arguments: list[str]) -> None:
    """Take the steps and turn into the program."""
    uid, gid, place, size, *command = arguments
    folder, before = Path(place), Path(f"{place}.before")
    libc = ctypes.CDLL(None, use_errno=True)
    _own_names(libc)
    _or_exit(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mounts cannot be kept apart")
    if not before.exists():
        folder.rename(before)
        folder.mkdir(mode=0o700)
    options = f"size={size},mode=0700".encode()
    _or_exit(libc.mount(b"small", str(folder).encode(), b"tmpfs", 0, options), "no disk can be mounted")
    shutil.copytree(before, folder, dirs_exist_ok=True)
    if uid != "-":
        for root, folders, files in os.walk(folder):
            for name in (".", *folders, *files):
                os.chown(Path(root) / name, int(uid), int(gid))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
