"""Every operation asked odd things, and every answer held against what the description promises: schemathesis, set up.

What is generated comes from the description alone, so the path parameters are helped: most of the time they name
something that is in the market, or else nothing but 404 would be seen. It runs in a process of its own, which gets a
`Job` and gives an `Outcome`, both as JSON: the process that serves the answers has other things to do.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx
import orjson
import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.public_api import by_design

KNOWN_THING = 0.7
"""How often a path, or a header, names something that is there."""


@dataclass(frozen=True)
class Effort:
    """How much is asked: examples of each operation, steps in a row, and when to stop; the same seed asks the same."""

    examples: int
    seed: int = 1
    seconds: int | None = None
    in_a_row: int = 4


@dataclass(frozen=True)
class Job:
    """Whom to ask as whom: `things` are values of parameters by name, `operations` those that may be asked."""

    address: str
    token: str
    account: str
    secret: str
    operations: Sequence[str]
    things: Mapping[str, Sequence[str]]
    effort: Mapping[str, Any]


@dataclass
class Outcome:
    """What came of it. `findings` are the answers that broke a promise, `excused` those that may (`by_design`)."""

    answers: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)
    excused: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """The summary."""
        told = ", ".join(f"{status}: {count}" for status, count in sorted(self.answers.items()))
        lines = [f"{sum(self.answers.values())} requests to {len(self.asked)} operations ({told})"]
        lines += [f"By design, {count} times: {reason}" for reason, count in sorted(self.excused.items())]
        return "\n".join([*lines, *(f"\n{finding}" for finding in self.findings.values()), self.verdict])

    @property
    def verdict(self) -> str:
        """The last line."""
        return f"{len(self.findings)} findings" if self.findings else "nothing found"


async def outcome_of(job: Job) -> Outcome:
    """What came of a job, done by another process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await process.communicate(orjson.dumps(asdict(job)))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, f"the fuzzing process ended with {process.returncode}"
    told = orjson.loads(said)
    return Outcome(Counter(told["answers"]), Counter(told["asked"]), told["findings"], Counter(told["excused"]))


def fuzz(job: Job) -> Outcome:
    """Ask every operation of the job."""
    document = httpx.get(f"{job.address}/openapi.json", timeout=60, trust_env=False).json()
    _name_things(document, job.things)
    config = SchemathesisConfig.from_dict(_config(job))
    whole = schemathesis.openapi.from_dict(document, config=config)
    schema = whole.include(func=lambda context: context.operation.label in job.operations)
    outcome = Outcome()

    @schema.hook
    def filter_failure(context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
        reason = by_design.excuse(failure, case, response)
        if reason is not None:
            outcome.excused[reason] += 1
        return reason is None

    for event in from_schema(schema).execute():
        _take(event, outcome)
    return outcome


def _name_things(document: dict[str, Any], things: Mapping[str, Sequence[str]]) -> None:
    """Make the things the examples of the parameters: what is tried of a body is then tried on something."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in things and parameter["in"] in ("path", "header"):
                    parameter["schema"] = {**parameter["schema"], "examples": [*things[parameter["name"]]]}


def _config(job: Job) -> dict[str, Any]:
    effort = Effort(**job.effort)
    return {
        "seed": effort.seed,
        **({"max-time": effort.seconds} if effort.seconds else {}),
        "base-url": job.address,
        "request-timeout": 30,
        "auth": {
            "openapi": {"token": {"bearer": job.token}, "key": {"username": job.account, "password": job.secret}},
            "auto-signup": False,
        },
        "cache": {"enabled": False},
        "dictionaries": {name: {"values": values} for name, values in job.things.items()},
        "parameters": {
            f"{'header' if name == 'If-Match' else 'path'}.{name}": {"dictionary": name, "probability": KNOWN_THING}
            for name in job.things
        },
        "generation": {
            "max-examples": effort.examples,
            "deterministic": True,
            "no-shrink": True,
            "database": "none",
            # Who is asking is told by the job: five wrong secrets, and its key would be locked, as it should be.
            "with-security-parameters": False,
        },
        "phases": {"stateful": {"max-steps": effort.in_a_row}},
        "checks": {
            **{name: {"enabled": True} for name in CHECKS.get_all_names() if name != "max_response_time"},
            "positive_data_acceptance": {"expected-statuses": by_design.NO_REFUSAL_OF_THE_FORM},
            "negative_data_rejection": {"expected-statuses": by_design.REFUSALS},
        },
    }


def _take(event: events.EngineEvent, outcome: Outcome) -> None:
    match event:
        case events.ScenarioFinished() | events.FuzzScenarioFinished():
            _count(event.recorder, outcome)
            for name, finding in _findings(event.recorder):
                outcome.findings.setdefault(name, finding)
        case events.NonFatalError():
            outcome.findings.setdefault(event.label, f"{event.label}: {event.value!r}")
        case events.FatalError():
            raise event.exception
        case _:
            pass


def _count(recorder: ScenarioRecorder, outcome: Outcome) -> None:
    for case_id, interaction in recorder.interactions.items():
        if case_id in recorder.cases:
            outcome.asked[recorder.cases[case_id].value.operation.label] += 1
        if interaction.response is not None:
            outcome.answers[str(interaction.response.status_code)] += 1


def _findings(recorder: ScenarioRecorder) -> Iterator[tuple[str, str]]:
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info is not None:
                failure, operation = check.failure_info.failure, recorder.cases[case_id].value.operation.label
                response = recorder.interactions[case_id].response
                said = response.text[:600] if response is not None else "nothing"
                told = (operation, check.name, failure.title, failure.message, said, check.failure_info.code_sample)
                yield f"{operation} {check.name} {failure.title}", "\n  ".join(told)


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(vars(fuzz(Job(**orjson.loads(sys.stdin.buffer.read()))))))
