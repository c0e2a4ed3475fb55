"""Names that never hold a needed value at the same time share one: ``a_1`` of the reverse sweep is ``a`` again.

Passes give every independent value its own name; a reader wants the user's name wherever that is unambiguous.

Before::

    y = tape_y[i]
    y_1 = y * x

after::

    y = tape_y[i]
    y = y * x
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count

from s2sad.ir import Assign, AugAssign, Block, For, Function, If, Invoke, Permute, Rhs, Stmt, While
from s2sad.ir import walk as w
from s2sad.ir.names import RESERVED

SUFFIX = re.compile(r"(_\d+)+$")
COUNTERS = ("i", "j", "k", "l")


def coalesce(fn: Function, folded: Mapping[str, Rhs], fixed: frozenset[str]) -> tuple[Function, dict[str, Rhs]]:
    """Rename ``x_1``, ``x_2`` to ``x`` where their lives do not overlap and their types agree.

    ``folded`` names are printed as expressions (:mod:`s2sad.optimise.fold`); names in ``fixed`` keep their spelling.
    Returns the function and the folded expressions in the new names.
    """
    live = _Liveness(fn, folded)
    clashes = live.run()
    counters = {s.var for s in w.walk(fn.body) if isinstance(s, For)}
    present = [n for n in live.order if n not in folded]
    members: dict[str, list[str]] = {n: [n] for n in present if _stays(n, fixed, fn)}
    chosen: dict[str, str] = {}
    for n in present:
        if _stays(n, fixed, fn):
            continue
        for c in _candidates(n, counters, fixed):
            others = members.get(c)
            if others is None:
                if c in RESERVED:
                    continue
            elif any(o in clashes.get(n, ()) or not _same_type(fn, n, o) for o in others):
                continue
            members.setdefault(c, []).append(n)
            if c != n:
                chosen[n] = c
            break
    # a folded name is never printed; give it a spelling nothing else can have
    hidden = {n: f"%{n}" for n in folded}
    renaming = {**chosen, **hidden}
    new_folded = {hidden[n]: w.substitute_rhs(r, renaming) for n, r in folded.items()}
    return renamed(fn, renaming), new_folded


OF_ONE_TYPE = frozenset({*COUNTERS, "n", "n_trips", "needed", "capacity", "top", "p", "test"})
"""Spellings the compiler gives to values of one type only, which therefore need not be known."""


def _same_type(fn: Function, a: str, b: str) -> bool:
    ta, tb = fn.types.get(a), fn.types.get(b)
    if ta is None and tb is None:
        base = SUFFIX.sub("", a)
        return base.startswith(("b_", "d_")) or base in OF_ONE_TYPE
    return ta is not None and tb is not None and str(ta) == str(tb)


def _stays(name: str, fixed: frozenset[str], fn: Function) -> bool:
    return name in fixed or name in fn.params


def _candidates(name: str, counters: set[str], fixed: frozenset[str]) -> Iterator[str]:
    """Spellings to try, the plainest first."""
    base = SUFFIX.sub("", name)
    if name in counters and base in COUNTERS:
        yield from COUNTERS[COUNTERS.index(base):]
    yield base
    for k in count(1):
        yield f"{base}_{k}"


def renamed(fn: Function, m: Mapping[str, str]) -> Function:
    """The function with names replaced everywhere, bindings included."""
    new = set(m.values())
    types = {n: t for n, t in fn.types.items() if n not in m and n not in new}
    types.update({m[n]: t for n, t in fn.types.items() if n in m})
    result = w.map_result(fn.result, lambda a: m.get(a, a) if isinstance(a, str) else a)
    return replace(fn, body=_rename(fn.body, m), result=result, types=types)


def _rename(body: Block, m: Mapping[str, str]) -> Block:
    def statement(s: Stmt) -> tuple[Stmt, ...]:
        given = s
        if not m.keys().isdisjoint(w.reads(s)):
            s = w.substitute_reads(s, m)
        match s:
            case Assign(t) | AugAssign(t):
                if t in m:
                    s = replace(s, target=m[t])
            case Permute(targets):
                s = replace(s, targets=tuple(m.get(t, t) for t in targets))
            case Invoke():
                assert isinstance(given, Invoke)
                s = replace(s, result=w.map_result(given.result, lambda t: m.get(t, t)),  # type: ignore[arg-type]
                            copied=tuple(m.get(t, t) for t in s.copied))
            case For(var=var, exit=exit, trips=trips):
                s = replace(s, var=m.get(var, var), exit=m.get(exit, exit) if exit else None,
                            trips=m.get(trips, trips) if trips else None)
            case While(exit=exit, trips=trips):
                s = replace(s, exit=m.get(exit, exit) if exit else None, trips=m.get(trips, trips) if trips else None)
        return (s,)

    return w.map_block(body, statement)


class _Liveness:
    """Which names are alive together, in the printed form of the function."""

    def __init__(self, fn: Function, folded: Mapping[str, Rhs]) -> None:
        self.fn, self.folded = fn, folded
        self.clashes: dict[str, set[str]] = {}
        self.order: dict[str, None] = dict.fromkeys(fn.params)
        for s in w.walk(fn.body):
            self.order.update(dict.fromkeys(w.binds(s)))
        self._leaves: dict[str, set[str]] = {}

    def run(self) -> dict[str, set[str]]:
        out = self.expand(w.result_names(self.fn.result))
        entry = self.block(self.fn.body, out)
        for p in self.fn.params:
            self.bind(p, entry | set(self.fn.params))
        for s in w.walk(self.fn.body):
            if isinstance(s, For) and s.parallel:
                self.apart(s)
        return self.clashes

    def apart(self, s: For) -> None:
        """What a thread binds is its own: no name of it stands for something else outside."""
        inside = {n for x in w.inside(s) for n in w.binds(x) if not isinstance(x, For)}
        for n in inside:
            self.bind(n, self.order.keys() - inside)

    def expand(self, names: tuple[str, ...]) -> set[str]:
        out: set[str] = set()
        for n in names:
            if n in self.folded:
                if n not in self._leaves:
                    self._leaves[n] = self.expand(w.rhs_names(self.folded[n]))
                out |= self._leaves[n]
            else:
                out.add(n)
        return out

    def bind(self, name: str, live: set[str]) -> None:
        clashes = self.clashes.setdefault(name, set())
        for other in live - clashes:
            if other != name:
                clashes.add(other)
                self.clashes.setdefault(other, set()).add(name)

    def block(self, body: Block, live: set[str]) -> set[str]:
        for s in reversed(body):
            live = self.statement(s, live)
        return live

    def statement(self, s: Stmt, live: set[str]) -> set[str]:
        match s:
            case Assign(target) if target in self.folded:
                return live
            case If(_, then, orelse):
                return self.block(then, set(live)) | self.block(orelse, set(live)) | self.expand(w.reads(s))
            case For() | While():
                return self.loop(s, live)
        for n in w.binds(s):
            self.bind(n, live)
        return (live - set(w.binds(s))) | self.expand(w.reads(s))

    def loop(self, s: For | While, live: set[str]) -> set[str]:
        control = self.expand(w.reads(s))
        if s.trips is not None:
            control = control | {s.trips}
        now = set(live) | control
        while True:
            before = set(now)
            if isinstance(s, For):
                self.bind(s.var, now)
                start = self.block(s.body, now | {s.var})
                now |= start - {s.var}
                self.bind(s.var, now)
            else:
                start = self.block(s.body, now)
                now |= self.block(s.cond, start | control | live)
            if now == before:
                break
        if s.trips is not None:
            self.bind(s.trips, now)
            now = now - {s.trips}
        return now | control - ({s.trips} if s.trips else set())
