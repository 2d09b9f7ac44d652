"""The process that makes papers: it takes work on its standard input, one piece after the other, and answers it.

Work is a pickled function of this package with its arguments; either way a piece is its length in four bytes and then
itself. Both ends are ours. It ends when its input does.
"""

import os
import pickle
import sys
from typing import IO, BinaryIO

LENGTH_BYTES = 4


def piece(said: object) -> bytes:
    """What is said, as it goes to the other end."""
    packed = pickle.dumps(said)
    return len(packed).to_bytes(LENGTH_BYTES, "big") + packed


def heard(come_from: IO[bytes]) -> object:
    """The next thing that is said. Raises EOFError when nothing is any more."""
    length = come_from.read(LENGTH_BYTES)
    packed = come_from.read(int.from_bytes(length, "big"))
    if len(length) < LENGTH_BYTES or len(packed) < int.from_bytes(length, "big"):
        raise EOFError("nothing more is said")
    return pickle.loads(packed)  # noqa: S301


def serve(work: BinaryIO, answers: BinaryIO) -> None:
    """Answer each piece of work with what it made, or with the error it ended in, until there is none."""
    while True:
        try:
            asked = heard(work)
        except EOFError:
            return
        assert isinstance(asked, tuple)
        function, arguments = asked
        try:
            made: object = function(*arguments)
        except ValueError as error:
            # As plain as it can be: the other end need not know the module of another.
            made = ValueError(str(error))
        except Exception as error:
            made = RuntimeError(f"{type(error).__name__}: {error}")
        answers.write(piece(made))
        answers.flush()


if __name__ == "__main__":
    # Whatever a library prints must not come between the answers.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as own:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(sys.stdin.buffer, own)
