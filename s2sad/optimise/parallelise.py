"""Loops whose iterations may run at once do: each thread runs a part of them, and adds to arrays of its own.

Before::

    for i in range(n):
        b_x[col[i]] += b_y[i] * a[i]

after::

    parts = get_num_threads()
    b_x_parts = np.empty((parts, b_x.shape[0]))
    done_parts = np.zeros(parts, np.bool_)
    for part in prange(parts):
        b_x_part = np.zeros(b_x.shape[0])
        for i in range(part * n // parts, (part + 1) * n // parts):
            b_x_part[col[i]] += b_y[i] * a[i]
        for j in range(b_x.shape[0]):
            b_x_parts[part, j] = b_x_part[j]
        done_parts[part] = True
    for part in range(parts):
        if not done_parts[part]:
            raise MemoryError
        for j in range(b_x.shape[0]):
            b_x[j] += b_x_parts[part, j]

What the parts found is added in their order, so that for one number of threads results are always the same. An array
made in a part is known to share no memory with others: a mixture's gradient takes a sixth less than with a row of
``b_x_parts``. A loop in which iterations touch elements of their own is a ``prange`` as it stands.

numba loses what a thread raises, and goes on. So each part says when it is done; there is one error that it can have
met, or a lack of memory before it began.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from numba import types as nbt

from s2sad.analysis.costs import CHEAP
from s2sad.analysis.parallel import Sharing, Threads
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
    Increment,
    Load,
    Loc,
    Op,
    Raise,
    Rhs,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.effects import RAISING
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name

ZERO, ONE = Const(0), Const(1)
COUNTERS = "jklm"
MANY = 100
"""Iterations from which a loop may be worth threads."""
SLOW = frozenset({"math.sqrt", "np.sqrt", "div"})
"""Operations that are cheap to compute again, and work all the same."""


class Wanted(Enum):
    """Which loops are to run in parallel, where they may."""

    NONE = "none"
    PRANGE = "those that the author wrote with prange"
    ALL = "all that have work to do"
    MARKED = "none, but those of the author's are still written with prange: for who differentiates the text"


@dataclass(frozen=True)
class Verdict:
    """What became of a loop that was to run in parallel; ``why`` it does not, or an empty text."""

    loc: Loc
    why: str


def parallelise(fn: Function, wanted: Wanted) -> tuple[Function, tuple[Verdict, ...]]:
    """Run the loops wanted in parallel that may be, the outermost of a nest.

    >>> loop = For("i", Const(0), "n", Const(1), (Increment("b", ("k",), "e"),), prange=True)
    >>> fn = Function("f", ("b", "k", "n", "e"), (loop,), None, types={"b": nbt.float64[::1]})
    >>> [type(s).__name__ for s in parallelise(fn, Wanted.PRANGE)[0].body]
    ['Assign', 'Assign', 'Assign', 'Assign', 'For', 'For']
    """
    if wanted is Wanted.NONE or not any(isinstance(s, For) for s in w.walk(fn.body)):
        return fn, ()
    if wanted is Wanted.MARKED:
        def marked(s: Stmt) -> Block:
            return (replace(s, parallel=True) if isinstance(s, For) and s.prange else s,)

        return replace(fn, body=w.map_block(fn.body, marked)), ()
    rewriting = _Rewriting(fn, wanted)
    body = rewriting.block(fn.body)
    if rewriting.parts is not None:
        body = (Assign(rewriting.parts, Call("get_num_threads", ()), fn.loc), *body)
    fn = replace(fn, body=body, types=rewriting.types)
    return _without(fn, rewriting.replaced), tuple(rewriting.verdicts)


def _without(fn: Function, arrays: set[str]) -> Function:
    """The function without those of the arrays that nothing reads any more."""
    while True:
        uses = w.use_counts(fn)
        unread = {a for a in arrays if not uses[a]}
        if not unread:
            return fn
        arrays = arrays - unread

        def kept(s: Stmt, unread: set[str] = unread) -> Block:
            return () if unread.intersection(w.binds(s)) else (s,)

        fn = replace(fn, body=w.map_block(fn.body, kept))


class _Rewriting:
    def __init__(self, fn: Function, wanted: Wanted) -> None:
        self.fn, self.wanted = fn, wanted
        self.threads = Threads(fn)
        self.names, self.types = Names(w.all_names(fn)), dict(fn.types)
        self.made = {s.target: s.value for s in w.walk(fn.body)
                     if isinstance(s, Assign) and isinstance(s.value, Alloc | Call)}
        self.verdicts: list[Verdict] = []
        self.parts: str | None = None
        self.replaced: set[str] = set()

    def shape(self, array: str) -> tuple[Atom, ...]:
        """The extents of a local array as it was made, if these names still say them; else nothing."""
        match self.made.get(array):
            case Call("np.zeros_like", (str(source),)):
                return self.shape(source)
            case Alloc(_, shape) if all(isinstance(n, Const) or self.threads.defined[n] == 1 for n in shape) \
                    and self.threads.defined[array] == 1:
                return shape
        return ()

    def block(self, body: Block) -> Block:
        out: list[Stmt] = []
        for s in body:
            out += self.statement(s)
        return w.rebuilt(body, out)

    def statement(self, s: Stmt) -> list[Stmt]:
        if isinstance(s, For) and (s.prange or self.wanted is Wanted.ALL and _has_work(s)):
            found = self.threads.sharing(s)
            self.verdicts.append(Verdict(s.loc, found if isinstance(found, str) else ""))
            if isinstance(found, Sharing):
                if found.nothing and s.step == ONE:
                    return [replace(s, parallel=True)]
                return _Parts(self, s, found).statements()
        nested = w.blocks(s)
        return [w.with_blocks(s, tuple(map(self.block, nested)))] if nested else [s]


def _has_work(loop: For) -> bool:
    """Whether an iteration calls an elementary function or divides, or has two loops one in the other."""
    def depth(body: Block) -> int:
        return max((depth(b) + (isinstance(s, For | While) and not _is_short(s)) for s in body for b in w.blocks(s)),
                   default=0)

    return not _is_short(loop) and (depth(loop.body) > 1 or any(
        isinstance(s, Assign) and isinstance(s.value, Op) and (s.value.fn not in CHEAP or s.value.fn in SLOW)
        for s in w.inside(loop)))


def _is_short(s: For | While) -> bool:
    """Whether a loop is known to have a few iterations: directions, coordinates."""
    bounds = [a.value for a in (s.start, s.stop, s.step) if isinstance(a, Const)] if isinstance(s, For) else []
    return len(bounds) == 3 and len(range(*bounds)) < MANY


class _Parts:
    """One loop in parts."""

    def __init__(self, all_: _Rewriting, loop: For, sharing: Sharing) -> None:
        self.all, self.loop, self.sharing, self.loc = all_, loop, sharing, loop.loc
        self.before: list[Stmt] = []
        self.at_start: list[Stmt] = []
        self.at_end: list[Stmt] = []
        self.after: list[Stmt] = []
        if all_.parts is None:
            all_.parts = self.name("parts", nbt.int64)
        self.parts = all_.parts
        self.part = self.name("part", nbt.int64)
        self.ours: dict[str, str] = {}
        """What the loop's names for shared things are in a part."""

    def name(self, hint: str, kind: Any = None) -> str:
        name = self.all.names.fresh(hint)
        if kind is not None:
            self.all.types[name] = kind
        return name

    def temp(self, out: list[Stmt], value: Rhs, hint: str = "t") -> str:
        t = self.name(hint, nbt.int64)
        out.append(Assign(t, value, self.loc))
        return t

    def statements(self) -> list[Stmt]:
        for array in (*self.sharing.own, *self.sharing.added):
            self.array(array, add=array in self.sharing.added)
        for n in self.sharing.sums:
            self.sum(n)
        for n in self.sharing.unset:
            self.at_start.append(Assign(n, self.zero(n), self.loc))
        self.watch()
        first, last = self.bounds()
        inner = replace(self.loop, start=first, stop=last, step=ONE, body=self.renamed(self.loop.body))
        part = For(self.part, ZERO, self.parts, ONE, (*self.at_start, inner, *self.at_end), loc=self.loc, parallel=True)
        then = [For(self.part, ZERO, self.parts, ONE, tuple(self.after), loc=self.loc)] if self.after else []
        return [*self.before, part, *then]

    def bounds(self) -> tuple[str, str]:
        """The iterations of a part; those of a loop that counts down run upwards in it."""
        low, high = self.loop.start, self.loop.stop
        if self.loop.step != ONE:
            low, high = (self.plus_one(a) for a in (high, low))
        n: Atom = high if low == ZERO else self.temp(self.before, Op("sub", (high, low)), "n")
        ends: list[str] = []
        for k in (0, 1):
            out = self.at_start
            at = self.part if k == 0 else self.temp(out, Op("add", (self.part, ONE)))
            at = self.temp(out, Op("floordiv", (self.temp(out, Op("mul", (at, n))), self.parts)))
            ends.append(at if low == ZERO else self.temp(out, Op("add", (low, at))))
        return ends[0], ends[1]

    def plus_one(self, a: Atom) -> Atom:
        return Const(a.value + 1) if isinstance(a, Const) else self.temp(self.before, Op("add", (a, ONE)))

    def array(self, array: str, *, add: bool) -> None:
        """A part's own array in place of a shared one; what it holds in the end is added to that if it matters."""
        t = self.all.types[array]
        ours = self.name(f"{array}_part", nbt.Array(t.dtype, t.ndim, "C"))
        self.ours[array] = ours
        if not add:
            self.all.replaced.add(array)
            made = self.all.made[array]
            shape = self.all.shape(array) or self.extents(array)
            kind = made.kind if isinstance(made, Alloc) else "zeros"
            self.at_start.append(Assign(ours, Alloc(kind, shape, dtype_name(t)), self.loc))
            return
        extents = self.extents(array)
        everyone = self.name(f"{array}_parts", nbt.Array(t.dtype, t.ndim + 1, "C"))
        self.before.append(Assign(everyone, Alloc("empty", (self.parts, *extents), dtype_name(t)), self.loc))
        self.at_start.append(Assign(ours, Alloc("zeros", extents, dtype_name(t)), self.loc))
        index = tuple(self.name(COUNTERS[min(k, 3)], nbt.int64) for k in range(t.ndim))
        value = self.name("t", t.dtype)
        self.at_end += self.nest(index, extents, (                  # a slice takes numba seconds to compile
            Assign(value, Load(ours, index), self.loc), Store(everyone, (self.part, *index), value, self.loc)))
        value = self.name("t", t.dtype)
        self.after += self.nest(index, extents, (
            Assign(value, Load(everyone, (self.part, *index)), self.loc),
            Increment(array, index, value, 1, self.loc)))

    def nest(self, index: tuple[str, ...], extents: tuple[Atom, ...], body: Block) -> Block:
        for i, n in reversed(list(zip(index, extents))):
            body = (For(i, ZERO, n, ONE, body, loc=self.loc),)
        return body

    def extents(self, array: str) -> tuple[Atom, ...]:
        return tuple(self.temp(self.before, Dim(array, k), "n") for k in range(self.all.types[array].ndim))

    def sum(self, n: str) -> None:
        """A part's own sum; the parts' sums are added when all are done."""
        t = self.all.types.get(n)
        kind = nbt.float64 if t is None else t
        everyone, ours, value = self.name(f"{n}_parts"), self.name(f"{n}_part", t), self.name("t", t)
        self.all.types[everyone] = nbt.Array(kind, 1, "C")
        self.before.append(Assign(everyone, Alloc("empty", (self.parts,), dtype_name(kind)), self.loc))
        self.at_start.append(Assign(ours, self.zero(n), self.loc))
        self.at_end.append(Store(everyone, (self.part,), ours, self.loc))
        self.after += [Assign(value, Load(everyone, (self.part,)), self.loc),
                       Assign(n, Op("add", (n, value)), self.loc)]
        self.ours[n] = ours

    def zero(self, n: str) -> Const:
        t = self.all.types.get(n)
        if isinstance(t, nbt.Boolean):
            return Const(False)
        return Const(0j) if isinstance(t, nbt.Complex) else Const(0) if isinstance(t, nbt.Integer) else Const(0.0)

    def watch(self) -> None:
        """Parts that have met an error are noticed when all are done."""
        raises = self.sharing.raises
        makes = bool(self.sharing.own or self.sharing.added or self.sharing.makes)
        if not makes and not raises:
            return
        both = makes and bool(raises)
        kind = nbt.int64 if both else nbt.boolean
        done = self.name("done_parts", nbt.Array(kind, 1, "C"))
        self.before.append(Assign(done, Alloc("zeros", (self.parts,), dtype_name(kind)), self.loc))
        errors: list[tuple[str, str | None]] = [("MemoryError", None)] if makes else []
        errors += [RAISING[raises]] if raises else []
        for k, (exception, message) in enumerate(errors):
            reached = Const(k + 1) if both else Const(True)
            (self.at_end if k == len(errors) - 1 else self.at_start).append(
                Store(done, (self.part,), reached, self.loc))
            state, test = self.name("t", kind), self.name("t", nbt.boolean)
            self.after[3 * k:3 * k] = [
                Assign(state, Load(done, (self.part,)), self.loc),
                Assign(test, Op("eq", (state, Const(k))) if both else Op("not", (state,)), self.loc),
                If(test, (Raise(exception, message, self.loc),), (), self.loc)]

    def renamed(self, body: Block) -> Block:
        """The body with a part's own arrays and sums."""
        def visit(s: Stmt) -> Block:
            if isinstance(s, Assign) and isinstance(s.value, Dim):
                return (s,)
            s = w.substitute_reads(s, self.ours)
            return (replace(s, target=self.ours[s.target]) if isinstance(s, Assign) and s.target in self.ours else s,)

        return w.map_block(body, visit)


def loops_wanted(options: Mapping[str, object]) -> Wanted:
    """Which loops numba's options ask for; none where an index out of bounds is to be reported, which threads lose."""
    asked = options.get("parallel")
    if not asked or options.get("boundscheck"):
        return Wanted.NONE
    if isinstance(asked, dict) and not asked.get("prange", True):
        return Wanted.NONE
    return {"auto": Wanted.ALL, "marked": Wanted.MARKED}.get(str(asked), Wanted.PRANGE)
