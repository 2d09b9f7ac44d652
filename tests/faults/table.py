"""The results as a table for people, and the page that shows them.

Faults that were not struck this time keep the line they had: all of them take over an hour, and may be struck in parts.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import psutil

from tests.faults.runner import Outcome

BEGIN, END = "<!-- written by make faults: begin -->", "<!-- end -->"
PAGE = f"""# Faults

{BEGIN}
{END}
"""
HEAD = (
    "| fault | what is done | runs | orders | lost | doubled | oversold | mails repeated"
    " | longest way to rest | besides |",
    "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --- |",
)
COUNTED = slice(2, 7)
"""The cells of runs, orders, lost, doubled and oversold."""


def machine() -> str:
    """This machine, in plain words."""
    gigabytes = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores and {gigabytes:.0f} GB of memory"


def write(page: Path, outcomes: Sequence[Outcome], names: Sequence[str]) -> None:
    """Put the results into the page between its two marks; what a person wrote around them stays.

    `names` are those of all faults, in their order: lines of others are dropped.
    """
    before = page.read_text() if page.exists() else PAGE
    head, _, rest = before.partition(BEGIN)
    told, _, tail = rest.partition(END)
    lines = {_cells(line)[0]: line for line in told.splitlines() if line.startswith("| ")}
    lines |= {one.fault.name: _line(one) for one in outcomes if one.runs or one.fault.name not in lines}
    results = _results([lines[name] for name in names if name in lines])
    page.write_text(f"{head}{BEGIN}\n\n{results}\n\n{END}{tail}")


def _results(lines: Sequence[str]) -> str:
    struck = [[int(cell) for cell in _cells(line)[COUNTED]] for line in lines if _cells(line)[3]]
    runs, orders, lost, doubled, oversold = map(sum, zip(*struck, strict=True)) if struck else (0, 0, 0, 0, 0)
    summary = (
        f"On a machine with {machine()}: {len(struck)} faults, {runs:,} runs, {orders:,} orders;"
        f" {lost} lost, {doubled} doubled, {oversold} oversold."
    )
    return "\n".join([summary, "", *HEAD, *lines])


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _line(outcome: Outcome) -> str:
    fault, found = outcome.fault, outcome.found
    if outcome.lacks is not None:
        return _row(fault.name, fault.what, "0", *[""] * 6, f"not struck here: {outcome.lacks}")
    besides = [f"{what}: {times}" for what, times in sorted(outcome.notes.items())]
    if outcome.tries > outcome.runs:
        besides.append(f"missed, and not counted: {outcome.tries - outcome.runs}")
    if found.taken_untold:
        besides.append(f"taken though the answer was lost: {found.taken_untold}")
    besides.extend(found.wrong)
    return _row(
        *(fault.name, fault.what, str(outcome.runs), str(outcome.orders)),
        *(str(found.lost), str(found.doubled), str(found.oversold), str(found.repeated_mails)),
        *(f"{outcome.longest_rest_s:.1f} s", "; ".join(besides)),
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
