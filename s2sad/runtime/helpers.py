"""Functions of ours that generated modules may use, copied into them as source: they import nothing of ours.

They are written for both worlds, plain Python and numba in nopython mode. :data:`HELPERS` lists them with their source.

>>> print(HELPERS["zmul"].source.splitlines()[0])
def zmul(b, p):
>>> python_functions()["zmul"](0.0, float("inf"))
0.0
"""
from __future__ import annotations

import dis
import linecache
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType, MappingProxyType
from typing import Any, Final

import numpy as np

from s2sad.runtime import special, vector


@dataclass(frozen=True)
class Helper:
    """A function to be copied into generated modules.

    ``source`` is its complete text without decorators; it uses ``math``, ``np`` and the helpers named in ``needs``.
    ``inlined`` ones are compiled into their callers, whose loops are vectorised only then.
    """

    name: str
    source: str
    needs: tuple[str, ...]
    inlined: bool


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


# ---------------------------------------------------------------------------- loops that are run again

def checkpointed(loop, snapshots=None, memory=None, schedule="binomial"):
    """The loop itself; says how whoever differentiates this code again may keep its states."""
    return loop


def next_snapshot(steps, free):
    """After how many of `steps` steps the next snapshot is due, if `free` more can be taken: `steps` if there is none.

    The binomial schedule of A. Griewank and A. Walther (ACM TOMS 26, 2000, algorithm 799): as few steps as possible are
    run again. With `slots` snapshots and `reps` runs of a step `binomial(slots + reps, slots)` steps can be reversed.
    """
    if free < 1 or steps < 3:
        return steps
    slots, reps, most = free + 1, 0, 1
    while most < steps:
        reps += 1
        most = most * (slots + reps) // reps
    before = most * reps // (slots + reps)                     # binomial(slots + reps - 1, slots)
    left = before * slots // (slots + reps - 1)                # binomial(slots + reps - 2, slots - 1)
    less = left * (slots - 1) // (slots + reps - 2) if slots > 2 else 1
    least = 0 if slots < 3 else less * (slots - 2) // reps if slots > 3 else 1
    if steps <= before + less:
        return max(left * (reps - 1) // slots, 1)
    if steps >= most - least:
        return before
    return max(steps - left - less, 1)


def dispensable(levels, held, level):
    """Which of `held` snapshots may go so that one of `level` can be taken at the end: `held` if none.

    One may go that has a lower level than a later one. Where there is none, the snapshot due is not taken, and the one
    before the next step has the next higher level. Q. Wang, P. Moin, G. Iaccarino (SIAM J. Sci. Comput. 31, 2009): a
    loop of whatever length is reversed by running no step more often than the best schedule for its length does.
    """
    for k in range(held - 1, -1, -1):
        if levels[k] < level:
            return k
        level = levels[k]
    return held


# ---------------------------------------------------------------------------- index sets

def joined(sets, a, b):
    """The union of two sets, by number: 0 is empty; a new one is a row of `sets`, whose first row has counts.

    These are: rows in use, elements there are (sets of one element have their numbers). Where no row is free the count
    goes on, and the result means nothing.
    """
    if a == b or b == 0:
        return a
    if a == 0:
        return b
    sets[0, 0] += 1
    row = sets[0, 0]
    if row < sets.shape[0]:
        sets[row, 0] = a
        sets[row, 1] = b
    return sets[0, 1] + row


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


# A helper comes after those it needs.
_IN_ORDER: Final[tuple[Any, ...]] = (
    zmul, nonzero, stop_gradient, checkpointed, next_snapshot, dispensable, joined, times_i, complex_sech2, grown,
    clamp, extent, list_index, *special.IN_ORDER, *vector.IN_ORDER)
_FUNCTIONS: Final[Mapping[str, FunctionType]] = MappingProxyType({f.__name__: f for f in _IN_ORDER})


def _needs(f: FunctionType) -> tuple[str, ...]:
    """The helpers a function calls, in order."""
    named = [n for n in _FUNCTIONS if n in f.__code__.co_names]          # as attributes, perhaps: math.erf
    called = {i.argval for i in dis.get_instructions(f) if i.opname == "LOAD_GLOBAL"} if named else set()
    return tuple(n for n in named if n in called)


def _source(f: FunctionType) -> str:
    """The text of a function at the top of its module (``inspect`` tokenises the module for each)."""
    lines = linecache.getlines(f.__code__.co_filename, f.__globals__)
    first = end = f.__code__.co_firstlineno
    while end < len(lines) and (lines[end].isspace() or lines[end].startswith(" ")):
        end += 1
    return "".join(lines[first - 1:end]).rstrip() + "\n"


HELPERS: Final[Mapping[str, Helper]] = MappingProxyType({
    name: Helper(name, _source(f), _needs(f), f in vector.IN_ORDER)
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
        options = {"forceinline": True} if HELPERS[name].inlined else {}
        compiled[name] = njit(error_model="numpy", **options)(FunctionType(f.__code__, compiled, name))
    return MappingProxyType({name: compiled[name] for name in _FUNCTIONS})
