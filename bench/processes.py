"""What the processes of a run work and hold, read from /proc: CPU seconds, peak memory, by the name of the process."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")

POSTGRES = "postgresql"


@dataclass(frozen=True)
class Used:
    """What a process has used: CPU seconds; and in MB the memory it holds, and the most it has held."""

    cpu: float
    now_mb: float
    peak_mb: float


def used(pid: int, *, with_ended: bool = False) -> Used | None:
    """What a process has used so far, or None when it is gone. `with_ended` adds the children it waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    ticks = sum(map(int, fields[11 : 15 if with_ended else 13]))
    held = dict(line.split(":", 1) for line in status.splitlines())
    now, peak = (int(held.get(name, "0 kB").split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return Used(ticks / TICKS, now, peak)


def together(parts: Sequence[Used]) -> Used:
    """What several processes have used. PostgreSQL's share most of their memory, so the largest stands for all."""
    return Used(sum(one.cpu for one in parts), max(one.now_mb for one in parts), max(one.peak_mb for one in parts))


def forget_peaks(pids: Mapping[str, int]) -> None:
    """Let the most memory that processes held be counted from now on."""
    for pid in pids.values():
        with suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def used_by_name(pids: Mapping[str, int]) -> dict[str, Used]:
    """What each of some processes has used; of PostgreSQL with its backends, those that have ended too."""
    found: dict[str, Used] = {}
    for name, pid in pids.items():
        own = used(pid, with_ended=name == POSTGRES)
        below = [used(child) for child in children(pid)] if name == POSTGRES else []
        if own is not None:
            found[name] = together([own, *(one for one in below if one is not None)])
    return found


def our_child(*words: str) -> int:
    """Our own child whose command line has all the words. Raises RuntimeError when there is none."""
    for pid in children(os.getpid()):
        line = command(pid)
        if all(any(word in part for part in line) for word in words):
            return pid
    raise RuntimeError(f"no process of ours runs {' '.join(words)}")


def command(pid: int) -> list[str]:
    """The command line of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []
