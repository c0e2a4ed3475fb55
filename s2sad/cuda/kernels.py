"""The kernels of one specialisation: adjoint, tangent, and the one that counts what the adjoint's tapes need.

An adjoint kernel is launched as its primal is. Each thread runs the primal forward and then back, as on the CPU; what
differs is where increments may meet (:mod:`s2sad.cuda.ownership`), where tapes live (:mod:`s2sad.cuda.tapes`), and that
shadows of memory of the thread's or block's own are zeroed by the kernel.
"""
from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from numba import types as nbt

from s2sad import driver
from s2sad.analysis.activity import Activity, find_activity
from s2sad.cuda.ownership import Ownership, find_ownership, shadows_updated_plainly
from s2sad.cuda.races import Largest, largest_blocks
from s2sad.cuda.refusals import refuse_in_kernels, refuse_to_undo, require_memory
from s2sad.cuda.tapes import KernelTapes
from s2sad.cuda.text import module_text, with_memory
from s2sad.cuda.uniform import find_uniform, is_barrier, refuse_divergent_barriers
from s2sad.frontend.layout import layout_of
from s2sad.frontend.source import UserFunction
from s2sad.ir import Assign, Atom, Block, Call, Const, Dim, Effect, For, Function, If, Increment, Op, Raise, Stmt, Store
from s2sad.ir import walk as w
from s2sad.ir.intrinsics import BARRIER, Intrinsic
from s2sad.ir.names import Names
from s2sad.ir.types import is_array
from s2sad.kinds.analysed import Analysed, Interface
from s2sad.transform.adjoint import Adjoint, build_adjoint
from s2sad.transform.tangent import build_tangent
from s2sad.transform.target import Target

THREAD = {
    1: "cuda.grid(1)",
    2: "cuda.grid(2)[0] + cuda.gridsize(2)[0] * cuda.grid(2)[1]",
    3: "cuda.grid(3)[0] + cuda.gridsize(3)[0] * (cuda.grid(3)[1] + cuda.gridsize(3)[1] * cuda.grid(3)[2])",
}
"""The number of a thread in its grid."""


@dataclass(frozen=True)
class KernelCode:
    """A module with one kernel, and what a launch of it has to know.

    ``functions`` are the kernels of the module, as syntax trees. ``params`` are the author's parameters; those in
    ``shadowed`` are followed by a shadow or tangent. ``tapes`` are the last parameters: element types by name, and for
    each the place of its row count in ``needed``. ``trips`` is the kernel that finds these counts, and ``written`` the
    arrays it writes to. ``ones`` are extents of a launch that must be 1, ``limits`` the largest that others may have.
    """

    name: str
    source: str
    functions: tuple[ast.FunctionDef, ...]
    params: tuple[str, ...]
    shadowed: tuple[str, ...]
    written: tuple[str, ...]
    ones: tuple[str, ...]
    limits: Largest
    axes: int
    tapes: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    trips: str | None = None
    trips_write: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kernel:
    """A kernel ready for differentiation: what was proven of it, and what is active."""

    fn: Function
    user: UserFunction
    author_names: frozenset[str]
    ownership: Ownership
    limits: Largest
    active: Activity
    wrt: tuple[str, ...]
    own_params: tuple[str, ...]

    @property
    def written(self) -> tuple[str, ...]:
        found = {a for s in w.walk(self.fn.body) for a in w.written(s)}
        return tuple(p for p in self.own_params if p in found)

    @property
    def axes(self) -> int:
        return max([1, *("xyz".index(o[-1]) + 1 for o in _used(self.ownership))])

    def analysed(self) -> Analysed:
        return Analysed(self.user, self.fn, Interface(self.own_params, self.wrt, (), (), None), self.active,
                        self.author_names)


def _used(ownership: Ownership) -> Iterable[str]:
    return [d for d in ("blockDim.x", "blockDim.y", "blockDim.z", "gridDim.x", "gridDim.y", "gridDim.z")
            if d not in ownership.ones]


