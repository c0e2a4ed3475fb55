"""``f_tangent(..., x, d_x, ...)`` gives ``(value, d_value)``."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s2sad.ir import Arg, Atom, Function, TupleArg
from s2sad.ir import walk as w
from s2sad.ir.types import is_differentiable
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.transform.tangent import build_tangent


def has_tangent(leaf: Atom, types: Mapping[str, Any]) -> bool:
    return is_differentiable(types.get(leaf)) if isinstance(leaf, str) else isinstance(leaf.value, (float, complex))


def tangent_functions(a: Analysed, finish: Finish, *, strong_zero: bool, flat: bool = False,
                      alone: bool = False) -> Built:
    """With ``flat`` all the numbers of the result and of its tangent are one tuple: what callers in the module take.

    With ``alone`` it returns the tangent of the result only, and computes of the value what that takes.
    """
    t = build_tangent(a.fn, a.active, a.interface.active, strong_zero=strong_zero, callees=a.callees)
    name = f"{a.fn.name}_{'direction' if alone else 'tangent'}"
    params = tuple(x for p in a.fn.params for x in ((p, t.tangents[p]) if p in t.tangents else (p,)))
    result: Arg | None = None if t.result is None else TupleArg((t.result, t.d_result))  # type: ignore[arg-type]
    if alone:
        result = t.d_result
    if flat and t.result is not None:
        values = w.result_leaves(t.result)
        # an integer has no tangent: numba could not tell the pair of two of them from one of equal types
        parts = (*values, *(d for v, d in zip(values, w.result_leaves(t.d_result)) if has_tangent(v, t.types)))
        result = parts[0] if len(parts) == 1 else TupleArg(parts)
    fn = Function(name, params, t.body, result, a.fn.loc, t.types)
    return [finish(fn, a, frozenset(params))], name, (name,)
