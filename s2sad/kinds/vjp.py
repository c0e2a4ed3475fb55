"""``f_forward(x, ...)`` runs the primal once and keeps what is required; ``f_reverse(saved, cotangents)`` pulls back.

What is kept is exactly what the reverse sweep reads: it owns copies of the caller's arrays whose content it needs, and
the reverse sweep copies what it restores, so that it can be called again.
"""
from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from numba import types as nbt

from s2sad.analysis.structure import definitely_bound
from s2sad.emit.syntax import names as names_of
from s2sad.errors import BadCall
from s2sad.ir import Alloc, Arg, Assign, Block, Call, Const, Dim, Function, Stmt, TupleArg
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name, is_array, is_complex, is_differentiable, is_integer
from s2sad.kinds.adjoint import hold
from s2sad.kinds.analysed import Analysed, Built, Finish
from s2sad.kinds.budget import within_budget
from s2sad.kinds.gradient import procedure
from s2sad.optimise.dead import live_at_start, swapped_together
from s2sad.transform.adjoint import Adjoint, build_adjoint


def vjp_functions(a: Analysed, finish: Finish, *, outputs: tuple[str, ...] | None, strong_zero: bool) -> Built:
    """Both sweeps as functions of their own.

    Raises
    ------
    BadCall
        If there is nothing to pull back from: no result and no ``outputs``, or an output the function does not write.
    """
    order = ordered_outputs(a, outputs)
    seeded: frozenset[int] | None = None if "return" in order else frozenset()

    def build(a: Analysed) -> Adjoint:
        return build_adjoint(a.fn, a.active, a.interface.wrt, strong_zero=strong_zero, carry=False, seeded=seeded,
                             callees=a.callees)

    a = within_budget(a, build)
    adj = build(a)
    types = dict(adj.types)
    made = (n for s in w.walk((*adj.forward, *adj.reverse)) for n in (*w.reads(s), *w.binds(s)))
    names = Names({*made, *w.all_names(a.fn), *types, *adj.shadows.values(), *adj.cotangents, "saved", "cotangents"})
    groups = swapped_together(a.fn.body)

    cotangents: list[str] = []
    given: dict[str, str] = {}
    for o in order:
        if o == "return":
            cotangents += adj.cotangents
        elif is_differentiable(types[o]):
            if o in groups:
                raise BadCall(f"the output `{o}` is swapped with another array: not supported yet", loc=a.fn.loc,
                              code="S2S046", hint="copy it into the output at the end")
            c = names.fresh(f"b_{o}_end")
            types[c] = types[o]
            cotangents.append(c)
            given[o] = c

    start: list[Stmt] = [
        Assign(b, Call("np.copy", (given[p],)) if p in given else Call("np.zeros_like", (p,)), a.fn.loc)
        for p, b in adj.shadows.items()]
    scalars = dict(adj.gradients)
    gradient: Arg = TupleArg(tuple(adj.shadows.get(p) or scalars[p] for p in a.interface.wrt))
    reverse = Function("", (), (*start, *adj.reverse), gradient, a.fn.loc, types)
    entry = live_at_start(reverse)
    bound = (n for s in w.walk(adj.forward) for n in w.binds(s))
    position = {n: k for k, n in enumerate(dict.fromkeys((*a.fn.params, *bound)))}
    saved = sorted((n for n in entry if n in position), key=lambda n: position[n])

    restored = {x for s in w.walk(reverse.body) for x in w.written(s)}
    restored |= {m for n in restored for m in groups.get(n, ())}
    own = tuple(Assign(n, Call("np.copy", (n,)), a.fn.loc) for n in saved if n in restored)
    reverse = replace(reverse, name=f"{a.fn.name}_reverse", params=(*saved, *cotangents), body=(*own, *reverse.body))

    read = _content_read(reverse.body)
    copied = {p for p in a.fn.params if is_array(types[p]) and (p in a.interface.mutated or p in saved and p in read)}
    copied |= {m for p in copied for m in groups.get(p, ()) if m in a.fn.params}
    head: Block = tuple(Assign(p, Call("np.copy", (p,)), a.fn.loc) for p in a.fn.params if p in copied)
    parts: list[Arg] = [adj.result if o == "return" else o for o in order]  # type: ignore[misc]
    value, tail = hold(TupleArg(tuple(parts)), types, names, a)
    assert isinstance(value, TupleArg)
    head = (*placeholders(saved, adj.forward, a, types), *head)
    result = TupleArg((value if outputs is not None else value.items[0], TupleArg(tuple(saved))))
    forward = Function(f"{a.fn.name}_forward", a.fn.params, (*head, *adj.forward, *tail), result, a.fn.loc, types)
    nodes = [finish(forward, a, frozenset()), unpacking(finish(reverse, a, frozenset()), saved, cotangents)]
    return nodes, forward.name, (forward.name, reverse.name)


def ordered_outputs(a: Analysed, outputs: tuple[str, ...] | None) -> tuple[str, ...]:
    if outputs is None:
        if a.interface.result is None:
            raise procedure(a)
        return ("return",)
    for o in outputs:
        if o == "return":
            if a.interface.result is None:
                raise BadCall(f"`{a.fn.name}` returns nothing, so \"return\" is no output of it", loc=a.fn.loc,
                              code="S2S046", hint="name the parameters it writes to")
        elif o not in a.interface.mutated:
            raise BadCall(f"`{o}` is not an array that `{a.fn.name}` writes to", loc=a.fn.loc, code="S2S046",
                          hint=f"its outputs are {', '.join([*a.interface.mutated, 'return'])}")
    return outputs


def placeholders(saved: list[str], forward: Block, a: Analysed, types: dict[str, Any]) -> tuple[Stmt, ...]:
    """What is bound on some paths only is handed over as a zero or an empty array on the others."""
    out: list[Stmt] = []
    for n in saved:
        if n in a.fn.params or definitely_bound(forward, n):
            continue
        t = types[n]
        value: Alloc | Const = Const(0.0)
        if is_array(t):
            value = Alloc("empty", (Const(0),) * t.ndim, dtype_name(t))
        elif is_integer(t):
            value = Const(False) if isinstance(t, nbt.Boolean) else Const(0)
        elif is_complex(t):
            value = Const(0j)
        out.append(Assign(n, value, a.fn.loc))
    return tuple(out)


def _content_read(body: Block) -> set[str]:
    """Arrays of which more than the shape is read."""
    out: set[str] = set()
    for s in w.walk(body):
        if isinstance(s, Assign) and (
                isinstance(s.value, Dim) or isinstance(s.value, Call) and s.value.fn == "np.zeros_like"):
            continue
        out.update(w.reads(s))
    return out


def unpacking(node: ast.FunctionDef, saved: list[str], others: list[str],
              hints: tuple[str, str] = ("saved", "cotangents")) -> ast.FunctionDef:
    """The reverse sweep takes two tuples; its first lines give their elements names."""
    names = Names({*saved, *others, *names_of(node)})
    tuples = names.fresh(hints[0]), names.fresh(hints[1])
    lines = [f"{', '.join(given)}{',' if len(given) == 1 else ''} = {source}"
             for given, source in zip((saved, others), tuples) if given]
    node.args.args = [ast.arg(arg=t) for t in tuples]
    node.body = [*ast.parse("\n".join(lines)).body, *node.body]
    return node
