# types: float64[:, ::1]; float64[::1]; float64[::1]
# wrt: w, b
# kinds: adjoint
import numpy as np


def layer(w, b, x):
    h = np.tanh(np.dot(w, x) + b)
    return np.sum(h * h)
