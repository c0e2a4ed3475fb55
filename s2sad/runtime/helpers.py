"""Functions of ours that generated modules may use, copied into them as source: they import nothing of ours.

They are written for both worlds, plain Python and numba in nopython mode. :data:`HELPERS` lists them with their source.

>>> print(HELPERS["zmul"].source.splitlines()[0])
def zmul(b, p):
>>> python_functions()["zmul"](0.0, float("inf"))
0.0
"""
from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType, MappingProxyType
from typing import Any, Final

import numpy as np


@dataclass(frozen=True)
class Helper:
    """A function to be copied into generated modules.

    ``source`` is its complete text without decorators; it uses ``math``, ``np`` and the helpers named in ``needs``.
    """

    name: str
    source: str
    needs: tuple[str, ...]


# ---------------------------------------------------------------------------- derivatives

def zmul(b, p):
    """An adjoint or tangent times a partial: zero if the first is, even where the second is infinite or undefined."""
    return 0.0 if b == 0.0 else b * p


def nonzero(d):
    """A divisor as it is, unless it is zero."""
    if d == 0:
        raise ZeroDivisionError("division by zero")
    return d


def stop_gradient(x):
    """The value itself, taken as a constant by whoever differentiates this code again."""
    return x


# ---------------------------------------------------------------------------- complex numbers

def times_i(z):
    """The product with the imaginary unit, exact: no part is multiplied by zero, none loses its sign."""
    return complex(-z.imag, z.real)


def complex_sech2(z):
    """The derivative of tanh, 1 / cosh(z)**2."""
    if abs(z.real) < 1.0:
        c = np.cosh(z)
        return np.divide(1.0, c * c)
    # Even in z, so either exponential may be taken; this one cannot overflow.
    e = np.exp(-2.0 * z) if z.real > 0.0 else np.exp(2.0 * z)
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


# ---------------------------------------------------------------------------- arrays

def grown(tape, needed):
    """A copy of a tape with room for at least `needed` entries along its first axis."""
    larger = np.empty((max(2 * tape.shape[0], needed),) + tape.shape[1:], tape.dtype)
    # Views in one dimension: copying rows would cost a second of compile time.
    new, old = larger.ravel(), tape.ravel()
    for i in range(old.size):
        new[i] = old[i]
    return larger


def clamp(i, n):
    """A slice bound as NumPy reads it on an axis of extent `n`: negative ones count from the end; 0 to n results."""
    if i < 0:
        i += n
    return min(max(i, 0), n)


def extent(m, n):
    """The extent of an axis along which extents `m` and `n` are broadcast together."""
    if m == n or n == 1:
        return m
    if m == 1:
        return n
    raise ValueError("operands could not be broadcast together")


def list_index(i, n):
    """The place of element `i` in a list of length `n`; negative ones count from the end."""
    if i < 0:
        i += n
    if i < 0 or i >= n:
        raise IndexError("list index out of range")
    return i


# ---------------------------------------------------------------------------- special functions

def sech2(x):
    """The derivative of tanh, 1 / cosh(x)**2."""
    # Even in x, so either exponential may be taken; this one cannot overflow.
    e = math.exp(-2.0 * x) if x > 0.0 else math.exp(2.0 * x)
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


def expit(x):
    """The logistic function 1 / (1 + exp(-x))."""
    if x < 0.0:
        e = math.exp(x)
        return e / (1.0 + e)
    return 1.0 / (1.0 + math.exp(-x))


def cotpi(x):
    """The cotangent of pi * x, accurate near its poles and its zeros."""
    r = x - np.rint(x)
    if r > 0.25:
        return math.tan(math.pi * (0.5 - r))
    if r < -0.25:
        return -math.tan(math.pi * (0.5 + r))
    return 1.0 / math.tan(math.pi * r)


