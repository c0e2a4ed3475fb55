"""Statement building for the lowering pass: temporaries, integer arithmetic that folds, loop nests."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types as nbt

from s2sad.ir import Alloc, Assign, Atom, Const, Dim, For, Load, Loc, Op, Rhs, Stmt
from s2sad.ir import walk as w
from s2sad.ir.names import Names
from s2sad.ir.types import is_array
from s2sad.rules import Rule, lookup

ZERO, ONE = Const(0), Const(1)
INTEGER = frozenset({"add", "sub", "mul", "neg", "floordiv", "max", "min", "clamp", "extent"})
"""Operations on 64-bit integers that give one."""
REAL = (nbt.float64, nbt.int64, nbt.boolean)
LITERALS = {float: nbt.float64, int: nbt.int64, bool: nbt.boolean}
CASTS = frozenset({"np.float32"})


class Builder:
    """Collects statements of the block being built; remembers integer expressions already computed in scope."""

    def __init__(self, names: Names, reassigned: frozenset[str], types: dict[str, Any]) -> None:
        self.types = types
        self.names = names
        self.reassigned = reassigned
        self.blocks: list[list[Stmt]] = [[]]
        self.known: list[dict[tuple, str]] = [{}]
        self.passing: list[dict[tuple, str]] = [{}]
        """As ``known``, for what reads names that are assigned again: until they are, and in this very block."""
        self.nonneg: set[str] = set()
        self.made: dict[str, Rhs] = {}
        self.defined: dict[str, Rhs] = {}
        self.unclamped: dict[str, Atom] = {}
        self.base_extents: dict[str, tuple[Atom, ...]] = {}
        self.placed: set[str] = set()
        """References whose indices are never negative: moved to where they begin in an array, or to an array made in a
        loop, which may end before its storage does."""
        self.always: set[str] = set()
        """Names bound on every path from here on."""
        self.nests: set[Stmt] = set()
        """The outermost loops made here."""
        self.loc = Loc("<generated>", 0, 0)

    # -- blocks

    def emit(self, s: Stmt) -> None:
        self.blocks[-1].append(s)
        if self.passing[-1]:
            bound = {n for x in w.walk((s,)) for n in w.binds(x)}
            self.passing[-1] = {k: n for k, n in self.passing[-1].items() if bound.isdisjoint(k)}
        if isinstance(s, Assign):
            self.defined[s.target] = s.value
        if isinstance(s, Assign) and len(self.blocks) == 1 and s.target not in self.reassigned:
            self.always.add(s.target)
        if isinstance(s, Assign) and isinstance(s.value, (Op, str)) and self.reassigned.isdisjoint(
                (s.target, *w.rhs_names(s.value))):
            self.made[s.target] = s.value

    def open(self) -> None:
        self.blocks.append([])
        self.known.append({})
        self.passing.append({})

    def close(self) -> tuple[Stmt, ...]:
        self.known.pop()
        self.passing.pop()
        return tuple(self.blocks.pop())

    def temp(self, value: Rhs, hint: str = "t") -> str:
        name = self.names.fresh(hint)
        self.emit(Assign(name, value, self.loc))
        kind = self.kind(value)
        if kind is not None:
            self.types[name] = kind
        return name

    def kind(self, value: Rhs) -> object:
        """The type of what a temporary is given, where it is plain; ``None`` leaves it to numba."""
        match value:
            case Dim() | Const(int()):
                return nbt.int64
            case str():
                return self.types.get(value)
            case Load(array, _):
                t = self.types.get(array)
                return t.dtype if is_array(t) else None  # type: ignore[union-attr]
            case Op("nonzero", (str(d),)):
                return self.types.get(d)
            case Op(fn, args) if fn in INTEGER and self._are_integers(args):
                return nbt.int64
            case Op("eq" | "ne" | "lt"):
                return nbt.boolean
            case Op("select", (_, *chosen)) if self._are_integers(tuple(chosen)):
                return nbt.int64
            case Op(fn, args) if self._is_real(fn, args):
                return nbt.float64
        return None

    def _are_integers(self, args: tuple[Atom, ...]) -> bool:
        return all(self.types.get(a) == nbt.int64 if isinstance(a, str) else isinstance(a.value, int) for a in args)

    def _is_real(self, fn: str, args: tuple[Atom, ...]) -> bool:
        """Whether a differentiable function gives a ``float64`` for sure: the widest of its operands."""
        operands = args[1:] if fn == "select" else args
        kinds = [self.types.get(a) if isinstance(a, str) else LITERALS.get(type(a.value)) for a in operands]
        return (isinstance(lookup(fn), Rule) and fn not in CASTS and nbt.float64 in kinds
                and all(k in REAL for k in kinds))

    # -- integers

    def stable(self, a: Atom) -> Atom:
        """An atom that keeps its present value: a name assigned again later is copied."""
        if not isinstance(a, str) or a not in self.reassigned:
            return a
        copy = self.temp(a, a)
        if a in self.nonneg:
            self.nonneg.add(copy)
        return copy

    def _once(self, key: tuple, value: Rhs, hint: str) -> str:
        if any(k in self.reassigned for k in key[1:] if isinstance(k, str)):
            if key not in self.passing[-1]:
                self.passing[-1][key] = self.temp(value, hint)
            return self.passing[-1][key]
        for scope in self.known:
            if key in scope:
                return scope[key]
        name = self.temp(value, hint)
        self.known[-1][key] = name
        return name

    def dim(self, array: str, axis: int) -> Atom:
        name = self._once(("dim", array, axis), Dim(array, axis), f"n_{array}" if axis == 0 else f"n{axis}_{array}")
        self.nonneg.add(name)
        return name

    def op(self, fn: str, *args: Atom, hint: str = "k") -> str:
        return self._once((fn, *args), Op(fn, args), hint)

    def is_nonneg(self, a: Atom) -> bool:
        return a.value >= 0 if isinstance(a, Const) else a in self.nonneg

    def add(self, a: Atom, b: Atom) -> Atom:
        if isinstance(a, Const):
            a, b = b, a
        if isinstance(a, str) and isinstance(b, Const):
            match self.made.get(a):
                case Op("add", (inner, Const(int() as k))):
                    a, b = inner, Const(b.value + k)
                case Op("sub", (inner, Const(int() as k))):
                    a, b = inner, Const(b.value - k)
        if isinstance(a, Const) and isinstance(b, Const):
            return Const(a.value + b.value)
        if isinstance(b, Const):
            if b.value == 0:
                return a
            if b.value < 0:
                return self.op("sub", a, Const(-b.value))
        name = self.op("add", a, b)
        if self.is_nonneg(a) and self.is_nonneg(b):
            self.nonneg.add(name)
        return name

    def sub(self, a: Atom, b: Atom) -> Atom:
        if isinstance(a, Const) and isinstance(b, Const):
            return Const(a.value - b.value)
        if isinstance(b, Const):
            return self.add(a, Const(-b.value))
        return ZERO if a == b else self.op("sub", a, b)

    def mul(self, a: Atom, b: Atom) -> Atom:
        if isinstance(a, Const):
            a, b = b, a
        if isinstance(a, Const) and isinstance(b, Const):
            return Const(a.value * b.value)
        if b == ONE:
            return a
        if b == ZERO:
            return ZERO
        if b == Const(-1):
            return self.op("neg", a)
        name = self.op("mul", a, b)
        if self.is_nonneg(a) and self.is_nonneg(b):
            self.nonneg.add(name)
        return name

    def floordiv(self, a: Atom, b: int) -> Atom:
        if b == 1:
            return a
        if isinstance(a, Const):
            return Const(a.value // b)
        return self.op("floordiv", a, Const(b))

    def at_least_zero(self, a: Atom) -> Atom:
        if self.is_nonneg(a):
            return a
        if isinstance(a, Const):
            return ZERO
        name = self.op("max", a, ZERO, hint="n")
        self.nonneg.add(name)
        self.unclamped[name] = a
        return name

    def minimum(self, a: Atom, b: Atom) -> Atom:
        if a == b:
            return a
        if isinstance(a, Const) and isinstance(b, Const):
            return Const(min(a.value, b.value))
        name = self.op("min", a, b, hint="n")
        if self.is_nonneg(a) and self.is_nonneg(b):
            self.nonneg.add(name)
        return name

    def clamp(self, i: Atom, n: Atom) -> Atom:
        name = self.op("clamp", i, n, hint="n")
        self.nonneg.add(name)
        return name

    def original(self, a: Atom) -> Atom:
        """The name that a name is a copy of."""
        while isinstance(a, str) and isinstance(source := self.made.get(a), str):
            a = source
        return a

    def affine(self, a: Atom) -> tuple[str | None, int]:
        """``(name, k)`` with the atom equal to ``name + k``.

        A clamped bound counts as the bound: if it is cut, nothing is accessed.
        """
        if isinstance(a, Const):
            return None, a.value
        match self.made.get(a):
            case Op("add", (str(x), Const(int() as k))):
                name, more = self.affine(x)
                return name, more + k
            case Op("sub", (str(x), Const(int() as k))):
                name, more = self.affine(x)
                return name, more - k
            case Op("clamp", (x, _)) | str(x):
                return self.affine(x)
        return a, 0

    def exchange(self, targets: tuple[str, ...], sources: tuple[str, ...]) -> None:
        """Parallel assignment of scalars."""
        saved = {n: self.temp(n, "t") for n in targets[:1 if len(targets) == 2 else None]}
        for t, s in zip(targets, sources):
            self.emit(Assign(t, saved.get(s, s), self.loc))

    # -- arrays and loops

    def load(self, array: str, index: tuple[Atom, ...]) -> str:
        return self.temp(Load(array, index), "t")

    def alloc(self, name: str, kind: str, shape: tuple[Atom, ...], dtype: str) -> None:
        self.emit(Assign(name, Alloc(kind, shape, dtype), self.loc))

    def loop_nest(self, extents: tuple[Atom, ...], body: Callable[[tuple[Atom, ...]], None]) -> None:
        """Emit nested loops over ``extents`` (axis 0 outermost); ``body`` gets the index atoms."""
        if any(e == ZERO for e in extents):
            return
        index: list[Atom] = []
        opened: list[tuple[str, Atom]] = []
        for e in extents:
            if e == ONE:
                index.append(ZERO)
                continue
            var = self.names.fresh("ijkl"[len(opened)] if len(opened) < 4 else "i")
            self.types[var] = nbt.int64
            self.nonneg.add(var)
            index.append(var)
            opened.append((var, self.unclamped.get(e, e) if isinstance(e, str) else e))
            self.open()
        body(tuple(index))
        for var, stop in reversed(opened):
            inner = self.close()
            self.emit(For(var, ZERO, stop, ONE, inner, loc=self.loc))
        if opened:
            self.nests.add(self.blocks[-1][-1])
