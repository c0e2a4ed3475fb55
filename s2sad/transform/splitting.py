"""A tangent in two: a run of the primal that keeps the partials, and a linear function of the direction.

Before::

    for i in range(n):
        p = math.cos(y)
        d_y = zmul(d_y, p) + d_x[i]
        y = math.sin(y) + x[i]

after, the run::

    tape_p = np.empty(n)
    for i in range(n):
        p = math.cos(y)
        tape_p[i] = p
        y = math.sin(y) + x[i]

and the linear function::

    for i in range(n):
        p = tape_p[i]
        d_y = zmul(d_y, p) + d_x[i]

Both go the same way, so nothing has to be restored: what is kept is what tangents read, as it is when they read it.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from numba import types as nbt

from s2sad.analysis.structure import Loop, Structure, definitely_bound
from s2sad.ir import (
    Alloc,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Dim,
    For,
    Function,
    If,
    Invoke,
    Op,
    Permute,
    Stmt,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name, is_array
from s2sad.transform.control import prepare_control
from s2sad.transform.lanes import moving_names
from s2sad.transform.tapes import Tapes

ZERO, ONE = Const(0), Const(1)


class NotSplit(Exception):
    """The tangent has a statement that needs primal and direction at once; says which."""


@dataclass(frozen=True)
class Split:
    """The run of the primal, the linear function of the direction, and the types of all names."""

    primal: Block
    linear: Block
    types: dict[str, Any]


def split_tangent(fn: Function, tangents: Iterable[str], d_results: Iterable[Atom]) -> Split:
    """Split a tangent function; ``tangents`` are its parameters for the direction, ``d_results`` leaves of the result.

    Raises
    ------
    NotSplit
        Where that is not possible.
    """
    start = (*tangents, *(a for a in d_results if isinstance(a, str)))
    return _Splitter(prepare_control(fn), start).run()


class _Splitter:
    def __init__(self, fn: Function, start: tuple[str, ...]) -> None:
        self.fn, self.types = fn, dict(fn.types)
        self.moving = moving_names(fn, start)
        self.at = Structure(fn)
        self.names = Names(w.all_names(fn))
        self.tapes = Tapes(fn, self.names, self.types)
        self.tapes.extents = frozenset(
            s.target for s in w.walk(fn.body) if isinstance(s, Assign) and isinstance(s.value, Dim))
        self.uncertain = any(isinstance(getattr(t, "dtype", t), nbt.Complex) or getattr(t, "dtype", t) == nbt.float32
                             for t in self.types.values())

    def run(self) -> Split:
        primal, linear = self.block(self.fn.body, set())
        return Split(primal, linear, self.types)

    def block(self, body: Block, known: set[str]) -> tuple[Block, Block]:
        """Both parts of a block; ``known`` are the values of the primal that the linear function has at hand."""
        primal: list[Stmt] = []
        linear: list[Stmt] = []
        for k, s in enumerate(body):
            if not self.touches(s):
                primal.append(s)
                known -= w.bound_in(s)
            elif isinstance(s, If):
                self.keep((s.test,), s, known, primal, linear)
                then, orelse = (self.block(b, set(known)) for b in (s.then, s.orelse))
                primal.append(replace(s, then=then[0], orelse=orelse[0]))
                linear.append(replace(s, then=then[1], orelse=orelse[1]))
                known -= w.bound_in(s)
            elif isinstance(s, For | While):
                self.loop(s, body[:k], known, primal, linear)
            else:
                self.statement(s, known, primal, linear)
        return tuple(primal), tuple(linear)

    def touches(self, s: Stmt) -> bool:
        return any(self.moving.intersection((*w.reads(x), *w.binds(x), *w.written(x))) for x in (s, *w.inside(s)))

    # ------------------------------------------------------------------ loops

    def loop(self, s: Loop, before: Block, known: set[str], primal: list[Stmt], linear: list[Stmt]) -> None:
        if isinstance(s, While) and any(map(self.touches, s.cond)):
            raise NotSplit("a condition computes a tangent")
        self.keep_invariants(s, before, known, primal, linear)
        counted = isinstance(s, While) or s.exit is not None or not isinstance(s.step, Const)
        if isinstance(s, For):
            self.keep((s.start, s.step) if counted else (s.start, s.stop, s.step), s, known, primal, linear)
        inside = known - w.bound_in(s)
        if isinstance(s, For):
            inside = inside | {s.var}
        own, body = self.block(s.body, set(inside))
        own = (*self.tapes.at_start.get(s, ()), *own)
        if s in self.tapes.counters:
            top = self.tapes.counters[s]
            more = Assign(top, Op("add", (top, ONE)), s.loc)
            own, body = (*own, more), (*body, replace(more))
        primal += self.tapes.before.get(s, ())
        primal.append(replace(s, body=own))
        known -= w.bound_in(s)
        if counted:
            assert s.trips is not None
            self.keep((s.trips,), s, known, primal, linear)
        linear += (Assign(top, ZERO, s.loc) for inner, top in self.tapes.counters.items()
                   if (*self.at.place[inner].loops, inner)[0] is s)
        linear.append(self.same_way(s, body, counted, linear))

    def same_way(self, s: Loop, body: Block, counted: bool, linear: list[Stmt]) -> For:
        """The loop of the linear function."""
        if isinstance(s, While):
            return For(self.integer("k"), ZERO, s.trips, ONE, body, loc=s.loc)  # type: ignore[arg-type]
        if not counted:
            return replace(s, body=body, checkpoints=None)
        stop = self.integer("stop")
        linear.append(Assign(stop, Op("mul", (s.trips, s.step)), s.loc))  # type: ignore[arg-type]
        end = self.integer("stop")
        linear.append(Assign(end, Op("add", (s.start, stop)), s.loc))
        return replace(s, stop=end, body=body, exit=None, trips=None, checkpoints=None)

    def keep_invariants(self, s: Loop, before: Block, known: set[str], primal: list[Stmt], linear: list[Stmt]) -> None:
        """What tangents in a loop read and the loop does not change is kept before it."""
        wanted = {n: None for x in w.inside(s) if self.moving.intersection((*w.reads(x), *w.binds(x), *w.written(x)))
                  and not w.blocks(x) for n in w.reads(x)}
        for n in wanted:
            if n not in self.moving and n not in w.bound_in(s) and not is_array(self.types.get(n)) and (
                    n in self.fn.params or definitely_bound(before, n)):
                self.keep((n,), s, known, primal, linear)

    def integer(self, hint: str) -> str:
        name = self.names.fresh(hint)
        self.types[name] = nbt.int64
        return name

    # ------------------------------------------------------------------ statements

    def statement(self, s: Stmt, known: set[str], primal: list[Stmt], linear: list[Stmt]) -> None:
        match s:
            case Invoke():
                raise NotSplit(f"a call of {s.fn}")
            case Permute(targets) if not self.moving.issuperset(targets):
                raise NotSplit("arrays are swapped with tangents")
            case Assign(target) if target not in self.moving:
                raise NotSplit(f"`{target}` depends on a tangent")
            case Assign(target, Call("np.zeros_like", (str(like),))) if like not in self.moving:
                extents = tuple(self.extent(like, k, s, primal) for k in range(self.types[like].ndim))
                s = replace(s, value=Alloc("zeros", extents, dtype_name(self.types[target])))
            case Assign(_, Dim(array)) if array not in self.moving:
                raise NotSplit(f"the size of `{array}`")
        names = [n for n in w.reads(s) if n not in self.moving]
        if any(is_array(self.types.get(n)) for n in names):
            raise NotSplit(f"all of the array `{next(n for n in names if is_array(self.types.get(n)))}`")
        self.keep(names, s, known, primal, linear)
        linear.append(s)

    def extent(self, array: str, axis: int, s: Stmt, primal: list[Stmt]) -> str:
        n = self.integer("n")
        primal.append(Assign(n, Dim(array, axis), s.loc))
        return n

    def keep(self, values: Iterable[Atom], s: Stmt, known: set[str], primal: list[Stmt], linear: list[Stmt]) -> None:
        """Put values of the primal where the linear function finds them, and read them there."""
        for n in values:
            if not isinstance(n, str) or n in known:
                continue
            if n in self.moving:
                raise NotSplit(f"`{n}` decides, or is an index")
            tape = self.tapes.new(n, self.kind(n), self.at.place[s].loops, s.loc)
            primal += self.tapes.store(tape, n, s.loc)
            statements, value = self.tapes.load(tape, s.loc)
            linear += [*statements, Assign(n, value, s.loc)]
            known.add(n)

    def kind(self, n: str) -> Any:
        t = self.types.get(n)
        if t is not None:
            return nbt.unliteral(t)
        if self.uncertain:
            raise NotSplit(f"the type of {n} is not known")
        return nbt.float64
