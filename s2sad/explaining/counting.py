"""How often each loop's body runs, and how large the states of checkpointed loops are: the function with counters.

Before::

    for i in range(n):
        s = s + x[i]
    return s

after::

    count = 0
    for i in range(n):
        count = count + 1
        s = s + x[i]
    return count
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from numba import types as nbt

from s2sad.analysis.checkpoints import State
from s2sad.analysis.structure import Loop
from s2sad.ir import Assign, Atom, Block, Const, Dim, For, Function, Invoke, Op, Stmt, TupleArg, While
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import item_bytes


def with_counters(fn: Function, states: Mapping[Loop, State]) -> tuple[Function, Sequence[Loop]] | None:
    """A function that returns how often the body of each loop ran, and the loops in that order.

    After the counts it returns the bytes of each of the ``states`` when its loop was last entered.
    ``None`` where there are no loops, or where it calls functions that stay functions: they have code of their own.
    """
    loops = [s for s in w.walk(fn.body) if isinstance(s, For | While)]
    if not loops or any(isinstance(s, Invoke) for s in w.walk(fn.body)):
        return None
    names = Names(w.all_names(fn))
    counter: Mapping[Loop, str] = {loop: names.fresh("count") for loop in loops}
    size: Mapping[Loop, str] = {loop: names.fresh("size") for loop in states}
    types: dict[str, Any] = {**fn.types, **dict.fromkeys((*counter.values(), *size.values()), nbt.int64)}

    def measured(loop: Loop) -> Iterator[Stmt]:
        """Statements for the bytes of a state, as :class:`~s2sad.transform.snapshots.Snapshots` counts them."""
        yield Assign(size[loop], Const(8 + sum(item_bytes(fn.types[n]) for n in states[loop].scalars)), loop.loc)
        for a in states[loop].arrays:
            held: Atom = Const(item_bytes(fn.types[a].dtype))
            for axis in range(fn.types[a].ndim):
                n, more = names.fresh("n"), names.fresh("size")
                types.update({n: nbt.int64, more: nbt.int64})
                yield Assign(n, Dim(a, axis), loop.loc)
                yield Assign(more, Op("mul", (held, n)), loop.loc)
                held = more
            yield Assign(size[loop], Op("add", (size[loop], held)), loop.loc)

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            inner = [block(b) for b in w.blocks(s)]
            if isinstance(s, For | While):
                one = Assign(counter[s], Op("add", (counter[s], Const(1))), s.loc)
                inner[-1] = (one, *inner[-1])
            if isinstance(s, Loop) and s in size:
                out += measured(s)
            out.append(w.with_blocks(s, tuple(inner)) if inner else s)
        return tuple(out)

    zeros = tuple(Assign(c, Const(0), fn.loc) for c in (*counter.values(), *size.values()))
    counted = replace(fn, name=names.fresh(f"{fn.name}_iterations"), body=(*zeros, *block(fn.body)),
                      result=TupleArg((*counter.values(), *size.values())), types=types)
    return counted, loops
