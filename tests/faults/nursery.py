"""A process in which every service is loaded and none runs, and which forks one whenever it is asked to.

    python -m tests.faults.nursery

A Python process takes seconds to load a service, and a run of a fault should take no longer than that in all. What is
forked is a process of its own, as `sluice run` makes it, and dies alone. Asked by a line of JSON with a service, its
environment and its log; answers with its number, and later with how it ended. Ends, and with it all that it forked,
when nobody asks any more.
"""

import ctypes
import gc
import os
import select
import signal
import sys
from pathlib import Path

import orjson
import uvloop
from pydantic import BaseModel

from deploy.local.services import SERVICES, service_named
from shared import failpoints, service
from tests.faults import clock

PR_SET_PDEATHSIG = 1


class Order(BaseModel):
    """What is asked for."""

    service: str
    environment: dict[str, str]
    log: str


class Birth(BaseModel):
    """A service that was started."""

    born: int


class Death(BaseModel):
    """A process that has ended, with its exit code, negative for a signal."""

    died: int
    code: int


def main() -> None:
    """Fork what is asked for until the end of the input."""
    for name in SERVICES:
        # What the framework makes of a service's operations it keeps: the forked build theirs in no time.
        name.described()
    gc.collect()
    gc.freeze()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    asked = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4_096)
            _bury()
        if 0 in ready:
            more = os.read(0, 65_536)
            if not more:
                return
            *lines, asked = (asked + more).split(b"\n")
            for line in lines:
                _say(Birth(born=_fork(Order.model_validate_json(line))))


def _say(what: BaseModel) -> None:
    os.write(1, orjson.dumps(what.model_dump()) + b"\n")


def _bury() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(Death(died=pid, code=os.waitstatus_to_exitcode(status)))


def _fork(order: Order) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _become(order)
        uvloop.run(service.run(service_named(order.service).build()))
        code = 0
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _become(order: Order) -> None:
    environment = order.environment
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for here, there in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(here, there)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(environment)
    if failpoints.VARIABLE in environment:
        failpoints.arm(Path(environment[failpoints.VARIABLE]))
    if clock.VARIABLE in environment:
        clock.follow(Path(order.log).with_name(f"clock-{order.service}"))


if __name__ == "__main__":
    main()
