"""Elementary functions that compiled loops vectorise: they are compiled into their callers and have no branches.

>>> import numpy as np
>>> from numba import njit
>>> from s2sad import vmath
>>> @njit
... def softplus(x, y):
...     for i in range(x.size):
...         y[i] = vmath.log1p(vmath.exp(x[i]))
>>> y = np.empty(2)
>>> softplus(np.array([0.0, 1.0]), y)
>>> y
array([0.69314718, 1.31326169])

They take numbers. The result is of single precision where the argument is, and is then computed in double precision and
rounded; everything else gives double precision. They are differentiable, and ``math="vector"`` of
:func:`~s2sad.differentiate` and :func:`~s2sad.grad` uses them in derivatives of functions that are written with
``math`` and ``np``. The errors stated are bounds on what is found against mpmath, in units of the last place of double
precision; see the page on vector math for those, for times, and for special values.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numba.core import types
from numba.extending import overload

from s2sad.runtime.helpers import dispatchers

__all__ = ["cos", "erf", "erfc", "exp", "expit", "expm1", "log", "log1p", "ndtr", "pow", "sigmoid", "sin",
           "sincos", "tanh"]

TYPED: dict[str, Callable[..., Any]] = {}
"""The functions of this module by the names of those that generated modules carry, whose types they have."""


def _precision_of(x: Any, value: float) -> Any:
    """The value, rounded to single precision where `x` is of that."""
    return np.float32(value) if isinstance(x, np.float32) else value


@overload(_precision_of, inline="always")
def _compiled_precision_of(x: Any, value: Any) -> Any:
    single = x is types.float32

    def precision_of(x: Any, value: Any) -> Any:
        return np.float32(value) if single else value

    return precision_of


def _vector(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function ``vector_NAME`` that generated modules carry, in the precision of its argument."""
    own = dispatchers()[f"vector_{f.__name__}"]

    def of_one(x: Any) -> Any:
        return _precision_of(x, own(np.float64(x)))

    def of_two(x: Any, y: Any) -> Any:
        return _precision_of(x + y, own(np.float64(x), np.float64(y)))

    typed = of_one if f.__code__.co_argcount == 1 else of_two
    typed.__name__ = typed.__qualname__ = f.__name__
    typed.__doc__, typed.__module__ = f.__doc__, __name__
    made: Callable[..., Any] = njit(error_model="numpy", forceinline=True)(typed)
    TYPED[f"vector_{f.__name__}"] = made
    return made


@_vector
def exp(x: Any) -> Any:
    """``exp(x)``; within 1 ulp.

    >>> exp(0.0), exp(-1000.0)
    (1.0, 0.0)
    """


@_vector
def expm1(x: Any) -> Any:
    """``exp(x) - 1``, accurate near 0; within 1 ulp."""


@_vector
def log(x: Any) -> Any:
    """``log(x)``; within 1 ulp."""


@_vector
def log1p(x: Any) -> Any:
    """``log(1 + x)``, accurate near 0; within 1 ulp."""


@_vector
def pow(x: Any, y: Any) -> Any:
    """``x`` to the power ``y``, with the C library's conventions at zeros and infinities; within 1 ulp.

    >>> pow(2.0, 0.5), pow(-2.0, 3.0), pow(0.0, -1.0)
    (1.4142135623730951, -8.0, inf)
    """


@_vector
def sin(x: Any) -> Any:
    """``sin(x)``, for any x; within 1 ulp."""


@_vector
def cos(x: Any) -> Any:
    """``cos(x)``, for any x; within 1 ulp."""


@njit(error_model="numpy", forceinline=True)
def sincos(x: Any) -> Any:
    """The pair ``sin(x), cos(x)``; the compiler does once what both have in common.

    >>> sincos(0.0)
    (0.0, 1.0)
    """
    return sin(x), cos(x)


@_vector
def tanh(x: Any) -> Any:
    """``tanh(x)``; within 2 ulp."""


@_vector
def erf(x: Any) -> Any:
    """The error function; within 1 ulp."""


@_vector
def erfc(x: Any) -> Any:
    """``1 - erf(x)``, the complementary error function; within 2 ulp."""


@_vector
def ndtr(x: Any) -> Any:
    """The normal distribution function; within 2 ulp."""


@_vector
def expit(x: Any) -> Any:
    """The logistic function ``1 / (1 + exp(-x))``, also called `sigmoid`; within 2 ulp."""


sigmoid = expit