def prepare_kernel(user: UserFunction, argtypes: tuple[nbt.Type, ...], wrt: tuple[str, ...]) -> Kernel:
    """The frontend's passes, then the proofs. ``wrt`` are names of the author's."""
    layout = layout_of(replace(user, target="cuda"), argtypes)
    ready = driver.prepared(layout.user, layout.types, False)
    fn = with_constant_extents(ready.fn)
    refuse_in_kernels(fn)
    uniform = find_uniform(fn)
    refuse_divergent_barriers(fn, uniform)
    limits = largest_blocks(fn, uniform)
    internal = dict(zip(layout.user.params, fn.params))
    wrt = tuple(internal[p] for p in layout.leaves(wrt, floating=True))
    own_params = tuple(p for p in fn.params if p not in fn.intrinsics)
    written = {a for s in w.walk(fn.body) for a in w.written(s)} & set(own_params)
    active = find_activity(fn, frozenset(wrt), frozenset(written))
    differentiated = frozenset(p for p in own_params if p in active or p in wrt)
    ownership = find_ownership(fn, differentiated)
    return Kernel(fn, layout.user, ready.author_names, ownership, limits, active, wrt, own_params)


def with_constant_extents(fn: Function) -> Function:
    """The extents of memory of the kernel's own are literals, and the number of threads is no step of zero."""
    sizes = {n for n, i in fn.intrinsics.items()
             if i.text.startswith(("cuda.gridsize", "cuda.blockDim", "cuda.gridDim"))}
    never = {s.target for s in w.walk(fn.body) if isinstance(s, Assign) and isinstance(s.value, Op)
             and s.value.fn == "eq" and s.value.args[1] == Const(0) and s.value.args[0] in sizes}

    def visit(s: Stmt) -> tuple[Stmt, ...]:
        match s:
            case If(test, (Raise(),), ()) if test in never:
                return ()
            case Assign(_, Dim(array, axis)) if array in fn.intrinsics:
                return (replace(s, value=Const(fn.intrinsics[array].shape[axis])),)
        return (s,)

    return replace(fn, body=w.map_block(fn.body, visit)) if fn.intrinsics else fn


# ---------------------------------------------------------------------------- adjoint

def adjoint_kernel(k: Kernel, *, strong_zero: bool = True, options: Mapping[str, object] | None = None) -> KernelCode:
    """Both sweeps in one kernel, and the kernel that counts rows if there are tapes in global memory."""
    made: list[KernelTapes] = []

    def tapes(fn: Function, names: Names, types: dict[str, Any]) -> KernelTapes:
        made.append(KernelTapes(fn, names, types))
        return made[0]

    adj = build_adjoint(k.fn, k.active, k.wrt, strong_zero=strong_zero, target=Target(tapes, True))
    refuse_to_undo(k.fn, adj.context.plan.saved)
    return _Adjoint(k, adj, made[0]).code(options or {})


