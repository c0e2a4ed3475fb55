"""Programs that random testing found, made small. They add themselves to ``CASES``."""
import numpy as np

from tests.derivatives.programs import case


@case(np.array([0.7, 1.1]), 1.3, 0.9, 0.2, wrt=("x", "sech2", "grown"))
def named(x, named_adjoint, sech2, grown):
    s = np.tanh(x[0]) * named_adjoint
    while s > 0.1:
        s = s * 0.5 * sech2
    return s * s + grown
