"""Calls that stay calls, made ready for reverse mode.

A call that writes to an array is preceded by a copy of the array as it was, and what a call returns has names of its
own. Before::

    for i in range(n):
        y = step(a, y)          # writes to a

after::

    a_was = np.empty(n_a)
    for i in range(n):
        for j in range(n_a):
            a_was[j] = a[j]
        y_1 = step(a, y)        # before: a_was
        y = y_1
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from numba import types as nbt

from s2sad.analysis.structure import Structure
from s2sad.errors import UnsupportedSyntax
from s2sad.ir import (
    Alloc,
    Arg,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Dim,
    For,
    Function,
    Invoke,
    Load,
    Loc,
    Permute,
    Rhs,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name, is_array


def prepare_calls(fn: Function) -> Function:
    """Copy what calls are going to write, and give their results names of their own."""
    if not any(isinstance(s, Invoke) for s in w.walk(fn.body)):
        return fn
    return _Prepared(fn).run()


class _Prepared:
    def __init__(self, fn: Function) -> None:
        self.fn, self.at = fn, Structure(fn)
        self.names = Names(w.all_names(fn))
        self.types: dict[str, Any] = dict(fn.types)
        self.permuted = {n for s in w.walk(fn.body) if isinstance(s, Permute) for n in s.targets}

    def run(self) -> Function:
        return replace(self.fn, body=self.block(self.fn.body, None), types=self.types)

    def block(self, body: Block, storage: list[Stmt] | None) -> Block:
        """``storage`` collects allocations before the outermost loop; ``None`` outside loops."""
        out: list[Stmt] = []
        for s in body:
            nested = w.blocks(s)
            if isinstance(s, Invoke):
                out += self.call(s, storage)
                continue
            if nested:
                first: list[Stmt] | None = [] if storage is None and isinstance(s, (For, While)) else storage
                s = w.with_blocks(s, tuple(self.block(b, first) for b in nested))
                if storage is None and first:
                    out += first
            out.append(s)
        return tuple(out)

    def call(self, s: Invoke, storage: list[Stmt] | None) -> list[Stmt]:
        out: list[Stmt] = []
        before: list[str] = []
        for a in s.written:
            was = self.names.fresh(f"{a}_was")
            self.types[was] = self.types[a].copy(layout="C")
            before.append(was)
            if storage is None:
                out.append(Assign(was, Call("np.copy", (a,)), s.loc))
            else:
                out.append(self.copied(s, a, was, storage))
        after: list[Stmt] = []
        target = w.map_result(s.result, lambda t: self.own(t, s.loc, after))
        return [*out, replace(s, result=target, before=tuple(before)), *after]

    def own(self, t: Atom, loc: Loc, after: list[Stmt]) -> Arg:
        assert isinstance(t, str)
        if is_array(self.types.get(t)) or self.at.is_temporary(t):
            return t
        new = self.names.fresh(t)
        self.types[new] = self.types[t]
        after.append(Assign(t, new, loc))
        return new

    def copied(self, s: Invoke, a: str, was: str, storage: list[Stmt]) -> Stmt:
        """A loop nest that copies an array into storage made before the outermost loop."""
        binders = self.at.binders.get(a, [])
        if a in self.permuted or len(binders) > 1 or any(self.at.place[b].loops for b in binders):
            raise UnsupportedSyntax(f"'{s.fn}' writes to an array bound in a loop or swapped: not supported", loc=s.loc,
                                    code="S2S004", hint="pass an array that is made once, before the loop")

        def temp(into: list[Stmt], value: Rhs, hint: str, kind: object) -> str:
            name = self.names.fresh(hint)
            self.types[name] = kind
            into.append(Assign(name, value, s.loc))
            return name

        kind = self.types[a]
        shape = tuple(temp(storage, Dim(a, k), f"n_{a}", nbt.int64) for k in range(kind.ndim))
        storage.append(Assign(was, Alloc("empty", shape, dtype_name(kind)), s.loc))
        index = tuple(self.names.fresh("ijkl"[k % 4]) for k in range(kind.ndim))
        self.types.update({i: nbt.int64 for i in index})
        body: list[Stmt] = []
        body.append(Store(was, index, temp(body, Load(a, index), "t", kind.dtype), s.loc))
        nest: Block = tuple(body)
        for var, n in zip(reversed(index), reversed(shape)):
            nest = (For(var, Const(0), n, Const(1), nest, loc=s.loc),)
        return nest[0]
