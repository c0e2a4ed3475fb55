"""`math` as compiled code knows it: infinities and NaN instead of exceptions.

Generated source run as plain Python, for debugging and in tests, then goes where the compiled one goes.

>>> from s2sad.runtime import ieee
>>> ieee.log(0.0), ieee.exp(1000.0), ieee.sqrt(-1.0), ieee.pow(0.0, -1.0), ieee.sin(0.5) == math.sin(0.5)
(-inf, inf, nan, inf, True)

The module has all names of `math`. Division is an operator and not covered here.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

# NumPy's names for the functions that have values where `math` raises.
_QUIET = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "atanh": "arctanh", "cos": "cos", "cosh": "cosh",
    "exp": "exp", "exp2": "exp2", "expm1": "expm1", "fmod": "fmod", "hypot": "hypot", "log": "log",
    "log10": "log10", "log1p": "log1p", "log2": "log2", "pow": "float_power", "sin": "sin", "sinh": "sinh",
    "sqrt": "sqrt", "tan": "tan",
}


def _quiet(exact: Callable[..., float], total: Callable[..., Any]) -> Callable[..., float]:
    def evaluate(*args: float) -> float:
        try:
            return exact(*args)
        except (ValueError, OverflowError):
            with np.errstate(all="ignore"):
                return float(total(*args))
    evaluate.__name__ = exact.__name__
    evaluate.__doc__ = f"`math.{exact.__name__}`, with infinities and NaN instead of exceptions."
    return evaluate


def _gamma(x: float) -> float:
    # The C library's poles: infinite at zeros, NaN at negative integers, and an overflow for large x.
    if x == 0.0:
        return math.copysign(math.inf, x)
    return math.inf if x > 0.0 else math.nan


def _lgamma(x: float) -> float:
    return math.inf


globals().update({name: f for name, f in vars(math).items() if not name.startswith("_")})
globals().update({name: _quiet(getattr(math, name), getattr(np, quiet)) for name, quiet in _QUIET.items()})
ldexp = _quiet(lambda x, n: math.ldexp(x, int(n)), np.ldexp)
gamma = _quiet(math.gamma, _gamma)
lgamma = _quiet(math.lgamma, _lgamma)
