"""Apache Kafka's jars, fetched by Maven once and kept in the checkout's cache."""

import asyncio
import contextlib
import hashlib
import re
import shutil
import tempfile
from pathlib import Path

from deploy.local import trouble

WHAT = "Apache Kafka"
FOLDER = Path(__file__).parents[1] / "kafka"
_CACHE = Path(__file__).parents[2] / ".cache" / "kafka"
_OLDEST_JAVA = 17


async def missing() -> str | None:
    """What this machine lacks to run Apache Kafka, in a few words; None if it lacks nothing."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            return f"there is no {program} on the PATH"
    _, output = await _run("java", "-version")
    if (major := java_major(output)) < _OLDEST_JAVA:
        return f"Java {_OLDEST_JAVA} or newer is needed, and this is Java {major}"
    return None


def java_major(output: str) -> int:
    """The major version in what `java -version` prints: 17 of `"17.0.15"`, 8 of `"1.8.0_402"`, 0 if there is none."""
    found = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(found[1]) if found else 0


async def jars() -> Path:
    """The folder of the jars that deploy/kafka/pom.xml names, fetched if they are not there yet. Raises `CannotStart`.

    A folder is named by the pom it was made from and appears whole, so two runs at once do no harm.
    """
    if (lack := await missing()) is not None:
        raise trouble.CannotStart(WHAT, lack, "Install Java 17 and Maven, or use the embedded broker")
    pom = FOLDER / "pom.xml"
    folder = _CACHE / hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    if folder.is_dir():
        return folder
    try:
        draft = _draft()
        try:
            code, output = await _run(
                *("mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={draft}")
            )
            if code != 0:
                raise trouble.CannotStart(WHAT, _maven_error(output), "Look whether Maven reaches its repository")
            _keep(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise trouble.from_os_error(WHAT, error, _CACHE) from error
    return folder


def version(folder: Path) -> str:
    """The version in the name of the broker's jar, such as `4.3.1`."""
    names = [jar.stem for jar in folder.glob("kafka_2.13-*.jar")]
    return names[0].removeprefix("kafka_2.13-") if names else "unknown"


def _draft() -> Path:
    """An empty folder in the cache for Maven to fill."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=_CACHE))
    draft.chmod(0o755)
    return draft


def _keep(draft: Path, folder: Path) -> None:
    """Put what Maven fetched in its place, unless another run was first: what that one fetched is as good."""
    with contextlib.suppress(OSError):
        draft.rename(folder)


def _maven_error(output: str) -> str:
    """The first thing Maven complains of, without the addresses it asked and the advice after it."""
    complaints = [line.removeprefix("[ERROR] ") for line in output.splitlines() if line.startswith("[ERROR] ")]
    return complaints[0].split(" -> ")[0] if complaints else "Maven could not fetch its artefacts"


async def _run(*command: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace")
