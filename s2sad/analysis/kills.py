"""Loops that overwrite all of an array: what it held before is gone after them.

Without this, a scratch array refilled in each iteration of an outer loop looks as if its old content were still
required, and every later update of it would be taped.
"""
from __future__ import annotations

from s2sad.ir import Alloc, Assign, Atom, Const, Dim, For, Function, Grow, Permute, Stmt, Store
from s2sad.ir import walk as w


def find_overwritten(fn: Function) -> dict[Stmt, tuple[str, ...]]:
    """For each loop, the arrays of which it stores every element, whatever else happens."""
    shapes = _shapes(fn)
    found: dict[Stmt, tuple[str, ...]] = {}
    for s in w.walk(fn.body):
        if isinstance(s, For):
            arrays = tuple(a for a, shape in shapes.items() if _fills(s, a, shape, ()))
            if arrays:
                found[s] = arrays
    return found


def _shapes(fn: Function) -> dict[str, tuple[Atom, ...]]:
    """Extents, as atoms, of arrays bound once and never swapped."""
    swapped = {n for s in w.walk(fn.body) if isinstance(s, Permute) for n in s.targets}
    swapped |= {s.array for s in w.walk(fn.body) if isinstance(s, Grow)}
    counts = w.definition_counts(fn)
    dims: dict[str, dict[int, str]] = {}
    shapes: dict[str, tuple[Atom, ...]] = {}
    for s in w.walk(fn.body):
        match s:
            case Assign(t, Alloc(_, shape, _)) if counts[t] == 1 and t not in swapped:
                shapes[t] = shape
            case Assign(t, Dim(array, axis)) if counts[t] == 1 and counts[array] == 1 and array not in swapped:
                dims.setdefault(array, {})[axis] = t
    for array, found in dims.items():
        if sorted(found) == list(range(len(found))) and getattr(fn.types.get(array), "ndim", 0) == len(found):
            shapes.setdefault(array, tuple(found[k] for k in range(len(found))))
    return {a: shape for a, shape in shapes.items() if all(isinstance(n, Const) or counts[n] == 1 for n in shape)}


def _fills(s: For, array: str, shape: tuple[Atom, ...], index: tuple[str, ...]) -> bool:
    """Whether the loop nest stores ``array[i, j, ...]`` for every index, unconditionally."""
    axis = len(index)
    if axis >= len(shape) or s.exit is not None or s.start != Const(0) or s.step != Const(1) or s.stop != shape[axis]:
        return False
    index = (*index, s.var)
    return any(_stores(x, array, shape, index) for x in s.body)


def _stores(s: Stmt, array: str, shape: tuple[Atom, ...], index: tuple[str, ...]) -> bool:
    if isinstance(s, Store):
        return s.array == array and s.index == index and len(index) == len(shape)
    return isinstance(s, For) and _fills(s, array, shape, index)
