"""Work for the press that goes well, and work that does not."""

import os
import signal
import time


class Facts:
    """What a paper is made of."""


def shout(said: bytes) -> bytes:
    """Say it louder."""
    return said.upper()


def refuse(why: str) -> bytes:
    """Find fault with what was given."""
    raise ValueError(why)


def break_down() -> bytes:
    """Come to an end that nobody thought of."""
    raise KeyError("a mistake of ours")


def break_down_over(_: Facts) -> bytes:
    """Come to such an end over what was given."""
    return break_down()


def break_down_and_count(tries: str) -> bytes:
    """Come to such an end, and leave a mark each time."""
    with open(tries, "a") as marks:  # noqa: PTH123 - nothing but what the process has anyway
        marks.write("x")
    return break_down()


def die() -> bytes:
    """End the process."""
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def die_once(mark: str) -> bytes:
    """End the process the first time."""
    if os.path.exists(mark):  # noqa: PTH110 - nothing but what the process has anyway
        return b"made at last"
    with open(mark, "w"):  # noqa: PTH123
        pass
    return die()


def dawdle() -> bytes:
    """Take longer than anybody waits."""
    time.sleep(60)
    return b""


def take_a_while() -> bytes:
    """Take some time."""
    time.sleep(0.05)
    return b"made"


def who() -> bytes:
    """Say which process it is."""
    return str(os.getpid()).encode()


def print_and_say() -> bytes:
    """Print something where the answers go."""
    print("noise " * 1_000, flush=True)
    return b"signal"
