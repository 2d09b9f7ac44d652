"""A failpoint does what a plan says, at the passing it names, once; without a plan it does nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from shared import failpoints

PASSES = "from shared import failpoints\nfor n in range(3):\n    failpoints.reach('here')\n    print(n, flush=True)"


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    told = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run([sys.executable, "-c", program], env=told, capture_output=True, text=True, check=False)


def armed(plan: Path) -> dict[str, str]:
    return {failpoints.VARIABLE: str(plan), failpoints.MEANT: "yes"}


def test_a_process_that_was_told_nothing_passes_by() -> None:
    assert run(PASSES).stdout.split() == ["0", "1", "2"]


def test_a_process_dies_at_the_passing_that_is_planned(tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    plan.write_text("here kill 2")
    ended = run(PASSES, **armed(plan))
    assert (ended.returncode, ended.stdout.split()) == (-signal.SIGKILL, ["0"])
    assert not plan.exists()


def test_a_variable_alone_is_not_enough_to_do_harm(tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    plan.write_text("here kill 1")
    ended = run(PASSES, **{failpoints.VARIABLE: str(plan)})
    assert ended.returncode == 1
    assert failpoints.MEANT in ended.stderr
    assert plan.exists()


def test_a_plan_is_struck_once_and_only_at_its_point(tmp_path: Path) -> None:
    plan = failpoints.Plan(tmp_path / "plan")
    plan.file.write_text("here raise 1")
    plan.reach("there")
    with pytest.raises(failpoints.Struck):
        plan.reach("here")
    plan.reach("here")
