"""Random programs: typed, scoped, total and terminating by construction.

Each program draws the set of features it may use (a program with everything hides what a program with little shows),
then statements over the names in scope. Indices are in range because the range of every integer is known; values stay
small because products have a bounded factor. What still grows is dropped by the checks.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from tests.fuzz import (
    carried,
    complexes,
    draws,
    functions,
    idioms,
    lists,
    recursion,
    selections,
    shapes,
    structures,
    syntax,
)
from tests.fuzz.choices import Choices
from tests.fuzz.expressions import CONSTANTS, Expressions
from tests.fuzz.helpers import HELPERS, Helpers
from tests.fuzz.program import LENGTH, ROWS, Program
from tests.fuzz.references import carried_reference, conditional_alias
from tests.fuzz.scope import Scope, Var

FEATURES = ("loops", "while", "branches", "arrays", "stores", "aliases", "views", "slices", "strides", "rows", "swaps",
            "augmented", "break", "continue", "early-return", "branch-overwritten", "helpers", "mutating-helpers",
            "reductions", "kinks", "power", "ternary", "compound-tests", "negative-index", "modular-index",
            "int-as-float", "rebinding", "negative-step", "loop-variable-after", "bound-overwritten", "matrix",
            "vector-statements", "overlap", "matrix-parts", "transposes", "conditional-aliases", "carried-references",
            "pairs", "tuples", "closures", "booleans", "overflow", "choices", "over-elements", "loop-else", "shadowing",
            "float32", "refills", "moving-indices", *carried.FEATURES)
RARE = {"long-loops": 0.15, "float32": 0.15,
        "overflow": 0.25, "loops": 0.7, "branches": 0.7, "stores": 0.7, "helpers": 0.6}
"""How often a feature may be used, where it is not every second program."""
FAMILIES = (lists, selections, shapes, recursion, functions, syntax, structures, draws, complexes, idioms)
"""Modules that each add statements of a kind. The first of a family's features says whether a program has any."""
MOST_DEPTH = 3
SIZES = ((6, (5, 3)), (3, (14, 6)), (1, (28, 9)))
"""Weights, and how many statements a program may have in all and outside of others."""


def generate(data: bytes) -> Program:
    """The program that these bytes mean.

    Examples
    --------
    >>> print(generate(b"").source)
    import math
    import numpy as np
    <BLANKLINE>
    def f(x, y, W, a, b, n, m):
        t1 = b
        return a + b + t1
    <BLANKLINE>
    """
    return _Generator(Choices(data)).program()


