"""The parts that are programs of their own: pages and changes of stock, and the replay of past orders."""

import asyncio
import json
import sys
from typing import Any

from bench import loading, pages
from bench.report import Report

WITHIN_S = 900.0


async def measure_pages(report: Report) -> None:
    """Measure pages of 2,000 and changes of 10,000, with `bench.pages`."""
    found = await _run(report, "pages")
    medians = {one["name"]: one["median_ms"] for one in found.get("measured", ())}
    lists = [ms for name, ms in medians.items() if not name.startswith("PUT") and name != pages.FILE]
    if lists:
        report.figures["page_of_2000_products_ms"] = max(lists)
    if "PUT of 10,000 balances" in medians:
        report.figures["put_10000_balances_ms"] = medians["PUT of 10,000 balances"]
    if pages.FILE in medians:
        report.figures["product_file_seconds"] = medians[pages.FILE] / 1_000


async def measure_replay(report: Report) -> None:
    """Measure the replay of 100,000 orders, with `bench.replay`."""
    found = await _run(report, "replay")
    if seconds := found.get("seconds"):
        report.figures["replay_seconds"] = max(seconds.values())


async def _run(report: Report, name: str) -> dict[str, Any]:
    """What a program of the bench tells in its last line; nothing when it does not get that far."""
    loading.told.print(f"Running bench.{name} …")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"bench.{name}"), stdout=asyncio.subprocess.PIPE, cwd=loading.ROOT
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            output, _ = await process.communicate()
    except TimeoutError:
        report.failed.append(f"{name}: not done after {WITHIN_S:.0f} s")
        return {}
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    try:
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        report.failed.append(f"{name}: it ended with {process.returncode} and told nothing")
        return {}
    report.parts[name] = found
    return found
