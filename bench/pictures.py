"""Pictures of a run: throughput and latency over time, what each process worked, what growth costs."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench import timings
from bench.sampling import Samples
from bench.timings import Passage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_IN, HEIGHT_IN = 9.0, 3.2
STEP_S = 1.0


def draw_load(file: Path, title: str, paths: Sequence[Passage], samples: Samples) -> None:
    """Draw a load: orders a second that were answered and shown, the latency of those due then, and the CPU.

    Without a rate all are due at once, and neither that nor their latency tells anything.
    """
    from matplotlib.figure import Figure

    began = min(one.due for one in paths)
    paced = max(one.due for one in paths) > began
    picture = Figure(figsize=(WIDTH_IN, (3 if paced else 2) * HEIGHT_IN), layout="constrained")
    rate, *latency, cpu = picture.subplots(3 if paced else 2, 1, sharex=True)
    for name, moments in (
        ("due", [one.due for one in paths] if paced else []),
        ("answered", [one.answered for one in paths]),
        ("shown by the order", [one.shown for one in paths if one.shown is not None]),
    ):
        counts = Counter(int((moment - began) / STEP_S) for moment in moments)
        steps = range(max(counts, default=-1) + 1)
        rate.plot([step * STEP_S for step in steps], [counts[step] / STEP_S for step in steps], label=name)
    _finish(rate, "orders a second")
    for axes in latency:
        _draw_latency(axes, "answer", [(one.due - began, one.answered - began) for one in paths])
        shipped = [(one.due - began, one.shipped - began) for one in paths if one.shipped is not None]
        _draw_latency(axes, "shipment", shipped)
        _finish(axes, "ms, by when it was due")
    for name, shares in samples.shares().items():
        cpu.plot([moment - began for moment in samples.moments[1:]], shares, label=name)
    _finish(cpu, "cores at work")
    cpu.set_xlabel("seconds")
    picture.suptitle(title)
    picture.savefig(file, dpi=120)


def _draw_latency(axes: "Axes", name: str, ways: Sequence[tuple[float, float]]) -> None:
    waits: dict[int, list[float]] = defaultdict(list)
    for due, end in ways:
        waits[int(due / STEP_S)].append(1_000 * (end - due))
    steps = sorted(waits)
    for share, style in ((0.5, "-"), (0.99, ":")):
        values = [timings.percentile(sorted(waits[step]), share) for step in steps]
        axes.plot([step * STEP_S for step in steps], values, style, label=f"PUT → {name}, p{share * 100:.0f}")


def draw_growth(file: Path, rates: Mapping[str, float]) -> None:
    """Draw the orders a second with nothing stored, and with much."""
    from matplotlib.figure import Figure

    picture = Figure(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained")
    axes = picture.add_subplot()
    bars = axes.bar(list(rates), list(rates.values()), width=0.5)
    axes.bar_label(bars, labels=[f"{rate:,.0f}" for rate in rates.values()], padding=2)
    axes.set_ylabel("orders a second")
    picture.savefig(file, dpi=120)


def draw_cpu(file: Path, spent: Mapping[str, Mapping[str, float]]) -> None:
    """Draw what an order costs, in milliseconds by process, of each of several programs one above the other."""
    from matplotlib.figure import Figure

    picture = Figure(figsize=(WIDTH_IN, 1.2 + 0.8 * len(spent)), layout="constrained")
    axes = picture.add_subplot()
    names = list(dict.fromkeys(name for by_process in spent.values() for name in by_process))
    starts = dict.fromkeys(spent, 0.0)
    for name in names:
        widths = {program: 1_000 * by_process.get(name, 0.0) for program, by_process in spent.items()}
        axes.barh(list(widths), list(widths.values()), left=list(starts.values()), label=name)
        starts = {program: starts[program] + widths[program] for program in spent}
    axes.set_xlabel("CPU milliseconds an order")
    axes.legend(fontsize=7, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    picture.savefig(file, dpi=120)


def _finish(axes: "Axes", what: str) -> None:
    axes.set_ylabel(what)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, loc="upper right")