def digamma(x):
    """The derivative of lgamma; NaN at its poles 0, -1, -2, ..."""
    total = 0.0
    if x <= 0.0:
        if x == np.floor(x):
            return math.nan
        total = -math.pi * cotpi(x)
        x = 1.0 - x
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    w = 1.0 / (x * x)
    # Asymptotic series: -B_2k / (2k x**2k), k = 1 to 8.
    series = w * (-1.0 / 12.0 + w * (1.0 / 120.0 + w * (-1.0 / 252.0 + w * (1.0 / 240.0 + w * (-1.0 / 132.0 + w * (
        691.0 / 32760.0 + w * (-1.0 / 12.0 + w * (3617.0 / 8160.0))))))))
    return total + (math.log(x) - 0.5 / x + series)


def polygamma(n, x):
    """The derivative of order `n` >= 1 of digamma; NaN at its poles 0, -1, -2, ..."""
    reflected = 0.0
    scale = -1.0 if n % 2 == 0 else 1.0
    if x <= 0.0:
        if x == np.floor(x):
            return math.nan
        # Derivatives of the cotangent are polynomials in it: c' = -(1 + c * c).
        c = cotpi(x)
        p = np.zeros(n + 2)
        p[1] = 1.0
        for _ in range(n):
            q = np.zeros(n + 2)
            for k in range(1, n + 1):
                q[k - 1] -= k * p[k]
                q[k + 1] -= k * p[k]
            p = q
        value = 0.0
        for k in range(n + 1, -1, -1):
            value = value * c + p[k]
        reflected = -math.pi ** (n + 1) * value
        # psi_n(x) = reflected + (-1)**n psi_n(1 - x)
        scale = -1.0
        x = 1.0 - x
    total = 0.0
    while x < 15.0 + n:
        total += 1.0 / x ** (n + 1)
        x += 1.0
    # Asymptotic series: B_2k (2k + n - 1)! / ((2k)! n! x**(2k + n)), k = 0 to 9, and the term of B_1.
    t = 1.0 / (n * x ** n)
    total += 0.5 / x ** (n + 1) + t
    k = 0
    for bernoulli in (1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0,
                      -3617.0 / 510.0, 43867.0 / 798.0):
        t *= (2 * k + n) * (2 * k + n + 1.0) / ((2 * k + 1.0) * (2 * k + 2.0)) / (x * x)
        total += bernoulli * t
        k += 1
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    return reflected + scale * factorial * total


def reduced_bessel(n, z):
    """The spherical Bessel function j_n(z) divided by z**n, which has no singularity; sin(z) / z for n = 0."""
    term = 1.0
    for k in range(1, n + 1):
        term /= 2.0 * k + 1.0
    if abs(z) < n + 2.0:
        value = term
        k = 0
        while abs(term) > 1e-18 * abs(value):
            k += 1
            term *= -0.5 * z * z / (k * (2.0 * (n + k) + 1.0))
            value += term
        return value
    # Upward recurrence, stable for z > n.
    before = math.cos(z)
    value = math.sin(z) / z
    for k in range(n):
        before, value = value, ((2.0 * k + 1.0) * value - before) / (z * z)
    return value


# A helper comes after those it needs.
_IN_ORDER: Final[tuple[Any, ...]] = (
    zmul, nonzero, stop_gradient, times_i, complex_sech2, grown, clamp, extent, list_index, sech2, expit, cotpi,
    digamma, polygamma, reduced_bessel)
_FUNCTIONS: Final[Mapping[str, FunctionType]] = MappingProxyType({f.__name__: f for f in _IN_ORDER})

HELPERS: Final[Mapping[str, Helper]] = MappingProxyType({
    name: Helper(name, inspect.getsource(f), tuple(n for n in _FUNCTIONS if n in f.__code__.co_names))
    for name, f in _FUNCTIONS.items()})


def python_functions() -> Mapping[str, Callable[..., Any]]:
    """The helpers as plain Python functions, by name."""
    return _FUNCTIONS


@lru_cache(maxsize=1)
def dispatchers() -> Mapping[str, Callable[..., Any]]:
    """The helpers compiled by numba (when first called), by name."""
    from numba import njit
    compiled: dict[str, Any] = {"math": math, "np": np}
    for name, f in _FUNCTIONS.items():
        # A copy that finds compiled helpers under the names it calls.
        compiled[name] = njit(error_model="numpy")(FunctionType(f.__code__, compiled, name))
    return MappingProxyType({name: compiled[name] for name in _FUNCTIONS})
