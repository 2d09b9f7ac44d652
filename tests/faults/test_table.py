"""The page of results tells of each fault what was found when it was struck last, whatever was struck since."""

from pathlib import Path

from tests.faults import every, table
from tests.faults.fault import Fault
from tests.faults.runner import Outcome

ONE, OTHER, THIRD = every.FAULTS[:3]
NAMES = [ONE.name, OTHER.name, THIRD.name]


def struck(fault: Fault, runs: int, lost: int = 0) -> Outcome:
    outcome = Outcome(fault, runs=runs, tries=runs + 1, orders=10 * runs)
    outcome.found.lost = lost
    return outcome


def lines_of(page: Path) -> list[str]:
    return [line for line in page.read_text().splitlines() if line.startswith("| ") and "---" not in line][1:]


def test_a_fault_that_was_not_struck_this_time_keeps_its_line(tmp_path: Path) -> None:
    page = tmp_path / "faults.md"
    page.write_text(f"Words before\n{table.BEGIN}\n{table.END}\nand after")
    table.write(page, [struck(OTHER, 20), struck(ONE, 20)], NAMES)
    table.write(page, [struck(ONE, 5, lost=1), Outcome(OTHER, lacks="no time was left"), struck(THIRD, 3)], NAMES)
    told = [line.split(" | ") for line in lines_of(page)]
    assert [(line[0], line[2], line[4]) for line in told] == [
        (f"| {ONE.name}", "5", "1"),
        (f"| {OTHER.name}", "20", "0"),
        (f"| {THIRD.name}", "3", "0"),
    ]
    text = page.read_text()
    assert "3 faults, 28 runs, 280 orders; 1 lost, 0 doubled, 0 oversold." in text
    assert text.startswith("Words before\n")
    assert text.endswith("\nand after")


def test_a_fault_that_is_no_more_is_told_no_more(tmp_path: Path) -> None:
    page = tmp_path / "faults.md"
    table.write(page, [struck(ONE, 20), struck(OTHER, 20)], NAMES)
    table.write(page, [struck(ONE, 20)], [ONE.name])
    assert [line.split(" | ")[0] for line in lines_of(page)] == [f"| {ONE.name}"]
