# types: float64[::1]
# wrt: x
# kinds: adjoint
import numpy as np


def rosenbrock_array(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)
