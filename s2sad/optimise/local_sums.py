"""What a loop adds to one and the same element is summed in a variable and added once.

Before::

    for j in range(n):
        b_x[i] += b_y[j] * a[i, j]

after::

    b_x_i = 0.0
    for j in range(n):
        b_x_i += b_y[j] * a[i, j]
    b_x[i] += b_x_i

Whether two arrays overlap in memory is not known where this is compiled, so that otherwise the element goes to memory
and back in each iteration. What is not added in each iteration stays, and a loop of no iterations adds nothing: the
index may be out of bounds then.
"""
from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from s2sad.ir import Assign, Atom, Block, Const, Dim, For, Function, If, Increment, Op, Stmt, While
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_complex

ONE = Const(1)


def sum_locally(fn: Function) -> Function:
    """Rewrite the loops of the reverse sweep, inner ones first.

    >>> from s2sad.ir import Loc
    >>> reverse, body = Loc("f.py", 1, 0, reverse=True), (Increment("b", ("i",), "e"),)
    >>> loop = For("j", Const(0), Const(3), Const(1), body, loc=reverse)
    >>> zero, loop, add = sum_locally(Function("f", ("b", "i", "e"), (loop,), None)).body
    >>> zero.value, loop.body[0].value, add.index
    (Const(value=0.0), Op(fn='add', args=('b_e', 'e')), ('i',))
    """
    names, types = Names(w.all_names(fn)), dict(fn.types)

    def block(body: Block, around: tuple[For, ...]) -> Block:
        out: list[Stmt] = []
        for s in body:
            nested = w.blocks(s)
            if nested:
                inner = (*around, s) if isinstance(s, For) else () if isinstance(s, While) else around
                s = w.with_blocks(s, tuple(block(b, inner) for b in nested))
            if isinstance(s, For) and s.loc.reverse and isinstance(s.step, Const) and s.exit is None:
                out += _summed(s, names, types, around)
            else:
                out.append(s)
        return w.rebuilt(body, out)

    return replace(fn, body=block(fn.body, ()), types=types)


def _summed(loop: For, names: Names, types: dict, around: tuple[For, ...]) -> list[Stmt]:
    inside = list(w.walk(loop.body))
    bound = {loop.var, *(n for s in inside for n in w.binds(s))}
    elements: dict[tuple[str, tuple[Atom, ...]], list[Increment]] = defaultdict(list)
    others: set[str] = set()
    for s in inside:
        if isinstance(s, Increment):
            if s in loop.body and not bound & set(w.names_in(s.index)):
                elements[s.array, s.index].append(s)
        elif not (isinstance(s, Assign) and isinstance(s.value, Dim)):
            others.update((*w.reads(s), *w.written(s)))
    new: dict[Stmt, Stmt] = {}
    before: list[Stmt] = []
    after: list[Stmt] = []
    for (array, index), found in elements.items():
        if array in others or array in bound:
            continue
        value = found[0].value
        total = names.fresh(value if isinstance(value, str) and value.startswith("b_") else f"b_{value}"
                            if isinstance(value, str) else "b_sum")
        dtype = getattr(types.get(array), "dtype", None)
        types[total] = dtype
        before.append(Assign(total, Const(0j) if is_complex(dtype) else Const(0.0), loop.loc))
        for s in found:
            new[s] = Assign(total, Op("add" if s.sign > 0 else "sub", (total, s.value)), s.loc)
        after.append(Increment(array, index, total, 1, found[0].loc, any(s.atomic for s in found)))
    if not new:
        return [loop]
    loop = replace(loop, body=w.map_block(loop.body, lambda s: (new.get(s, s),)))
    if not _runs(loop, around):
        test = names.fresh("t")
        up = loop.step.value > 0  # type: ignore[union-attr]
        after = [Assign(test, Op("lt" if up else "gt", (loop.start, loop.stop)), loop.loc),
                 If(test, tuple(after), (), loop.loc)]
    return [*before, loop, *after]


def _runs(loop: For, around: tuple[For, ...]) -> bool:
    """Whether a loop certainly has an iteration: literal bounds say so, or one around it has the same bounds."""
    if isinstance(loop.start, Const) and isinstance(loop.stop, Const):
        return len(range(loop.start.value, loop.stop.value, loop.step.value)) > 0  # type: ignore[union-attr]
    return any(x.start == loop.start and x.stop == loop.stop and x.step == loop.step for x in around) and all(
        isinstance(a, Const) or not any(a in w.binds(s) for x in around for s in (x, *w.walk(x.body)))
        for a in (loop.start, loop.stop))
