"""Forward mode by operator overloading, independent of the compiler: all derivatives of a program in one execution.

With noise, every operation is disturbed by a random relative error: how far the results move tells how well rounding
errors let them be known.
"""
from __future__ import annotations

import cmath
import math
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from tests.fuzz.evaluation import evaluate
from tests.fuzz.program import WRT, Program

NOISE = 1e-10


class Dual:
    """A number, which may be complex, and its derivatives by all arguments, which are real."""

    __slots__ = ("d", "v")

    def __init__(self, v: float, d: Any) -> None:
        self.v, self.d = v, d

    def new(self, v: float, d: Any) -> Dual:
        return Dual(v, d)

    # ---- arithmetic

    def __add__(self, o: Any) -> Dual:
        if isinstance(o, Dual):
            return self.new(self.v + o.v, self.d + o.d)
        return NotImplemented if isinstance(o, np.ndarray) else self.new(self.v + o, self.d)

    def __sub__(self, o: Any) -> Dual:
        if isinstance(o, Dual):
            return self.new(self.v - o.v, self.d - o.d)
        return NotImplemented if isinstance(o, np.ndarray) else self.new(self.v - o, self.d)

    def __rsub__(self, o: Any) -> Dual:
        return self.new(o - self.v, -self.d)

    def __mul__(self, o: Any) -> Dual:
        if isinstance(o, Dual):
            return self.new(self.v * o.v, o.v * self.d + self.v * o.d)
        return NotImplemented if isinstance(o, np.ndarray) else self.new(self.v * o, self.d * o)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, o: Any) -> Dual:
        if isinstance(o, Dual):
            return self.new(self.v / o.v, (self.d - self.v / o.v * o.d) / o.v)
        return NotImplemented if isinstance(o, np.ndarray) else self.new(self.v / o, self.d / o)

    def __rtruediv__(self, o: Any) -> Dual:
        return self.new(o / self.v, -o / self.v ** 2 * self.d)

    def __pow__(self, n: Any) -> Dual:
        if isinstance(n, Dual):
            v = self.v ** n.v
            return self.new(v, n.v * self.v ** (n.v - 1.0) * self.d + v * math.log(self.v) * n.d)
        return self.new(self.v ** n, n * self.v ** (n - 1) * self.d)

    def __rpow__(self, o: Any) -> Dual:
        v = o ** self.v
        return self.new(v, v * math.log(o) * self.d)

    def __neg__(self) -> Dual:
        return Dual(-self.v, -self.d)

    def __pos__(self) -> Dual:
        return self

    def __abs__(self) -> Dual:
        if isinstance(self.v, complex):
            return self.new(abs(self.v), (self.v.conjugate() * self.d).real / abs(self.v))
        return -self if self.v < 0.0 else self

    # ---- complex numbers

    @property
    def real(self) -> Dual: return type(self)(self.v.real, np.real(self.d))

    @property
    def imag(self) -> Dual: return type(self)(self.v.imag, np.imag(self.d))

    def conjugate(self) -> Dual: return type(self)(self.v.conjugate(), np.conj(self.d))

    def angle(self) -> Dual:
        return self.new(cmath.phase(self.v), (self.v.conjugate() * self.d).imag / abs(self.v) ** 2)

    # ---- comparisons look at values

    def __lt__(self, o: Any) -> bool: return self.v < value_of(o)
    def __le__(self, o: Any) -> bool: return self.v <= value_of(o)
    def __gt__(self, o: Any) -> bool: return self.v > value_of(o)
    def __ge__(self, o: Any) -> bool: return self.v >= value_of(o)
    def __eq__(self, o: object) -> bool: return bool(self.v == value_of(o))
    def __ne__(self, o: object) -> bool: return bool(self.v != value_of(o))
    def __bool__(self) -> bool: return self.v != 0.0

    __hash__ = None  # type: ignore[assignment]


class Noisy(Dual):
    """Every operation is wrong by about :data:`NOISE`."""

    __slots__ = ()
    dice = random.Random(0)

    def new(self, v: float, d: Any) -> Dual:
        return Noisy(v * (1.0 + NOISE * self.dice.uniform(-1.0, 1.0)), d * (1.0 + NOISE * self.dice.uniform(-1.0, 1.0)))

    def __neg__(self) -> Dual:
        return Noisy(-self.v, -self.d)


def value_of(x: Any) -> float:
    return x.v if isinstance(x, Dual) else x


def _function(name: str, slope: Callable[[Any, Any], Any]) -> Callable[[Dual], Dual]:
    """From the derivative, given the module for the kind of number and the number."""
    real, both = getattr(math, name), getattr(cmath, name)

    def of(x: Dual) -> Dual:
        if isinstance(x.v, complex):
            return x.new(both(x.v), slope(cmath, x.v) * x.d)
        return x.new(real(x.v), slope(math, x.v) * x.d)
    return of


def _hypot(x: Dual, y: Dual) -> Dual:
    r = math.hypot(x.v, y.v)
    return x.new(r, x.v / r * x.d + y.v / r * y.d)


FUNCTIONS: dict[str, Callable] = {
    "sin": _function("sin", lambda m, x: m.cos(x)), "cos": _function("cos", lambda m, x: -m.sin(x)),
    "tanh": _function("tanh", lambda m, x: 1.0 - m.tanh(x) ** 2), "exp": _function("exp", lambda m, x: m.exp(x)),
    "atan": _function("atan", lambda m, x: 1.0 / (1.0 + x * x)), "log": _function("log", lambda m, x: 1.0 / x),
    "sqrt": _function("sqrt", lambda m, x: 0.5 / m.sqrt(x)), "fabs": abs, "phase": Dual.angle,
    "hypot": _hypot,
}


@cache
def _unit(size: int) -> np.ndarray:
    return np.eye(size)


def derivatives(program: Program, kind: type[Dual] = Dual, shift: tuple | None = None,
                ) -> tuple[float, np.ndarray, list[np.ndarray]]:
    """The value, its gradient, and for each array of ``WRT`` the Jacobian of its final content, flattened."""
    args = list(program.args)
    if shift is not None:
        args[:len(WRT)] = [a + s for a, s in zip(args, shift, strict=False)]
    size = sum(np.size(a) for a in args[:len(WRT)])
    unit, at = _unit(size), 0
    nothing = np.zeros(size)

    def lift(x: Any) -> Any:
        return x if isinstance(x, Dual) else kind(x if isinstance(x, complex) else float(x), nothing)

    for k, a in enumerate(args[:len(WRT)]):
        made = np.empty(np.shape(a), object)
        for where in np.ndindex(made.shape):
            made[where] = kind(float(a[where]) if made.shape else float(a), unit[at])
            at += 1
        args[k] = made if made.shape else made[()]
    arrays = [a for a in args[:len(WRT)] if isinstance(a, np.ndarray)]
    value = lift(evaluate(program, tuple(args), lift, FUNCTIONS, value_of))
    return value.v, value.d, [np.array([lift(e).d for e in a.reshape(-1)]) for a in arrays]