class _Adjoint:
    def __init__(self, k: Kernel, adj: Adjoint, tapes: KernelTapes) -> None:
        self.k, self.adj, self.tapes = k, adj, tapes
        fn = k.fn
        self.names = tapes.names
        self.types = dict(adj.types)
        self.scalars: dict[str, str] = {}
        for p, _ in adj.gradients:
            self.scalars[p] = self.names.fresh(f"b_{p}")
            self.types[self.scalars[p]] = nbt.Array(fn.types[p], 1, "C")
        self.shadows = {p: adj.shadows.get(p, self.scalars.get(p)) for p in k.own_params}
        own_memory = {n: i for n, i in fn.intrinsics.items() if i.space != "place"}
        self.memory = {adj.shadows[n]: i for n, i in own_memory.items() if n in adj.shadows}
        self.intrinsics: dict[str, Intrinsic] = {**fn.intrinsics, **self.memory, **tapes.local}
        require_memory(fn, self.intrinsics)
        self.counters = sorted(set(tapes.columns.values()))
        self.needed = self.names.fresh("needed")
        if tapes.columns:
            self.intrinsics[tapes.thread] = Intrinsic(THREAD[k.axes], "place", nbt.int64)
            self.types[tapes.thread] = nbt.int64
            self.types[self.needed] = nbt.Array(nbt.int64, 1, "C")

    def code(self, options: Mapping[str, object]) -> KernelCode:
        k = self.k
        given = [x for p in k.own_params for x in (p, self.shadows[p]) if x is not None]
        last = [*self.tapes.columns, self.needed] if self.tapes.columns else []
        start = tuple(Assign(c, Const(0), k.fn.loc) for c in self.counters)
        reverse = (*self._zeroed(), *self.adj.reverse, *self._gradients())
        ending = self._guarded(reverse) if self.tapes.columns else reverse
        name = f"{k.fn.name}_adjoint"
        functions = [self._function(name, (*given, *last), (*start, *self.adj.forward, *ending),
                                    {s for s in self.shadows.values() if s is not None})]
        trips = None
        trips_write: tuple[str, ...] = ()
        if self.tapes.columns:
            trips = f"{k.fn.name}_trips"
            counting, trips_write = self._counting(trips, (*start, *self.adj.forward))
            functions.append(counting)
        shadowed = tuple(p for p in k.own_params if self.shadows[p] is not None)
        order = {c: n for n, c in enumerate(self.counters)}
        return KernelCode(name, module_text(functions, options), tuple(functions), k.own_params, shadowed, k.written,
                          k.ownership.ones, k.limits, k.axes, dict(self.tapes.kinds),
                          {t: order[c] for t, c in self.tapes.columns.items()}, trips, trips_write)

    # -- parts of the body

    def _zeroed(self) -> Block:
        """Shadows of the kernel's own memory start as zero; of memory that threads share, each thread zeroes a part."""
        out: list[Stmt] = []
        for b, memory in self.memory.items():
            out.append(zero_loop(b, memory, self.names, self.types, self._place))
        if any(m.space == "shared" for m in self.memory.values()):
            out.append(Effect(Call(BARRIER, self._shared()), self.k.fn.loc))
        return tuple(out)

    def _shared(self) -> tuple[str, ...]:
        return tuple(n for n, i in self.intrinsics.items() if i.space == "shared")

    def _place(self, text: str) -> str:
        for n, i in self.intrinsics.items():
            if i.text == text:
                return n
        name = self.names.fresh(text.removeprefix("cuda.").replace(".", "_"))
        self.intrinsics[name] = Intrinsic(text, "place", nbt.int64)
        self.types[name] = nbt.int64
        return name

    def _gradients(self) -> Block:
        return tuple(Increment(self.scalars[p], (Const(0),), g, 1, self.k.fn.loc, atomic=True)
                     for p, g in self.adj.gradients if g not in (Const(0.0), Const(0)))

    def _guarded(self, reverse: Block) -> Block:
        """The reverse sweep, unless a tape was too short: then the launcher is told what it takes."""
        loc = self.k.fn.loc
        out: list[Stmt] = []
        fits: Atom = Const(True)
        for tape, counter in self.tapes.columns.items():
            rows, one = self.names.fresh("rows"), self.names.fresh("fits")
            self.types.update({rows: nbt.int64, one: nbt.boolean})
            out += [Assign(rows, Dim(tape, 0), loc), Assign(one, Op("le", (counter, rows)), loc)]
            if fits == Const(True):
                fits = one
                continue
            both = self.names.fresh("fits")
            self.types[both] = nbt.boolean
            out.append(Assign(both, Op("and_", (fits, one)), loc))
            fits = both
        if any(is_barrier(s) for s in w.walk((*self.k.fn.body, *reverse))):
            whole, every = self.names.fresh("fits"), self.names.fresh("fits")
            self.types.update({whole: nbt.int64, every: nbt.int32})
            out += [Assign(whole, Op("int", (fits,)), loc),
                    Assign(every, Call("cuda.syncthreads_and", (whole,)), loc)]
            fits = every
        return (*out, If(fits, reverse, self._told(), loc))

    def _told(self) -> Block:
        return tuple(Effect(Call("cuda.atomic.max", (self.needed, Const(n), c)), self.k.fn.loc)
                     for n, c in enumerate(self.counters))

    def _counting(self, name: str, forward: Block) -> tuple[ast.FunctionDef, tuple[str, ...]]:
        params = (*self.k.own_params, self.needed)
        body = w.map_block((*forward, *self._told()),
                           lambda s: () if isinstance(s, Store) and s.array in self.tapes.columns else (s,))
        fn = self._function(name, params, body, set())
        kept = {n.id for n in ast.walk(fn) if isinstance(n, ast.Name)}
        stored = {t.value.id for n in ast.walk(fn) if isinstance(n, (ast.Assign, ast.AugAssign))
                  for t in (n.targets if isinstance(n, ast.Assign) else [n.target])
                  if isinstance(t, ast.Subscript) and isinstance(t.value, ast.Name)}
        atomic = {n.args[0].id for n in ast.walk(fn) if isinstance(n, ast.Call) and n.args
                  and isinstance(n.args[0], ast.Name) and ast.unparse(n.func).startswith("cuda.atomic.")}
        return fn, tuple(p for p in self.k.own_params if p in kept and p in stored | atomic)

    def _function(self, name: str, params: tuple[str, ...], body: Block, live: set[str]) -> ast.FunctionDef:
        plain = shadows_updated_plainly(self.k.fn, self.k.ownership, self.adj.shadows) | self.memory_of_thread()
        body = w.map_block(body, lambda s: (replace(s, atomic=s.atomic or s.array not in plain),)
                           if isinstance(s, Increment) else (_naming(s, self._shared()),))
        fn = Function(name, (*params, *self.intrinsics), body, None, self.k.fn.loc, self.types,
                      intrinsics=self.intrinsics)
        return with_memory(driver.finish(fn, self.k.analysed(), frozenset(live)), self.intrinsics)

    def memory_of_thread(self) -> frozenset[str]:
        return frozenset(n for n, i in self.intrinsics.items() if i.space == "local")


