"""Preparation for the reverse sweep: what controls loops and branches has a name that keeps its value.

Before::

    while r > tolerance:
        r = r / 2.0
    if k > 0:           # t = k > 0; if t:
        t = False

after::

    while r > tolerance:        # the number of iterations goes to ``trips``
        r = r / 2.0
    t_was = t
    if t_was:
        t = False
"""
from __future__ import annotations

from dataclasses import replace

from numba import types as nbt

from s2sad.ir import Assign, Atom, Const, For, Function, If, Stmt, While
from s2sad.ir import walk as w
from s2sad.ir.names import Names


def prepare_control(fn: Function) -> Function:
    """Count the iterations of loops that only running them tells, and copy predicates and bounds that change.

    >>> body = (If("t", (Assign("t", Const(False)),), ()),)
    >>> copy, branch = prepare_control(Function("f", ("t",), body, None)).body
    >>> copy.target, branch.test
    ('t_was', 't_was')
    """
    return _capture_control(_count_trips(fn))


def _count_trips(fn: Function) -> Function:
    """Loops whose trip count only running them tells get a counter."""
    names = Names(w.all_names(fn))
    types = dict(fn.types)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if isinstance(s, While) or isinstance(s, For) and (s.exit is not None or not isinstance(s.step, Const)):
            if s.trips is None:
                s = replace(s, trips=names.fresh("trips"))
            types[s.trips] = nbt.int64  # type: ignore[index]
        return (s,)

    return replace(fn, body=w.map_block(fn.body, visit), types=types)


def _capture_control(fn: Function) -> Function:
    """A predicate or bound that the statement it controls changes is copied first, so that its value can be kept."""
    names = Names(w.all_names(fn))
    types = dict(fn.types)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if not isinstance(s, (If, For)):
            return (s,)
        bound = {n for b in w.blocks(s) for x in w.walk(b) for n in w.binds(x)}
        controls = (s.test,) if isinstance(s, If) else (s.start, s.stop, s.step)
        copies: dict[str, Atom] = {}
        out: list[Stmt] = []
        for n in controls:
            if isinstance(n, str) and n in bound and n not in copies:
                copies[n] = t = names.fresh(f"{n}_was")
                types[t] = fn.types.get(n)
                out.append(Assign(t, n, s.loc))
        return (*out, w.substitute_reads(s, copies)) if copies else (s,)

    return replace(fn, body=w.map_block(fn.body, visit), types=types)
