"""What is known about a program's derivatives independently of the compiler, and how well."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.fuzz.dual import NOISE, Noisy, derivatives
from tests.fuzz.program import Program, margin
from tests.fuzz.report import flat

TOLERANCE = 1e-12
SINGLE = 2e-5
"""The same where single precision takes part: some hundred of its roundings."""
WILD = 1e6
"""Values and derivatives beyond this are left out: rounding errors are then too large to tell anything."""
KINK = 1e-7
"""Nearer to a kink than this, a disturbed evaluation may take another branch."""
PYTHON_RAISES = (OverflowError, ValueError, ZeroDivisionError)
"""Where compiled code goes on with infinities."""


@dataclass(frozen=True)
class Known:
    """Derivatives by dual numbers, at the program's arguments.

    ``near`` says that the arguments are next to a kink, ``finite`` that no comparison met an infinity.
    """

    value: float
    gradient: np.ndarray
    jacobians: list[np.ndarray]
    scale: float
    tolerance: float
    near: bool
    finite: bool


def known(program: Program) -> Known | None:
    """The derivatives, and how well rounding errors let them be known; none where that is too badly.

    A backward stable computation is as wrong as one in which every operation has an error of a few units of 1e-16.
    Disturbing each operation by 1e-10 instead moves the results about a million times as far, by the same paths.
    The tolerance allows a hundredth of that movement: what ten thousand roundings would do, and still far less
    than a forgotten or repeated contribution, which is of the size of the derivatives themselves.
    """
    try:
        value, gradient, jacobians = derivatives(program)
        moved = derivatives(program, Noisy)
        least, finite = margin(program)
    except PYTHON_RAISES:
        return None
    found = flat([value, gradient, jacobians])
    if not (np.abs(found) < WILD).all():
        return None
    scale = 1.0 + float(np.max(np.abs(found)))
    condition = float(np.max(np.abs(flat(list(moved)) - found))) / NOISE
    single = "float32" in program.source
    tolerance = (SINGLE if single else TOLERANCE) * (scale + condition)
    if not tolerance < (1e-2 if single else 1e-6) * scale:
        return None
    return Known(value, gradient, jacobians, scale, tolerance, least < KINK, finite)