def zero_loop(array: str, memory: Intrinsic, names: Names, types: dict[str, Any], place: Any) -> Stmt:
    """``for i in range(threadIdx.x, n, blockDim.x): b[i] = 0``, or all of it where the memory is the thread's own."""
    index = tuple(names.fresh("ijk"[n % 3]) for n in range(len(memory.shape)))
    types.update(dict.fromkeys(index, nbt.int64))
    inner: Stmt = Store(array, index, Const(0.0))
    for n, (var, size) in enumerate(reversed(list(zip(index, memory.shape)))):
        start: Atom = Const(0)
        step: Atom = Const(1)
        if memory.space == "shared" and n < 3:
            start, step = place(f"cuda.threadIdx.{'xyz'[n]}"), place(f"cuda.blockDim.{'xyz'[n]}")
        inner = For(var, start, Const(size), step, (inner,))
    return inner


def _naming(s: Stmt, shared: tuple[str, ...]) -> Stmt:
    """A barrier of the generated kernel names the shadows in shared memory too."""
    return Effect(Call(BARRIER, shared), s.loc) if is_barrier(s) else s


# ---------------------------------------------------------------------------- tangent

def tangent_kernel(k: Kernel, *, strong_zero: bool = True, options: Mapping[str, object] | None = None) -> KernelCode:
    """The primal, and beside every active value its tangent."""
    fn = k.fn
    shadowed = tuple(p for p in k.own_params if p in k.wrt or p in k.active and is_array(fn.types[p]))
    memory = tuple(n for n, i in fn.intrinsics.items() if i.space != "place" and n in k.active)
    t = build_tangent(fn, k.active, (*shadowed, *memory), strong_zero=strong_zero)
    types = dict(t.types)
    intrinsics = {**fn.intrinsics, **{t.tangents[n]: fn.intrinsics[n] for n in memory}}
    require_memory(fn, intrinsics)
    shared = tuple(n for n, i in intrinsics.items() if i.space == "shared")
    params = tuple(x for p in k.own_params for x in ((p, t.tangents[p]) if p in shadowed else (p,)))
    name = f"{fn.name}_tangent"
    body = w.map_block(t.body, lambda s: (_naming(s, shared),))
    made = Function(name, (*params, *intrinsics), body, None, fn.loc, types, intrinsics=intrinsics)
    printed = with_memory(driver.finish(made, k.analysed(), frozenset(params)), intrinsics)
    return KernelCode(name, module_text([printed], options or {}), (printed,), k.own_params, shadowed, k.written,
                      k.ownership.ones, k.limits, k.axes)
