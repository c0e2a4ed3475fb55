"""Common subexpressions: equal operations and equal loads in scope are computed once.

Before::

    a = x[i] * x[i]
    b = x[i] + 1.0

after::

    t = x[i]
    a = t * t
    b = t + 1.0
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.ir import Assign, Block, Dim, Function, Grow, Load, Op, Rhs, Stmt
from s2sad.ir import walk as w
from s2sad.ir.types import is_integer
from s2sad.optimise.copies import propagate_copies


def merge_common_subexpressions(fn: Function, *, integers_only: bool = False) -> Function:
    """Turn a repeated computation into a copy of the first one, then propagate the copies.

    With ``integers_only`` only index arithmetic is merged: before arrays are lowered, equal array expressions are
    different arrays.
    """
    defs = w.definition_counts(fn)
    grows = any(isinstance(s, Grow) for s in w.walk(fn.body))

    def forget(known: dict[Rhs, str], mentioned: set[str], s: Stmt) -> None:
        bound, written = w.bound_in(s), w.written_in(s)
        if grows:
            bound = bound | {x.array for x in w.walk((s,)) if isinstance(x, Grow)}
        if mentioned.isdisjoint(bound) and mentioned.isdisjoint(written):
            return
        for rhs in [r for r, name in known.items() if name in bound or not bound.isdisjoint(w.rhs_names(r))
                    or isinstance(r, Load) and r.array in written]:
            del known[rhs]

    def block(body: Block, outer: dict[Rhs, str]) -> Block:
        known = dict(outer)
        mentioned = {n for rhs, name in known.items() for n in (name, *w.rhs_names(rhs))}
        out: list[Stmt] = []
        for s in body:
            nested = w.blocks(s)
            if nested:
                if not hasattr(s, "then"):
                    forget(known, mentioned, s)         # what a loop changes is unknown from its second iteration on
                s = w.with_blocks(s, tuple(block(b, known) for b in nested))
            if isinstance(s, Assign) and isinstance(s.value, (Op, Load, Dim)) \
                    and not (integers_only and not is_integer(fn.types.get(s.target))):
                key = s.value
                if key in known and defs[s.target] == 1:
                    out.append(replace(s, value=known[key]))
                    continue
                forget(known, mentioned, s)
                if defs[s.target] == 1 and s.target not in w.rhs_names(key):
                    known[key] = s.target
                    mentioned.update((s.target, *w.rhs_names(key)))
            else:
                forget(known, mentioned, s)
            out.append(s)
        return w.rebuilt(body, out)

    return propagate_copies(replace(fn, body=block(fn.body, {})))
