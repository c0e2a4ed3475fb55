"""Loops whose iterations may run at once do: each thread runs a part of them, and adds to arrays of its own.

Before::

    for i in range(n):
        b_x[col[i]] += b_y[i] * a[i]

after::

    parts = get_num_threads()
    b_x_parts = np.zeros((parts, b_x.shape[0] + 8))
    for part in prange(parts):
        b_x_part = b_x_parts[part, :b_x.shape[0]]
        for i in range(part * n // parts, (part + 1) * n // parts):
            b_x_part[col[i]] += b_y[i] * a[i]
    for part in range(parts):
        for j in range(b_x.shape[0]):
            b_x[j] += b_x_parts[part, j]

What the parts found is added in their order, so that for one number of threads results are always the same. The space
between the parts keeps one thread's numbers out of the other's cache lines. A loop in which iterations touch elements
of their own is a ``prange`` as it stands.

numba loses what a thread raises. A divisor that is zero is noted, and the error raised when all parts are done.
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
    GetItem,
    If,
    Increment,
    Load,
    Loc,
    Op,
    Raise,
    Rhs,
    Slice,
    Stmt,
    Store,
    While,
)
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import dtype_name

ZERO, ONE = Const(0), Const(1)
SLOW = frozenset({"math.sqrt", "np.sqrt", "div"})
"""Operations that are cheap to compute again, and work all the same."""
LINE = 64
"""Bytes that one thread's numbers keep from the next one's."""


class Wanted(Enum):
    """Which loops are to run in parallel, where they may."""

    NONE = "none"
    PRANGE = "those that the author wrote with prange"
    ALL = "all that have work to do"


@dataclass(frozen=True)
class Verdict:
    """What became of a loop that was to run in parallel; ``why`` it does not, or an empty text."""

    loc: Loc
    why: str


@dataclass(frozen=True)
class Parallelised:
    """The function, what became of its loops, and the names of parts of arrays, whose content is read by another."""

    fn: Function
    verdicts: tuple[Verdict, ...]
    views: frozenset[str]


def parallelise(fn: Function, wanted: Wanted) -> Parallelised:
    """Run the loops wanted in parallel that may be, the outermost of a nest.

    >>> loop = For("i", Const(0), "n", Const(1), (Increment("b", ("k",), "e"),), prange=True)
    >>> fn = Function("f", ("b", "k", "n", "e"), (loop,), None, types={"b": nbt.float64[::1]})
    >>> found = parallelise(fn, Wanted.PRANGE)
    >>> [type(s).__name__ for s in found.fn.body], sorted(found.views)
    (['Assign', 'Assign', 'Assign', 'Assign', 'For', 'For'], ['b_part'])
    """
    if wanted is Wanted.NONE or not any(isinstance(s, For) for s in w.walk(fn.body)):
        return Parallelised(fn, (), frozenset())
    rewriting = _Rewriting(fn, wanted)
    body = rewriting.block(fn.body)
    if rewriting.parts is not None:
        body = (Assign(rewriting.parts, Call("get_num_threads", ()), fn.loc), *body)
    fn = replace(fn, body=body, types=rewriting.types)
    return Parallelised(fn, tuple(rewriting.verdicts), frozenset(rewriting.views))


class _Rewriting:
    def __init__(self, fn: Function, wanted: Wanted) -> None:
        self.fn, self.wanted = fn, wanted
        self.threads = Threads(fn)
        self.names, self.types = Names(w.all_names(fn)), dict(fn.types)
        self.made = {s.target: s.value for s in w.walk(fn.body)
                     if isinstance(s, Assign) and isinstance(s.value, Alloc | Call)}
        self.verdicts: list[Verdict] = []
        self.views: set[str] = set()
        self.parts: str | None = None

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
    """Whether an iteration calls an elementary function, or has two loops one in the other."""
    def depth(body: Block) -> int:
        return max((depth(b) + (isinstance(s, For | While) and not _is_short(s)) for s in body for b in w.blocks(s)),
                   default=0)

    return depth(loop.body) > 1 or any(
        isinstance(s, Assign) and isinstance(s.value, Op) and (s.value.fn not in CHEAP or s.value.fn in SLOW)
        for s in w.inside(loop))


def _is_short(s: For | While) -> bool:
    return isinstance(s, For) and isinstance(s.start, Const) and isinstance(s.stop, Const)


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
        failed = self.divisor() if self.sharing.tested else None
        first, last = self.bounds()
        inner = replace(self.loop, start=first, stop=last, step=ONE, body=self.renamed(self.loop.body, failed))
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
        made = self.all.made.get(array)
        kind = "empty" if not add and isinstance(made, Alloc) and made.kind.endswith("empty") else "zeros"
        extents: list[Atom] = []
        shape = () if add else self.all.shape(array)
        for k in range(t.ndim):
            extents.append(shape[k] if shape else self.temp(self.before, Dim(array, k), "n"))
        padding = Const(max(LINE * 8 // t.dtype.bitwidth, 1))
        longer = self.temp(self.before, Op("add", (extents[0], padding)))
        everyone, ours = self.name(f"{array}_parts"), self.name(f"{array}_part")
        self.all.types[everyone] = nbt.Array(t.dtype, t.ndim + 1, "C")
        self.all.types[ours] = nbt.Array(t.dtype, t.ndim, "C")
        self.before.append(Assign(everyone, Alloc(kind, (self.parts, longer, *extents[1:]), dtype_name(t)), self.loc))
        exactly = Slice(None, extents[0], None)         # -1 is its last element
        self.at_start.append(Assign(ours, GetItem(everyone, (self.part, exactly)), self.loc))
        self.ours[array] = ours
        self.all.views.add(ours)
        if add:
            index = tuple(self.name(hint, nbt.int64) for hint in "jkl"[:t.ndim].ljust(t.ndim, "m"))
            value = self.name("t", t.dtype)
            nest: Block = (Assign(value, Load(everyone, (self.part, *index)), self.loc),
                           Increment(array, index, value, 1, self.loc))
            for i, n in reversed(list(zip(index, extents))):
                nest = (For(i, ZERO, n, ONE, nest, loc=self.loc),)
            self.after += nest

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

    def divisor(self) -> str:
        """Whether a part has met a divisor that is zero."""
        everyone, failed = self.name("zero_divisor_parts"), self.name("zero_divisor", nbt.boolean)
        value = self.name("t", nbt.boolean)
        self.all.types[everyone] = nbt.Array(nbt.boolean, 1, "C")
        self.before.append(Assign(everyone, Alloc("empty", (self.parts,), "bool"), self.loc))
        self.at_start.append(Assign(failed, Const(False), self.loc))
        self.at_end.append(Store(everyone, (self.part,), failed, self.loc))
        raised = Raise("ZeroDivisionError", "division by zero", self.loc)
        self.after = [Assign(value, Load(everyone, (self.part,)), self.loc), If(value, (raised,), (), self.loc),
                      *self.after]
        return failed

    def renamed(self, body: Block, failed: str | None) -> Block:
        """The body with a part's own arrays and sums, and divisors that are noted rather than tested."""
        def visit(s: Stmt) -> Block:
            match s:
                case Assign(t, Op("nonzero", (x,))) if failed is not None:
                    test = self.name("t", nbt.boolean)
                    return (Assign(test, Op("eq", (x, ZERO)), s.loc),
                            Assign(failed, Op("or_", (failed, test)), s.loc), Assign(t, x, s.loc))
                case Assign(_, Dim()):
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
    return Wanted.ALL if asked == "auto" else Wanted.PRANGE
