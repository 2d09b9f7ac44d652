"""The results as a table for people, and the page that shows them."""

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


def machine() -> str:
    """This machine, in plain words."""
    gigabytes = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores and {gigabytes:.0f} GB of memory"


def results(outcomes: Sequence[Outcome], command: str) -> str:
    """What was struck, and what became of it."""
    struck = [outcome for outcome in outcomes if outcome.lacks is None]
    lines = [
        f"`{command}`, on a machine with {machine()}: {len(struck)} faults,"
        f" {sum(outcome.runs for outcome in struck):,} runs, {sum(outcome.orders for outcome in struck):,} orders;"
        f" {sum(outcome.found.lost for outcome in struck)} lost, {sum(outcome.found.doubled for outcome in struck)}"
        f" doubled, {sum(outcome.found.oversold for outcome in struck)} oversold.",
        "",
        "| fault | what is done | runs | orders | lost | doubled | oversold | mails repeated | longest way to rest |"
        " besides |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --- |",
        *(_line(outcome) for outcome in outcomes),
    ]
    return "\n".join(lines)


def write(page: Path, text: str) -> None:
    """Put the results into the page between its two marks; what a person wrote around them stays."""
    before = page.read_text() if page.exists() else PAGE
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    page.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}")


def _line(outcome: Outcome) -> str:
    fault, found = outcome.fault, outcome.found
    if outcome.lacks is not None:
        return f"| {fault.name} | {fault.what} | 0 | | | | | | | not struck here: {outcome.lacks} |"
    besides = [f"{what}: {times}" for what, times in sorted(outcome.notes.items())]
    if outcome.tries > outcome.runs:
        besides.append(f"missed, and not counted: {outcome.tries - outcome.runs}")
    if found.taken_untold:
        besides.append(f"taken though the answer was lost: {found.taken_untold}")
    besides.extend(found.wrong)
    cells = (
        *(fault.name, fault.what, str(outcome.runs), str(outcome.orders)),
        *(str(found.lost), str(found.doubled), str(found.oversold), str(found.repeated_mails)),
        *(f"{outcome.longest_rest_s:.1f} s", "; ".join(besides)),
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
