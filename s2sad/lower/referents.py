"""What some names may hold just before each statement: arrays of references, or the numbers that stand for them.

:class:`~s2sad.lower.references.References` lists what a name may refer to anywhere; here is what it may refer to at one
place: whether an array that an iteration makes is still in use in the next, and which sides a branch needs.
"""
from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeAlias

from s2sad.ir import Assign, Block, For, Function, If, Permute, Raise, Stmt, While
from s2sad.ir import walk as w

Referents: TypeAlias = "Mapping[str, frozenset[Hashable]]"


def referents_before(fn: Function, given: Callable[[Assign], str | frozenset[Hashable] | None],
                     ) -> dict[Stmt, Referents]:
    """For each statement, what each name may hold before it.

    ``given`` says what an assignment gives its target: what another name holds, certain values, or nothing of interest.

    >>> from s2sad.ir import Const
    >>> body = (Assign("a", Const(0)), Assign("b", "a"), Assign("a", Const(1)))
    >>> before = referents_before(Function("f", (), body, None), lambda s: s.value if isinstance(s.value, str)
    ...                           else frozenset({s.value.value}))
    >>> before[body[2]]
    {'a': frozenset({0}), 'b': frozenset({0})}
    """
    before: dict[Stmt, Referents] = {}

    def block(body: Block, now: Referents) -> Referents:
        for s in body:
            before[s] = _join(before[s], now) if s in before else now
            now = statement(s, now)
        return now

    def statement(s: Stmt, now: Referents) -> Referents:
        match s:
            case Assign(target):
                held = given(s)
                if held is not None:
                    return {**now, target: now.get(held, frozenset()) if isinstance(held, str) else held}
            case Permute(targets, sources) if targets[0] in now:
                return {**now, **{t: now.get(x, frozenset()) for t, x in zip(targets, sources)}}
            case If(_, then, orelse):
                return _join(block(then, now), block(orelse, now))
            case For() | While():
                while True:
                    inside = now
                    for b in w.blocks(s):
                        inside = block(b, inside)
                    again = _join(now, inside)
                    if again == now:
                        return now
                    now = again
            case Raise():
                return {}
        return now

    block(fn.body, {})
    return before


def _join(a: Referents, b: Referents) -> Referents:
    return a if a == b else {n: a.get(n, frozenset()) | b.get(n, frozenset()) for n in {**a, **b}}
