"""The helper functions of a program: of numbers, of arrays, filling arrays, returning tuples."""
from __future__ import annotations

from tests.fuzz.scope import Scope, Var
from tests.fuzz.statements import Statements

HELPERS = ("scalar", "reduce", "fill", "pair", "two", "step", "list", "recursive", "recursive reading",
           "recursive writing", "applied", "keyword", "namedtuple")
"""The kinds of functions in front of the main one; those of kinds further on are made by their families."""


class Helpers(Statements):
    """Makes the functions in front of the main one."""

    lines: list[str]
    budget: int

    # Given by the generator.
    def statements(self, count: int, only_scalars: bool = False) -> None: raise NotImplementedError

    def helper_functions(self) -> list[str]:
        outer = (self.scope, self.lines)
        text: list[str] = []
        for _ in range(1 + self.c.below(2)):
            name = self.fresh("scalar_")
            p, q = self.parameters()
            self.scope, self.lines = Scope({p: Var(p, "f"), q: Var(q, "f")}), [f"def {name}({p}, {q}):"]
            self.budget = 3
            self.statements(self.c.below(3), only_scalars=True)
            self.emit(f"return {self.e.scalar(self.scope)}")
            self.helpers["scalar"].append(name)
            text += [*self.lines, ""]
        self.scope = Scope({"c": Var("c", "f"), "e": Var("e", "f"), "i": Var("i", "i", free=False)})
        if self.c.chance(0.5):
            name = self.fresh("reduce_")
            text += [f"def {name}(v, c):", "    s = c", "    for i in range(v.shape[0]):", "        e = v[i]",
                     f"        s = 0.8 * s + {self.e.scalar(self.scope)}", "    return s", ""]
            self.helpers["reduce"].append(name)
        if self.has("mutating-helpers"):
            name = self.fresh("fill_")
            text += [f"def {name}(v, c):", "    for i in range(len(v)):", "        e = v[i]"]
            if self.c.chance(0.3):
                text += ["        if e < 0.1:", "            continue"]
            text += [f"        v[i] = {self.e.scalar(self.scope)}", ""]
            if self.c.chance(0.3):
                text.insert(-1, "    return v[0]")
            self.helpers["fill"].append(name)
        if self.has("pairs"):
            name = self.fresh("pair_")
            text += [f"def {name}(u, v, c):", "    for i in range(len(u)):",
                     f"        e = {self.c.pick(['v[i]', 'v[-1 - i]', 'v[len(v) - 1 - i] * u[0]'])}",
                     f"        u[i] {self.c.pick(['=', '+='])} {self.e.scalar(self.scope)}", ""]
            self.helpers["pair"].append(name)
        if self.has("steps"):
            name = self.fresh("step_")
            new = self.c.pick(["c", "0.6 * v[-1]", "v[0] * c", "0.5 * v[0] + math.sin(c)"])
            given = self.c.pick(["v[0]", "v[-1] * c", "c"])
            text += [f"def {name}(v, c):", f"    v[0] = {new}", f"    return {given}", ""]
            self.helpers["step"].append(name)
        if self.has("tuples"):
            name = self.fresh("two_")
            self.scope = Scope({n: Var(n, "f") for n in self.parameters()})
            text += [f"def {name}({', '.join(self.scope.variables)}):",
                     f"    return {self.e.scalar(self.scope)}, {self.e.scalar(self.scope, 1)}", ""]
            self.helpers["two"].append(name)
        self.scope, self.lines = outer
        return text

    def parameters(self) -> tuple[str, str]:
        """Names of a helper's parameters: its own, or those of names in the main function."""
        if self.has("shadowing"):
            self.used.add("shadowed")
            return self.c.pick([("a", "b"), ("b", "t5"), ("n", "x"), ("u1", "a")])
        return "p", "q"
