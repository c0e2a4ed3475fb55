"""Programs that name an array's element type: ``x.dtype``. They add themselves to ``CASES``."""
import numpy as np

from tests.derivatives.programs import X, Y, case

COMPILED = ["type_of_what_a_name_held"]


@case(X)
def arrays_of_its_type(x):
    y = np.zeros(x.shape[0], x.dtype)
    z = np.empty(len(x), dtype=x.dtype)
    for i in range(len(x)):
        y[i] = x[i] * x[i]
        z[i] = y[i] * x[0]
    w = np.zeros_like(x, dtype=x.dtype)
    w += y * z
    return w.sum() + (w * np.full(4, 2, x.dtype))[1]


@case(X)
def type_of_what_a_name_held(x):
    dt = x.dtype
    for _ in range(2):
        y = np.ones((2, x.size), dt)
        y[1] = x * x
        x = y[0] * y[1]
    return (x * np.arange(4, dtype=dt)).sum()


@case(X)
def number_of_its_type(x):
    s = x.dtype.type(0)
    for i in range(len(x)):
        s += x[i] * x[i]
    return s * x.dtype.type(s)


@case(X)
def literals_of_its_type(x):
    y = np.array([x[0], x[1] * x[2], 1.0], dtype=x.dtype)
    z = np.array([[x[0] * x[3]], [y[1]]], (x * x).dtype)
    return y.sum() * z.sum()


@case(X, Y, wrt=("x", "y"))
def converted_to_the_others_type(x, y):
    return ((x * y).astype(y.dtype) * x.astype(x.dtype)).sum()


def filled(n, value, kind):
    y = np.empty(n, kind)
    y[:] = value
    return y


@case(X)
def type_handed_to_a_helper(x):
    def squared(z):
        w = np.zeros(z.shape, z.dtype)
        w[:] = z * z
        return w

    return (squared(squared(x)) * filled(4, x[1], x.dtype)).sum()
