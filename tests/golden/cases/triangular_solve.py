# types: float64[:, ::1]; float64[::1]
# wrt: a, b
# kinds: adjoint
import numpy as np


def triangular_solve(a, b):
    x = np.empty_like(b)
    for i in range(b.shape[0]):
        s = b[i]
        for j in range(i):
            s -= a[i, j] * x[j]
        x[i] = s / a[i, i]
    return np.sum(x)
