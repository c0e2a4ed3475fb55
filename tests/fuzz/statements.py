"""Statements beyond assignments, branches and loops over counters: matrices, references, helpers, other values."""
from __future__ import annotations

from contextlib import AbstractContextManager

from tests.fuzz.choices import Choices
from tests.fuzz.expressions import CONSTANTS, Expressions
from tests.fuzz.program import LENGTH
from tests.fuzz.scope import Scope, Var


class Statements:
    """What :class:`tests.fuzz.generator._Generator` adds to its own."""

    c: Choices
    e: Expressions
    scope: Scope
    used: set[str]
    helpers: dict[str, list[str]]
    indent: int

    # Given by the generator.
    def has(self, feature: str) -> bool: raise NotImplementedError
    def fresh(self, prefix: str) -> str: raise NotImplementedError
    def emit(self, text: str) -> None: raise NotImplementedError
    def block(self) -> AbstractContextManager[None]: raise NotImplementedError
    def assign(self) -> None: raise NotImplementedError
    def loop_body(self) -> None: raise NotImplementedError

    def float(self, prefix: str = "t") -> str:
        name = self.fresh(prefix)
        self.scope.add(Var(name, "f"))
        return name

    def define(self, text: str) -> None:
        """A new float; ``text`` has been made without it."""
        self.emit(f"{self.float()} = {text}")

    # ------------------------------------------------------------------ matrices

    def store_part_of_matrix(self) -> None:
        """A row, a column or several rows are overwritten, perhaps from the matrix itself."""
        w = self.c.pick(self.scope.of("m"))
        self.used |= {"matrix", "matrix-part"}
        i, j = self.e.index(self.scope, w.rows), self.e.index(self.scope, w.length)
        op = self.c.pick(["=", "=", "+="]) if self.has("augmented") else "="
        kind = self.c.pick(["row", "column", "reversed", "strided", "shifted", "flipped", "rows"])
        if kind == "rows":
            # A row is given to several, itself among them.
            low, op = self.c.below(min(2, w.rows)), op if op == "=" else "*="
            self.emit(f"{w.name}[{low}:{low + 2}] {op} {w.name}[{self.c.pick([str(low), i])}] * "
                      f"{self.e.bounded(self.scope, 1)}")
            self.used |= {"aliasing", "overlap"}
            return
        if kind in ("shifted", "flipped"):
            self.used |= {"aliasing", "overlap"}
            rest = "" if kind == "shifted" else ":, "
            a, b = f"{w.name}[{rest}1:]", f"{w.name}[{rest}:-1]"
            if self.c.chance(0.5):
                a, b = b, a
            self.emit(f"{a} = {b} * {self.e.bounded(self.scope, 1)}")
            return
        place, length = {"row": (f"{w.name}[{i}]", w.length), "column": (f"{w.name}[:, {j}]", w.rows),
                         "reversed": (f"{w.name}[{i}, ::-1]", w.length),
                         "strided": (f"{w.name}[::2, {j}]", (w.rows + 1) // 2)}[kind]
        source = self.e.vector(self.scope, length, 1)
        self.emit(f"{place} {op} {source}" + (" * 1.0" if op == "+=" else ""))

    def transpose(self) -> None:
        w = self.c.pick(self.scope.of("m"))
        name = self.fresh("w")
        self.used |= {"transpose", "aliasing"}
        self.emit(f"{name} = {w.name}{self.c.pick(['.T', '[::-1]', '[:, ::-1]', '.T.copy()'])}")
        rows, length = (w.length, w.rows) if ".T" in self.last() else (w.rows, w.length)
        self.scope.add(Var(name, "m", length, rows=rows, contiguous=False))
        if self.has("stores"):
            place = f"{name}[{self.e.index(self.scope, rows)}, {self.e.index(self.scope, length)}]"
            self.emit(f"{place} = {self.e.scalar(self.scope, 1)}")

    def last(self) -> str:
        return self.lines[-1]       # type: ignore[attr-defined]

    # ------------------------------------------------------------------ arrays written again and again

    def refill(self) -> None:
        """A loop whose body uses an array and then overwrites all of it, part of it, or some of it."""
        if self.indent > 2:
            return self.assign()
        v = self.c.pick(self.scope.vectors())
        outer, inner = self.fresh("i"), self.fresh("i")
        stop = self.c.pick([f"len({v.name})", str(v.length), str(max(v.length - 1, 1)), f"{v.name}.shape[0]", "n"])
        if stop == "n" and v.length < LENGTH:
            stop = "1"
        self.used |= {"refill", "nested-loop", "stores"}
        total = self.float()
        self.emit(f"{total} = 0.3")
        self.emit(f"for {outer} in range({self.c.pick(['3', '2', 'm'])}):")
        with self.block():
            self.scope.add(Var(outer, "i", low=0, high=2, free=False))
            self.emit(f"{total} = 0.5 * {total} + {v.name}[-1] * {v.name}[0] * {self.e.bounded(self.scope, 1)}")
            self.emit(f"for {inner} in range({stop}):")
            with self.block():
                self.scope.add(Var(inner, "i", low=0, high=v.length - 1, free=False))
                if self.c.chance(0.5):
                    self.emit(f"if {self.e.condition(self.scope)}:")
                    self.emit(f"    {v.name}[{inner}] = {self.e.scalar(self.scope, 1)}")
                else:
                    self.emit(f"{v.name}[{inner}] = {self.e.scalar(self.scope, 1)}")
            if self.c.chance(0.6):
                place = f"{v.name}[{self.c.pick([self.e.index(self.scope, v.length), '-1'])}]"
                self.emit(f"{place} = 0.5 * {total} - {self.e.scalar(self.scope, 1)}")

    def moving_index(self) -> None:
        """Elements overwritten at a place that the loop itself moves on."""
        if self.indent > 2:
            return self.assign()
        v = self.c.pick(self.scope.vectors())
        k, i = self.fresh("k"), self.fresh("i")
        self.used |= {"moving-index", "loop", "stores"}
        self.emit(f"{k} = {self.c.below(v.length)}")
        self.emit(f"for {i} in range({self.c.pick(['3', '2', 'n'])}):")
        with self.block():
            self.scope.add(Var(i, "i", low=0, high=2, free=False))
            self.scope.add(Var(k, "i", low=0, high=v.length - 1, free=False))
            self.emit(f"{v.name}[{k}] = {self.c.pick([f'math.sin({v.name}[{k}])', self.e.scalar(self.scope, 1)])} * "
                      f"{v.name}[{self.e.index(self.scope, v.length)}]")
            move = self.c.pick([f"({k} + {1 + self.c.below(3)}) % {v.length}", f"{v.length - 1} - {k}"])
            self.emit(f"{k} = {move}" if self.c.chance(0.7) else f"if {self.e.condition(self.scope)}:\n"
                      f"{'    ' * (self.indent + 1)}{k} = {move}")
        self.scope.add(Var(k, "i", low=0, high=v.length - 1, free=False))

    # ------------------------------------------------------------------ references

    def conditional_alias(self) -> None:
        """A name for one of two arrays, written through and read back under the others."""
        whole = self.scope.vectors(LENGTH)
        if len(whole) < 2:
            return self.assign()
        p, q = self.c.pick(whole[::-1]).name, self.c.pick(whole).name
        name = self.fresh("u")
        self.used |= {"conditional-alias", "aliasing"}
        self.emit(f"{name} = {p} if {self.e.condition(self.scope)} else {q}")
        self.scope.add(Var(name, "v", LENGTH, contiguous=False))
        if self.has("stores"):
            self.emit(f"{name}[{self.e.index(self.scope, LENGTH)}] = {self.e.scalar(self.scope, 1)}")
            self.define(f"{p}[1] * {q}[{self.e.index(self.scope, LENGTH)}]")

    def carried_reference(self) -> None:
        """A loop that writes through a name bound to another array each time."""
        whole = self.scope.vectors(LENGTH)
        if len(whole) < 2 or self.indent > 2:
            return self.assign()
        p, q = self.c.pick(whole).name, self.c.pick(whole[::-1]).name
        old, i = self.fresh("u"), self.fresh("i")
        self.used |= {"carried-reference", "aliasing", "loop"}
        self.emit(f"{old} = {p}")
        self.emit(f"for {i} in range({self.c.pick(['3', 'n', '2'])}):")
        with self.block():
            self.scope.add(Var(i, "i", low=0, high=2, free=False))
            self.emit(f"{old}[{i}] = {self.e.scalar(self.scope, 1)}")
            self.emit(f"{old} = {self.c.pick([q, f'{q} if {i} == 0 else {p}', p])}")
        self.define(f"{old}[0] * {p}[1]")

    # ------------------------------------------------------------------ helpers

    def call_pair(self) -> None:
        """A helper that writes to one array and reads another, which may be the same or another view of it."""
        v = self.c.pick(self.scope.vectors())
        self.used |= {"mutating-helper", "same-array-twice", "aliasing"}
        others = [u.name for u in self.scope.vectors(v.length)]
        first, second = self.c.pick([(v.name, v.name), (v.name, self.c.pick(others)),
                                     (f"{v.name}[1:]", f"{v.name}[:-1]"), (f"{v.name}[:-1]", f"{v.name}[1:]"),
                                     (v.name, f"{v.name}[::-1]")])
        self.emit(f"{self.c.pick(self.helpers['pair'])}({first}, {second}, {self.e.scalar(self.scope, 1)})")

    def call_step(self) -> None:
        """A helper that changes an array is called in the middle of an expression that reads it, or in a condition."""
        self.used |= {"mutating-helper", "step"}
        v = self.c.pick(self.scope.vectors())
        call = f"{self.c.pick(self.helpers['step'])}({v.name}, {self.e.atom(self.scope)})"
        place = f"{v.name}[{self.c.pick(['0', self.e.index(self.scope, v.length)])}]"
        match self.c.below(5):
            case 0:
                self.emit(f"{place} = {place} {self.c.pick('+-*')} {call}")
            case 1:
                self.emit(f"{place} += {call}")
            case 2:
                self.define(f"{place} * {call} - {place}")
            case 3:
                free = self.scope.of("f", free=True)
                name = self.c.pick(free).name
                self.emit(f"{name} = 0.5 * {name} + {call} * {place}")
            case _:
                k, s = self.fresh("k"), self.float()
                self.emit(f"{k} = 0")
                self.emit(f"{s} = 0.3")
                self.emit(f"while {call} > -20.0 and {k} < {1 + self.c.below(3)}:")
                self.emit(f"    {k} += 1")
                self.emit(f"    {s} = 0.5 * {s} + {place} * {v.name}[0]")

    def call_two(self) -> None:
        """A helper that returns a tuple."""
        self.used.add("tuple-returned")
        call = f"{self.c.pick(self.helpers['two'])}({self.e.scalar(self.scope, 1)}, {self.e.atom(self.scope)})"
        free = self.scope.of("f", free=True)
        if free and self.c.chance(0.4):
            self.emit(f"{self.c.pick(free).name}, {self.float()} = {call}")
        elif self.c.chance(0.5):
            pair = self.fresh("pair")
            self.emit(f"{pair} = {call}")
            self.define(f"{pair}[1] * {pair}[0]")
        else:
            self.emit(f"{self.float()}, {self.float()} = {call}")

    def tuple_value(self) -> None:
        self.used.add("tuple")
        pair = self.fresh("pair")
        inner = f"({self.e.scalar(self.scope, 1)}, {self.e.atom(self.scope)})"
        self.emit(f"{pair} = ({self.e.atom(self.scope)}, {inner})")
        self.define(f"{pair}[0] * {pair}[1][{self.c.below(2)}]")

    def closure(self) -> None:
        """A function defined inside, which sees the variables around it."""
        if self.indent > 1:
            return self.assign()
        name = self.fresh("inner_")
        seen = self.e.atom(self.scope)
        self.used.add("closure")
        if self.c.chance(0.5):
            self.emit(f"{name} = lambda p: math.sin(p) * {seen}")
        else:
            self.emit(f"def {name}(p):")
            self.emit(f"    return p * {seen} + math.cos(p)")
        self.define(f"{name}({self.e.scalar(self.scope, 1)}) + {name}({self.e.atom(self.scope)})")

    # ------------------------------------------------------------------ other values

    def boolean(self) -> None:
        self.used.add("bool")
        free = self.scope.of("b", free=True)
        name = self.c.pick(free).name if free and self.c.chance(0.4) else self.fresh("q")
        self.emit(f"{name} = {self.e.condition(self.scope)}")
        self.scope.add(Var(name, "b"))

    def single(self) -> None:
        """A value, or an array, in single precision."""
        self.used.add("float32")
        if self.c.chance(0.5) or self.indent > 2:
            self.define(f"np.float32({self.e.scalar(self.scope, 1)}) * {self.e.atom(self.scope)}")
            return
        name, i = self.fresh("u"), self.fresh("i")
        self.emit(f"{name} = np.zeros({LENGTH}, np.float32)")
        self.emit(f"for {i} in range({LENGTH}):")
        self.emit(f"    {name}[{i}] = {self.e.scalar(self.scope, 1)}")
        self.scope.add(Var(name, "v", LENGTH, contiguous=False))

    def dead_overflow(self) -> None:
        """A value that overflows and is not used: its zero adjoint meets an infinite partial."""
        self.used.add("overflow")
        wild, chosen = self.fresh("huge"), self.c.pick(CONSTANTS)
        self.emit(f"{wild} = 1e200 * math.exp({self.e.bounded(self.scope, 1)})")
        self.emit(f"{wild} = {wild} * 1e200 * {wild}")
        if self.c.chance(0.5):
            self.define(f"{self.e.atom(self.scope)} if {wild} > {chosen} else {wild}")
        else:
            self.emit(f"if {wild} > {chosen}:")
            self.emit(f"    {wild} = {self.e.atom(self.scope)}")
            self.define(f"{wild} * 0.5")

    def vector_choice(self) -> None:
        v = self.c.pick(self.scope.vectors())
        other = self.e.source(self.scope, v.length)
        name = self.fresh("u")
        self.used.add("where")
        test = f"{v.name} {self.c.pick('<>')} {self.c.pick(['0.13', '-0.27'])}"
        self.emit(f"{name} = np.where({test}, {self.e.vector(self.scope, v.length, 1)}, {other})")
        self.scope.add(Var(name, "v", v.length))

    # ------------------------------------------------------------------ loops over elements

    def loop_over(self) -> None:
        """A loop over an array's elements, with or without a counter, or over two, or over rows."""
        v = self.c.pick(self.scope.vectors())
        kind = self.c.pick(["elements", "enumerate", "zip", "rows"])
        self.used |= {f"over-{kind}", "loop"}
        names = self.fresh("e"), self.fresh("r")
        part = self.e.part(self.scope, v, max(v.length - 1, 1)) or v.name
        heads = {"elements": f"for {names[0]} in {part}:",
                 "enumerate": f"for {names[1]}, {names[0]} in enumerate({part}):",
                 "zip": f"for {names[0]}, {names[1]} in zip({part}, {self.c.pick(self.scope.vectors()).name}):",
                 "rows": f"for {names[1]} in {self.c.pick(self.scope.of('m')).name}:"}
        start = self.e.atom(self.scope)
        total = self.float()
        self.emit(f"{total} = {start}")
        self.emit(heads[kind])
        with self.block():
            if kind != "rows":
                self.scope.add(Var(names[0], "f", free=False))
            if kind == "rows":
                self.emit(f"{total} = 0.5 * {total} + {names[1]}[0] * {names[1]}[-1]")
            if kind == "zip":
                self.scope.add(Var(names[1], "f", free=False))
            elif kind == "enumerate":
                self.scope.add(Var(names[1], "i", low=0, high=v.length - 1, free=False))
            self.emit(f"{total} = 0.7 * {total} + {self.e.scalar(self.scope, 1)}")
            self.loop_body()
