"""The helpers, as plain Python and compiled, and as the text that is copied into generated modules."""
from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from mpmath import mp

from s2sad.runtime.helpers import HELPERS, dispatchers, python_functions


@pytest.fixture(params=["python", "numba"])
def helpers(request):
    return python_functions() if request.param == "python" else dispatchers()


def test_sources_are_complete():
    for name, helper in HELPERS.items():
        space = {"math": math, "np": np, **{n: python_functions()[n] for n in helper.needs}}
        exec(helper.source, space)  # noqa: S102
        assert helper.source.startswith(f"def {name}(")
        assert space[name].__doc__
        free = set(space[name].__code__.co_names) - {"math", "np"} - set(vars(math)) - set(vars(np)) - set(helper.needs)
        assert free <= {"min", "max", "abs", "range", "int", "complex", "real", "imag", "shape", "size", "ravel",
                        "view", "dtype", "ValueError", "ZeroDivisionError", "IndexError"}


def test_sources_compile_from_text():
    space = {"math": math, "np": np}
    exec(HELPERS["zmul"].source, space)  # noqa: S102
    assert numba.njit(error_model="numpy")(space["zmul"])(0.0, math.inf) == 0.0


def test_zmul(helpers):
    zmul = helpers["zmul"]
    assert zmul(0.0, math.inf) == 0.0
    assert zmul(0.0, math.nan) == 0.0
    assert zmul(-0.0, math.inf) == 0.0
    assert zmul(2.0, 3.0) == 6.0
    assert zmul(2.0, math.inf) == math.inf
    assert math.isnan(zmul(math.nan, 0.0))


def test_nonzero(helpers):
    assert helpers["nonzero"](3.5) == 3.5
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        helpers["nonzero"](0.0)


@pytest.mark.parametrize("shape, needed, capacity", [((4,), 5, 8), ((4,), 100, 100), ((0,), 1, 1), ((2, 3), 3, 4),
                                                     ((0, 3), 2, 2)])
def test_grown(helpers, shape, needed, capacity):
    tape = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    larger = helpers["grown"](tape, needed)
    assert larger.shape == (capacity, *shape[1:])
    assert larger.dtype == tape.dtype
    np.testing.assert_array_equal(larger[:shape[0]], tape)


def test_clamp(helpers):
    for n in range(5):
        for i in range(-7, 8):
            assert helpers["clamp"](i, n) == slice(i, None).indices(n)[0]


def test_extent(helpers):
    extent = helpers["extent"]
    for m in (0, 1, 2, 3):
        for n in (0, 1, 2, 3):
            try:
                want = np.broadcast_shapes((m,), (n,))[0]
            except ValueError:
                with pytest.raises(ValueError, match="operands could not be broadcast together"):
                    extent(m, n)
            else:
                assert extent(m, n) == want


def relative(got, want):
    return abs(got - want) / max(abs(want), 1e-2)


@pytest.mark.parametrize("x", [1e-8, 0.1, 0.9, 1.0, 1.4616321449683622, 2.5, 9.99, 30.0, 1e6, 1e300,
                               -0.5, -1e-8, -7.3, -100.7])
def test_gamma_family(helpers, x):
    with mp.workdps(40):
        assert relative(helpers["digamma"](x), float(mp.digamma(x))) < 2e-13
        for n in (1, 2, 3, 6):
            want = float(mp.polygamma(n, x))
            if math.isfinite(want) and abs(want) > 1e-300:
                assert abs(helpers["polygamma"](n, x) / want - 1.0) < 2e-13


def test_gamma_family_poles(helpers):
    for x in (0.0, -1.0, -50.0):
        assert math.isnan(helpers["digamma"](x))
        assert math.isnan(helpers["polygamma"](1, x))
    assert math.isnan(helpers["digamma"](math.nan))
    assert helpers["digamma"](math.inf) == math.inf
    assert helpers["polygamma"](1, math.inf) == 0.0


def test_logistic_family_far_out(helpers):
    for x in (800.0, 1e300, math.inf):
        assert helpers["sech2"](x) == helpers["sech2"](-x) == 0.0
        assert helpers["expit"](x) == 1.0
        assert helpers["expit"](-x) == 0.0
    assert math.isnan(helpers["sech2"](math.nan))
    assert math.isnan(helpers["expit"](math.nan))


def test_reduced_bessel_is_smooth_where_the_method_changes(helpers):
    bessel = helpers["reduced_bessel"]
    for n in range(6):
        for z in (n + 2.0, -(n + 2.0)):
            inside, outside = bessel(n, z * (1.0 - 1e-15)), bessel(n, z * (1.0 + 1e-15))
            assert abs(inside - outside) < 1e-14 * bessel(n, 0.0)
    assert bessel(0, 0.0) == 1.0
