"""Extrapolated central differences with an error estimate (Ridders, after Richardson)."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

ROWS = 8
STARTS = (2.0 ** -3, 2.0 ** -8, 2.0 ** -14)
"""First steps relative to the scale of the argument: coarse ones are precise, fine ones survive nearby kinks."""
GOOD = 1e-10
"""An estimated relative error at which no further first step is tried."""


def ridders(phi: Callable[[float], np.ndarray], scales: Iterable[float] = (1.0,), *,
            eps: float = 2.0 ** -52) -> tuple[np.ndarray, np.ndarray]:
    """Derivative of ``phi`` at 0, and an estimate of its error, elementwise.

    Parameters
    ----------
    phi : callable
        Maps a float to an array of floats (or complex numbers). It may return NaN away from 0; such steps are not used.
    scales : iterable of float
        Lengths over which ``phi`` may be expected to be smooth; each is tried until an estimate is good.
    eps : float
        Relative rounding error of the values of ``phi``.

    Returns
    -------
    value, error : ndarray
        NaN and infinity where no step gave finite values.

    Examples
    --------
    >>> value, error = ridders(lambda h: np.array([np.sin(1.0 + h), (1.0 + h) ** 3]))
    >>> np.allclose(value, [np.cos(1.0), 3.0], rtol=1e-10)
    True
    >>> bool((np.abs(value - [np.cos(1.0), 3.0]) <= error).all())
    True
    """
    value: np.ndarray | None = None
    error: np.ndarray | None = None
    for scale in scales:
        for start in STARTS:
            # Powers of two: a step that is one can be added to most arguments without rounding.
            d, e = _tableau(phi, 2.0 ** round(math.log2(start * scale)), eps)
            if value is None or error is None:
                value, error = d, e
            else:
                better = e < error
                value, error = np.where(better, d, value), np.where(better, e, error)
            if (error <= GOOD * np.max(np.abs(value), initial=0.0)).all():
                return value, error
    if value is None or error is None:
        raise ValueError("no scale was given")
    return value, error


def _tableau(phi: Callable[[float], np.ndarray], start: float, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """Neville's tableau over steps ``start / 2**k``; of its entries the one with the least error, elementwise."""
    previous: list[np.ndarray] = []
    value = error = None
    for k in range(ROWS):
        h = start / 2.0 ** k
        right, left = phi(h), phi(-h)
        with np.errstate(invalid="ignore", over="ignore"):
            row = [(right - left) / (2.0 * h)]
            # A difference of rounded values is not better than this, however well the tableau agrees.
            noise = eps * np.maximum(np.abs(right), np.abs(left)) / h
            if value is None or error is None:
                value, error = np.full(row[0].shape, np.nan, row[0].dtype), np.full(row[0].shape, np.inf)
            for j, coarser in enumerate(previous, start=1):
                row.append(row[-1] + (row[-1] - coarser) / (4.0 ** j - 1.0))
                spread = np.maximum(np.abs(row[j] - row[j - 1]), np.abs(row[j] - coarser)) + noise
                # A NaN compares false and is never chosen.
                better = spread < error
                value, error = np.where(better, row[j], value), np.where(better, spread, error)
        previous = row
        if (error <= 4.0 * noise).all():
            break
    assert value is not None and error is not None
    return value, error
