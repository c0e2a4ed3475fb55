"""Dead code: what nothing that matters reads is removed, arrays and whole loops included.

Before::

    t = x[i] * 2.0
    y[i] = 1.0         # y is local and never read
    return s

after::

    return s
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.ir import (
    Assign,
    AugAssign,
    Block,
    Effect,
    For,
    Function,
    Grow,
    If,
    Invoke,
    Permute,
    Raise,
    Stmt,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.effects import has_effect, is_pure


def remove_dead_code(fn: Function, live: frozenset[str]) -> Function:
    """Keep what contributes to the result, to the names in ``live`` at the end, or has an effect."""
    return replace(fn, body=_clean(fn, live)[0])


def live_at_start(fn: Function) -> set[str]:
    """The names the live part of a function reads before it binds them."""
    return _clean(fn, frozenset())[1]


def _clean(fn: Function, live: frozenset[str]) -> tuple[Block, set[str]]:
    groups = swapped_together(fn.body)

    def with_group(names: set[str]) -> set[str]:
        return names | {m for n in names if n in groups for m in groups[n]}

    def block(body: Block, out: set[str]) -> tuple[Block, set[str]]:
        kept: list[Stmt] = []
        now = set(out)
        for s in reversed(body):
            new, now = statement(s, now)
            if new is not None:
                kept.append(new)
        kept.reverse()
        return w.rebuilt(body, kept), now

    def statement(s: Stmt, out: set[str]) -> tuple[Stmt | None, set[str]]:
        match s:
            case Assign(target, value) | AugAssign(target, _, value):
                if target not in out and is_pure(value):
                    return None, out
                if target not in groups:
                    out = out - {target}
                return s, out | with_group(set(w.reads(s)))
            case Permute(targets):
                return (s, with_group(out)) if out & set(targets) else (None, out)
            case Raise():
                return s, set()
            case Invoke():
                if s.pure and not out & {*w.binds(s), *w.written(s)}:
                    return None, out
                return s, out - {n for n in w.binds(s) if n not in groups} | with_group(set(w.reads(s)))
            case Effect() | Grow():
                if isinstance(s, Grow) and s.array not in out:
                    return None, out
                return s, out | with_group(set(w.reads(s)))
            case If(_, then, orelse):
                new_then, live_then = block(then, out)
                new_else, live_else = block(orelse, out)
                if not new_then and not new_else:
                    return None, out
                return w.with_blocks(s, (new_then, new_else)), live_then | live_else | set(w.reads(s))
            case For() | While():
                return loop(s, out)
        array = w.writes(s)
        if array is not None and array not in out:
            return None, out
        return s, out | with_group(set(w.reads(s)))

    def loop(s: For | While, out: set[str]) -> tuple[Stmt | None, set[str]]:
        if out.isdisjoint(w.bound_in(s)) and out.isdisjoint(w.written_in(s)) and not has_effect((s,)):
            return None, out
        control = set(w.reads(s))
        live = set(out) | control
        while True:
            at_end = live | control
            if isinstance(s, For):
                body, start = block(s.body, at_end)
                new = w.with_blocks(s, (body,))
                start.discard(s.var)
            else:
                body, start = block(s.body, at_end)
                cond, start = block(s.cond, start | control | out)
                new = w.with_blocks(s, (cond, body))
            grown = live | start
            if grown == live:
                break
            live = grown
        trips_wanted = s.trips is not None and s.trips in out
        if s.trips is not None and not trips_wanted:
            assert isinstance(new, (For, While))
            new = replace(new, trips=None)
        if isinstance(s, For) and not body and s.exit is None and not trips_wanted:
            return None, out
        return new, live - ({s.trips} if s.trips else set()) - ({s.var} if isinstance(s, For) else set())

    return block(fn.body, with_group(set(live) | set(w.result_names(fn.result))))


def swapped_together(body: Block) -> dict[str, set[str]]:
    """Names that exchange bindings: alive together, and an assignment to one does not end the life of the storage."""
    groups: dict[str, set[str]] = {}
    for s in w.walk(body):
        if isinstance(s, Permute):
            merged = set(s.targets).union(*(groups.get(t, set()) for t in s.targets))
            for n in merged:
                groups[n] = merged
    return groups
