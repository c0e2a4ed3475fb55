"""What library functions become in the complex-aware copy of a function.

A value that carries a derivative is a complex number whose imaginary part is the (tiny) tangent. Analytic functions are
evaluated at complex arguments by the complex mathematical library, which shares nothing with any table of derivatives;
functions of real arguments only (comparisons, rounding, ``abs``, ``max``) look at real parts. What is not listed here
makes the complex step unavailable.
"""
from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad.errors import S2sadError


class ComplexStepUnavailable(S2sadError):
    """The function cannot be evaluated at complex arguments; differences can be used instead."""

    default_code = "S2S010"


def is_complex(x: Any) -> bool:
    return isinstance(x, complex) or getattr(getattr(x, "dtype", None), "kind", "") == "c"


def real_part(x: Any) -> Any:
    """The value without its tangent; anything that is no number is left alone."""
    if is_complex(x):
        return x.real
    if isinstance(x, (list, tuple)):
        return type(x)(real_part(v) for v in x)
    return x


def with_tangent(value: Any, tangent: Any) -> Any:
    """``value + i * tangent``; not computed as a product, which would turn an infinite value into NaN."""
    out = np.empty(np.broadcast_shapes(np.shape(value), np.shape(tangent)), np.complex128)
    out.real, out.imag = value, tangent
    return out if out.ndim else out[()]


def _tangent(x: Any) -> Any:
    return x.imag if is_complex(x) else 0.0


def _analytic(fn: Callable) -> Callable:
    def evaluate(x: Any) -> Any:
        if not is_complex(x):
            return fn(x)
        with np.errstate(all="ignore"):
            return with_tangent(fn(np.real(x)), np.imag(fn(np.asarray(x, np.complex128))))
    return evaluate


def _of_real(fn: Callable) -> Callable:
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        return fn(*(real_part(a) for a in args), **{k: real_part(v) for k, v in kwargs.items()})
    return evaluate


def _unchanged(fn: Callable) -> Callable:
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        return widened(fn(*args, **kwargs))
    return evaluate


def widened(x: Any) -> Any:
    """Arrays of float64 become complex, so that values with tangents can be written to them."""
    kind = getattr(x, "dtype", None)
    if isinstance(x, np.ndarray) and kind == np.float64:
        return x.astype(np.complex128)
    if kind is not None and kind.kind in "fc" and kind not in (np.float64, np.complex128):
        raise ComplexStepUnavailable(f"there is no complex copy of {kind} values")
    return x


def _dtype(dtype: Any) -> Any:
    if dtype is None or dtype is float:
        return np.complex128
    kind = np.dtype(dtype)
    if kind == np.float64:
        return np.complex128
    if kind.kind in "iub" or kind == np.complex128:
        return kind
    raise ComplexStepUnavailable(f"there is no complex copy of {kind} values")


def _allocate(shape: Any, dtype: Any = None, order: Any = "C") -> Any:
    return np.zeros(shape, _dtype(dtype), order=order)


def _ones(shape: Any, dtype: Any = None) -> Any:
    return np.ones(shape, _dtype(dtype))


def _full(shape: Any, value: Any, dtype: Any = None) -> Any:
    return widened(np.full(shape, value) if dtype is None else np.full(shape, value, _dtype(dtype)))


def _allocate_like(a: Any, dtype: Any = None) -> Any:
    return np.zeros_like(a, dtype=getattr(a, "dtype", np.float64) if dtype is None else _dtype(dtype))


def _ones_like(a: Any, dtype: Any = None) -> Any:
    return np.ones_like(a, dtype=a.dtype if dtype is None else _dtype(dtype))


def _full_like(a: Any, value: Any, dtype: Any = None) -> Any:
    return np.full_like(a, value, dtype=a.dtype if dtype is None else _dtype(dtype))


def _array(values: Any, dtype: Any = None) -> Any:
    return widened(np.array(values) if dtype is None else np.array(values, _dtype(dtype)))


def _asarray(values: Any, dtype: Any = None) -> Any:
    if isinstance(values, np.ndarray) and (dtype is None or values.dtype == _dtype(dtype)):
        return values
    return _array(values, dtype)


