"""``f_tangent(..., x, d_x, ...)`` gives ``(value, d_value)``."""
from __future__ import annotations

from s2sad.ir import Function, TupleArg
from s2sad.ir import walk as w
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.transform.tangent import build_tangent


def tangent_functions(a: Analysed, finish: Finish, *, strong_zero: bool, flat: bool = False) -> Built:
    """With ``flat`` all the numbers of the result and of its tangent are one tuple: what callers in the module take."""
    t = build_tangent(a.fn, a.active, a.interface.active, strong_zero=strong_zero, callees=a.callees)
    name = f"{a.fn.name}_tangent"
    params = tuple(x for p in a.fn.params for x in ((p, t.tangents[p]) if p in t.tangents else (p,)))
    result = None if t.result is None else TupleArg((t.result, t.d_result))  # type: ignore[arg-type]
    if flat and t.result is not None:
        result = TupleArg((*w.result_leaves(t.result), *w.result_leaves(t.d_result)))
    fn = Function(name, params, t.body, result, a.fn.loc, t.types)
    return [finish(fn, a, frozenset(params))], name, (name,)
