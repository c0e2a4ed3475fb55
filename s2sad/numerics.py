"""Special functions that stay accurate: for numbers and arrays, in plain Python, in compiled code, and differentiated.

>>> import math
>>> import numpy as np
>>> import s2sad
>>> from s2sad import numerics
>>> round(float(numerics.log_ndtr(-1000.0)), 6)
-500007.826695
>>> s2sad.grad(lambda x: numerics.softplus(x) + numerics.log_expit(-x))(1000.0)
0.0
>>> numerics.softmax(np.array([1000.0, 1000.0 + math.log(3.0)]))
array([0.25, 0.75])

The elementwise ones are NumPy ufuncs compiled by numba when first called. They compute in double precision, whatever
the argument is. Modules that s2sad generates carry the source of those they use; it is arithmetic and ``math`` only.
The errors stated are bounds on what is found against mpmath, in units of the last place; where a bound is not met near
a zero of the function, the docstring says so. References are those of :mod:`s2sad.runtime.special`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, vectorize

from s2sad.api.stop import stop_gradient
from s2sad.runtime.helpers import dispatchers

ELEMENTWISE: dict[str, Callable[..., Any]] = {}
"""The elementwise functions of this module, by name."""


def _elementwise(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function of this name that generated modules carry, as a ufunc with this documentation."""
    name, own = f.__name__, dispatchers()[f.__name__]
    kernels: dict[tuple[str, ...], Callable[..., Any]] = {
        ("x",): lambda x: own(1.0 * x), ("x", "y"): lambda x, y: own(1.0 * x, 1.0 * y),
        ("n", "x"): lambda n, x: own(n, 1.0 * x)}
    kernel = kernels[f.__code__.co_varnames[:f.__code__.co_argcount]]
    kernel.__name__ = kernel.__qualname__ = name
    kernel.__doc__, kernel.__module__ = f.__doc__, __name__
    made: Callable[..., Any] = vectorize(kernel)
    ELEMENTWISE[name] = made
    return made


# ---------------------------------------------------------------------------- logistic family

@_elementwise
def expit(x: Any) -> Any:
    """The logistic function ``1 / (1 + exp(-x))``; within 2 ulp.

    >>> float(expit(0.0)), float(expit(-1000.0)), float(expit(1000.0))
    (0.5, 0.0, 1.0)
    """


@_elementwise
def logit(x: Any) -> Any:
    """``log(x / (1 - x))``, the inverse of `expit`; within 2 ulp, near 1/2 by ``2 atanh(2 x - 1)``."""


@_elementwise
def log_expit(x: Any) -> Any:
    """``log(expit(x))`` by ``log1p``, for any x; within 2 ulp."""


@_elementwise
def softplus(x: Any) -> Any:
    """``log(1 + exp(x))`` by ``log1p``, for any x; within 2 ulp.

    >>> float(softplus(1000.0)), float(softplus(-1000.0))
    (1000.0, 0.0)
    """


@_elementwise
def log1mexp(x: Any) -> Any:
    """``log(1 - exp(-x))`` for ``x >= 0``, after Maechler 2012; within 2 ulp."""


@_elementwise
def logexpm1(x: Any) -> Any:
    """``log(exp(x) - 1)`` for ``x >= 0``, the inverse of `softplus`; within 2 ulp, near its zero log(2) of the larger
    of the value and 1."""


@_elementwise
def xlogy(x: Any, y: Any) -> Any:
    """``x * log(y)``, and 0 where x is 0; within 2 ulp."""


@_elementwise
def xlog1py(x: Any, y: Any) -> Any:
    """``x * log(1 + y)``, and 0 where x is 0; within 2 ulp."""


# ---------------------------------------------------------------------------- error function and normal distribution

@_elementwise
def erf(x: Any) -> Any:
    """The error function: the C library's; with glibc within 2 ulp."""


@_elementwise
def erfc(x: Any) -> Any:
    """``1 - erf(x)``: the C library's; with glibc within 3 ulp."""


@_elementwise
def erfinv(x: Any) -> Any:
    """The inverse of `erf`, by Wichura's AS 241; within 4 ulp.

    >>> round(float(erfinv(0.5)), 15), float(erfinv(1.0))
    (0.47693627620447, inf)
    """


@_elementwise
def ndtr(x: Any) -> Any:
    """The normal distribution function, ``erfc(-x / sqrt(2)) / 2`` corrected for the rounding of its argument; within
    4 ulp down to its underflow at -37.5."""


