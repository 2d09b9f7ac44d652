"""What texts in an operator's files may look like."""

from typing import Annotated

from pydantic import StringConstraints

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""A text in one line."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$", max_length=50)]
"""A word that programs compare; it never has a comma, because codes are asked for in lists."""

Tag = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=50)]
"""A word in capitals."""
