# types: float64[::1]; float64
# wrt: x
# kinds: adjoint
import numpy as np


def scaled(out, x, k):
    for i in range(x.shape[0]):
        out[i] = k * x[i] ** 2


def with_helper(x, k):
    y = np.empty_like(x)
    scaled(y, x, k)
    return np.sum(y * x)
