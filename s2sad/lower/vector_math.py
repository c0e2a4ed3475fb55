"""Vector math in place of the C library's, in the precision that the program has.

With ``math="vector"``, before::

    y = math.exp(x)

and after, where ``x`` is of double precision, and where it is of single precision (what generated modules carry of
:mod:`s2sad.vmath` computes in double precision)::

    y = vector_exp(x)

    t = np.float64(x)
    t_1 = vector_exp(t)
    y = np.float32(t_1)
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from numba import types as nbt

from s2sad.ir import Assign, Atom, Const, Function, Op, Stmt
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_float
from s2sad.vmath import TYPED

INSTEAD = {
    **{f"{space}.{name}": f"vector_{name}" for space in ("math", "np")
       for name in ("exp", "expm1", "log", "log1p", "tanh")},
    "math.erf": "vector_erf", "erf": "vector_erf", "math.erfc": "vector_erfc", "erfc": "vector_erfc",
    **{name: "vector_pow" for name in ("pow", "math.pow", "np.power", "np.float_power")},
    **{name: f"vector_{name}" for name in ("expit", "gauss", "ndtr", "norm_pdf", "sech2")},
}
"""The functions that have a counterpart, and its name."""


def use_vector_math(fn: Function) -> Function:
    """Call functions of :mod:`s2sad.vmath` on numbers instead of the C library's. The types of all names are known."""
    return _rewritten(fn, INSTEAD)


def widen_vector_math(fn: Function) -> Function:
    """Give functions of :mod:`s2sad.vmath` arguments of double precision."""
    return _rewritten(fn, {name: name for name in TYPED})


def _rewritten(fn: Function, instead: dict[str, str]) -> Function:
    names = Names(w.all_names(fn))
    types: dict[str, Any] = dict(fn.types)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        match s:
            case Assign(target, Op(called, args)) if called in instead:
                result = types.get(target)
                if result not in (nbt.float64, nbt.float32) or not all(map(is_number, args)):
                    return (s,)                                  # on arrays or complex numbers
                if instead[called] == called:
                    if result == nbt.float64 and all(map(is_double, args)):
                        return (s,)
                elif isinstance(last := args[-1], Const) or len(args) == 2 and not is_float(types.get(last)):
                    return (s,)                                  # whole powers are products, constants are folded
                out: list[Stmt] = []
                wide = list(args)
                for k, x in enumerate(args):
                    if not is_double(x):
                        wide[k] = fresh()
                        out.append(Assign(wide[k], Op("np.float64", (x,)), s.loc))  # type: ignore[arg-type]
                value = Op(instead[called], tuple(wide))
                if result == nbt.float64:
                    return (*out, Assign(target, value, s.loc))
                double = fresh()
                return (*out, Assign(double, value, s.loc), Assign(target, Op("np.float32", (double,)), s.loc))
        return (s,)

    def is_number(a: Atom) -> bool:
        if isinstance(a, Const):
            return isinstance(a.value, float | int)
        return isinstance(types.get(a), nbt.Float | nbt.Integer | nbt.Boolean)

    def is_double(a: Atom) -> bool:
        return isinstance(a.value, float) if isinstance(a, Const) else types.get(a) == nbt.float64

    def fresh() -> str:
        name = names.fresh("t")
        types[name] = nbt.float64
        return name

    body = w.map_block(fn.body, visit)
    return fn if body is fn.body else replace(fn, body=body, types=types)
