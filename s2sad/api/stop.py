"""``stop_gradient``: a value taken as a constant."""
from __future__ import annotations

from typing import TypeVar

from numba.extending import register_jitable

T = TypeVar("T")


@register_jitable
def stop_gradient(x: T) -> T:
    """The value itself, with zero derivative; in plain Python and in compiled functions.

    Parameters
    ----------
    x : number or array
        Any value.

    Returns
    -------
    number or array
        ``x``.

    Examples
    --------
    >>> import s2sad
    >>> def f(x):
    ...     return x * s2sad.stop_gradient(x)
    >>> s2sad.grad(f)(3.0)
    3.0
    """
    return x
