"""What the dependence analysis excludes never happens: loop nests run, and each element read or stored is noted."""
from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from s2sad.analysis.dependence import Dependence
from s2sad.analysis.structure import Structure
from s2sad.ir import Assign, Atom, Block, Const, For, Function, If, Load, Op, Stmt, Store
from s2sad.ir import walk as w

EXTENT = 5
"""Of each axis. Indices from the end are within it; what is beyond it does not count, the program ends there."""


@dataclass
class Nest:
    """A random loop nest over one array ``m`` of two axes."""

    rng: random.Random
    used: int = 0
    open: list[str] = field(default_factory=list)

    def bound(self) -> Atom:
        if self.open and self.rng.random() < 0.5:
            return self.rng.choice(self.open)
        return self.rng.choice((Const(0), Const(1), Const(2), "n"))

    def index(self, before: list[Stmt]) -> Atom:
        if self.used and self.rng.random() < 0.1:
            return f"t{self.rng.randrange(1, self.used + 1)}"    # perhaps of another block, or of the last iteration
        base: Atom = self.rng.choice(self.open) if self.rng.random() < 0.85 else Const(self.rng.randrange(-2, 3))
        if isinstance(base, Const) or self.rng.random() < 0.5:
            return base
        self.used += 1
        t = f"t{self.used}"
        before.append(Assign(t, Op(self.rng.choice(("add", "sub")), (base, Const(self.rng.randrange(1, 3))))))
        return t

    def access(self) -> list[Stmt]:
        before: list[Stmt] = []
        index = self.index(before), self.index(before)
        if self.rng.random() < 0.5:
            self.used += 1
            return [*before, Assign(f"v{self.used}", Load("m", index))]
        return [*before, Store("m", index, Const(1.0))]

    def block(self, depth: int) -> Block:
        out: list[Stmt] = []
        for _ in range(self.rng.randrange(1, 4)):
            if depth < 3 and (depth == 0 or self.rng.random() < 0.4):
                out.append(self.loop(depth))
            elif self.rng.random() < 0.1:
                out.append(If("c", tuple(self.access()), tuple(self.access())))
            else:
                out += self.access()
        return tuple(out)

    def loop(self, depth: int) -> For:
        start, stop, step = self.bound(), self.bound(), Const(self.rng.choice((1, 1, 1, 2, -1, -2)))
        free = [v for v in "ijk" if v not in self.open or self.rng.random() < 0.1]
        var = self.rng.choice(free or ["i"])
        self.open.append(var)
        body = self.block(depth + 1)
        self.open.pop()
        return For(var, start, stop, step, body)


@dataclass
class Run:
    """Executes a nest and keeps a list of what it touched, in order."""

    n: int
    touched: list[tuple[Stmt, tuple[int, int]]] = field(default_factory=list)

    def value(self, a: Atom, env: dict[str, int]) -> int:
        return a.value if isinstance(a, Const) else env.get(a, EXTENT)

    def block(self, body: Block, env: dict[str, int]) -> None:
        for s in body:
            match s:
                case Assign(t, Op(op, (a, b))):
                    sign = 1 if op == "add" else -1
                    env[t] = self.value(a, env) + sign * self.value(b, env)
                case Assign(_, Load(_, index)) | Store(_, index):
                    i, j = (self.value(a, env) for a in index)
                    if -EXTENT <= min(i, j) and max(i, j) < EXTENT:
                        self.touched.append((s, (i % EXTENT, j % EXTENT)))
                case If(_, then, orelse):
                    self.block(then if len(self.touched) % 2 else orelse, env)
                case For(var, start, stop, step, inner):
                    for k in range(self.value(start, env), self.value(stop, env), self.value(step, env)):
                        env[var] = k
                        self.block(inner, env)


@pytest.mark.parametrize("part", range(8))
def test_what_is_excluded_never_happens(part: int) -> None:
    excluded = asked = 0
    for seed in range(part * 60, part * 60 + 60):
        nest = Nest(random.Random(seed))
        body = nest.block(0)
        fn = Function("f", ("m", "n", "c"), body, None)
        dependence = Dependence(fn, Structure(fn))
        runs = []
        for n in range(6):
            runs.append(Run(n))
            runs[-1].block(body, {"n": n})
        loads = [s for s in w.walk(body) if isinstance(s, Assign) and isinstance(s.value, Load)]
        stores = [s for s in w.walk(body) if isinstance(s, Store)]
        for load in loads:
            for store in stores:
                asked += 1
                if dependence.hit_later(load, load.value.index, store, after=True):
                    continue
                excluded += 1
                for run in runs:
                    seen: set[tuple[int, int]] = set()
                    for s, element in run.touched:
                        if s is load:
                            seen.add(element)
                        assert s is not store or element not in seen, (seed, run.n)
        for store in stores:
            for other in stores:
                if dependence.hit_later(store, store.index, other, after=True):
                    continue
                for run in runs:
                    seen = set()
                    for s, element in run.touched:
                        assert s is not other or element not in seen, (seed, run.n)
                        if s is store:
                            seen.add(element)
    assert excluded > asked / 20                 # it does exclude


def test_rows_of_a_factorisation() -> None:
    """In LU, the elements that products read are never written again; in a sweep over neighbours they are."""
    def excluded(body: Block) -> bool:
        fn = Function("f", ("m", "n"), body, None)
        dependence = Dependence(fn, Structure(fn))
        stores = [s for s in w.walk(body) if isinstance(s, Store)]
        loads = [s for s in w.walk(body) if isinstance(s, Assign) and isinstance(s.value, Load)]
        return not any(dependence.hit_later(x, x.value.index, s, after=True) for x in loads for s in stores)

    def nest(first: Atom) -> Block:
        inner = (Assign("a", Load("m", ("i", "k"))), Assign("b", Load("m", ("k", "j"))), Store("m", ("i", "j"), "a"))
        return (For("k", Const(0), "n", Const(1), (
            Assign("above", Op("add", ("k", Const(1)))),
            For("i", first, "n", Const(1), (For("j", first, "n", Const(1), inner),)))),)

    assert excluded(nest("above"))
    assert not excluded(nest("k"))
    assert not excluded(nest(Const(0)))
