"""Functions of numbers and of arrays alike that are made of others."""
from __future__ import annotations

import math

import numpy as np

from s2sad.array_functions.declare import array_function, refused, static
from s2sad.array_functions.shapes import is_complex, is_floating, is_number, kind_of
from s2sad.ir.nodes import Const


@array_function("np.heaviside")
def heaviside(x1, x2):
    # NaN is neither below, nor at, nor above
    return np.where(x1 < 0, 0.0, np.where(x1 > 0, 1.0, np.where(x1 == 0, x2, x1)))


@array_function("np.fix")
def fix(x):
    return np.trunc(x)


@array_function("math.modf", "np.modf", outputs=lambda given: 2)
def modf(x):
    whole = np.trunc(x)
    # an infinity has no fraction; that of a negative number is a negative zero at least
    part = np.where(np.signbit(x), -(whole - x), x - whole)
    return np.where(np.isinf(x), np.copysign(0.0, x), part), whole


@array_function("math.cbrt")
def cbrt(x):
    return np.cbrt(x)


@array_function("math.log", takes=lambda args, kwargs: len(args) == 2)
def log_to_base(x, base):
    return math.log(x) / math.log(base)


# ---------------------------------------------------------------------------- bounds

def given_otherwise(args, kwargs):
    """Whether this is not what the compiler knows besides, all by place, nor a call with an array for the output."""
    return len(args) <= 3 and all(k != "out" for k, _ in kwargs) and (
        bool(kwargs) or len(args) != 3 or Const(None) in args)


@static
def require_bounds(a, a_min, a_max):
    if a_min is None and a_max is None:
        raise refused("`np.clip` needs a bound", "give the smallest value, the largest, or both")
    return True


@array_function("np.clip", takes=given_otherwise)
def clip(a, a_min=None, a_max=None):
    require_bounds(a, a_min, a_max)
    if a_min is None:
        return np.minimum(a, a_max)
    if a_max is None:
        return np.maximum(a, a_min)
    return np.minimum(np.maximum(a, a_min), a_max)


# ---------------------------------------------------------------------------- rounding, replacing

@array_function("np.round", takes=lambda args, kwargs: len(args) == 2 or [k for k, _ in kwargs] == ["decimals"])
def rounded(a, decimals=0):
    require_real_numbers(a)
    if is_number(a):
        return round(a, decimals)
    out = np.empty(a.shape, kind_of(a))
    for i in np.ndindex(a.shape):
        out[i] = round(a[i], decimals)
    return out


@static
def require_real_numbers(x):
    if not is_floating(x):
        raise refused("rounding to decimals is supported for real floating-point numbers", "convert it before")
    return True


@static
def largest_of(a):
    return float(np.finfo(kind_of(a)).max)


@array_function("np.nan_to_num", static="copy", takes=lambda args, kwargs: len(args) > 1 or bool(kwargs))
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    require_a_copy(x, copy)
    high = largest_of(x)
    low = -largest_of(x)
    if posinf is not None:
        high = posinf
    if neginf is not None:
        low = neginf
    return np.where(np.isfinite(x), x, np.where(np.isnan(x), nan, np.where(x > 0, high, low)))


@static
def require_a_copy(x, copy):
    if copy is not True:
        raise refused("`np.nan_to_num` in place is not supported", "assign the result")
    if is_complex(x) or not is_floating(x):
        raise refused("`np.nan_to_num` with replacements is supported for real numbers", "treat both parts")
    return True
