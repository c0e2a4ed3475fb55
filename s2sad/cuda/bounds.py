"""Integers of a kernel that are never negative, or never below one, whatever happens.

An offset that starts as one and is doubled is at least one wherever it is used, without a look at the path there.
"""
from __future__ import annotations

from s2sad.ir import Assign, Atom, Const, Dim, For, Function, Op
from s2sad.ir import walk as w
from s2sad.ir.types import is_integer


def find_lower_bounds(fn: Function) -> dict[str, int]:
    """Integers that are never below one, or zero, whichever of their statements bound them last.

    All are supposed to be, and those dropped for which it does not follow from the others.
    """
    binders: dict[str, list[object]] = {}
    for s in w.walk(fn.body):
        for n in w.binds(s):
            binders.setdefault(n, []).append(s)
    low = {n: 1 for n in binders if n not in fn.params and is_integer(fn.types.get(n))}
    for n, i in fn.intrinsics.items():
        if i.space == "place":
            low[n] = 1 if i.text.startswith(("cuda.blockDim", "cuda.gridDim", "cuda.gridsize")) else 0

    def of(a: Atom) -> int | None:
        if isinstance(a, Const):
            return min(a.value, 1) if type(a.value) is int and a.value >= 0 else None
        return low.get(a)

    def bound(s: object, n: str) -> int | None:
        match s:
            case Assign(_, str() | Const() as a):
                return of(a)
            case Assign(_, Dim()):
                return 0
            case Assign(_, Op("add", (a, b))) if of(a) is not None and of(b) is not None:
                return min(of(a) + of(b), 1)  # type: ignore[operator]
            case Assign(_, Op("mul", (a, b))) if of(a) is not None and of(b) is not None:
                return of(a) * of(b)  # type: ignore[operator]
            case Assign(_, Op("floordiv" | "rshift" | "mod", (a, b))) if of(a) is not None and of(b) is not None:
                return 0
            case Assign(_, Op("min", (a, b))) if of(a) is not None and of(b) is not None:
                return min(of(a), of(b))  # type: ignore[type-var]
            case Assign(_, Op("max", (a, b))) if of(a) is not None or of(b) is not None:
                return max(x for x in (of(a), of(b)) if x is not None)
            case Assign(_, Op("lshift", (a, _))):
                return of(a)
            case For(var, start, _, Const(int() as step)) if var == n and step > 0:
                return of(start)
        return None

    changed = True
    while changed:
        changed = False
        for n, found in binders.items():
            if n in low:
                least = [bound(s, n) for s in found]
                new = None if None in least else min(least)  # type: ignore[type-var]
                if new != low[n]:
                    changed = True
                    if new is None:
                        del low[n]
                    else:
                        low[n] = new
    return low
