"""What was measured against what is wanted: a table for people, one line of JSON for programs, an exit code."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rich.table import Table

from bench.loading import Loaded

FREE_CORES = 4
"""With fewer, a second process of a service has no core of its own, and what it brings is told but not judged."""


class Verdict(StrEnum):
    """What became of a target."""

    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "not measured"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True)
class Target:
    """A figure that is wanted: at least so much, or less than so much."""

    key: str
    title: str
    limit: float
    unit: str = ""
    at_least: bool = False
    needs_cores: int = 0

    def verdict(self, value: float | None, cores: int) -> Verdict:
        """Whether a value is as wanted. NaN, which is the figure of nothing, never is."""
        if value is None:
            return Verdict.NOT_MEASURED
        if cores < self.needs_cores:
            return Verdict.NOT_JUDGED
        return Verdict.MET if (value >= self.limit if self.at_least else value < self.limit) else Verdict.MISSED


TARGETS = (
    Target("orders_per_second", "orders end to end", 1_000, "/s", at_least=True),
    Target("ratio_to_floor", "… as a share of the floor", 0.7, at_least=True),
    Target("answer_p99_ms", "PUT → answer at half that rate, p99", 50, "ms"),
    Target("shipment_p99_ms", "PUT → shipment at half that rate, p99", 300, "ms"),
    Target("big_order_ms", "one order of 200 rows over 20 catalogues", 150, "ms"),
    Target("hot_allocations_per_second", "one product that all want, allocations", 2_000, "/s", at_least=True),
    Target("growth_ratio", "rate with 1,000,000 orders stored ÷ when empty", 0.9, at_least=True),
    Target("put_10000_balances_ms", "PUT of 10,000 balances", 1_000, "ms"),
    Target("page_of_2000_products_ms", "the slowest page of 2,000 products", 200, "ms"),
    Target("product_file_seconds", "100,000 products, 2,000 in a PUT", 20, "s"),
    Target("replay_seconds", "the slowest replay of 100,000 orders", 60, "s"),
    Target("papers_seconds", "1,000 labels and 1,000 notes while orders flow", 60, "s"),
    Target("peak_service_mb", "the largest service under load", 150, "MB"),
    Target("replica_ratio", "two replicas instead of one", 1.7, at_least=True, needs_cores=FREE_CORES),
)


@dataclass
class Report:
    """What a run has found: a figure for each target, the details of each part, and what is wrong in the books."""

    broker: str
    figures: dict[str, float] = field(default_factory=dict)
    headline: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    cores: int = os.cpu_count() or 1

    def check(self, title: str, loaded: Loaded, *, all_taken: bool = True) -> None:
        """Note what is missing: orders that were not taken (unless that is allowed), not shipped, or not shown."""
        if all_taken and loaded.taken < loaded.orders:
            self.failed.append(f"{title}: {loaded.taken} of {loaded.orders} orders were taken, {loaded.statuses}")
        if min(loaded.shipped, loaded.shown) < loaded.taken:
            self.problems.append(
                f"{title}: of {loaded.taken} orders {loaded.shipped} were shipped and {loaded.shown} are shown"
            )

    @property
    def good(self) -> bool:
        """Whether nothing was missed, nothing is wrong in the books, and every part came to its end."""
        missed = any(self.verdict(target) is Verdict.MISSED for target in TARGETS)
        return not (missed or self.problems or self.failed)

    def verdict(self, target: Target) -> Verdict:
        """What became of a target."""
        return target.verdict(self.figures.get(target.key), self.cores)

    def line(self) -> str:
        """The line of JSON. A figure of nothing is null."""
        document = {
            **self.headline,
            "broker": self.broker,
            "books_clean": not self.problems,
            "cores": self.cores,
            "targets": {
                target.key: {
                    "value": self.figures.get(target.key),
                    "at_least" if target.at_least else "below": target.limit,
                    "verdict": self.verdict(target),
                }
                for target in TARGETS
            },
            "parts": self.parts,
            "problems": self.problems,
            "failed": self.failed,
        }
        return json.dumps(finite(document))

    def table(self) -> Table:
        """The table for people."""
        table = Table("", "measured", "target", "", title=f"{self.cores} cores, broker: {self.broker}")
        for target in TARGETS:
            value = self.figures.get(target.key)
            bound = f"{'≥' if target.at_least else '<'} {target.limit:,g} {target.unit}".rstrip()
            shown = "" if value is None else f"{_readable(value)} {target.unit}".rstrip()
            verdict = self.verdict(target)
            note = f"[bold red]{verdict}[/]" if verdict is Verdict.MISSED else verdict.value
            table.add_row(target.title, shown, bound, note)
        return table


def _readable(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def finite(value: Any) -> Any:
    """A document without NaN, which JSON lacks, and without more digits than were measured."""
    match value:
        case float():
            return float(f"{value:.5g}") if math.isfinite(value) else None
        case Mapping():
            return {str(name): finite(one) for name, one in value.items()}
        case list() | tuple():
            return [finite(one) for one in value]
        case _:
            return value
