"""Documents that have not the shape of their class: one refusal, told with the place, instead of many surprises.

The readers follow the shapes of the standard without asking at every step whether a list is a list. Where it is none,
Python says so; here that becomes the refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sdmx_hub.errors import Malformed

_SURPRISES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@contextmanager
def shaped(place: str) -> Iterator[None]:
    """Read what is at ``place`` (a JSON pointer, or an element and its line); raises Malformed for another shape."""
    try:
        yield
    except _SURPRISES as error:
        raise Malformed("structures-shape", place=place, why=f"{type(error).__name__}: {error}"[:200]) from error
