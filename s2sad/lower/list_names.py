"""One name for each list that is alive, so that a list is the storage of its name.

Before::

    b = a               # another name for the list, while neither is bound again
    b.append(x)
    ...
    old = new           # the list changes hands: nothing reads `new` before it is bound again
    new = []

after::

    a.append(x)
    ...
    old, new = new, old
    new = []

Anything else, two names that see one list and go different ways, is refused.
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.analysis.structure import Structure, definitely_bound, upward_exposed
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Assign, Block, For, Function, Permute, Stmt, While
from s2sad.ir import walk as w


def settle_names(fn: Function, lists: frozenset[str]) -> Function:
    """Remove second names of lists; what is left of copies are exchanges."""
    while True:
        at = Structure(fn)
        second = next((s for s in w.walk(fn.body) if _is_copy(s, lists) and _follows(at, s)), None)  # type: ignore[arg-type]
        if second is None:
            break
        fn = replace(fn, body=_renamed(fn.body, second))

    def exchange(s: Stmt) -> tuple[Stmt, ...]:
        if not _is_copy(s, lists):
            return (s,)
        assert isinstance(s, Assign) and isinstance(s.value, str)
        if s.target == s.value:
            return ()
        if _read_later(at, s, s.value):
            raise UnsupportedSyntax(f"`{s.target}` and `{s.value}` are two names of one list, and one of them is bound "
                                    "again: not supported yet", loc=s.loc, code="S2S015",
                                    hint=f"take a copy: `{s.target} = {s.value}.copy()`")
        return (Permute((s.target, s.value), (s.value, s.target), s.loc),)

    return replace(fn, body=_mapped(fn.body, exchange))


def _is_copy(s: Stmt, lists: frozenset[str]) -> bool:
    return isinstance(s, Assign) and s.target in lists and isinstance(s.value, str)


def _follows(at: Structure, s: Assign) -> bool:
    """Whether all that is done with the second name happens while both are bound to the same list."""
    if not at.is_temporary(s.target) or s.target in at.results:
        return False
    place = at.place[s]
    return not any(s.value in w.binds(x) for x in w.walk(place.block[place.index + 1:]))


def _renamed(body: Block, second: Stmt) -> Block:
    out: list[Stmt] = []
    for k, s in enumerate(body):
        if s is second:
            assert isinstance(s, Assign) and isinstance(s.value, str)
            return (*out, *_substituted(body[k + 1:], {s.target: s.value}))
        nested = w.blocks(s)
        out.append(w.with_blocks(s, tuple(_renamed(b, second) for b in nested)) if nested else s)
    return tuple(out)


def _substituted(body: Block, m: dict[str, str]) -> Block:
    out = []
    for s in body:
        nested = w.blocks(s)
        if nested:
            s = w.with_blocks(s, tuple(_substituted(b, m) for b in nested))
        out.append(w.substitute_reads(s, m))
    return tuple(out)


def _mapped(body: Block, f: object) -> Block:
    """Statements mapped outer before inner: they are looked up by identity."""
    out: list[Stmt] = []
    for s in body:
        nested = w.blocks(s)
        if nested:
            out.append(w.with_blocks(s, tuple(_mapped(b, f) for b in nested)))
        else:
            out.extend(f(s))  # type: ignore[operator]
    return tuple(out)


def _read_later(at: Structure, s: Stmt, name: str) -> bool:
    """Whether the value a name has at a statement may be read after it."""
    here: Stmt | None = s
    while here is not None:
        place = at.place[here]
        rest = place.block[place.index + 1:]
        if upward_exposed(rest, name):
            return True
        if definitely_bound(rest, name):
            return False
        parent = place.parent
        if isinstance(parent, (For, While)):
            again = (*parent.cond, *parent.body) if isinstance(parent, While) else parent.body
            if upward_exposed(again, name):
                return True
        here = parent
    return name in at.results
