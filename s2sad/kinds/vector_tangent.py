"""``f_vector_tangent(..., x, d_x, ...)``: a tangent with several directions, the innermost axis of every tangent."""
from __future__ import annotations

import ast

from s2sad.errors import UnsupportedFunction
from s2sad.ir import Arg, Function, TupleArg
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.optimise.copies import propagate_copies
from s2sad.optimise.dead import remove_dead_code
from s2sad.optimise.placing import place_results
from s2sad.optimise.zeros import drop_zeros
from s2sad.transform.lanes import NoLanes, with_lanes
from s2sad.transform.tangent import build_tangent

WIDTH = 8
"""Directions at once where nothing else is asked for: two or four vector registers full of double precision."""


def vector_tangent(a: Analysed, finish: Finish, width: int, *, strong_zero: bool,
                   alone: bool = False) -> ast.FunctionDef:
    """The tangent with an axis of ``width`` directions; with ``alone`` it returns the tangent of the result only.

    Raises
    ------
    NoLanes
        Where it has a statement that takes one direction at a time.
    """
    t = build_tangent(a.fn, a.active, a.interface.active, strong_zero=strong_zero, callees=a.callees)
    params = tuple(x for p in a.fn.params for x in ((p, t.tangents[p]) if p in t.tangents else (p,)))
    result: Arg | None = None if t.result is None else TupleArg((t.result, t.d_result))  # type: ignore[arg-type]
    if alone:
        result = t.d_result
    name = f"{a.fn.name}_{'directions' if alone else 'vector_tangent'}"
    fn = Function(name, params, t.body, result, a.fn.loc, t.types)
    live = frozenset(params)
    fn = remove_dead_code(place_results(fn), live=live)
    if a.optimised:
        fn = remove_dead_code(drop_zeros(propagate_copies(fn)), live=live)
    return finish(with_lanes(fn, t.tangents.values(), width, alone=alone), a, live)


def vector_tangent_functions(a: Analysed, finish: Finish, width: int, *, strong_zero: bool) -> Built:
    try:
        node = vector_tangent(a, finish, width, strong_zero=strong_zero)
    except NoLanes as e:
        raise UnsupportedFunction(f"a tangent of `{a.fn.name}` with several directions cannot be made yet: {e}",
                                  loc=a.fn.loc, code="S2S010",
                                  hint='take the "tangent", which has one direction') from None
    return [node], node.name, (node.name,)
