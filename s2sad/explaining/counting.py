"""How often each loop's body runs: the function with counters, run once.

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

from collections.abc import Mapping, Sequence
from dataclasses import replace

from numba import types as nbt

from s2sad.analysis.structure import Loop
from s2sad.ir import Assign, Block, Const, For, Function, Invoke, Op, TupleArg, While
from s2sad.ir import walk as w
from s2sad.ir.names import Names


def with_counters(fn: Function) -> tuple[Function, Sequence[Loop]] | None:
    """A function that returns how often the body of each loop ran, and the loops in that order.

    ``None`` where there are no loops, or where it calls functions that stay functions: they have code of their own.
    """
    loops = [s for s in w.walk(fn.body) if isinstance(s, For | While)]
    if not loops or any(isinstance(s, Invoke) for s in w.walk(fn.body)):
        return None
    names = Names(w.all_names(fn))
    counter: Mapping[Loop, str] = {loop: names.fresh("count") for loop in loops}

    def block(body: Block) -> Block:
        out = []
        for s in body:
            inner = [block(b) for b in w.blocks(s)]
            if isinstance(s, For | While):
                one = Assign(counter[s], Op("add", (counter[s], Const(1))), s.loc)
                inner[-1] = (one, *inner[-1])
            out.append(w.with_blocks(s, tuple(inner)) if inner else s)
        return tuple(out)

    zeros = tuple(Assign(c, Const(0), fn.loc) for c in counter.values())
    types = {**fn.types, **dict.fromkeys(counter.values(), nbt.int64)}
    counted = replace(fn, name=names.fresh(f"{fn.name}_iterations"), body=(*zeros, *block(fn.body)),
                      result=TupleArg(tuple(counter.values())), types=types)
    return counted, loops
