"""The derivative of a program along a direction, by differences at 50 digits: no rule of differentiation enters."""
from __future__ import annotations

from typing import Any

import mpmath
import numpy as np

from tests.fuzz.evaluation import evaluate
from tests.fuzz.program import WRT, Program

DIGITS = 50
NAMES = ("sin", "cos", "tanh", "atan", "exp", "log", "sqrt", "hypot")
FUNCTIONS = {n: getattr(mpmath, n) for n in NAMES} | {"fabs": abs, "phase": mpmath.arg}


def along(program: Program, direction: tuple) -> float:
    """The central difference with a step of 1e-15, good to about 1e-30."""
    with mpmath.workdps(DIGITS):
        h = mpmath.mpf(10) ** -15

        def at(sign: int) -> Any:
            args = list(program.args)
            for k, t in enumerate(direction[:len(WRT)]):
                moved = np.empty(np.shape(t), object)
                for where in np.ndindex(moved.shape):
                    moved[where] = mpmath.mpf(float(args[k][where] if moved.shape else args[k]))
                    moved[where] += sign * h * mpmath.mpf(float(t[where] if moved.shape else t))
                args[k] = moved if moved.shape else moved[()]
            return evaluate(program, tuple(args), lift, FUNCTIONS, float)

        return float((at(1) - at(-1)) / (2 * h))


def lift(x: Any) -> Any:
    if isinstance(x, (mpmath.mpf, mpmath.mpc)):
        return x
    return mpmath.mpc(x) if isinstance(x, complex) else mpmath.mpf(float(x))
