"""What an operation on complex numbers hands on: in reverse to the adjoint of an operand, forward to the tangent.

Adjoints belong to the inner product ``Re(conj(b) d)``. For ``v = f(z)`` with the partial ``p`` (see
:mod:`s2sad.rules.table` for its three kinds)::

    holomorphic        b_z += conj(p) * b_v          d_v = p * d_z
    antiholomorphic    b_z += p * conj(b_v)          d_v = p * conj(d_z)
    real-valued        b_z += p * b_v                d_v = real(conj(p) * d_z)

and a real operand takes the real part of what it is given.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from s2sad.ir import Atom, Const, Op, Rhs
from s2sad.rules.table import Kind
from s2sad.transform.complex_formulas import IsComplex, conjugated
from s2sad.transform.formulas import Formula
from s2sad.transform.products import weighted

ONE, I = Const(1), Const(1j)  # noqa: E741  (the imaginary unit)
FZERO = Const(0.0)


@dataclass(frozen=True)
class ComplexProducts:
    """Products for one operation; ``is_complex`` tells the names and literals that are complex numbers."""

    kind: Kind
    is_complex: IsComplex
    result: Atom
    temp: Callable[[Rhs, str], str]
    strong_zero: bool
    is_integer: Callable[[Atom], bool]

    def adjoint(self, g: Atom, operand: Atom, target: Atom, partial: Formula, hint: str) -> tuple[int, Atom]:
        """``(sign, atom)`` of what an operand gets where the result has the adjoint ``g``."""
        real_operand = not self.is_complex(operand)
        match self.kind:
            case Kind.HOLOMORPHIC:
                if real_operand and partial in (ONE, I):
                    return 1, self.temp(Op("np.real" if partial == ONE else "np.imag", (g,)), hint)
                if partial == I:
                    return -1, self.temp(Op("times_i", (g,)), hint)
                partial = conjugated(partial, self.is_complex)
            case Kind.ANTIHOLOMORPHIC:
                g = self.temp(Op("np.conj", (g,)), hint)
            case Kind.REAL_VALUED:
                if self.is_complex(target):
                    g = self.temp(Op("np.real", (g,)), hint)
                if partial == I and not real_operand:
                    return 1, self.temp(Op("complex", (FZERO, g)), hint)
        sign, amount = self._weighted(g, partial, hint)
        return sign, self.temp(Op("np.real", (amount,)), hint) if real_operand else amount

    def tangent(self, d: Atom, operand: Atom, partial: Formula, hint: str) -> tuple[int, Atom]:
        """``(sign, atom)`` of what the tangent ``d`` of an operand contributes to the result's."""
        match self.kind:
            case Kind.HOLOMORPHIC:
                if partial == I:
                    made = Op("times_i", (d,)) if self.is_complex(operand) else Op("complex", (FZERO, d))
                    return 1, self.temp(made, hint)
                return self._weighted(d, partial, hint)
            case Kind.ANTIHOLOMORPHIC:
                return self._weighted(self.temp(Op("np.conj", (d,)), hint), partial, hint)
        if partial in (ONE, I):
            return 1, self.temp(Op("np.real" if partial == ONE else "np.imag", (d,)), hint)
        sign, amount = self._weighted(d, conjugated(partial, self.is_complex), hint)
        return sign, self.temp(Op("np.real", (amount,)), hint)

    def _weighted(self, g: Atom, partial: Formula, hint: str) -> tuple[int, Atom]:
        return weighted(g, partial, self.result, self.temp, hint, strong_zero=self.strong_zero,
                        is_integer=self.is_integer)
