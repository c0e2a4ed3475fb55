"""Whether an operation is one on real or on complex numbers, and the rule it has as that.

numba decides by the types of the operands: ``np.sqrt(z)`` of a complex ``z`` is another function than ``np.sqrt(x)``,
and ``cmath.sqrt(x)`` is complex whatever it is given.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s2sad.ir import Const, Op
from s2sad.ir.types import is_complex
from s2sad.rules.table import Constant, Rule, lookup

MAKES_COMPLEX = frozenset({"complex", "np.complex64", "np.complex128", "times_i"})


def on_complex(op: Op, types: Mapping[str, Any]) -> bool:
    """Whether the rules of complex numbers hold for an operation.

    >>> from numba import complex128, float64
    >>> on_complex(Op("mul", ("x", "z")), {"x": float64, "z": complex128}), on_complex(Op("cmath.sqrt", ("x",)), {})
    (True, True)
    >>> on_complex(Op("mul", ("x", "x")), {"x": float64})
    False
    """
    if op.fn in MAKES_COMPLEX or op.fn.startswith("cmath."):
        return True
    return any(isinstance(a.value, complex) if isinstance(a, Const) else is_complex(types.get(a)) for a in op.args)


def rule_of(op: Op, types: Mapping[str, Any]) -> Rule | Constant | None:
    """The rule of an operation, :data:`~s2sad.rules.table.CONSTANT`, or ``None`` where none is known."""
    return lookup(op.fn, on_complex(op, types))
