"""Tapes of gradients called from Python lie in memory that is kept between calls.

An allocation of megabytes is new pages from the operating system every time, which costs more than the gradient's own
work: for a 1000 x 1000 Burgers solver 8 ms instead of 2. Small tapes gain nothing, and code for arrays just made is
better: it knows that they share no memory. So the pages are counted, and once they have cost about as much as compiling
does, the module is compiled with tapes from a workspace, which a call leases from a pool. A call inside a call, or in
another thread, gets a workspace of its own; results never lie in one.

Before::

    tape_u = np.empty((nt, n))

after::

    tape_u = leased2(work, used, nt, n)
"""
from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

try:
    from resource import RUSAGE_THREAD, getrusage
except ImportError:                             # not on this system: tapes are new in each call
    getrusage = None                            # type: ignore[assignment]

LARGEST: Final = 2 ** 29
"""Bytes of the largest workspace that is kept."""
MOST: Final = 4
"""How many are kept."""
TYPES: Final = ("int64",)
"""Types of numbers as large as those of the workspace, besides its own."""
AXES: Final = 3
"""The most axes that :mod:`s2sad.api.leases` provides for."""

SAMPLE: Final = 8
"""Pages are counted in one of so many calls."""
ENOUGH: Final = 100_000
"""New pages that cost about as much as compiling a gradient: one or two microseconds each."""

_free: list[tuple[np.ndarray, np.ndarray]] = []
"""Workspaces, each with the place for how much was asked for."""


def clear_workspace() -> None:
    """Release the memory that gradients keep for the tapes of their next call.

    Gradients called from Python keep up to four workspaces, each of up to 512 MB and as large as the largest set of
    tapes so far. The next call takes new memory.

    Examples
    --------
    >>> import s2sad
    >>> s2sad.clear_workspace()
    """
    _free.clear()


def lending_when_it_pays(entry: Callable[..., object], lent: Callable[[], Callable[..., object]],
                         ) -> Callable[..., object]:
    """A function that calls the entry, and what ``lent`` makes once new pages have cost as much as making it."""
    if getrusage is None:
        return entry
    calls, pages = 0, 0
    other: Callable[..., object] | None = None

    def run(*args: object) -> object:
        nonlocal calls, pages, other
        if other is not None:
            return other(*args)
        calls += 1
        if calls % SAMPLE:
            return entry(*args)
        before = getrusage(RUSAGE_THREAD).ru_minflt
        result = entry(*args)
        pages += SAMPLE * max(getrusage(RUSAGE_THREAD).ru_minflt - before - _pages_of(result), 0)
        if pages > ENOUGH:
            other = lent()
        return result

    return run


def _pages_of(result: object) -> int:
    """The pages of what a call returns, which are new either way."""
    if isinstance(result, tuple):
        return sum(map(_pages_of, result))
    return result.nbytes // 4096 + 2 if isinstance(result, np.ndarray) else 0


def lending(entry: Callable[..., object]) -> Callable[..., object]:
    """A function that calls one made by :func:`with_workspace`, and gives it a workspace."""
    size = 0

    def run(*args: object) -> object:
        nonlocal size
        work, used = _take(size)
        try:
            return entry(*args, work, used)
        finally:
            if used.item() > size:
                size = used.item()
            if len(_free) < MOST:
                _free.append((work, used))

    return run


def _take(size: int) -> tuple[np.ndarray, np.ndarray]:
    """A workspace of at least so many numbers, none of them in use; an empty one where that is too much."""
    try:
        work, used = _free.pop()                # one operation: threads do not get the same
        used[0] = 0
    except IndexError:
        work, used = np.empty(0), np.zeros(1, np.int64)
    if work.size >= size:
        return work, used
    return np.empty(size if 8 * size <= LARGEST else 0), used


def with_workspace(source: str, entry: str) -> str | None:
    """The module of a gradient with its tapes in a workspace, given to the entry last; none if it has no such tapes.

    Moved are the arrays of known size that the adjoint makes once in a call. The author's own cannot be told from tapes
    by then, and need not be: in a gradient no array of the adjoint outlives the call.
    """
    tree = ast.parse(source)
    functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
    wrapper = functions[entry]
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    ours = [c for c in ast.walk(wrapper) if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)
            and c.func.id in functions]
    if len(ours) != 1 or sum(c.func.id == ours[0].func.id for c in calls) != 1:     # type: ignore[attr-defined]
        return None                             # it calls itself: its tapes are not made once
    adjoint = functions[ours[0].func.id]        # type: ignore[attr-defined]
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {a.arg for a in ast.walk(tree)
                                                                       if isinstance(a, ast.arg)} | functions.keys()
    tapes = list(_tapes(adjoint))
    if not tapes:
        return None
    work, used = (_free_name(n, names) for n in ("work", "used"))
    leased = {rank: _free_name(f"leased{rank}", names) for rank in sorted({len(shape) for _, shape, _ in tapes})}
    for tape, shape, dtype in tapes:
        tape.value = _lease(shape, dtype, work, used, leased[len(shape)])
    ours[0].args += [ast.Name(id=n, ctx=ast.Load()) for n in (work, used)]
    for f in (adjoint, wrapper):
        f.args.args += [ast.arg(arg=n) for n in (work, used)]
    imported = [ast.alias(f"leased{rank}", None if name == f"leased{rank}" else name) for rank, name in leased.items()]
    tree.body.insert(0, ast.ImportFrom("s2sad.api.leases", imported, 0))
    return ast.unparse(ast.fix_missing_locations(tree))


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _tapes(adjoint: ast.FunctionDef) -> Iterator[tuple[ast.Assign, list[ast.expr], str | None]]:
    """The arrays made once and for good: statement, extents, type."""
    stores = [n.id for n in ast.walk(adjoint) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    for s in adjoint.body:
        match s:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="np"), attr="empty"), args=[shape, *types], keywords=[])) \
                    if name.startswith("tape_") and stores.count(name) == 1:
                dtype = types[0].attr if types and isinstance(types[0], ast.Attribute) else None
                extents = shape.elts if isinstance(shape, ast.Tuple) else [shape]
                if (not types or dtype in TYPES) and len(extents) <= AXES:
                    yield s, extents, dtype


def _lease(shape: list[ast.expr], dtype: str | None, work: str, used: str, leased: str) -> ast.expr:
    text = f"{leased}({', '.join([work, used, *map(ast.unparse, shape)])})"
    if dtype is not None:
        text += f".view(np.{dtype})"
    made: Any = ast.parse(text, mode="eval").body
    return made
