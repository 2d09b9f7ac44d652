"""What a replay found, as a picture: the totals side by side, and below them what changes at which catalogue."""

from pathlib import Path
from typing import TYPE_CHECKING

from shared.rules.figures import Comparison, Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOTALS = (
    ("shipments", "shipments"),
    ("split orders", "split_orders"),
    ("cost", "cost"),
    ("units that wait", "backordered"),
    ("units nobody serves", "unserved"),
)
MOST_CATALOGUES = 12
"""Those where most changes are drawn; the rest is in the table and the JSON."""

BEFORE, AFTER = "#8a94a6", "#1f6feb"


def draw(compared: Comparison, file: Path) -> None:
    """Write the picture, as SVG or PNG by the file's ending. The same figures make the same file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    svg = file.suffix.lower() == ".svg"
    catalogues = _most_changed(compared)
    with mpl.rc_context({"svg.hashsalt": "sluice", "svg.fonttype": "none", "font.size": 9}):
        picture = Figure(figsize=(9, 3.4 + 0.42 * len(catalogues)), layout="constrained")
        grid = picture.add_gridspec(2, len(TOTALS), height_ratios=[2.4, 1 + 0.42 * len(catalogues)])
        for column, (title, name) in enumerate(TOTALS):
            before, after = (float(getattr(figures, name)) for figures in compared.total)
            _total(picture.add_subplot(grid[0, column]), title, before, after)
        _units(picture.add_subplot(grid[1, :]), catalogues)
        picture.suptitle(f"{compared.orders:,} orders decided again, {compared.changed:,} of them otherwise")
        # Without the date, a picture of the same figures is the same file.
        picture.savefig(file, dpi=150, metadata={"Date": None} if svg else {"Software": None})


def _most_changed(compared: Comparison) -> list[tuple[str, Figures, Figures]]:
    """The catalogues where most units come or go, and of equals the larger; the names for people."""
    named = [
        (f"{group.name} ({group.retailer_id})", before, after) for group, before, after in compared.of("catalogue")
    ]
    named.sort(key=lambda one: (-abs(one[2].units - one[1].units), -one[1].units, one[0]))
    return named[:MOST_CATALOGUES]


def _total(axes: "Axes", title: str, before: float, after: float) -> None:
    bars = axes.bar(["before", "after"], [before, after], color=[BEFORE, AFTER], width=0.6)
    axes.bar_label(bars, labels=[f"{value:,.0f}" for value in (before, after)], padding=2)
    axes.set_title(title, fontsize=10)
    axes.set_ylim(0, max(before, after, 1) * 1.2)
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)


def _units(axes: "Axes", catalogues: list[tuple[str, Figures, Figures]]) -> None:
    places = range(len(catalogues))
    before = [float(one.units) for _, one, _ in catalogues]
    after = [float(one.units) for _, _, one in catalogues]
    for shift, color, label, units in ((-0.2, BEFORE, "before", before), (0.2, AFTER, "after", after)):
        axes.barh([place + shift for place in places], units, height=0.38, color=color, label=label)
    axes.set_yticks(list(places), [name for name, _, _ in catalogues])
    axes.invert_yaxis()
    axes.set_title("units from the shelf, by catalogue", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    if catalogues:
        axes.legend(frameon=False)
