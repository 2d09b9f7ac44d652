"""The bars of an address label: how large they are, and where they stand.

Thermal printers have eight dots a millimetre, and a bar is a whole number of them wide.
"""

from router.papers import barcodes
from router.papers.facts import SIZES, LabelSize

DOTS_PER_MM = 8
INCH_MM = 25.4
QUIET_MODULES = 10
WIDEST_MODULE, NARROWEST_MODULE = 3, 2
"""Dots that a label's narrowest bar may be wide; three are read by everything, also when the print head is worn."""
LABEL_EDGE_MM = 4
BARS_MM = {"107x192": 30, "A5": 34}
"""How high the bars of a label are."""
FOOT_MM = 11
"""Besides the bars there is so much at the foot of a label; `ABOVE_BARS_MM` of it is above them."""
ABOVE_BARS_MM = 3


def bars_height_mm(size: LabelSize) -> int:
    """How high the bars of a label are."""
    return BARS_MM[size]


def bars_above_bottom_mm(size: LabelSize) -> int:
    """How far above a label's lower end its bars begin."""
    return LABEL_EDGE_MM + BARS_MM[size] + FOOT_MM - ABOVE_BARS_MM


class LabelBars:
    """The bars of a label of a size: how wide a module is in dots, and where they begin."""

    def __init__(self, code: str, size: LabelSize) -> None:
        """Raises barcodes.Unprintable when the label is too narrow for the code."""
        self.bars = barcodes.bars(code)
        room = (SIZES[size][0] - 2 * LABEL_EDGE_MM) * DOTS_PER_MM
        needed = self.bars.total + 2 * QUIET_MODULES
        self.module = min(room // needed, WIDEST_MODULE)
        if self.module < NARROWEST_MODULE:
            raise barcodes.Unprintable(f"{code} is too long for a barcode on a label {SIZES[size][0]} mm wide")
        self.at = (room - self.bars.total * self.module) // 2
        """How many dots right of the label's inner edge they begin."""
