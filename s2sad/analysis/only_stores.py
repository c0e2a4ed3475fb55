"""Stores that give each element of a new array its first value, once: their adjoint need not be reset to zero.

In ``y = np.empty(n)`` and ``for i in range(n): y[i] = ...`` nothing reads the shadow of ``y`` after the reverse of the
store has taken it.
"""
from __future__ import annotations

from s2sad.analysis.iterations import counts_up
from s2sad.analysis.structure import Structure
from s2sad.ir import Alloc, Assign, For, Function, Increment, Load, Permute, Stmt, Store
from s2sad.ir import walk as w


def find_only_stores(fn: Function, at: Structure) -> frozenset[Stmt]:
    """Stores of local arrays before which nothing touches the element they write."""
    swapped = {n for s in w.walk(fn.body) if isinstance(s, Permute) for n in s.targets}
    touching: dict[str, list[Stmt]] = {}
    for s in w.walk(fn.body):
        for n in {*w.reads(s)}:
            touching.setdefault(n, []).append(s)
    found = set()
    for s in w.walk(fn.body):
        if isinstance(s, Store) and s.array not in fn.params and s.array not in swapped:
            binders = at.binders.get(s.array, [])
            if len(binders) != 1 or not _is_new(binders[0]) or at.place[binders[0]].loops:
                continue
            if _first(s, touching[s.array], at):
                found.add(s)
    return frozenset(found)


def _is_new(binder: Stmt) -> bool:
    """Whether an array starts without content that came from elsewhere."""
    return isinstance(binder, Assign) and isinstance(binder.value, Alloc)


def _first(s: Store, touching: list[Stmt], at: Structure) -> bool:
    loops = at.place[s].loops
    counters = [loop.var for loop in loops if isinstance(loop, For) and counts_up(loop)]
    if len(counters) != len(loops) or sorted(i for i in s.index if isinstance(i, str)) != sorted(counters):
        return False                       # each iteration must write an element of its own
    outermost = loops[0] if loops else s
    for x in touching:
        if x is s or at.place[x].order > at.place[s].order and _same_element(x, s):
            continue
        inside = at.lift(x, at.place[outermost].block) is outermost
        if inside or at.place[x].order < at.place[outermost].order:
            return False
    return True


def _same_element(x: Stmt, s: Store) -> bool:
    """Whether a statement touches the array at the store's own index only."""
    match x:
        case Store(array, index) | Increment(array, index) | Assign(_, Load(array, index)):
            return array == s.array and index == s.index
    return False

