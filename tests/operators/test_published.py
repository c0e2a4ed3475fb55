"""Jacobians and Hessians of published functions against their formulas; the generated source runs as plain Python."""
from __future__ import annotations

import numba
import numpy as np
import pytest

import s2sad
from tests.execution import execute, generate
from tests.operators.published import PUBLISHED, analytic

FUNCTIONS = [pytest.param(f, np.array(x), id=f.__name__) for f, x in PUBLISHED.items()]


def close(found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    scale = max(1.0, float(np.abs(wanted).max()))
    assert np.all(np.abs(found - wanted) <= 1e-12 * scale), (found, wanted)


def run(made):
    """The entry of a generated module."""
    return execute(made)[made.name]


@pytest.mark.parametrize("f, x", FUNCTIONS)
@pytest.mark.parametrize("kind", ["jacfwd", "jacrev"])
def test_jacobian(f, x, kind):
    close(run(generate(f, (x,), kind, ("x",)))(x), analytic(f, x))


def squares(residual):
    def f(x):
        r = residual(x)
        s = 0.0
        for i in range(r.shape[0]):
            s += r[i] * r[i]
        return s
    return f


def gradient(f, x):
    return 2 * f(x) @ analytic(f, x)


@pytest.mark.parametrize("f, x", FUNCTIONS)
def test_hessian_of_the_sum_of_squares(f, x):
    wanted = np.stack([gradient(f, x + 1e-30j * e).imag / 1e-30 for e in np.eye(len(x))], 1)
    hessian = s2sad.hessian(squares(f))
    close(run(hessian._specialise((numba.typeof(x),)).generated)(x), wanted)
