"""Which names may have an array of their own though they are bound to another: a copy nobody can tell from the array.

Before::

    old = cur
    cur = new           # `new` is bound afresh before anything is written

after: two copies, as no array is written while two names of it are in use. In ``c = a; c[0] = 1.0; s = a[0]`` one is,
and ``c`` cannot be a copy.
"""
from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TypeAlias

from s2sad.analysis.liveness import live_after
from s2sad.ir import Assign, AugAssign, Block, Effect, For, If, Permute, Raise, Stmt, While
from s2sad.ir import walk as w
from s2sad.lower.bindings import Bindings, source_of

Pairs: TypeAlias = "dict[frozenset[str], frozenset[str]]"
"""Two names that are one array in the program, and the copied names that make them two here (if any)."""


def never_copies(bindings: Bindings, references: Container[str]) -> set[str]:
    """The names bound more than once that must not be copies of the arrays they are bound to."""
    return _Copies(bindings, references).run()


class _Copies:
    def __init__(self, bindings: Bindings, references: Container[str]) -> None:
        self.bindings, self.references = bindings, references
        self.fn = bindings.fn
        self.after = live_after(self.fn, bindings.shown(references))
        self.params = frozenset(self.fn.params)
        self.found: set[str] = set()

    def run(self) -> set[str]:
        self.block(self.fn.body, {})
        return self.found

    def base(self, name: str) -> str:
        return self.bindings.base(name, self.references)

    def block(self, body: Block, now: Pairs) -> Pairs:
        for s in body:
            now = self.statement(s, now)
        return now

    def statement(self, s: Stmt, now: Pairs) -> Pairs:
        match s:
            case If(_, then, orelse):
                return _join(self.block(then, now), self.block(orelse, now))
            case For() | While():
                while True:
                    inside = now
                    for b in w.blocks(s):
                        inside = self.block(b, inside)
                    again = _join(now, inside)
                    if again == now:
                        return now
                    now = again
            case Raise():
                return {}
            case Permute(targets, sources) if targets[0] in self.bindings.arrays:
                renamed = dict(zip(sources, targets))
                return {frozenset(renamed.get(n, n) for n in pair): by for pair, by in now.items()}
            case Assign(target) if target in self.bindings.arrays:
                return self.bound(s, now)
        written = w.written(s)
        if isinstance(s, AugAssign) and s.target in self.bindings.arrays:
            written = (s.target,)
        for array in w.reads(s) if isinstance(s, Effect) else written:
            self.write(s, array, now)
        return now

    def bound(self, s: Assign, now: Pairs) -> Pairs:
        """A binding ends what the name was paired with; a copy is paired with what it copies."""
        target, source = s.target, source_of(s.value, self.fn.types)
        if target not in self.references and self.base(target) != target:
            return now                         # a view
        base = None if source is None else self.base(source)
        kept = now if base == target else {pair: by for pair, by in now.items() if target not in pair}
        if base is None or base == target:
            return kept
        new: Pairs = dict(kept)
        copied = frozenset() if target in self.references else frozenset({target})
        for pair, by in now.items():
            if base in pair:
                (other,) = pair - {base}
                if other != target:
                    _add(new, frozenset({target, other}), by | copied)
        _add(new, frozenset({target, base}), copied)
        return new

    def write(self, s: Stmt, array: str, now: Pairs) -> None:
        """Writing to an array that has a second name in use: the copies that made it two arrays are none."""
        base = self.base(array)
        for pair, by in now.items():
            if base in pair:
                (other,) = pair - {base}
                if other in self.after[s] or other in self.params:
                    self.found |= by


def _add(pairs: Pairs, pair: frozenset[str], by: frozenset[str]) -> None:
    pairs[pair] = pairs.get(pair, frozenset()) | by


def _join(a: Mapping[frozenset[str], frozenset[str]], b: Mapping[frozenset[str], frozenset[str]]) -> Pairs:
    out = dict(a)
    for pair, by in b.items():
        _add(out, pair, by)
    return out
