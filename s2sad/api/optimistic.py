"""Gradients by plain products, checked: the strong zeros of the source run only where they make a difference.

``zmul(b, p)`` costs a comparison and a selection in every product of the reverse sweep. Where plain products would
give something else, they give a NaN (:func:`~s2sad.analysis.repeatable.shows_plain_products`), so the same source is
compiled with a helper that only multiplies, and a second time, as it is written, when the first NaN is met.
"""
from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from s2sad.runtime.helpers import HELPERS

DOUBLE = np.dtype(np.float64)

PLAIN = '''def zmul(b, p):
    """The plain product: a NaN in the gradient that is due to it is noticed, and the gradient computed again."""
    return b * p
'''


def with_plain_products(source: str) -> str | None:
    """The same module with plain products, or none if it has no strong zeros."""
    strong = HELPERS["zmul"].source.rstrip() + "\n"
    return source.replace(strong, PLAIN) if strong in source else None


def first_plain(plain: Callable[..., object], strong: Callable[[], Callable[..., object]]) -> Callable[..., object]:
    """A function that calls the one, and where the result has a NaN the other, which is made then.

    Examples
    --------
    >>> run = first_plain(lambda x: 0.0 * x, lambda: lambda x: 0.0)
    >>> run(1.0), run(float("inf"))
    (0.0, 0.0)
    """
    def run(*args: object) -> object:
        found = plain(*args)
        return strong()(*args) if has_nan(found) else found

    return run


def has_nan(value: object) -> bool:
    """Whether a number, an array or a tuple of them has a NaN in it.

    >>> has_nan((1.0, (np.array([2.0, np.nan]), 3))), has_nan(np.zeros((2, 0)))
    (True, False)
    """
    kind = type(value)
    if kind is float:
        return value != value
    if kind is tuple:
        for v in value:             # type: ignore[attr-defined]
            if has_nan(v):
                return True
        return False
    if kind is np.ndarray:
        elements = value.dtype      # type: ignore[attr-defined]
        return (elements is DOUBLE or elements.kind == "f") and _in_array(value)
    return value != value


@numba.njit
def _in_array(value):
    # A sum of comparisons, without a way out of the loop: it vectorises.
    count = 0
    for v in value.flat:
        count += v != v
    return count > 0
