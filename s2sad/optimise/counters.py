"""Counters that fall by one in each iteration of a reverse loop become sums of the loop's own counter.

Before::

    for j in range(d - 1, i, -1):
        packed -= 1
        b_factor[packed] += b_w[j] * c

after::

    packed -= max(d - 1 - i, 0)
    for j in range(i + 1, d):
        b_factor[packed + j - (i + 1)] += b_w[j] * c

An iteration then needs nothing from the one before, and the loop may run upwards
(:mod:`s2sad.optimise.loop_order`). Loops that would still have to run backwards stay as they are.
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.analysis.iterations import Iterations
from s2sad.ir import Assign, Block, Const, For, Function, Increment, Op, Rhs, Stmt
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_integer

ONE = Const(1)


def express_counters(fn: Function) -> Function:
    """Rewrite the loops whose iterations are independent but for a counter.

    >>> from numba import int64
    >>> from s2sad.ir import Increment, Loc
    >>> body = (Assign("c", Op("sub", ("c", Const(1)))), Increment("b", ("c",), "e"))
    >>> loop = For("j", "m", Const(-1), Const(-1), body, loc=Loc("f.py", 1, 0, reverse=True))
    >>> fn = Function("f", ("b", "m", "e", "c"), (loop,), None, types={"c": int64})
    >>> *before, loop = express_counters(fn).body
    >>> before[-1].target, before[-1].value, loop.body[0].value, loop.body[1].index
    ('c', Op(fn='sub', args=('c', 'n_1')), Op(fn='add', args=('c', 'j')), ('c_1',))
    """
    names, types = Names(w.all_names(fn)), dict(fn.types)
    made: dict[For, tuple[For, tuple[Stmt, ...]]] = {}

    def expressed(s: Stmt) -> tuple[Stmt, ...]:
        if isinstance(s, For) and s.step == Const(-1) and s.loc.reverse and s.exit is None and s.trips is None:
            found = _expressed(s, names, types)
            if found is not None:
                made[found[1]] = s, found[0]
                return *found[0], found[1]
        return (s,)

    new = replace(fn, body=w.map_block(fn.body, expressed), types=types)
    if not made:
        return fn
    facts = Iterations(new)
    kept = {loop for loop in made if facts.independent(loop)}
    undone = {s for loop, (_, before) in made.items() if loop not in kept for s in before}

    def settled(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            if s in undone:
                continue
            if isinstance(s, For) and s in made and s not in kept:
                s = made[s][0]
            out.append(w.with_blocks(s, tuple(map(settled, w.blocks(s)))))
        return w.rebuilt(body, out)

    return replace(new, body=settled(new.body))


def _expressed(loop: For, names: Names, types: dict) -> tuple[tuple[Stmt, ...], For] | None:
    place = next((k for k, s in enumerate(loop.body) if _falls(s, types)), None)
    if place is None:
        return None
    step = loop.body[place]
    assert isinstance(step, Assign)
    c = step.target
    first, rest = loop.body[:place], loop.body[place + 1:]
    if not any(isinstance(s, Increment) and c in s.index for s in w.walk(rest)):
        return None                              # to read a tape, it is as good going down
    if any(c in w.reads(s) for s in w.walk(first)) or any(c in w.binds(s) for s in w.walk((*first, *rest))):
        return None
    before: list[Stmt] = []

    def temp(value: Rhs, hint: str, out: list[Stmt]) -> str:
        t = names.fresh(hint)
        types[t] = types[c]
        out.append(Assign(t, value, loop.loc))
        return t

    n = temp(Op("sub", (loop.start, loop.stop)), "n", before)
    n = temp(Op("max", (n, Const(0))), "n", before)
    before.append(Assign(c, Op("sub", (c, n)), loop.loc))
    inner: list[Stmt] = []
    if loop.stop == Const(-1):
        at = temp(Op("add", (c, loop.var)), c, inner)
    else:
        lowest = temp(Op("add", (loop.stop, ONE)), "lowest", before)
        at = temp(Op("add", (c, temp(Op("sub", (loop.var, lowest)), "k", inner))), c, inner)
    body = w.map_block(rest, lambda s: (w.substitute_reads(s, {c: at}),))
    return tuple(before), replace(loop, body=(*first, *inner, *body))


def _falls(s: Stmt, types: dict) -> bool:
    match s:
        case Assign(c, Op("sub", (a, Const(1)))):
            return a == c and is_integer(types.get(c))
    return False