class _Generator(Helpers):
    def __init__(self, choices: Choices) -> None:
        self.c = choices
        self.features = frozenset(f for f in FEATURES if self.c.chance(RARE.get(f, 0.5))) | self.of_families()
        self.helpers: dict[str, list[str]] = {kind: [] for kind in HELPERS}
        self.e = Expressions(self.c, self.features, self.helpers)
        self.used = self.e.used
        self.lines: list[str] = []
        self.indent = 1
        self.loops: list[str] = []
        self.made = 0
        self.scope = Scope()
        self.budget = 0

    def of_families(self) -> frozenset[str]:
        found: set[str] = set()
        for family in FAMILIES:
            (first, often), *others = family.FEATURES.items()
            if self.c.chance(often):
                found |= {first, *(f for f, p in others if self.c.chance(p))}
        return frozenset(found)

    def has(self, feature: str) -> bool:
        return feature in self.features

    def fresh(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}{self.made}"

    def emit(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    @contextmanager
    def block(self) -> Iterator[None]:
        outer, self.scope = self.scope, self.scope.inner()
        self.indent += 1
        yield
        self.indent -= 1
        self.scope = outer

    # ------------------------------------------------------------------ the whole program

    def program(self) -> Program:
        n, m, seed = self.c.below(4), self.c.below(3), self.c.below(256) * 256 + self.c.below(256)
        header = ["import math", "import numpy as np", ""]
        if self.has("complex"):
            header.insert(0, "import cmath")
        if self.has("namedtuples"):
            header.insert(-1, "from collections import namedtuple")
        if self.has("helpers"):
            header += self.helper_functions()
        for family in FAMILIES:
            if hasattr(family, "helper_functions"):
                header += family.helper_functions(self)
        for name in "ab":
            self.scope.add(Var(name, "f"))
        for name, value in (("n", n), ("m", m)):
            self.scope.add(Var(name, "i", low=value, high=value, free=False))
        for name in "xy":
            self.scope.add(Var(name, "v", LENGTH))
        self.scope.add(Var("W", "m", LENGTH, rows=ROWS))
        self.lines = ["def f(x, y, W, a, b, n, m):"]
        # Small ones say most for their time; some bugs need many statements.
        most, top = self.c.weighted(SIZES)
        self.budget = 2 + self.c.below(most)
        self.statements(1 + self.c.below(top))
        self.emit(f"return {self.result()}")
        if "draw" in self.used:
            self.lines.insert(1, f"    np.random.seed({seed})")
        return Program("\n".join(header + self.lines) + "\n", frozenset(self.used), seed, n, m)

    def result(self) -> str:
        """Most of what is in scope, so that little of the program is dead."""
        terms = [v.name for v in self.scope.of("f")][-4:]
        for k, v in enumerate(self.scope.vectors()):
            if self.c.chance(0.7):
                terms.append(f"np.sum({v.name})" if self.c.chance(0.5) else f"{v.name}[{k % v.length}] * {v.name}[-1]")
        terms += [f"{s.name}[-1] * {s.name}[0]" for s in self.scope.of("l")[-2:]]
        terms += [f"abs({z.name})" for z in self.scope.of("z")[-2:]]
        if self.has("matrix") and self.c.chance(0.7):
            terms.append("np.sum(W * W)" if self.has("vector-statements") else "W[1, 2] * W[0, 0]")
        return " + ".join(terms)

    # ------------------------------------------------------------------ statements

    def statements(self, count: int, only_scalars: bool = False) -> None:
        """At least one statement."""
        for _ in range(max(count, 1)):
            if self.budget <= 0:
                self.assign()
                return
            self.budget -= 1
            self.c.weighted(self.kinds(only_scalars))()

    def kinds(self, only_scalars: bool) -> list[tuple[int, Callable[[], None]]]:
        kinds: list[tuple[int, Callable[[], None]]] = [(4, self.assign)]
        nest = self.indent <= MOST_DEPTH
        if self.has("augmented"):
            kinds.append((2, self.augment))
        if self.has("swaps"):
            kinds.append((1, self.swap_scalars))
        if nest and self.has("branches"):
            kinds.append((3, self.branch))
        if nest and self.has("branch-overwritten"):
            kinds.append((2, self.branch_on_overwritten))
        if nest and self.has("early-return"):
            kinds.append((1, self.early_return))
        if nest and self.has("loops"):
            kinds.append((5, self.for_loop))
        if nest and self.has("while"):
            kinds.append((2, self.while_loop))
        for family in FAMILIES:
            kinds += [(2 * weight, partial(statement, self)) for weight, statement in family.statements(self)]
        if only_scalars:
            return kinds
        if self.has("stores"):
            kinds += [(5, self.store), (2 if self.has("matrix") else 0, self.store_cell)]
        if self.has("arrays"):
            kinds.append((3, self.new_vector))
        if self.has("aliases"):
            kinds += [(3, self.alias), (2, self.refer)]
        if self.has("views"):
            kinds.append((3, self.view))
        if self.has("vector-statements"):
            kinds.append((3, self.store_slice))
        kinds += [(2, statement) for feature, statement in (
            ("matrix-parts", self.store_part_of_matrix), ("transposes", self.transpose), ("closures", self.closure),
            ("conditional-aliases", self.conditional_alias), ("carried-references", self.carried_reference),
            ("tuples", self.tuple_value), ("booleans", self.boolean), ("overflow", self.dead_overflow),
            ("choices", self.vector_choice), ("float32", self.single), ("refills", self.refill),
            ("moving-indices", self.moving_index)) if self.has(feature)]
        if self.indent < MOST_DEPTH:
            kinds += carried.kinds(self)
        if nest and self.has("over-elements"):
            kinds.append((2, self.loop_over))
        if self.helpers["pair"]:
            kinds.append((2, self.call_pair))
        if self.helpers["step"]:
            kinds.append((2, self.call_step))
        if self.helpers["two"]:
            kinds.append((2, self.call_two))
        if self.has("overlap"):
            kinds.append((2, self.overlapping))
        if self.has("swaps"):
            kinds.append((2, self.swap_vectors))
        if nest and self.has("rebinding"):
            kinds.append((2, self.rebind_in_branch))
        if self.helpers["fill"]:
            kinds.append((3, self.call_fill))
        if self.has("modular-index"):
            kinds.append((1, self.integer))
        return [k for k in kinds if k[0]]

    def target(self) -> Var | None:
        """A float to overwrite, or none for a new one."""
        floats = self.scope.of("f", free=True)
        return self.c.pick(floats) if floats and self.c.chance(0.6) else None

    def assign(self) -> None:
        value, var = self.e.scalar(self.scope), self.target()
        if var is None:
            var = Var(self.fresh("t"), "f")
        self.emit(f"{var.name} = {value}")
        self.scope.add(var)

    def augment(self) -> None:
        var = self.c.pick(self.scope.of("f", free=True))
        self.used.add("augmented")
        op = self.c.pick(["+=", "-=", "*=", "/="])
        value = {"*=": self.e.bounded(self.scope, 2), "/=": f"1.4 + ({self.e.atom(self.scope)}) ** 2"}.get(op)
        self.emit(f"{var.name} {op} {value or self.e.scalar(self.scope)}")

    def integer(self) -> None:
        free = [v for v in self.scope.of("i", free=True) if v.high == LENGTH - 1]
        if free and self.c.chance(0.5):
            self.emit(f"{free[-1].name} = ({self.e.integer(self.scope)}) % {LENGTH}")
        elif self.scope.of("i"):
            name = self.fresh("k")
            self.emit(f"{name} = ({self.e.integer(self.scope)}) % {LENGTH}")
            self.scope.add(Var(name, "i", low=0, high=LENGTH - 1))

    def swap_scalars(self) -> None:
        floats = self.scope.of("f", free=True)
        p, q = self.c.pick(floats).name, self.c.pick(floats[::-1]).name
        self.used.add("scalar-swap")
        self.emit(f"{p}, {q} = {q}, {self.c.pick([p, f'{p} + 0.5 * math.sin({q})', self.e.scalar(self.scope, 1)])}"
                  if p != q else f"{p} = 0.5 * {p}")

    def store(self) -> None:
        v = self.c.pick(self.scope.vectors())
        where = f"{v.name}[{self.e.index(self.scope, v.length)}]"
        self.used.add("stores")
        if self.has("augmented") and self.c.chance(0.4):
            self.emit(f"{where} {self.c.pick(['+=', '-='])} {self.e.scalar(self.scope)}" if self.c.chance(0.7)
                      else f"{where} *= {self.e.bounded(self.scope, 2)}")
        else:
            self.emit(f"{where} = {self.e.scalar(self.scope)}")

    def store_cell(self) -> None:
        w = self.c.pick(self.scope.of("m"))
        where = f"{w.name}[{self.e.index(self.scope, w.rows)}, {self.e.index(self.scope, w.length)}]"
        self.used.add("matrix")
        op = "+=" if self.has("augmented") and self.c.chance(0.4) else "="
        self.emit(f"{where} {op} {self.e.scalar(self.scope)}")

    def length(self) -> int:
        return self.c.pick([LENGTH, LENGTH, LENGTH - 1, LENGTH - 2])

    def new_vector(self) -> None:
        name, length = self.fresh("u"), self.length()
        kind = self.c.pick(["copy", "zeros", "expression", "empty", "like", "full", "matrix"])
        self.used.add(f"new-{kind}")
        if kind == "matrix" and self.has("matrix"):
            self.emit(f"{name} = {self.c.pick([f'np.zeros(({ROWS}, {LENGTH}))', 'W.copy()', 'np.zeros_like(W)', 'W'])}")
            self.scope.add(Var(name, "m", LENGTH, rows=ROWS))
            return
        if kind == "zeros":
            self.emit(f"{name} = {self.c.pick([f'np.zeros({length})', f'np.ones({length})'])}")
        elif kind == "full":
            self.emit(f"{name} = np.full({length}, {self.e.scalar(self.scope, 1)})")
        elif kind == "like":
            v = self.c.pick(self.scope.vectors())
            length = v.length
            self.emit(f"{name} = {self.c.pick(['np.zeros_like', 'np.ones_like'])}({v.name})")
        elif kind == "empty" and self.indent <= MOST_DEPTH:
            i = self.fresh("i")
            self.emit(f"{name} = np.empty({length})")
            self.emit(f"for {i} in range({length}):")
            with self.block():
                self.scope.add(Var(i, "i", low=0, high=length - 1, free=False))
                self.emit(f"{name}[{i}] = {self.e.scalar(self.scope)}")
        elif kind == "expression" and self.has("vector-statements"):
            self.emit(f"{name} = {self.e.vector(self.scope, length)} * 1.0")
        else:
            self.emit(f"{name} = {self.e.source(self.scope, length)}.copy()")
        self.scope.add(Var(name, "v", length))

    def alias(self) -> None:
        v = self.c.pick(self.scope.vectors()[::-1])
        name = self.fresh("u")
        self.used.add("aliasing")
        self.emit(f"{name} = {v.name}")
        self.scope.add(Var(name, "v", v.length, contiguous=v.contiguous))
        if self.has("stores") and self.c.chance(0.5):
            # Something is written through one name and read through the other.
            i = self.e.index(self.scope, v.length)
            self.emit(f"{name}[{i}] = {self.e.scalar(self.scope)}")
            t = self.fresh("t")
            self.emit(f"{t} = {v.name}[{i}] * {self.e.bounded(self.scope, 1)}")
            self.scope.add(Var(t, "f"))

    def refer(self) -> None:
        carried = self.has("rebinding") and self.indent <= MOST_DEPTH and self.c.chance(0.5)
        if not (carried_reference(self) if carried else conditional_alias(self)):
            self.assign()

    def view(self) -> None:
        name, length = self.fresh("v"), self.length()
        text = self.e.source(self.scope, length)
        self.used.add("aliasing")
        self.emit(f"{name} = {text}")
        self.scope.add(Var(name, "v", length, contiguous=":" not in text))

    def store_slice(self) -> None:
        v = self.c.pick(self.scope.vectors())
        length = max(v.length - self.c.below(3), 1)
        target = self.e.part(self.scope, v, length)
        if target is None or target == v.name:
            target, length = f"{v.name}[:]", v.length
        self.used.add("slice-store")
        op = self.c.pick(["=", "+=", "-=", "*="]) if self.has("augmented") else "="
        if op == "*=" or self.c.chance(0.15):
            self.emit(f"{target} {op} {self.e.bounded(self.scope, 1)}")
        else:
            value = self.e.vector(self.scope, length)
            # NumPy evaluates a part of the same array first, numba reads it as it goes; what is computed is both's.
            self.emit(f"{target} {op} {value}" + (" * 1.0" if op != "=" and " " not in value else ""))

    def overlapping(self) -> None:
        v = self.c.pick([v for v in self.scope.vectors() if v.length > 1] or [Var("x", "v", LENGTH)])
        self.used |= {"overlap", "aliasing"}
        sources = [f"{v.name}[:-1]", f"{v.name}[1:]"]
        if self.c.chance(0.5):
            sources.reverse()
        if self.has("strides") and self.c.chance(0.3):
            sources = [f"{v.name}[::-1]", f"{v.name}[:]"]
        op = self.c.pick(["=", "+="]) if self.has("augmented") else "="
        factor = self.c.pick([f" * {self.e.bounded(self.scope, 1)}", "" if op == "=" else " * 1.0", " * 0.7 + 0.1"])
        self.emit(f"{sources[1]} {op} {sources[0]}{factor}")

    def swap_vectors(self) -> None:
        whole = [v for v in self.scope.vectors(LENGTH) if v.contiguous]
        if len(whole) < 2:
            return self.assign()
        p, q = self.c.pick(whole), self.c.pick(whole[::-1])
        if p.name == q.name:
            return self.assign()
        self.used |= {"array-swap", "aliasing"}
        self.emit(f"{p.name}, {q.name} = {q.name}, {p.name}")

    def rebind_in_branch(self) -> None:
        whole = [v for v in self.scope.vectors(LENGTH) if v.contiguous]
        if len(whole) < 2:
            return self.assign()
        p, q = self.c.pick(whole[::-1]), self.c.pick(whole)
        self.used |= {"rebinding", "aliasing"}
        if p.name in "xy" or self.c.chance(0.5):
            name = self.fresh("u")
            self.emit(f"if {self.e.condition(self.scope)}:")
            self.emit(f"    {name} = {p.name}")
            self.emit("else:")
            self.emit(f"    {name} = {self.c.pick([q.name, q.name + '.copy()'])}")
            self.scope.add(Var(name, "v", LENGTH))
        else:
            self.emit(f"if {self.e.condition(self.scope)}:")
            self.emit(f"    {p.name} = {q.name}")

    def call_fill(self) -> None:
        v = self.c.pick(self.scope.vectors())
        self.used.add("mutating-helper")
        where = self.e.part(self.scope, v, v.length - self.c.below(2)) if self.has("slices") else v.name
        self.emit(f"{self.c.pick(self.helpers['fill'])}({where or v.name}, {self.e.scalar(self.scope, 1)})")

    # ------------------------------------------------------------------ control flow

    def branch(self) -> None:
        self.used.add("branch")
        self.emit(f"if {self.e.condition(self.scope)}:")
        self.body()
        if self.c.chance(0.3):
            self.emit(f"elif {self.e.condition(self.scope)}:")
            self.body()
        if self.c.chance(0.5):
            self.emit("else:")
            self.body()

    def body(self) -> None:
        with self.block():
            self.statements(1 + self.c.below(3), not self.scope.vectors())

    def branch_on_overwritten(self) -> None:
        self.used.add("branch-overwritten")
        v = self.c.pick(self.scope.of("f", free=True)[::-1])
        place = v.name
        if self.has("stores") and self.scope.vectors() and self.c.chance(0.4):
            u = self.c.pick(self.scope.vectors())
            place = f"{u.name}[{self.e.index(self.scope, u.length)}]"
        self.emit(f"if {place} {self.c.pick('<>')} {self.c.pick(CONSTANTS)}:")
        with self.block():
            self.emit(f"{place} = {self.e.scalar(self.scope)}")
            if self.c.chance(0.4):
                self.statements(1, not self.scope.vectors())
        if self.c.chance(0.4):
            self.emit("else:")
            with self.block():
                self.emit(f"{place} = -{place}")

    def early_return(self) -> None:
        self.used.add("early-return")
        self.emit(f"if {self.e.condition(self.scope)}:")
        self.emit(f"    return {self.e.scalar(self.scope)}")

    def bounds(self) -> tuple[str, int, int, int]:
        """Arguments of ``range``, the least and greatest value it gives, and how many."""
        loops = [v for v in self.scope.of("i") if v.low is not None and v.high is not None and 0 <= v.low]
        kind = self.c.pick(["length", "runtime", "triangular", "offset", "negative", "empty", "strided", "late"])
        if kind == "triangular" and loops:
            v = self.c.pick(loops[::-1])
            high = v.high or 0
            self.used.add("triangular")
            if self.has("negative-step") and self.c.chance(0.3):
                return f"{v.name}, -1, -1", 0, high, (v.low or 0) + 1
            return self.c.pick([(f"{v.name} + 1", 0, high, 1), (v.name, 0, max(high - 1, 0), v.low or 0)])
        if kind == "offset":
            return f"1, {LENGTH}", 1, LENGTH - 1, 3
        if kind == "negative" and self.has("negative-step"):
            self.used.add("negative-step")
            return self.c.pick([(f"{LENGTH - 1}, -1, -1", 0, LENGTH - 1, LENGTH),
                                (f"{LENGTH - 1}, 0, -2", 1, LENGTH - 1, 2)])
        if kind == "empty":
            self.used.add("zero-trip")
            return self.c.pick([("2, 2", 0, 0, 0), ("3, 1", 0, 0, 0), ("0, 3, -1", 0, 0, 0)])
        if kind == "strided":
            return f"0, {LENGTH}, 2", 0, LENGTH - 2, 2
        if kind == "late":
            count = self.c.pick([v for v in self.scope.of("i") if v.name in "nm"] or [Var("1", "i", low=1, high=1)])
            first = count.low or 0
            self.used.add("late-start")
            if self.has("negative-step"):
                return self.c.pick([(f"{count.name}, -1, -1", 0, first, first + 1),
                                    (f"{count.name}, -1, -2", 0, first, first // 2 + 1)])
            return f"{count.name}, {LENGTH}", first, LENGTH - 1, LENGTH - first
        if kind == "runtime":
            v = self.c.pick([v for v in self.scope.of("i") if v.name in "nm"] or [Var("3", "i", low=3, high=3)])
            if not v.low:
                self.used.add("zero-trip")
            return v.name, 0, max((v.high or 0) - 1, 0), v.low or 0
        return f"{LENGTH}", 0, LENGTH - 1, LENGTH

    def for_loop(self) -> None:
        self.used.add("loop" if self.indent == 1 else "nested-loop")
        text, low, high, trips = self.bounds()
        i = self.fresh("i")
        after = self.has("loop-variable-after") and self.c.chance(0.4)
        if after and not trips:
            self.emit(f"{i} = 0")
            low = min(low, 0)
        bound = None
        if self.has("bound-overwritten") and "," not in text and self.c.chance(0.4):
            bound = self.fresh("k")
            self.emit(f"{bound} = {text}")
            text = bound
            self.used.add("bound-overwritten")
        self.emit(f"for {i} in range({text}):")
        var = Var(i, "i", low=low, high=high, free=False)
        self.loops.append(i)
        with self.block():
            self.scope.add(var)
            if bound:
                self.emit(f"{bound} = {bound} - 1")
            self.loop_body()
        self.loops.pop()
        self.loop_else()
        if after:
            self.used.add("loop-variable-after")
            self.scope.add(var)

    def loop_else(self) -> None:
        """What runs where the loop was not left by ``break``."""
        if self.has("loop-else") and self.c.chance(0.4):
            self.used.add("loop-else")
            self.emit("else:")
            self.body()

    def while_loop(self) -> None:
        self.used.add("while")
        k, most = self.fresh("k"), 1 + self.c.below(5)
        test = f"{k} < {most}"
        if self.c.chance(0.5):
            active = self.e.comparison(self.scope)
            test = self.c.pick([f"{test} and {active}", f"{active} and {test}"])
        self.emit(f"{k} = 0")
        self.emit(f"while {test}:")
        self.loops.append(k)
        with self.block():
            first = self.c.chance(0.5) or self.has("continue")
            if first:
                self.emit(f"{k} += 1")
            self.scope.add(Var(k, "i", low=0, high=most, free=False))
            self.loop_body()
            if not first:
                self.emit(f"{k} = {k} + 1")
        self.loops.pop()
        self.loop_else()
        self.scope.add(Var(k, "i", low=0, high=most, free=False))

    def loop_body(self) -> None:
        scalars = not self.scope.vectors()
        self.statements(1 + self.c.below(3), scalars)
        if self.has("break") and self.c.chance(0.35):
            self.leave("break", scalars)
            if self.has("early-return") and self.c.chance(0.6):
                self.early_return()
        if self.has("continue") and self.c.chance(0.3):
            self.leave("continue", scalars)

    def leave(self, how: str, scalars: bool) -> None:
        self.used.add(how)
        if self.c.chance(0.5):
            with carried.nested_leave(self, how):
                self.assign()
            return self.statements(1, scalars)
        self.emit(f"if {self.e.condition(self.scope)}:")
        with self.block():
            if self.c.chance(0.4):
                self.assign()
            self.emit(how)
        self.statements(1, scalars)
