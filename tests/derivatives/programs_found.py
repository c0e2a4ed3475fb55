"""Programs that random testing found, made small. They add themselves to ``CASES``."""
import numpy as np

from tests.derivatives.programs import W, case


@case(np.array([0.7, 1.1]), 1.3, 0.9, 0.2, wrt=("x", "sech2", "grown"))
def named(x, named_adjoint, sech2, grown):
    s = np.tanh(x[0]) * named_adjoint
    while s > 0.1:
        s = s * 0.5 * sech2
    return s * s + grown


@case(W, 2, wrt=("rows",))
def broadcast_size_two_loops_out(rows, n):
    total = 0.0
    for _ in range(n):
        origin = np.array([0.1, 0.2, -0.3, 0.4])
        for bounce in range(3):
            normal = (origin - rows[bounce % 2]) * 0.5
            if normal[0] > 100.0:
                break
            total += np.sum(normal * normal)
            origin = origin + normal
    return total


@case(0.4, 0.3, wrt=("value", "b"))
def called_value(value, b):
    for i in range(3):
        value = np.exp(np.sin(value * b))
    return value + b
