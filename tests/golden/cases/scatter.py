# types: float64[::1]; int64[::1]; int64
# wrt: x
# kinds: adjoint
import numpy as np


def scatter(x, bins, n):
    h = np.zeros(n)
    for i in range(x.shape[0]):
        h[bins[i]] += x[i] * x[i]
    s = 0.0
    for k in range(n):
        s += h[k] ** 3
    return s
