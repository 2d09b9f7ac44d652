"""Becomes a server process: the last steps before `exec`, taken in a process of its own.

Run as a script by `server_process`, with nothing but the standard library:

    python launcher.py PARENT SIGNAL UID GID PROGRAM [ARGUMENT ...]

PARENT is the process the server must not outlive, and SIGNAL what it gets when that one dies; UID and GID are `-` to
stay who we are. Python's own `preexec_fn` would do the same between fork and exec of a process with threads, where it
may deadlock.
"""

import ctypes
import os
import sys

# From linux/prctl.h, linux/capability.h and linux/securebits.h.
_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522
_SECBIT_NO_SETUID_FIXUP = 1 << 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def become(uid: int, gid: int) -> None:
    """Give up root for another account, keeping only the right to pass folders closed to it.

    PostgreSQL refuses to run as root, yet a checkout of root's is often below a folder only root may enter.
    CAP_DAC_OVERRIDE as an ambient capability survives both the change of account and `exec`. Without NO_SETUID_FIXUP
    the kernel would leave it out of account in access(2), by which PostgreSQL looks for its own programs. Where the
    kernel allows none of this (a container without the capability), the account simply has its ordinary rights.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    linux = sys.platform == "linux"
    if linux:
        libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
        header, sets = _Header(_CAPABILITY_VERSION_3, 0), (_Capabilities * 2)()
        if libc.capget(ctypes.byref(header), sets) == 0:
            sets[0].inheritable |= (1 << _CAP_DAC_OVERRIDE) & sets[0].permitted
            libc.capset(ctypes.byref(header), sets)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if linux:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def die_with(parent: int, signal: int) -> None:
    """Have the kernel send us `signal` when the thread that started us ends (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the process that started this one is gone")


def main(arguments: list[str]) -> None:
    """Take the steps and turn into the program."""
    parent, signal, uid, gid, *command = arguments
    if uid != "-":
        become(int(uid), int(gid))
    # After the change of account, which would clear it.
    die_with(int(parent), int(signal))
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"error: {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
