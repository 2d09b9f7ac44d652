"""A retailer's logo as it is given, and as it is kept: drawn anew, so that nothing but its picture remains.

It is read in the process of the press, away from everything else.
"""

from io import BytesIO

from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 4_000_000
WIDEST, HIGHEST = 1_000, 190
"""Pixels of the logo as it is kept: three hundred to an inch at the size it is printed in."""


class Unreadable(ValueError):
    """What was given is not a logo; says why."""


def logo(given: bytes) -> bytes:
    """A PNG or JPEG picture as the PNG that is kept. Raises Unreadable for everything else."""
    start = given.lstrip()[:256].lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        raise Unreadable("is an SVG or another text; a logo is a PNG or a JPEG picture")
    try:
        with Image.open(BytesIO(given), formats=("PNG", "JPEG")) as opened:
            # The size stands in front: a picture that would fill the memory is refused before it is unpacked.
            if opened.width * opened.height > MOST_PIXELS:
                raise Unreadable(f"has {opened.width} by {opened.height} pixels; at most {MOST_PIXELS:,} are possible")
            drawn = opened.convert("RGBA")
    except Unreadable:
        raise
    except UnidentifiedImageError:
        raise Unreadable("is no picture of a kind that can be printed; a logo is a PNG or a JPEG") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Unreadable(f"is a broken picture: {error}") from None
    drawn.thumbnail((WIDEST, HIGHEST))
    kept = BytesIO()
    drawn.save(kept, "PNG", optimize=True)
    return kept.getvalue()
