"""Arrays that calls return, put where they are wanted: into storage that is there, or into memory of their own.

Before (``x`` is filled)::

    x = np.linalg.solve(a, b)

after::

    new_x = np.linalg.solve(a, b)
    for i in range(n):
        x[i] = new_x[i]
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from numba import types as nbt

from s2sad.ir import Assign, Atom, Block, Call, Const, Dim, For, Function, If, Invoke, Load, Op, Raise, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.names import Names


def place_results(fn: Function) -> Function:
    """Write out what is meant by the results of calls that fill arrays or are copied."""
    if not any(isinstance(s, Invoke) and (s.filled or s.copied) for s in w.walk(fn.body)):
        return fn
    names, types = Names(w.all_names(fn)), dict(fn.types)

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if not isinstance(s, Invoke) or not (s.filled or s.copied):
            return (s,)
        after: list[Stmt] = []

        def new(t: Atom) -> Atom:
            if not isinstance(t, str) or t not in (*s.filled, *s.copied):
                return t
            made = names.fresh(f"new_{t}")
            types[made] = types[t]
            if t in s.copied:
                after.append(Assign(t, Call("np.copy", (made,)), s.loc))
            else:
                checked = s.rule is not None and not s.rule.library
                after.extend(_filled(t, made, s, names, types, checked))
            return made

        result = w.map_result(s.result, new)
        written = tuple(x for x in s.written if x not in s.filled)
        return (replace(s, result=result, written=written, filled=(), copied=()), *after)

    return replace(fn, body=w.map_block(fn.body, visit), types=types)


def _filled(target: str, source: str, s: Invoke, names: Names, types: dict[str, Any], checked: bool) -> list[Stmt]:
    out: list[Stmt] = []
    index = tuple(names.fresh("ijkl"[k % 4]) for k in range(types[target].ndim))
    extents = []
    for k in range(len(index)):
        n = names.fresh("n")
        out.append(Assign(n, Dim(target, k), s.loc))
        extents.append(n)
        types[n] = nbt.int64
        if checked:
            m, differs = names.fresh("n"), names.fresh("differs")
            types[m], types[differs] = nbt.int64, nbt.boolean
            raised = Raise("ValueError", f"{s.fn} returned an array of another shape than its rule says", s.loc)
            out += [Assign(m, Dim(source, k), s.loc), Assign(differs, Op("ne", (n, m)), s.loc),
                    If(differs, (raised,), (), s.loc)]
    types.update(dict.fromkeys(index, nbt.int64))
    t = names.fresh("t")
    types[t] = types[target].dtype
    body: Block = (Assign(t, Load(source, index), s.loc), Store(target, index, t, s.loc))
    for var, n in zip(reversed(index), reversed(extents)):
        body = (For(var, Const(0), n, Const(1), body, loc=s.loc),)
    return [*out, *body]
