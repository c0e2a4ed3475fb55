"""Index sets in place of tangents: on which elements of the arguments each value depends.

Before::

    d_y[i] = zmul(d_x[i], p) + zmul(d_x[i + 1], q)

after::

    d_y[i] = joined(sets, d_x[i], d_x[i + 1])

A set is a number: 0 is empty, ``k`` up to the count of elements is the one element ``k``, and a larger one stands for a
row of ``sets``, which has the numbers of the two sets that it joins. What a product has as its other factor does not
matter.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from numba import types as nbt

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
    Grow,
    If,
    Increment,
    Invoke,
    Load,
    Op,
    Permute,
    Rhs,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array
from s2sad.transform.lanes import moving_names

NONE = Const(0)


class NoSets(Exception):
    """The tangent has a statement of which it is not known what depends on what; says which."""


def with_index_sets(fn: Function, tangents: Iterable[str], sets: str) -> Function:
    """A tangent function that computes sets; ``sets`` becomes its first parameter. Its result is that of tangents.

    Raises
    ------
    NoSets
        Where that is not possible.
    """
    return _Sets(fn, tuple(tangents), sets).run()


class _Sets:
    def __init__(self, fn: Function, tangents: tuple[str, ...], sets: str) -> None:
        self.fn, self.sets = fn, sets
        leaves = tuple(a for a in w.result_leaves(fn.result) if isinstance(a, str))
        self.moving = moving_names(fn, (*tangents, *leaves))
        self.names = Names({*w.all_names(fn), sets})
        self.types: dict[str, Any] = dict(fn.types)
        self.out: list[Stmt] = []

    def run(self) -> Function:
        for n in self.moving:
            t = self.fn.types.get(n)
            self.types[n] = nbt.Array(nbt.int64, t.ndim, t.layout) if is_array(t) else nbt.int64  # type: ignore[union-attr]
        self.types[self.sets] = nbt.Array(nbt.int64, 2, "C")
        result: Arg | None = w.map_result(self.fn.result, lambda a: a if isinstance(a, str) else NONE)
        return replace(self.fn, params=(self.sets, *self.fn.params), body=self.block(self.fn.body), result=result,
                       types=self.types)

    def block(self, body: Block) -> Block:
        saved, self.out = self.out, []
        for s in body:
            self.statement(s)
        new, self.out = tuple(self.out), saved
        return new

    def statement(self, s: Stmt) -> None:
        match s:
            case If(test, then, orelse):
                self.decided_by((test,), s)
                self.out.append(replace(s, then=self.block(then), orelse=self.block(orelse)))
            case For(_, start, stop, step, body):
                self.decided_by((start, stop, step), s)
                self.out.append(replace(s, body=self.block(body), checkpoints=None))
            case While(cond, test, body):
                self.decided_by((test,), s)
                self.out.append(replace(s, cond=self.block(cond), body=self.block(body), checkpoints=None))
            case Assign(target, value) if target in self.moving:
                self.assign(s, target, value)
            case Store(array, index, value) if array in self.moving:
                self.decided_by(index, s)
                self.out.append(replace(s, value=self.set_of(value)))
            case Increment(array, index, value) if array in self.moving:
                self.decided_by(index, s)
                old = self.temp(Load(array, index), s)
                self.out.append(Store(array, index, self.temp(self.joined((old, self.set_of(value))), s), s.loc))
            case Invoke():
                if self.moving.intersection((*w.reads(s), *w.binds(s))):
                    raise NoSets(f"a call of {s.fn}")
                self.out.append(s)
            case Grow() | Permute():
                self.out.append(s)
            case _:
                self.out.append(s)

    def decided_by(self, atoms: Iterable[Atom], s: Stmt) -> None:
        if any(a in self.moving for a in atoms):
            raise NoSets("a branch or an index depends on a tangent")

    def assign(self, s: Assign, target: str, value: Rhs) -> None:
        if is_array(self.fn.types.get(target)):
            self.array(s, target, value)
            return
        match value:
            case Op(_, args):
                self.out.append(replace(s, value=self.joined(args, s)))
            case Load(array, index):
                self.decided_by(index, s)
                self.out.append(s if array in self.moving else replace(s, value=NONE))
            case str() | Const():
                self.out.append(replace(s, value=self.set_of(value)))
            case Call(fn):
                raise NoSets(f"a call of {fn}")
            case _:
                raise NoSets("a value made in a way that is not known")

    def array(self, s: Assign, target: str, value: Rhs) -> None:
        match value:
            case str() if value in self.moving:
                self.out.append(s)
            case Alloc(_, shape, _):
                self.out.append(replace(s, value=Alloc("zeros", shape, "int64")))
            case Call("np.zeros_like", (str(like),)) if like in self.moving:
                self.out.append(s)
            case Call("np.zeros_like", (str(like),)):
                shape = tuple(self.temp(Dim(like, k), s) for k in range(self.fn.types[like].ndim))
                self.types[target] = self.types[target].copy(layout="C")
                self.out.append(replace(s, value=Alloc("zeros", shape, "int64")))
            case Call("np.copy", (str(source),)) if source in self.moving:
                self.out.append(s)
            case Call(fn):
                raise NoSets(f"a call of {fn}")
            case _:
                raise NoSets("an array made in a way that is not known")

    def set_of(self, a: Atom) -> Atom:
        return a if a in self.moving else NONE

    def joined(self, args: Iterable[Atom], s: Stmt | None = None) -> Rhs:
        found = list(dict.fromkeys(a for a in args if a in self.moving))
        if not found:
            return NONE
        total: Rhs = found[0]
        for a in found[1:]:
            left = total if isinstance(total, str) else self.temp(total, s)
            total = Op("joined", (self.sets, left, a))
        return total

    def temp(self, value: Rhs, s: Stmt | None) -> str:
        name = self.names.fresh("t")
        self.types[name] = nbt.int64
        self.moving.add(name)
        self.out.append(Assign(name, value, s.loc if s is not None else self.fn.loc))
        return name
