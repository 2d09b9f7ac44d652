"""What the press can make. Each function is called in its process alone, which loads what that takes: Typst and Pillow
are large, and the service is to stay as small as it is.
"""

from router.papers.facts import LabelFacts, LabelSize, NoteFacts


def label_pdf(facts: LabelFacts, size: LabelSize) -> bytes:
    """An address label as PDF. Raises ValueError for a code that is no barcode of its width."""
    from router.papers import typesetting

    return typesetting.label_pdf(facts, size)


def label_zpl(facts: LabelFacts, size: LabelSize) -> bytes:
    """An address label in ZPL. Raises ValueError as `label_pdf` does."""
    from router.papers import zpl

    return zpl.label_zpl(facts, size)


def note_pdf(facts: NoteFacts) -> bytes:
    """A delivery note as PDF."""
    from router.papers import typesetting

    return typesetting.note_pdf(facts)


def logo(given: bytes) -> bytes:
    """A picture as the logo that is kept. Raises ValueError with what is wrong with it."""
    from router.papers import logos

    return logos.logo(given)
