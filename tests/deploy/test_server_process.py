"""A server is deaf to the terminal, logs to its file, and does not outlive whoever started it."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil

from deploy.local.server_process import ServerProcess

SHELL = "/bin/sh"
STARTER = """
import asyncio, signal, sys
from pathlib import Path
from deploy.local.server_process import ServerProcess

async def main():
    folder = Path(sys.argv[1])
    command = ["/bin/sh", "-c", f"echo $$ > {folder}/pid; exec sleep 600"]
    await ServerProcess.start(command, log=folder / "log", dies_by=signal.SIGTERM)
    print("started", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that is dead but not yet buried does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_in(file: Path) -> int:
    """The process number in `file`, once it is there."""
    while not (file.exists() and file.read_text().endswith("\n")):
        time.sleep(0.02)
    return int(file.read_text())


def wait_for_the_end_of(pid: int) -> None:
    """Return when the process is dead."""
    while is_alive(pid):
        time.sleep(0.02)


async def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert starter.stdout is not None
    await starter.stdout.readline()
    server = await asyncio.to_thread(pid_in, tmp_path / "pid")
    assert is_alive(server)

    starter.kill()
    await starter.communicate()

    await asyncio.wait_for(asyncio.to_thread(wait_for_the_end_of, server), 30)


async def test_a_server_is_in_a_session_of_its_own_where_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    command = [SHELL, "-c", f"echo $$ > {tmp_path}/pid; exec sleep 600"]
    server = await ServerProcess.start(command, log=tmp_path / "log", dies_by=signal.SIGTERM)
    pid = await asyncio.to_thread(pid_in, tmp_path / "pid")
    assert os.getsid(pid) == pid
    assert os.getsid(pid) != os.getsid(0)
    await server.stop((signal.SIGTERM, 30.0))
    assert not server.running


async def test_a_server_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    command = [SHELL, "-c", f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 1; done"]
    server = await ServerProcess.start(command, log=tmp_path / "log", dies_by=signal.SIGKILL)
    await asyncio.to_thread(pid_in, tmp_path / "pid")
    await server.stop((signal.SIGTERM, 0.1))
    assert await server.ended() == -signal.SIGKILL


async def test_its_output_is_what_it_printed_since_this_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("from an earlier run\n")
    server = await ServerProcess.start([SHELL, "-c", "echo hello; echo oh >&2"], log=log, dies_by=signal.SIGTERM)
    assert await server.ended() == 0
    assert server.output == "hello\noh\n"
    assert log.read_text() == "from an earlier run\nhello\noh\n"


async def test_settings_of_ours_do_not_leak_into_a_server(tmp_path: Path) -> None:
    os.environ["SLUICE_LEAK"] = "ours"
    try:
        server = await ServerProcess.start(
            [SHELL, "-c", "echo $SLUICE_LEAK$THEIRS"],
            log=tmp_path / "log",
            dies_by=signal.SIGTERM,
            environment={"THEIRS": "theirs"},
        )
    finally:
        del os.environ["SLUICE_LEAK"]
    await server.ended()
    assert server.output == "theirs\n"


async def test_a_program_that_is_not_there_is_named_in_the_log(tmp_path: Path) -> None:
    server = await ServerProcess.start([tmp_path / "none"], log=tmp_path / "log", dies_by=signal.SIGTERM)
    assert await server.ended() == 1
    assert "none: No such file or directory" in server.output
