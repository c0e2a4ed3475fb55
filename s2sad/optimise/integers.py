"""Integers a constant apart are expressed by each other once: ``i + 1 - 1`` is ``i``.

Before::

    a = i + 1
    b = a - 1
    x[b] = ...

after::

    a = i + 1
    b = i
    x[b] = ...
"""
from __future__ import annotations

from dataclasses import replace

from numba import types as nbt

from s2sad.ir import Assign, Block, Const, Dim, Function, Op, Stmt
from s2sad.ir import walk as w
from s2sad.optimise.loop_order import offset

Known = dict[str, tuple[str, int]]


def merge_offsets(fn: Function) -> Function:
    """Sums of a name and constants, with one constant; extents, which are never negative, without ``max(n, 0)``.

    >>> body = (Assign("a", Op("add", ("i", Const(1)))), Assign("b", Op("sub", ("a", Const(1)))))
    >>> fn = Function("f", ("i",), body, "b", types={"a": nbt.int64, "b": nbt.int64, "i": nbt.int64})
    >>> merge_offsets(fn).body[1].value
    'i'
    """
    def whole(a: object) -> bool:
        if isinstance(a, Const):
            return isinstance(a.value, int) and not isinstance(a.value, bool)
        return fn.types.get(a) == nbt.int64      # type: ignore[call-overload]

    def block(body: Block, known: Known) -> Block:
        out: list[Stmt] = []
        for s in body:
            nested = w.blocks(s)
            if nested:
                changed = w.bound_in(s)
                forget(known, changed)
                s = w.with_blocks(s, tuple(block(b, dict(known)) for b in nested))
            elif isinstance(s, Assign) and isinstance(s.value, str | Op | Dim) and (
                    whole(s.target) or s.target not in fn.types):
                s = merged(s, known)
                forget(known, {s.target})
                base, k = (s.value, 0) if isinstance(s.value, str) else offset(s.value)
                if isinstance(base, str) and base != s.target and (whole(base) or base in extents):
                    known[s.target] = base, k
            else:
                forget(known, set(w.binds(s)))
            out.append(s)
        return w.rebuilt(body, out)

    def forget(known: Known, names: object) -> None:
        for t in [t for t, (base, _) in known.items() if t in names or base in names]:  # type: ignore[operator]
            del known[t]

    def merged(s: Assign, known: Known) -> Assign:
        match s.value:
            case Op("max", (str(a), Const(0))) if _resolved(a, known)[0] in extents and _resolved(a, known)[1] >= 0:
                return replace(s, value=a)
            case Op("sub", (str(a), str(b))) if a in known and b in known and known[a][0] == known[b][0]:
                return replace(s, value=Const(known[a][1] - known[b][1]))
            case Op("lt" | "gt" as op, (str(a), Const(int() as c))) if a in known:
                return replace(s, value=Op(op, (known[a][0], Const(c - known[a][1]))))
        base, k = offset(s.value)
        if not isinstance(base, str) or base not in known:
            return s
        base, k = known[base][0], known[base][1] + k
        return replace(s, value=base if k == 0 else Op("add" if k > 0 else "sub", (base, Const(abs(k)))))

    counts = w.definition_counts(fn)
    extents = {s.target for s in w.walk(fn.body)
               if isinstance(s, Assign) and isinstance(s.value, Dim) and counts[s.target] == 1}
    return replace(fn, body=block(fn.body, {}))


def _resolved(a: str, known: Known) -> tuple[str, int]:
    return known.get(a, (a, 0))
