"""Derivatives of the functions proved, by mpmath alone: central differences in a hundred digits and more."""
from __future__ import annotations

from dataclasses import dataclass

from mpmath import mp

from tests.rules.proofs import Proof

STEP = mp.mpf(10) ** -30


@dataclass(frozen=True)
class Reference:
    """``value`` of the function, its ``partials`` by each operand (``None``: an integer), and for each partial ``d``
    the sum of ``|x_i dd/dx_i|``: what relative errors of the operands do to it."""

    value: object
    partials: tuple
    spreads: tuple


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
    partials, spreads = [], []
    around = {}
    for k in real:
        h = steps[k]
        around[k] = f(**{f"x{k}": h}), f(**{f"x{k}": -h})
        change = abs(around[k][0] - around[k][1])
        if not trusted and change <= abs(middle) * mp.mpf(10) ** -50:
            return None                 # so small a partial needs more digits
    for k in range(len(exact)):
        if k not in real:
            partials.append(None)
            spreads.append(None)
            continue
        above, below = around[k]
        partials.append((above - below) / (2 * steps[k]))
        spread = abs(exact[k] * (above - 2 * middle + below)) / steps[k] ** 2
        for j in real:
            if j != k:
                h, g = steps[k], steps[j]
                mixed = sum(s * t * f(**{f"x{k}": s * h, f"x{j}": t * g}) for s in (1, -1) for t in (1, -1))
                spread += abs(exact[j] * mixed) / (4 * h * g)
        spreads.append(spread)
    return Reference(middle, tuple(partials), tuple(spreads))
