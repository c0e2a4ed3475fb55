"""Periodic checkpoints: a loop cut into segments, with a snapshot before each, and a tape of one segment.

Before::

    for t in range(n):                     # checkpointed, periodic
        ...

after::

    for k in range((n + m - 1) // m):      # checkpointed, a snapshot before each step
        for t in range(k * m, min(k * m + m, n)):
            ...

Each step is run again once. With as many segments as there are steps in one (``sqrt``), snapshots and tape are the
least together.
"""
from __future__ import annotations

from dataclasses import replace

from numba import types as nbt

from s2sad.analysis.checkpoints import CODE
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Atom, Checkpoints, Const, For, Function, Op, Rhs, Stmt
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.transform.snapshots import ONE, ZERO, count_of_steps, in_step


def segment_loops(fn: Function) -> Function:
    """Cut the loops with periodic checkpoints.

    >>> loop = For("t", Const(0), "n", Const(1), (), checkpoints=Checkpoints("periodic", 4))
    >>> *_, outer = segment_loops(Function("f", ("n",), (loop,), None)).body
    >>> outer.checkpoints.schedule, outer.body[-1].var
    ('every', 't')
    """
    names, types = Names(w.all_names(fn)), dict(fn.types)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if not isinstance(s, For) or s.checkpoints is None or s.checkpoints.schedule not in ("periodic", "sqrt"):
            return (s,)
        if s.exit is not None or not isinstance(s.step, Const):
            raise UnsupportedSyntax("a loop with periodic checkpoints that is left early, or whose step is not known "
                                    "when compiling", loc=s.loc, code=CODE, hint="use the binomial schedule")
        return _cut(s, s.checkpoints, names, types)

    return replace(fn, body=w.map_block(fn.body, visit), types=types)


def _cut(s: For, how: Checkpoints, names: Names, types: dict[str, object]) -> tuple[Stmt, ...]:
    out: list[Stmt] = []

    def temp(value: Rhs, hint: str = "t", kind: nbt.Type = nbt.int64) -> str:
        name = names.fresh(hint)
        types[name] = kind
        out.append(Assign(name, value, s.loc))
        return name

    def rounded_up(n: Atom, by: Atom) -> str:
        more = temp(Op("sub", (by, ONE)))
        return temp(Op("floordiv", (temp(Op("add", (n, more))), by)))

    n = temp(count_of_steps(s, temp), "steps")
    if how.schedule == "sqrt":
        root = temp(Op("int", (temp(Op("math.sqrt", (n,)), "t", nbt.float64),)), "root")
        length = temp(Op("max", (root, ONE)), "length")
    else:
        length = temp(Op("max", (rounded_up(n, Const(how.snapshots)), ONE)), "length")
    segments = rounded_up(n, length)
    before, out = out, []
    segment = names.fresh("segment")
    types[segment] = nbt.int64
    first = temp(Op("mul", (segment, length)), "first")
    last = temp(Op("min", (temp(Op("add", (first, length))), n)), "last")
    inside, out = out, []
    if s.start == ZERO and s.step == ONE:
        inner = For(s.var, first, last, ONE, s.body, loc=s.loc)
    else:
        k = names.fresh("k")
        types[k] = nbt.int64
        body = in_step(s, k, s.body, temp)
        inner = For(k, first, last, ONE, (*out, *body), loc=s.loc)
    outer = For(segment, ZERO, segments, ONE, (*inside, inner), loc=s.loc, checkpoints=Checkpoints("every"))
    return (*before, outer)
