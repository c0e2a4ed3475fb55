"""Self-accumulation into an array element becomes an increment, a linear statement of its own.

Before::

    t = a[i]
    a[i] = t + e

after::

    a[i] += e
"""
from __future__ import annotations

from dataclasses import replace

from s2sad.ir import Assign, Block, Function, Increment, Load, Op, Stmt, Store
from s2sad.ir import walk as w
from s2sad.optimise.dead import remove_dead_code


def recognise_increments(fn: Function) -> Function:
    """Make load, add and store of one element an :class:`~s2sad.ir.nodes.Increment`.

    >>> body = (Assign("t", Load("a", ("i",))), Assign("u", Op("add", ("t", "e"))), Store("a", ("i",), "u"))
    >>> new, = recognise_increments(Function("f", ("a", "i", "e"), body, None)).body
    >>> new.array, new.index, new.value, new.sign
    ('a', ('i',), 'e', 1)
    """
    uses, defs = w.use_counts(fn), w.definition_counts(fn)

    def block(body: Block) -> Block:
        out: list[Stmt] = []
        made: dict[str, int] = {}            # temporaries assigned in this block -> place in out
        for s in body:
            nested = w.blocks(s)
            if nested:
                s = w.with_blocks(s, tuple(block(b) for b in nested))
            match s:
                case Store(value=str(value)) if value in made and uses[value] == 1:
                    new = _increment(s, out, made, value)
                    if new is not None:
                        out.append(new)
                        continue
                case Assign(target) if defs[target] == 1:
                    made[target] = len(out)
            out.append(s)
        return tuple(out)

    def _increment(s: Store, out: list[Stmt], made: dict[str, int], value: str) -> Increment | None:
        total = out[made[value]]
        match total:
            case Assign(value=Op("add" | "sub" as op, (a, b))):
                pairs = [(a, b, 1)] + ([(b, a, 1)] if op == "add" else []) if op == "add" else [(a, b, -1)]
            case _:
                return None
        for old, e, sign in pairs:
            if isinstance(old, str) and old in made and uses[old] == 1 and old != e:
                load = out[made[old]]
                if isinstance(load, Assign) and load.value == Load(s.array, s.index):
                    between = out[made[old] + 1:]
                    if any(s.array in w.written(x) or set(w.binds(x)) & {s.array, *w.names_in(s.index)}
                           for x in w.walk(tuple(between))):
                        continue
                    if isinstance(e, str) and any(e in w.binds(x) for x in w.walk(tuple(out[made[value] + 1:]))):
                        continue
                    return Increment(s.array, s.index, e, sign, s.loc)
        return None

    body = block(fn.body)
    if body is fn.body:
        return fn
    return remove_dead_code(replace(fn, body=body), live=frozenset(fn.params))
