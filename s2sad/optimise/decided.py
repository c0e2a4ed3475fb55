"""Branches on what is known without running anything: the length of a list just made, a number set once.

Before::

    n_s = 2
    t1 = n_s > 1
    if t1:
        n_s -= 1
        t2 = s[n_s]
    else:
        t2 = x[0]

after::

    n_s = 2
    n_s = 1
    t2 = s[n_s]

Not only for speed: numba decides some of these branches itself, takes the names of the other side for undefined, and
then refuses a second branch on the same test, as the reverse sweep has it (seen with 0.68).
"""
from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from numba import types as nbt

from s2sad.ir import Assign, AugAssign, Block, Const, Function, If, Op, Raise, Rhs, Stmt
from s2sad.ir import walk as w

Number = bool | int | float
Known = dict[str, Number]

RESULTS: dict[str, Callable[..., Number]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "neg": operator.neg, "not": operator.not_,
    "and_": lambda a, b: a and b, "or_": lambda a, b: a or b,
}
TYPES = {nbt.int64: int, nbt.float64: float, nbt.boolean: bool}
LARGEST = 2 ** 53


def take_decided_branches(fn: Function) -> Function:
    """Replace branches whose test is known by the side that runs. Needs types.

    >>> body = (Assign("n", Const(2)), Assign("t", Op("gt", ("n", Const(1)))),
    ...         If("t", (Assign("y", "x"),), (Assign("y", Const(0.0)),)))
    >>> types = {"n": nbt.int64, "t": nbt.boolean, "x": nbt.float64, "y": nbt.float64}
    >>> take_decided_branches(Function("f", ("x",), body, "y", types=types)).body[-1].value
    'x'
    """
    counts = Counter(w.definition_counts(fn))

    def number(a: object, known: Known) -> Number | None:
        if isinstance(a, Const):
            return a.value if type(a.value) in (bool, int, float) else None
        return known.get(a)             # type: ignore[call-overload]

    def result(rhs: Rhs, known: Known) -> Number | None:
        if isinstance(rhs, str | Const):
            return number(rhs, known)
        if not isinstance(rhs, Op) or rhs.fn not in RESULTS:
            return None
        args = [number(a, known) for a in rhs.args]
        return None if None in args else RESULTS[rhs.fn](*args)

    def learn(name: str, value: Number | None, known: Known) -> None:
        kind = TYPES.get(fn.types.get(name))
        if value is None or kind is None or abs(value) > LARGEST or kind is not float and type(value) is float:
            known.pop(name, None)
        else:
            known[name] = kind(value)

    def block(body: Block, known: Known) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s:
                case If(test, then, orelse) if (side := number(test, known)) is not None \
                        and not _raises(then if side else orelse) \
                        and (taken := _alone(then if side else orelse, fn)) is not None:
                    out.extend(block(taken, known))
                    continue
                case If(_, then, orelse):
                    yes, no = dict(known), dict(known)
                    s = w.with_blocks(s, (block(then, yes), block(orelse, no)))
                    for n in w.bound_in(s):
                        learn(n, yes.get(n) if n in no and no[n] == yes.get(n) else None, known)
                case _ if w.blocks(s):
                    for n in w.bound_in(s):
                        known.pop(n, None)
                    s = w.with_blocks(s, tuple(block(b, dict(known)) for b in w.blocks(s)))
                case Assign(target, Op("list_index", (i, n))) if (at := _place(number(i, known), number(n, known))) \
                        is not None:
                    s = replace(s, value=Const(at))
                    learn(target, at, known)
                case Assign(target, value):
                    learn(target, result(value, known), known)
                case AugAssign(target, op, value):
                    learn(target, result(Op(op, (target, value)), known), known)
                    if target in known:
                        s = Assign(target, Const(known[target]), s.loc)
                case _:
                    for n in w.binds(s):
                        known.pop(n, None)
            out.append(s)
        return w.rebuilt(body, out)

    once: Known = {}
    for s in w.walk(fn.body):
        if isinstance(s, Assign) and isinstance(s.value, Const) and counts[s.target] == 1:
            learn(s.target, number(s.value, {}), once)
    body = block(fn.body, once)
    return fn if body is fn.body else replace(fn, body=body)


def _raises(side: Block) -> bool:
    """Whether a side always raises. It stays a side then: what follows reads names that only the other one binds."""
    return bool(side) and isinstance(side[-1], Raise)


def _place(i: Number | None, n: Number | None) -> int | None:
    """Where element ``i`` of a list of ``n`` is, if it is there."""
    if type(i) is not int or type(n) is not int or not -n <= i < n:
        return None
    return i + n if i < 0 else i


def _alone(side: Block, fn: Function) -> Block | None:
    """A side of a branch for itself: what the other side made floating remains so. None where that takes more."""
    out: list[Stmt] = []
    for s in side:
        if w.blocks(s):
            inner = [_alone(b, fn) for b in w.blocks(s)]
            if None in inner:
                return None
            s = w.with_blocks(s, tuple(inner))              # type: ignore[arg-type]
        elif isinstance(s, Assign) and fn.types.get(s.target) == nbt.float64:
            match s.value:
                case Const(int() as c):
                    s = replace(s, value=Const(float(c)))
                case Op(_, args) if all(isinstance(a, Const) and isinstance(a.value, int)
                                        or isinstance(a, str) and fn.types.get(a) == nbt.int64 for a in args):
                    return None
                case str(a) if fn.types.get(a) != nbt.float64:
                    return None
        out.append(s)
    return w.rebuilt(side, out)
