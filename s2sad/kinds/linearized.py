"""``f_linearized(x, ...)`` runs the primal and keeps the partials, ``f_linear(saved, directions)`` applies them."""
from __future__ import annotations

from s2sad.ir import Arg, Assign, Block, Call, Function, Stmt, TupleArg
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array, is_differentiable
from s2sad.kinds.adjoint import hold
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.kinds.vjp import ordered_outputs, placeholders, unpacking
from s2sad.optimise.copies import propagate_copies
from s2sad.optimise.dead import live_at_start, remove_dead_code
from s2sad.optimise.placing import place_results
from s2sad.optimise.zeros import drop_zeros
from s2sad.transform.splitting import split_tangent
from s2sad.transform.tangent import build_tangent


def linearized_functions(a: Analysed, finish: Finish, *, outputs: tuple[str, ...] | None, strong_zero: bool) -> Built:
    """The run of the primal and the linear function.

    Raises
    ------
    NotSplit
        Where the tangent has a statement that needs both at once.
    """
    order = ordered_outputs(a, outputs)
    t = build_tangent(a.fn, a.active, a.interface.active, strong_zero=strong_zero, callees=a.callees)
    params = tuple(x for p in a.fn.params for x in ((p, t.tangents[p]) if p in t.tangents else (p,)))
    both: Arg | None = None if t.result is None else TupleArg((t.result, t.d_result))  # type: ignore[arg-type]
    fn = place_results(Function(f"{a.fn.name}_linearized", params, t.body, both, a.fn.loc, t.types))
    live = frozenset(params)
    fn = remove_dead_code(fn, live=live)
    if a.optimised:
        fn = remove_dead_code(drop_zeros(propagate_copies(fn)), live=live)
    result, d_result = fn.result.items if isinstance(fn.result, TupleArg) and t.result is not None else (None, None)
    split = split_tangent(fn, t.tangents.values(), w.result_leaves(d_result))
    types = split.types
    names = Names({*w.all_names(fn), *types, *params, "saved", "directions",
                   *(n for s in w.walk((*split.primal, *split.linear)) for n in (*w.reads(s), *w.binds(s)))})

    start: list[Stmt] = []
    for p in a.interface.active:
        d = t.tangents[p]
        if p not in a.interface.wrt:
            start.append(Assign(d, Call("np.zeros_like", (p,)), a.fn.loc))
        elif p in a.interface.mutated:
            start.append(Assign(d, Call("np.copy", (d,)), a.fn.loc))
    moved: list[Arg] = []
    for o in order:
        if o == "return":
            moved += (d for d, v in zip(w.result_leaves(d_result), w.result_leaves(result))
                      if not isinstance(v, str) and isinstance(getattr(v, "value", None), float)
                      or isinstance(v, str) and is_differentiable(types.get(v)))
        elif o in t.tangents:
            moved.append(t.tangents[o])
        elif is_differentiable(types[o]):
            zeros = names.fresh(f"d_{o}")
            types[zeros] = types[o]
            start.append(Assign(zeros, Call("np.zeros_like", (o,)), a.fn.loc))
            moved.append(zeros)
    linear = Function("", (), (*start, *split.linear), TupleArg(tuple(moved)), a.fn.loc, types)
    given = [t.tangents[p] for p in a.interface.wrt if p in t.tangents]
    entry = live_at_start(linear) - set(given)
    bound = (n for s in w.walk(split.primal) for n in w.binds(s))
    position = {n: k for k, n in enumerate(dict.fromkeys((*a.fn.params, *bound)))}
    saved = sorted((n for n in entry if n in position), key=lambda n: position[n])
    linear = Function(f"{a.fn.name}_linear", (*saved, *given), linear.body, linear.result, a.fn.loc, types)

    copied = {p for p in a.fn.params if is_array(types[p]) and p in a.interface.mutated}
    head: Block = tuple(Assign(p, Call("np.copy", (p,)), a.fn.loc) for p in a.fn.params if p in copied)
    parts: list[Arg] = [result if o == "return" else o for o in order]  # type: ignore[misc]
    value, tail = hold(TupleArg(tuple(parts)), types, names, a)
    assert isinstance(value, TupleArg)
    head = (*placeholders(saved, split.primal, a, types), *head)
    made = TupleArg((value if outputs is not None else value.items[0], TupleArg(tuple(saved))))
    primal = Function(f"{a.fn.name}_linearized", a.fn.params, (*head, *split.primal, *tail), made, a.fn.loc, types)
    nodes = [finish(primal, a, frozenset()),
             unpacking(finish(linear, a, frozenset()), saved, given, ("saved", "directions"))]
    return nodes, primal.name, (primal.name, linear.name)