@_elementwise
def log_ndtr(x: Any) -> Any:
    """The logarithm of `ndtr`; by the asymptotic series (Abramowitz and Stegun 26.2.12) below -20; within 4 ulp."""


@_elementwise
def ndtri(x: Any) -> Any:
    """The inverse of `ndtr`, by Wichura's AS 241; within 4 ulp from 1e-300 to 1 - 1e-16."""


# ---------------------------------------------------------------------------- gamma family

@_elementwise
def gammaln(x: Any) -> Any:
    """``log(abs(gamma(x)))``; for ``x > 0`` within 4 ulp, also near its zeros 1 and 2 (Abramowitz and Stegun 6.1.33 and
    6.1.41); near its zeros among the negative numbers of the larger of the value and 1."""


@_elementwise
def digamma(x: Any) -> Any:
    """The derivative of `gammaln`; for ``x > 0`` within 4 ulp, also near its zero 1.46 (Abramowitz and Stegun 6.3.18);
    near its zeros among the negative numbers of the larger of the value and 1. NaN at its poles."""


@_elementwise
def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of `digamma`, ``n >= 1`` an integer, by Euler-Maclaurin summation (Abramowitz and Stegun
    23.1.30); for ``x > 0`` within 4 ulp. NaN at its poles."""


# ---------------------------------------------------------------------------- of arrays

@njit
def _largest(x: Any) -> Any:
    """The largest element, or NaN if there is one: what exponents are counted from."""
    m = -np.inf
    for v in x:
        if v > m or v != v:
            m = v
    return m


@njit
def _mean_of_equal(x: Any, m: float) -> Any:
    """The mean of the elements that are m, and m where there is none."""
    total = 0.0
    n = 0
    for v in x:
        if v == m:
            total += v
            n += 1
    return total / n if n > 0 else m


@njit
def logsumexp(x: Any) -> Any:
    """``log(sum(exp(x)))`` of a vector; within a few ulp of the larger of the value and 1.

    Exponents are counted from the largest element, which is a constant for derivatives: the gradient is `softmax`. If
    the largest is infinite the gradient is the limit, shared by those that are equal to it.

    >>> float(logsumexp(np.array([1000.0, 1000.0])))
    1000.6931471805599
    """
    m = stop_gradient(_largest(x))
    if np.isinf(m):
        return _mean_of_equal(x, m)
    total = 0.0
    for v in x:
        total += np.exp(v - m)
    return m + np.log(total)


@njit
def softmax(x: Any) -> Any:
    """``exp(x) / sum(exp(x))`` of a vector; each element within a few ulp times its distance from the largest. NaN if
    the largest is infinite."""
    m = stop_gradient(_largest(x))
    y = np.empty(x.size)
    total = 0.0
    for i in range(x.size):
        y[i] = np.exp(x[i] - m)
        total += y[i]
    for i in range(x.size):
        y[i] /= total
    return y


@njit
def log_softmax(x: Any) -> Any:
    """``x - logsumexp(x)`` of a vector, without the cancellation where elements are large. NaN if the largest is
    infinite.

    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    m = stop_gradient(_largest(x))
    total = 0.0
    for v in x:
        total += np.exp(v - m)
    y = np.empty(x.size)
    shift = np.log(total)
    for i in range(x.size):
        y[i] = (x[i] - m) - shift
    return y


# ---------------------------------------------------------------------------- linear algebra

@njit
def solve_triangular(a: Any, b: Any, lower: Any = False) -> Any:
    """The solution ``x`` of ``a @ x == b`` by substitution, of one right-hand side or of the columns of a matrix.

    Only the upper triangle of ``a`` is read, or only the lower one: derivatives by the rest are zero.

    >>> solve_triangular(np.array([[2.0, 0.0], [1.0, 4.0]]), np.array([2.0, 9.0]), True)
    array([1., 2.])
    """
    if a.shape[0] != a.shape[1] or a.shape[0] != b.shape[0]:
        raise ValueError("a square matrix is needed, and as many rows on the right")
    x = 1.0 * b
    n = x.shape[0]
    for step in range(n):
        i = step if lower else n - 1 - step
        if a[i, i] == 0.0:
            raise ZeroDivisionError("a triangular matrix with a zero on its diagonal")
        for before in range(step):
            k = before if lower else n - 1 - before
            x[i] -= a[i, k] * x[k]
        x[i] /= a[i, i]
    return x
