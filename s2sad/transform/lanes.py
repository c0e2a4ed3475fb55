"""Vector tangents: a tangent carries several directions at once, in an innermost axis of constant extent.

Before::

    for i in range(n):
        d_t = zmul(d_x[i], math.cos(x[i]))
        d_y[i] = zmul(d_t, a)
        y[i] = math.sin(x[i]) * a

after::

    for i in range(n):
        p = math.cos(x[i])
        for k in range(8):
            d_t = zmul(d_x[i, k], p)
            d_y[i, k] = zmul(d_t, a)
        y[i] = math.sin(x[i]) * a

The primal and the partials are computed once. What tangents do between two other statements is one loop over the
directions, in which a tangent that nothing else reads stays a number; others are arrays of one element per direction.
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
    TupleArg,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name, is_array

ZERO, ONE = Const(0), Const(1)


class NoLanes(Exception):
    """The tangent has a statement that takes one direction at a time; says which."""


def with_lanes(fn: Function, tangents: Iterable[str], width: int, *, alone: bool) -> Function:
    """The function with ``width`` directions in everything that depends on the parameters ``tangents``.

    The result is a pair of value and tangent, or with ``alone`` the tangent only; each of its leaves gets the axis.

    >>> fn = Function("f", ("x", "d_x"), (Assign("d_y", Op("mul", ("x", "d_x"))),), "d_y")
    >>> fn = replace(fn, types={"x": nbt.float64, "d_x": nbt.float64, "d_y": nbt.float64})
    >>> loop = with_lanes(fn, ["d_x"], 4, alone=True).body[-1]
    >>> loop.stop, loop.body[-1].array, loop.body[-1].index
    (Const(value=4), 'd_y', ('k',))

    Raises
    ------
    NoLanes
        Where that is not possible.
    """
    return _Lanes(fn, tuple(tangents), width, alone).run()


def moving_names(fn: Function, start: Iterable[str]) -> set[str]:
    """The names that hold tangents: what depends on ``start``, and arrays that are the same or filled with such."""
    found = set(start)
    statements = list(w.walk(fn.body))
    while True:
        before = len(found)
        for s in statements:
            match s:
                case Assign(target, str(source)) if is_array(fn.types.get(target)) or is_array(fn.types.get(source)):
                    if found & {target, source}:
                        found |= {target, source}
                case Assign(_, Dim()):
                    pass
                case Assign(target, value):
                    if found.intersection(w.rhs_names(value)):
                        found.add(target)
                case Store(array, _, value) | Increment(array, _, value):
                    if value in found:
                        found.add(array)
                case Permute(targets):
                    if found.intersection(targets):
                        found.update(targets)
        if len(found) == before:
            return found


class _Lanes:
    def __init__(self, fn: Function, tangents: tuple[str, ...], width: int, alone: bool) -> None:
        self.fn, self.width, self.types = fn, width, dict(fn.types)
        self.alone = alone
        self.d_result: Arg | None = fn.result
        if not alone and fn.result is not None:
            assert isinstance(fn.result, TupleArg)
            self.d_result = fn.result.items[1]
        self.leaves = [a for a in w.result_leaves(self.d_result) if isinstance(a, str)]
        self.moving = moving_names(fn, (*tangents, *self.leaves))
        self.names = Names(w.all_names(fn))
        self.lane = self.names.fresh("k")
        self.types[self.lane] = nbt.int64
        self.pending: list[Stmt] = []
        self.out: list[Stmt] = []
        self.groups: list[For] = []

    def run(self) -> Function:
        for n in self.moving:
            if is_array(self.types.get(n)):
                self.types[n] = self.types[n].copy(ndim=self.types[n].ndim + 1, layout="C")
        body = self.block(self.fn.body)
        inside = {n for g in self.groups for s in g.body for n in (*w.reads(s), *w.binds(s)) if n in self.moving}
        kept = (inside | set(self.fn.params) & self.moving | set(self.leaves)) - self._alone() - self._arrays()
        kinds = {n: self._element(n) for n in sorted(kept)}
        body = w.map_block(body, lambda s: (self._stored(s, kept),) if s in self.groups else (s,))
        start = []
        for n, t in kinds.items():
            self.types[n] = nbt.Array(t, 1, "C")
            if n not in self.fn.params:
                start.append(Assign(n, Alloc("zeros", (Const(self.width),), dtype_name(t)), self.fn.loc))
        end: list[Stmt] = []
        result = self.fn.result
        if self.d_result is not None:
            moved = w.map_result(self.d_result, lambda a: self._leaf(a, end))
            assert moved is not None
            result = replace(result, items=(result.items[0], moved)) if isinstance(result, TupleArg) \
                and not self.alone else moved
        return replace(self.fn, body=(*start, *body, *end), result=result, types=self.types)

    def _leaf(self, a: Atom, end: list[Stmt]) -> Atom:
        if isinstance(a, str):
            return a
        if not isinstance(a.value, float):
            return a
        zeros = self.names.fresh("zeros")
        self.types[zeros] = nbt.Array(nbt.float64, 1, "C")
        end.append(Assign(zeros, Alloc("zeros", (Const(self.width),), "float64"), self.fn.loc))
        return zeros

    def _arrays(self) -> set[str]:
        return {n for n in self.moving if is_array(self.fn.types.get(n))}

    def _alone(self) -> set[str]:
        """Numbers that each loop over directions which reads them has computed itself."""
        found = set(self.moving) - set(self.fn.params) - set(self.leaves)
        for g in self.groups:
            bound: set[str] = set()
            for s in g.body:
                found -= {n for n in w.reads(s) if n not in bound}
                bound.update(w.binds(s))
        return found

    def _element(self, n: str) -> Any:
        t = self.fn.types.get(n)
        if t is not None:
            return t
        if any(isinstance(getattr(t, "dtype", t), nbt.Complex) or getattr(t, "dtype", t) == nbt.float32
               for t in self.fn.types.values()):
            raise NoLanes(f"the type of {n} is not known")
        return nbt.float64

    # ------------------------------------------------------------------ statements

    def block(self, body: Block) -> Block:
        saved, self.out = self.out, []
        for s in body:
            self.statement(s)
        self.flush()
        new, self.out = tuple(self.out), saved
        return new

    def flush(self) -> None:
        if self.pending:
            body, self.pending = tuple(self.pending), []
            loop = For(self.lane, ZERO, Const(self.width), ONE, body, loc=body[0].loc)
            self.groups.append(loop)
            self.out.append(loop)

    def statement(self, s: Stmt) -> None:
        if any(n in self.moving for n in self._tests(s)):
            raise NoLanes("a branch depends on a tangent")
        nested = w.blocks(s)
        if nested:
            if self._touches(s):
                self.flush()
                self.out.append(w.with_blocks(s, tuple(map(self.block, nested))))
            else:
                self.independent(s)
            return
        match s:
            case Assign(target, value) if target in self.moving:
                if is_array(self.fn.types.get(target)):
                    self.flush_before(s)
                    self.array(s, target, value)
                elif isinstance(value, Call):
                    self.product(target, value, s)
                else:
                    self.in_lanes(s)
            case Store(array) | Increment(array) if array in self.moving:
                self.in_lanes(replace(s, index=(*s.index, self.lane)))
            case Grow(array) if array in self.moving:
                self.flush_before(s)
                self.out.append(s)
            case Permute(targets) if self.moving.intersection(targets):
                self.flush_before(s)
                self.out.append(s)
            case Invoke():
                if self.moving.intersection((*w.reads(s), *w.binds(s))):
                    raise NoLanes(f"a call of {s.fn}")
                self.independent(s)
            case _:
                self.independent(s)

    def _tests(self, s: Stmt) -> list[object]:
        match s:
            case If(test) | While(_, test):
                return [test]
            case For(_, start, stop, step):
                return [start, stop, step]
            case Store(_, index) | Increment(_, index) | Assign(_, Load(_, index)):
                return list(index)
        return []

    def _touches(self, s: Stmt) -> bool:
        return any(self.moving.intersection((*w.reads(x), *w.binds(x))) for x in w.inside(s))

    def in_lanes(self, s: Stmt) -> None:
        if isinstance(s, Assign) and isinstance(s.value, Load) and s.value.array in self.moving:
            s = replace(s, value=Load(s.value.array, (*s.value.index, self.lane)))
        self.pending.append(s)

    def independent(self, s: Stmt) -> None:
        """A statement of the primal: it comes before what is pending, which reads what it read before."""
        read = {n for p in self.pending for n in w.reads(p)}
        overwritten = read & w.bound_in(s)
        if overwritten:
            if not isinstance(s, Assign) or is_array(self.types.get(s.target)):
                self.flush()
            else:
                old = self.names.fresh(f"{s.target}_before")
                self.types[old] = self.types.get(s.target)
                self.out.append(Assign(old, s.target, s.loc))
                self.pending = [w.substitute_reads(p, {s.target: old}) for p in self.pending]
        elif w.written_in(s) & read:
            self.flush()
        self.out.append(s)

    def flush_before(self, s: Stmt) -> None:
        used = {n for p in self.pending for n in (*w.reads(p), *w.binds(p))}
        if used.intersection((*w.reads(s), *w.binds(s))):
            self.flush()

    def array(self, s: Assign, target: str, value: Rhs) -> None:
        match value:
            case str() if value in self.moving:
                self.out.append(s)
            case Alloc(kind, shape, dtype):
                self.out.append(replace(s, value=Alloc(kind, (*shape, Const(self.width)), dtype)))
            case Call("np.zeros_like", (str(like),)) if like not in self.moving:
                shape = tuple(self.extent(like, k, s) for k in range(self.fn.types[like].ndim))
                dtype = dtype_name(self.types[target])
                self.out.append(replace(s, value=Alloc("zeros", (*shape, Const(self.width)), dtype)))
            case Call("np.zeros_like" | "np.copy", (str(like),)) if like in self.moving:
                self.out.append(s)
            case Call("np.dot", _, _):
                self.product(target, value, s)
            case Call(fn):
                raise NoLanes(f"a call of {fn}")
            case _:
                raise NoLanes("an array made in a way that is not known")

    def extent(self, array: str, axis: int, s: Stmt) -> str:
        n = self.names.fresh("n")
        self.types[n] = nbt.int64
        self.out.append(Assign(n, Dim(array, axis), s.loc))
        return n

    def product(self, target: str, value: Call, s: Stmt) -> None:
        """``np.dot`` of a tangent and a value, as loops: ``target[i, j, k] += a[i, l, k] * b[l, j]``."""
        match value:
            case Call("np.dot", (str(a), str(b))) if not (a in self.moving and b in self.moving):
                pass
            case _:
                raise NoLanes(f"a call of {value.fn}")
        self.flush()
        ranks = self.fn.types[a].ndim, self.fn.types[b].ndim
        inner = self.names.fresh("l")
        free = [self.names.fresh("ij"[k]) for k, rank in enumerate(ranks) if rank == 2]
        left = (free[0], inner) if ranks[0] == 2 else (inner,)
        right = (inner, free[-1]) if ranks[1] == 2 else (inner,)
        extents = [self.extent(a, 0, s)] if ranks[0] == 2 else []
        extents += [self.extent(b, 1, s)] if ranks[1] == 2 else []
        length = self.extent(a, ranks[0] - 1, s)
        if free:
            dtype = dtype_name(self.types[target])
            self.out.append(Assign(target, Alloc("zeros", (*extents, Const(self.width)), dtype), s.loc))
        else:
            self.pending.append(Assign(target, Const(0.0), s.loc))
            self.flush()
        self.types.update(dict.fromkeys((inner, *free), nbt.int64))
        other, other_index = (b, right) if a in self.moving else (a, left)
        moved, moved_index = (a, left) if a in self.moving else (b, right)
        t, p, d = self.names.fresh("t"), self.names.fresh("p"), self.names.fresh("d")
        self.types |= {x: self.fn.types[y].dtype for x, y in ((p, other), (d, moved))}
        self.moving |= {d, t}
        lanes: list[Stmt] = [Assign(d, Load(moved, (*moved_index, self.lane)), s.loc),
                             Assign(t, Op("mul", (p, d)), s.loc)]
        if free:
            lanes.append(Increment(target, (*free, self.lane), t, 1, s.loc))
        else:
            lanes.append(Assign(target, Op("add", (target, t)), s.loc))
        saved, self.out = self.out, []
        self.out.append(Assign(p, Load(other, other_index), s.loc))
        self.pending = lanes
        self.flush()
        nest, self.out = tuple(self.out), saved
        for var, n in ((inner, length), *zip(reversed(free), reversed(extents))):
            nest = (For(var, ZERO, n, ONE, nest, loc=s.loc),)
        self.out.extend(nest)

    # ------------------------------------------------------------------ numbers that outlive a loop over directions

    def _stored(self, loop: Stmt, kept: set[str]) -> Stmt:
        """The loop with the names in ``kept`` as elements of arrays."""
        assert isinstance(loop, For)
        out: list[Stmt] = []
        for s in loop.body:
            match s:
                case Assign(target, Op("add", (a, b))) if target == a != b and target in kept:
                    s = Increment(target, (self.lane,), b, 1, s.loc)
            read = {}
            for n in sorted(kept.intersection(w.reads(s)) - {w.writes(s)}):
                read[n] = self.names.fresh(n)
                self.types[read[n]] = self.fn.types.get(n)
                out.append(Assign(read[n], Load(n, (self.lane,)), s.loc))
            s = w.substitute_reads(s, read)
            if isinstance(s, Assign) and s.target in kept:
                value: Atom
                if isinstance(s.value, (str, Const)):
                    value = s.value
                else:
                    value = self.names.fresh(s.target)
                    self.types[value] = self.fn.types.get(s.target)
                    out.append(replace(s, target=value))
                out.append(Store(s.target, (self.lane,), value, s.loc))
            else:
                out.append(s)
        return replace(loop, body=tuple(out))
