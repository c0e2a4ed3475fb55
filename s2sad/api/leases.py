"""Parts of a workspace as arrays, in compiled code; compiled once for all gradients rather than in each."""
from __future__ import annotations

import numba
import numpy as np


@numba.njit(error_model="numpy")
def leased1(work, used, n):
    """Room for `n` numbers in a workspace, or new memory where it is full; `used` says how much would do."""
    at = used[0]
    used[0] = at + (n + 7) // 8 * 8
    if used[0] <= work.size:
        return work[at:at + n]
    return np.empty(n)


@numba.njit(error_model="numpy")
def leased2(work, used, m, n):
    """The same for a matrix."""
    at, size = used[0], m * n
    used[0] = at + (size + 7) // 8 * 8
    if used[0] <= work.size:
        return work[at:at + size].reshape((m, n))
    return np.empty((m, n))


@numba.njit(error_model="numpy")
def leased3(work, used, k, m, n):
    """The same with three axes."""
    at, size = used[0], k * m * n
    used[0] = at + (size + 7) // 8 * 8
    if used[0] <= work.size:
        return work[at:at + size].reshape((k, m, n))
    return np.empty((k, m, n))
