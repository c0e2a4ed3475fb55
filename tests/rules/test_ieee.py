"""The `math` that generated source sees when it runs uncompiled."""
from __future__ import annotations

import math

import numba
import numpy as np
import pytest

from s2sad.runtime import ieee

inf, nan = math.inf, math.nan


def test_has_every_name_of_math():
    assert {n for n in vars(math) if not n.startswith("_")} <= set(vars(ieee))
    assert ieee.pi == math.pi


@pytest.mark.parametrize("name, args, want", [
    ("log", (0.0,), -inf), ("log", (-1.0,), nan), ("log2", (0.0,), -inf), ("log10", (0.0,), -inf),
    ("log1p", (-1.0,), -inf), ("sqrt", (-1.0,), nan),
    ("exp", (1000.0,), inf), ("exp2", (5000.0,), inf), ("expm1", (1000.0,), inf),
    ("sinh", (-1000.0,), -inf), ("cosh", (1000.0,), inf),
    ("sin", (inf,), nan), ("cos", (-inf,), nan), ("tan", (inf,), nan),
    ("asin", (2.0,), nan), ("acos", (2.0,), nan), ("acosh", (0.5,), nan),
    ("atanh", (1.0,), inf), ("atanh", (2.0,), nan),
    ("pow", (0.0, -1.0), inf), ("pow", (-0.0, -1.0), -inf), ("pow", (-8.0, 1.0 / 3.0), nan), ("pow", (1e200, 2.0), inf),
    ("gamma", (0.0,), inf), ("gamma", (-1.0,), nan), ("gamma", (1000.0,), inf),
    ("lgamma", (0.0,), inf), ("lgamma", (-3.0,), inf),
    ("ldexp", (1.0, 5000), inf), ("hypot", (1.5e308, 1.5e308), inf),
    ("fmod", (1.0, 0.0), nan), ("fmod", (inf, 1.0), nan),
])
def test_values_where_math_raises(name, args, want):
    np.testing.assert_equal(getattr(ieee, name)(*args), want)


def test_is_math_everywhere_else():
    for x in (0.3, 1.7, 12.5):
        for name in ("sin", "exp", "log", "sqrt", "gamma", "erf", "atan"):
            assert getattr(ieee, name)(x) == getattr(math, name)(x)


def test_compiled_code_agrees():
    @numba.njit
    def compiled(x):
        return (math.log(x), math.sqrt(x), math.exp(x), math.sin(x), math.atanh(x), math.gamma(x), math.lgamma(x),
                math.log1p(x))

    names = ("log", "sqrt", "exp", "sin", "atanh", "gamma", "lgamma", "log1p")
    for x in (0.0, -0.0, 1.0, -1.0, -2.0, 0.5, 1e4, inf, -inf, nan):
        np.testing.assert_allclose([getattr(ieee, n)(x) for n in names], compiled(x), rtol=1e-14)
