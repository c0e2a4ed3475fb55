"""Small functions the tests of the public interface share, so that each is compiled once."""
from __future__ import annotations

import numpy as np


def square(x):
    return x * x


def weighted(x, a):
    s = 0.0
    for i in range(x.shape[0]):
        s += a * square(x[i])
    return s


def cube(x):
    return x * x * x


def scale(y, a):
    """Scales in place, by a square."""
    for i in range(y.shape[0]):
        y[i] = a * a * y[i]


def twice(x):
    return 2.0 * x * x


def fill(out, x, n):
    """Writes to ``out`` and returns something besides."""
    s = 0.0
    for i in range(n):
        out[i] = x[i] * out[i]
        s += out[i]
    return s, n


def ignores(x, z, n):
    return np.sum(x) * n
