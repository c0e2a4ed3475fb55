"""Derivatives of the functions proved, by mpmath alone: central differences in a hundred digits and more."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mpmath import mp

from tests.rules.proofs import Proof

STEP = mp.mpf(10) ** -30


@dataclass(frozen=True)
class Reference:
    """The ``value`` of a function, its ``partials`` by each operand (``None``: an integer), and its second derivatives
    by two."""

    operands: tuple
    value: object
    partials: tuple
    second: Mapping[tuple[int, int], object]

    def spread(self, k: int) -> float:
        """What relative errors of the operands do to a partial ``d``: the sum of ``|x_i dd/dx_i|``."""
        return float(sum(abs(x * self.second[k, j]) for j, x in enumerate(self.operands) if (k, j) in self.second))


def reference(proof: Proof, operands: tuple[float, ...]) -> Reference:
    with mp.workdps(100):
        found = _differences(proof, operands)
    if found is None:
        with mp.workdps(900):
            found = _differences(proof, operands, trusted=True)
    return found


def _differences(proof, operands, trusted=False):
    exact = proof.exact(operands)
    real = [k for k in range(len(exact)) if not proof.integer(k)]
    steps = {k: STEP * (abs(exact[k]) or 1) for k in real}

    def f(**moved):
        return proof.f(*(x + moved.get(f"x{k}", 0) for k, x in enumerate(exact)))

    middle = f()
    around = {}
    for k in real:
        h = steps[k]
        around[k] = f(**{f"x{k}": h}), f(**{f"x{k}": -h})
        change = abs(around[k][0] - around[k][1])
        if not trusted and change <= abs(middle) * mp.mpf(10) ** -50:
            return None                 # so small a partial needs more digits
    partials = [None if k not in around else (around[k][0] - around[k][1]) / (2 * steps[k]) for k in range(len(exact))]
    second = {}
    for k in real:
        above, below = around[k]
        second[k, k] = (above - 2 * middle + below) / steps[k] ** 2
        for j in real:
            if j < k:
                h, g = steps[k], steps[j]
                mixed = sum(s * t * f(**{f"x{k}": s * h, f"x{j}": t * g}) for s in (1, -1) for t in (1, -1))
                second[k, j] = second[j, k] = mixed / (4 * h * g)
    return Reference(tuple(exact), middle, tuple(partials), second)