def astype(a: Any, dtype: Any) -> Any:
    kind = _dtype(dtype)
    return (a if np.dtype(kind).kind == "c" else real_part(a)).astype(kind)


def absolute(x: Any) -> Any:
    return np.where(x.real < 0.0, -x, x)[()] if is_complex(x) else abs(x)


def power(a: Any, b: Any) -> Any:
    """The complex power has its branch cut where real bases are negative, so the rule is written out."""
    if not is_complex(a) and not is_complex(b):
        return a ** b
    x, y = real_part(a), real_part(b)
    with np.errstate(all="ignore"):
        value = np.power(np.asarray(x, np.float64), y)
        tangent = np.zeros(np.shape(value))
        if is_complex(a):
            slope = np.where(np.equal(y, 0), 0.0, y * np.power(np.asarray(x, np.float64), np.subtract(y, 1)))
            tangent = tangent + np.where(np.imag(a) == 0.0, 0.0, slope * np.imag(a))
        if is_complex(b):
            slope = np.where(np.equal(value, 0.0), 0.0, value * np.log(np.asarray(x, np.float64)))
            tangent = tangent + np.where(np.imag(b) == 0.0, 0.0, slope * np.imag(b))
    return with_tangent(value, tangent)


def floor_divide(a: Any, b: Any) -> Any:
    return real_part(a) // real_part(b)


def remainder(a: Any, b: Any) -> Any:
    if not is_complex(a) and not is_complex(b):
        return a % b
    x, y = real_part(a), real_part(b)
    return with_tangent(x % y, _tangent(a) - np.floor(x / y) * _tangent(b))


def _fmod(a: Any, b: Any) -> Any:
    x, y = real_part(a), real_part(b)
    return with_tangent(np.fmod(x, y), _tangent(a) - np.trunc(x / y) * _tangent(b))


def _arctan2(a: Any, b: Any) -> Any:
    y, x = real_part(a), real_part(b)
    return with_tangent(np.arctan2(y, x), (x * _tangent(a) - y * _tangent(b)) / (x * x + y * y))


def _hypot(a: Any, b: Any) -> Any:
    # Scaled, so that squares neither overflow nor underflow.
    r = np.hypot(real_part(a), real_part(b))
    s = np.where(r == 0.0, 1.0, r)
    return s * _sqrt((a / s) * (a / s) + (b / s) * (b / s))


def _copysign(a: Any, b: Any) -> Any:
    return absolute(a) * np.copysign(1.0, real_part(b))


def maximum(a: Any, b: Any) -> Any:
    return np.where(np.greater_equal(real_part(a), real_part(b)), a, b)[()]


def minimum(a: Any, b: Any) -> Any:
    return np.where(np.less_equal(real_part(a), real_part(b)), a, b)[()]


def _chosen(better: Callable) -> Callable:
    def evaluate(*args: Any) -> Any:
        values = args if len(args) > 1 else list(args[0])
        best = values[0]
        for v in values[1:]:
            if better(real_part(v), real_part(best)):
                best = v
        return best
    return evaluate


