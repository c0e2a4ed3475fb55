"""``f_index_sets(sets, x, d_x, ...)``: on which elements of the arguments each element of the result depends."""
from __future__ import annotations

from s2sad.errors import UnsupportedFunction
from s2sad.ir import Function
from s2sad.ir.names import Names
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.optimise.copies import propagate_copies
from s2sad.optimise.dead import remove_dead_code
from s2sad.optimise.placing import place_results
from s2sad.optimise.zeros import drop_zeros
from s2sad.transform.index_sets import NoSets, with_index_sets
from s2sad.transform.tangent import build_tangent


def index_set_functions(a: Analysed, finish: Finish, *, strong_zero: bool) -> Built:
    t = build_tangent(a.fn, a.active, a.interface.active, strong_zero=strong_zero, callees=a.callees)
    params = tuple(x for p in a.fn.params for x in ((p, t.tangents[p]) if p in t.tangents else (p,)))
    fn = Function(f"{a.fn.name}_index_sets", params, t.body, t.d_result, a.fn.loc, t.types)
    live = frozenset(params)
    fn = remove_dead_code(place_results(fn), live=live)
    if a.optimised:
        fn = remove_dead_code(drop_zeros(propagate_copies(fn)), live=live)
    sets = Names({*params, *t.types}).fresh("sets")
    try:
        made = with_index_sets(fn, t.tangents.values(), sets)
    except NoSets as e:
        raise UnsupportedFunction(f"what the elements of `{a.fn.name}` depend on cannot be told: {e}", loc=a.fn.loc,
                                  code="S2S010", hint="give the pattern: sparsity=pattern") from None
    return [finish(made, a, live | {sets})], made.name, (made.name,)
