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

from collections import Counter
from dataclasses import replace

from numba import types as nbt

from s2sad.ir import Assign, Atom, Const, For, Function, Grow, If, Op, Permute, Stmt, While
from s2sad.ir import walk as w
from s2sad.ir.names import Names


def prepare_control(fn: Function) -> Function:
    """Count the iterations of loops that only running them tells, and copy predicates and bounds that change.

    >>> body = (If("t", (Assign("t", Const(False)),), ()),)
    >>> copy, branch = prepare_control(Function("f", ("t",), body, None)).body
    >>> copy.target, branch.test
    ('t_was', 't_was')
    """
    return _capture_control(_count_trips(_plain_conditions(fn)))


def _plain_conditions(fn: Function) -> Function:
    """Loops whose condition leaves more behind than its truth become endless ones with an exit.

    What a condition computes beside its truth (an array, a value the body goes on with) is reversed like the body::

        while f(y) > 0.0:               while True:
            ...                             y[0] = ...; t = y[0] > 0.0
                                            stop = not t
                                            if t: ...
                                            if stop: break
    """
    names = Names(w.all_names(fn))
    types = dict(fn.types)
    reads = w.use_counts(fn)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if not isinstance(s, While) or not s.cond or not _leaves_something(s, reads):
            return (s,)
        stop = names.fresh("stop")
        types[stop] = nbt.boolean
        after: tuple[Stmt, ...] = () if s.exit is None else (Assign(stop, s.exit, s.loc),)
        left = Assign(stop, Op("not", (s.test,)), s.loc)
        body = (*s.cond, left, If(s.test, (*s.body, *after), (), s.loc))
        return (replace(s, cond=(), test=Const(True), body=body, exit=stop),)

    return replace(fn, body=w.map_block(fn.body, visit), types=types)


def _leaves_something(s: While, reads: Counter[str]) -> bool:
    """Whether the block of a condition writes to arrays, or binds names that are read outside of it."""
    inside: Counter[str] = Counter([s.test] if isinstance(s.test, str) else [])
    for x in w.walk(s.cond):
        inside.update(w.reads(x))
    bound = {n for x in w.walk(s.cond) for n in w.binds(x)}
    return any(w.writes(x) is not None or isinstance(x, (Permute, Grow)) for x in w.walk(s.cond)) \
        or any(reads[n] > inside[n] for n in bound)


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