def _picked(position: Callable) -> Callable:
    """The elements at the places that a function of the real parts finds."""
    def evaluate(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        a = np.asarray(a)
        axes = tuple(range(a.ndim)) if axis is None else tuple(np.atleast_1d(axis) % a.ndim)
        last = np.moveaxis(a, axes, range(a.ndim - len(axes), a.ndim))
        lines = last.reshape(*last.shape[:a.ndim - len(axes)], -1)
        found = np.take_along_axis(lines, position(real_part(lines), axis=-1)[..., None], -1)[..., 0]
        return np.expand_dims(found, axes) if keepdims else found[()]
    return evaluate


largest, smallest = _picked(np.argmax), _picked(np.argmin)


def _clip(a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    a = a if a_min is None else maximum(a, a_min)
    return a if a_max is None else minimum(a, a_max)


def _where(condition: Any, *values: Any) -> Any:
    return np.where(real_part(condition), *values)[()] if values else np.where(real_part(condition))


def spread(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return largest(a, axis, keepdims) - smallest(a, axis, keepdims)


def _covariance(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None) -> Any:
    rows = [np.atleast_2d(x) if rowvar or np.ndim(x) == 1 else x.T for x in (m, y) if x is not None]
    x = np.concatenate(rows)
    d = x - np.mean(x, axis=1, keepdims=True)
    return np.squeeze(d @ d.T / (x.shape[1] - ((0 if bias else 1) if ddof is None else ddof)))[()]


def _correlation(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    c = np.atleast_2d(_covariance(x, y, rowvar))
    s = _sqrt(np.diag(c))
    return np.squeeze(c / s / s[:, None])[()]


def _norm(a: Any) -> Any:
    return _sqrt(np.sum(a * a))


def variance(a: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Any:
    d = a - np.mean(a, axis=axis, keepdims=True)
    s = np.sum(d * d, axis=axis, keepdims=keepdims)
    return s / (np.size(a) / max(np.size(s), 1) - ddof)


def deviation(a: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Any:
    return _sqrt(variance(a, axis, ddof, keepdims))


def _sort(a: Any, axis: Any = -1, kind: Any = None) -> Any:
    return np.take_along_axis(a, np.argsort(real_part(a), axis=axis, kind="stable"), axis)


def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    # without the conjugate that complex numbers have
    return np.correlate(a, np.conj(v), mode)


def _float(x: Any = 0.0) -> Any:
    return x if is_complex(x) else float(x)


def _cbrt(x: Any) -> Any:
    value = np.cbrt(real_part(x))
    return with_tangent(value, _tangent(x) / (3.0 * value * value))


def _arange(*bounds: Any, dtype: Any = None) -> Any:
    if not any(is_complex(b) for b in bounds):
        return widened(np.arange(*bounds, dtype=dtype))
    start, step = bounds[0] if len(bounds) > 1 else 0, bounds[2] if len(bounds) > 2 else 1
    return start + step * np.arange(np.arange(*map(real_part, bounds)).size)


def _modf(x: Any) -> Any:
    whole = np.trunc(real_part(x))
    return x - whole, whole


def _heaviside(x: Any, at_zero: Any) -> Any:
    return _where(real_part(x) == 0, at_zero, np.heaviside(real_part(x), 0.0))


def _linear(factor: float) -> Callable:
    return lambda x: x * factor


def of_static(fn: Callable) -> Callable:
    """A function that decides shapes and types: it sees real operands."""
    def evaluate(*args: Any) -> Any:
        return fn(*(real_part(a) for a in args))
    return evaluate


def _silent(*args: Any, **kwargs: Any) -> None:
    return None


_sqrt = _analytic(np.sqrt)

_ANALYTIC = """sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2 expm1 log log2 log10
    log1p sqrt""".split()
_MATH_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh",
               "arctanh": "atanh"}
_STRUCTURAL = """sum prod mean dot inner outer trace cumsum cumprod diff concatenate stack vstack hstack column_stack
    reshape transpose ravel copy tile repeat roll flip fliplr flipud expand_dims squeeze broadcast_to atleast_1d
    atleast_2d eye identity diag linspace ascontiguousarray asfortranarray square reciprocal add subtract multiply
    divide negative positive matmul swapaxes moveaxis array_split split rot90 tril triu kron take ndindex ndenumerate
    shape size ndim dstack append delete atleast_3d tri diagonal diagflat fill_diagonal vander meshgrid einsum tensordot
    take_along_axis convolve cross gradient pad average ediff1d trapezoid full_like""".split()
_REAL = """floor ceil trunc rint sign signbit isnan isinf isfinite less less_equal greater greater_equal equal not_equal
    logical_and logical_or logical_not logical_xor argmax argmin argsort any all count_nonzero searchsorted floor_divide
    array_equal allclose isclose nonzero flatnonzero digitize round fix""".split()


def _table() -> dict[Any, Callable]:
    table: dict[Any, Callable] = {}
    for name in _ANALYTIC:
        table[getattr(np, name)] = _analytic(getattr(np, name))
        counterpart = getattr(math, _MATH_NAMES.get(name, name), None)
        if counterpart is not None:
            table[counterpart] = _analytic(getattr(np, name))
    table |= {getattr(np, name): _unchanged(getattr(np, name)) for name in _STRUCTURAL}
    table |= {getattr(np, name): _of_real(getattr(np, name)) for name in _REAL}
    table |= {f: _of_real(f) for f in (math.floor, math.ceil, math.trunc, math.isnan, math.isinf, math.isfinite,
                                       math.gcd, int, bool, round, range, np.int64, np.int32, np.intp, np.bool_)}
    table |= {np.arange: _arange, np.modf: _modf, math.modf: _modf, np.heaviside: _heaviside}
    table |= {f: f for f in (len, sum, tuple, list, enumerate, zip, reversed)}
    table |= {np.linalg.solve: _unchanged(np.linalg.solve), np.linalg.inv: _unchanged(np.linalg.inv),
              np.linalg.det: _unchanged(np.linalg.det), np.linalg.norm: _norm}
    table |= {np.zeros: _allocate, np.empty: _allocate, np.ones: _ones, np.full: _full, np.zeros_like: _allocate_like,
              np.empty_like: _allocate_like, np.ones_like: _ones_like, np.full_like: _full_like, np.array: _array,
              np.asarray: _asarray}
    table |= {abs: absolute, np.abs: absolute, np.fabs: absolute, math.fabs: absolute, pow: power, math.pow: power,
              np.power: power, np.float_power: power, np.remainder: remainder, np.fmod: _fmod, math.fmod: _fmod,
              np.arctan2: _arctan2, math.atan2: _arctan2, np.hypot: _hypot, math.hypot: _hypot, np.copysign: _copysign,
              math.copysign: _copysign, np.maximum: maximum, np.fmax: maximum, np.minimum: minimum, np.fmin: minimum,
              builtins.max: _chosen(lambda v, best: v > best), builtins.min: _chosen(lambda v, best: v < best),
              np.max: largest, np.min: smallest, np.clip: _clip, np.where: _where, np.var: variance, np.std: deviation,
              np.sort: _sort, np.correlate: _correlate, np.ptp: spread, np.cov: _covariance,
              np.corrcoef: _correlation, np.add.at: np.add.at, np.subtract.at: np.subtract.at,
              float: _float, np.float64: _float, print: _silent, np.cbrt: _cbrt,
              math.degrees: _linear(180.0 / math.pi), math.radians: _linear(math.pi / 180.0),
              np.degrees: _linear(180.0 / math.pi), np.radians: _linear(math.pi / 180.0),
              np.rad2deg: _linear(180.0 / math.pi), np.deg2rad: _linear(math.pi / 180.0)}
    table[math.log] = lambda x, *base: table[np.log](x) / (table[np.log](base[0]) if base else 1.0)
    if hasattr(math, "cbrt"):
        table[math.cbrt] = _cbrt
    return table


LIBRARY = _table()
"""From a function as the user's code names it to its complex-aware version."""

METHODS: dict[str, Callable | None] = {
    "copy": None, "sum": None, "dot": None, "ravel": None, "reshape": None, "flatten": None, "transpose": None,
    "mean": None, "prod": None, "cumsum": None, "diagonal": None, "trace": None, "fill": None,
    "append": None, "pop": None, "insert": None, "extend": None, "reverse": None, "clear": None,
    "max": largest, "min": smallest, "var": variance, "std": deviation, "astype": astype,
    "argmax": LIBRARY[np.argmax], "argmin": LIBRARY[np.argmin],
    "argsort": LIBRARY[np.argsort], "ptp": spread, "take": None, "repeat": None, "cumprod": None,
    "any": LIBRARY[np.any], "all": LIBRARY[np.all], "round": LIBRARY[np.round], "sort": None,
}
"""Methods of arrays: ``None`` where complex arrays have the right one already."""

ATTRIBUTES = frozenset({"shape", "size", "ndim", "T", "dtype", "flat"})
DTYPES = (np.float64, np.int64, np.int32, np.intp, np.bool_, np.uint8, np.uint64, float, int, bool)
