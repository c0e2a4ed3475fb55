"""``f_adjoint(..., x, b_x, ..., cotangents)``: both sweeps in one function."""
from __future__ import annotations

from typing import Any

from s2sad.analysis.fusible import Fusion
from s2sad.ir import Arg, Assign, Atom, Call, Function, Stmt, TupleArg
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.kinds.budget import within_budget
from s2sad.transform.adjoint import Adjoint, build_adjoint


def adjoint_functions(a: Analysed, finish: Finish, *, value: bool, strong_zero: bool) -> Built:
    fuse = fusion(a, value)

    def build(a: Analysed) -> Adjoint:
        return build_adjoint(a.fn, a.active, a.interface.wrt, strong_zero=strong_zero, callees=a.callees, fuse=fuse)

    a = within_budget(a, build)
    adj = build(a)
    fn = adjoint_function(a, adj, value=value)
    return [finish(fn, a, frozenset(adj.shadows.values()))], fn.name, (fn.name,)


def fusion(a: Analysed, value: bool) -> Fusion:
    """Which loops an adjoint may fuse that gives the primal's value, or does not."""
    if not a.optimised:
        return Fusion.NONE
    return Fusion.WITH_VALUE if value else Fusion.WITHOUT_VALUE


def adjoint_function(a: Analysed, adj: Adjoint, *, value: bool) -> Function:
    """The IR of the adjoint. With ``value`` the primal's value, held before the reverse sweep, is returned as well."""
    params = [x for p in a.fn.params for x in ((p, adj.shadows[p]) if p in adj.shadows else (p,))]
    gradients = tuple(g for _, g in adj.gradients)
    result: Arg | None = None
    if gradients:
        result = gradients[0] if len(gradients) == 1 else TupleArg(gradients)
    middle: tuple[Stmt, ...] = ()
    types = dict(adj.types)
    if value and adj.result is not None:
        made = (n for s in w.walk((*adj.forward, *adj.reverse)) for n in (*w.reads(s), *w.binds(s)))
        names = Names({*w.all_names(a.fn), *adj.types, *params, *adj.cotangents, *made})
        held, middle = hold(adj.result, types, names, a)
        result = held if result is None else TupleArg((held, result))
    body = (*adj.forward, *middle, *adj.reverse)
    return Function(f"{a.fn.name}_adjoint", (*params, *adj.cotangents), body, result, a.fn.loc, types)


def hold(result: Arg, types: dict[str, Any], names: Names, a: Analysed) -> tuple[Arg, tuple[Stmt, ...]]:
    """Copies of a result's leaves, which the reverse sweep may restore to earlier values."""
    statements: list[Stmt] = []

    def kept(leaf: Atom) -> Atom:
        if not isinstance(leaf, str):
            return leaf
        copy = names.fresh("value")
        types[copy] = types.get(leaf)
        statements.append(Assign(copy, Call("np.copy", (leaf,)) if is_array(types.get(leaf)) else leaf, a.fn.loc))
        return copy

    held = w.map_result(result, kept)
    assert held is not None
    return held, tuple(statements)
