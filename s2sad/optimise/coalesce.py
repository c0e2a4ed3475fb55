"""Names that never hold a needed value at the same time share one: ``a_1`` of the reverse sweep is ``a`` again.

Passes give every independent value its own name; a reader wants the user's name wherever that is unambiguous.
"""
from __future__ import annotations

import re
from dataclasses import replace
from typing import Mapping

from s2sad.ir import Assign, AugAssign, Block, For, Function, If, Permute, Rhs, Stmt, While
from s2sad.ir import walk as w

SUFFIX = re.compile(r"(_\d+)+$")


def coalesce(fn: Function, folded: Mapping[str, Rhs], fixed: frozenset[str]) -> tuple[Function, dict[str, Rhs]]:
    """Rename ``x_1``, ``x_2`` to ``x`` where their lives do not overlap and their types agree.

    ``folded`` names are printed as expressions (see :mod:`s2sad.optimise.fold`); names in ``fixed`` keep their spelling.
    Returns the function and the folded expressions in the new names.
    """
    live = _Liveness(fn, folded)
    clashes = live.run()
    present = [n for n in live.order if n not in folded]
    taken = {n for n in present}
    chosen: dict[str, str] = {}
    members: dict[str, list[str]] = {n: [n] for n in present}
    for n in present:
        base = SUFFIX.sub("", n)
        if n == base or n in fixed or n in fn.params:
            continue
        candidates = [base, *sorted((m for m in members if SUFFIX.sub("", m) == base and m != base), key=_suffix_order)]
        for c in candidates:
            if c == n:
                break
            others = members.get(c, [])
            if c not in taken and c != base:
                continue
            if any(o in clashes.get(n, ()) or str(fn.types.get(o)) != str(fn.types.get(n)) for o in others):
                continue
            if c in fn.params and not others:
                continue
            if not others and c in folded:
                continue
            chosen[n] = c
            members.setdefault(c, []).append(n)
            members.pop(n, None)
            taken.add(c)
            break
    # a folded name is never printed; give it a spelling nothing else can have
    hidden = {n: f"%{n}" for n in folded}
    renaming = {**chosen, **hidden}
    types = {**fn.types, **{chosen[n]: fn.types[n] for n in chosen if n in fn.types}}
    body = _rename(fn.body, renaming)
    result = w.map_result(fn.result, lambda a: renaming.get(a, a) if isinstance(a, str) else a)
    new_folded = {hidden[n]: w.substitute_rhs(r, renaming) for n, r in folded.items()}
    return replace(fn, body=body, result=result, types=types), new_folded


def _suffix_order(name: str) -> tuple[int, ...]:
    return tuple(int(k) for k in re.findall(r"_(\d+)", name))


def _rename(body: Block, m: Mapping[str, str]) -> Block:
    def statement(s: Stmt) -> tuple[Stmt, ...]:
        s = w.substitute_reads(s, m)
        match s:
            case Assign(t) | AugAssign(t):
                s = replace(s, target=m.get(t, t))
            case Permute(targets):
                s = replace(s, targets=tuple(m.get(t, t) for t in targets))
            case For(var=var, exit=exit, trips=trips):
                s = replace(s, var=m.get(var, var), exit=m.get(exit, exit) if exit else None, trips=m.get(trips, trips) if trips else None)
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
        return self.clashes

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
        for other in live:
            if other != name:
                self.clashes.setdefault(name, set()).add(other)
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
