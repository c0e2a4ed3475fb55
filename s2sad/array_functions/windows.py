"""Windows of signal processing, as numba computes them."""
from __future__ import annotations

import numpy as np

from s2sad.array_functions.declare import array_function


@array_function("np.bartlett")
def bartlett(M):
    if M == 1:
        return np.ones(1)
    out = np.empty(max(M, 0))
    for i in range(M):
        n = 1 - M + 2 * i
        out[i] = 1 + n / (M - 1) if n <= 0 else 1 - n / (M - 1)
    return out


@array_function("np.blackman")
def blackman(M):
    if M == 1:
        return np.ones(1)
    out = np.empty(max(M, 0))
    for i in range(M):
        n = 1 - M + 2 * i
        out[i] = 0.42 + 0.5 * np.cos(np.pi * n / (M - 1)) + 0.08 * np.cos(2.0 * np.pi * n / (M - 1))
    return out


@array_function("np.hamming")
def hamming(M):
    if M == 1:
        return np.ones(1)
    out = np.empty(max(M, 0))
    for i in range(M):
        out[i] = 0.54 + 0.46 * np.cos(np.pi * (1 - M + 2 * i) / (M - 1))
    return out


@array_function("np.hanning")
def hanning(M):
    if M == 1:
        return np.ones(1)
    out = np.empty(max(M, 0))
    for i in range(M):
        out[i] = 0.5 + 0.5 * np.cos(np.pi * (1 - M + 2 * i) / (M - 1))
    return out
