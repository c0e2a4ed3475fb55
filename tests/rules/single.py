"""Single precision as numba computes it, in plain Python: for generated source that is run uncompiled.

In numba an operation on two ``float32`` is one on single precision, and everything else (a literal, an integer, a
``float64`` beside it) makes it double; NumPy's scalars would stay single beside a literal. Only a choice between a
single and a double, which numba makes double, stays what was chosen.
"""
from __future__ import annotations

import math
import operator
import sys
import types

import numpy as np

from s2sad.runtime import ieee


class Single:
    """A number of single precision."""

    __slots__ = ("value",)

    def __init__(self, value: float) -> None:
        with np.errstate(all="ignore"):
            self.value = np.float32(value)

    @property
    def real(self) -> Single:
        return self

    @property
    def imag(self) -> Single:
        return Single(0.0)

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __hash__(self) -> int:
        return hash(self.value)


def _operation(f, wraps):
    def forward(a, b):
        with np.errstate(all="ignore"):
            if isinstance(b, Single):
                return wraps(f(a.value, b.value))
            return f(np.float64(a.value), np.float64(b))

    def backward(a, b):
        with np.errstate(all="ignore"):
            return f(np.float64(b), np.float64(a.value))

    return forward, backward


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _forward, _backward = _operation(getattr(operator, _name), Single)
    setattr(Single, f"__{_name}__", _forward)
    setattr(Single, f"__r{_name}__", _backward)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Single, f"__{_name}__", _operation(getattr(operator, _name), bool)[0])
Single.__neg__ = lambda a: Single(-a.value)
Single.__pos__ = lambda a: a
Single.__abs__ = lambda a: Single(abs(a.value))


def _on_singles(f):
    """A function of doubles as it is on singles: rounded, if all its floating-point operands are."""
    def evaluate(*args):
        plain = [float(a) if isinstance(a, Single) else a for a in args]
        with np.errstate(all="ignore"):
            result = f(*plain)
        if not isinstance(result, float):
            return result
        floats = [a for a in args if isinstance(a, (Single, float))]
        return Single(result) if all(isinstance(a, Single) for a in floats) else np.float64(result)
    return evaluate


def _module(name, *sources):
    made = types.ModuleType(name)
    for source in sources:
        for attr, f in list(vars(source).items()):
            if callable(f) and not isinstance(f, type):
                setattr(made, attr, _on_singles(f))
            elif not attr.startswith("_"):
                setattr(made, attr, f)
    return made


MATH = _module("math", math, ieee)
NUMPY = _module("numpy", np)
NUMPY.float32 = Single


def execute_single(source):
    """The functions of a generated module of scalars, for arguments that are :class:`Single`."""
    plain = types.ModuleType("numba")
    plain.njit = lambda *a, **k: a[0] if a else (lambda f: f)
    namespace = {"float": lambda x: np.float64(float(x))}
    shims = {"math": MATH, "numpy": NUMPY, "numba": plain}
    saved = {name: sys.modules.get(name) for name in shims}
    sys.modules.update(shims)
    try:
        exec(compile(source, "<single>", "exec"), namespace)
    finally:
        sys.modules.update(saved)
    return namespace
