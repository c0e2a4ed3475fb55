# types: float64[::1]; float64[::1]
# wrt: x
# kinds: adjoint
import numpy as np


def window(x, w):
    y = x.copy()
    inner = y[1:-1]
    inner *= w[1:-1]
    return np.sum(y ** 2)
