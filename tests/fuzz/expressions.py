"""Random expressions that are defined everywhere and stay small."""
from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.choices import Choices
from tests.fuzz.scope import Scope, Var

CONSTANTS = ("0.5", "-0.3", "1.0", "0.7", "-1.2", "2.0", "0.1")
BOUNDED = ("math.sin({})", "math.cos({})", "math.tanh({})", "math.atan({})", "np.sin({})", "np.tanh({})")
SMOOTH = ("math.sqrt(1.0 + {0} * {0})", "math.log(1.5 + {0} * {0})", "math.exp(-abs({}))", "math.exp(math.sin({}))",
          "np.sqrt(1.0 + {} ** 2)")
ELEMENTWISE = ("np.sin({})", "np.cos({})", "np.tanh({})", "np.exp(-{0} * {0})", "np.sqrt(1.0 + {} ** 2)", "-{}")


class Expressions:
    """Text of expressions over the names in ``scope``."""

    def __init__(self, choices: Choices, features: frozenset[str], helpers: dict[str, list[str]]) -> None:
        self.c, self.features, self.helpers = choices, features, helpers
        self.used: set[str] = set()

    def has(self, feature: str) -> bool:
        return feature in self.features

    # ------------------------------------------------------------------ integers

    def index(self, scope: Scope, length: int) -> str:
        """An index in range; negative ones count from the end."""
        options = [str(self.c.below(length))]
        if self.has("negative-index"):
            options.append(str(-1 - self.c.below(length)))
        for v in scope.of("i"):
            if v.low is not None and v.high is not None and -length <= v.low and v.high < length:
                # Twice as likely: an index that moves is what finds mistakes.
                options += [v.name, v.name]
                if v.low >= 0:
                    options.append(f"{length - 1} - {v.name}")
            else:
                options.append(f"{v.name} % {length}")
            if self.has("modular-index"):
                options.append(f"({v.name} + {1 + self.c.below(3)}) % {length}")
        for v in scope.of("j"):
            if v.low is not None and v.high is not None and -length <= v.low and v.high < length:
                options += [f"{v.name}[{k}]" for k in self.counters(scope, v.length) or [str(self.c.below(v.length))]]
        return self.c.pick(options)

    @staticmethod
    def counters(scope: Scope, length: int) -> list[str]:
        """Integers that are indices of anything of this length."""
        return [v.name for v in scope.of("i") if v.low is not None and v.high is not None
                and -length <= v.low and v.high < length]

    def integer(self, scope: Scope) -> str:
        v = self.c.pick(scope.of("i"))
        return self.c.pick([v.name, f"{v.name} + 1", f"2 * {v.name}", f"{v.name} // 2"])

    # ------------------------------------------------------------------ floats

    def atom(self, scope: Scope) -> str:
        options: list[tuple[int, str]] = []
        floats, vectors, matrices, integers = (scope.of(k) for k in "fvmi")
        if floats:
            options.append((5, "float"))
        if vectors:
            options.append((4, "element"))
        if matrices:
            options.append((1, "cell"))
        if integers and self.has("int-as-float"):
            options.append((1, "integer"))
        lists, numbers = scope.of("l"), scope.of("z")
        if lists:
            options.append((3, "item"))
        if numbers:
            options.append((2, "part"))
        options.append((1, "constant"))
        kind = self.c.weighted(options)
        if kind == "float":
            return self.c.pick(floats[::-1]).name
        if kind == "element":
            v = self.c.pick(vectors[::-1])
            return f"{v.name}[{self.index(scope, v.length)}]"
        if kind == "cell":
            v = self.c.pick(matrices)
            return f"{v.name}[{self.index(scope, v.rows)}, {self.index(scope, v.length)}]"
        if kind == "item":
            s = self.c.pick(lists[::-1]).name
            counters = [f"{v.name} % len({s})" for v in integers]
            return f"{s}[{self.c.pick(['-1', '0', f'len({s}) - 1', *counters])}]"
        if kind == "part":
            return f"{self.c.pick(numbers[::-1]).name}.{self.c.pick(['real', 'imag'])}"
        if kind == "integer":
            name = self.c.pick(integers).name
            return f"float({name})" if self.c.chance(0.5) else f"0.3 * {name}"
        return self.c.pick(CONSTANTS)

    def scalar(self, scope: Scope, depth: int = 2) -> str:
        if depth <= 0:
            return self.atom(scope)
        options: list[tuple[int, Callable[[], str]]] = [
            (3, lambda: self.atom(scope)),
            (4, lambda: f"{self.bounded(scope, depth)} * {self.operand(scope, depth)}"),
            (4, lambda: f"{self.operand(scope, depth)} {self.c.pick('+-')} {self.operand(scope, depth)}"),
            (2, lambda: self.bounded(scope, depth)),
            (1, lambda: self.c.pick(SMOOTH).format(self.operand(scope, depth))),
            (1, lambda: self.guarded(scope, depth)),
            (1, lambda: f"{self.atom(scope)} * {self.atom(scope)}"),
            (1, lambda: f"-{self.operand(scope, depth)}"),
            (1, lambda: f"{self.operand(scope, depth)} {self.c.pick('+-')} {self.operand(scope, depth)} "
                        f"{self.c.pick('+-')} {self.operand(scope, depth)}"),
            (1, lambda: f"math.hypot({self.scalar(scope, depth - 1)}, {self.scalar(scope, depth - 1)})"),
        ]
        if self.has("power"):
            options.append((1, lambda: f"{self.bounded(scope, depth)} ** {self.c.pick('23')}"))
        if self.has("kinks"):
            options.append((1, lambda: f"abs({self.scalar(scope, depth - 1)})"))
            options.append((1, lambda: f"{self.c.pick(['max', 'min'])}({self.scalar(scope, depth - 1)}, "
                                       f"{self.scalar(scope, depth - 1)})"))
        if self.has("ternary"):
            options.append((1, lambda: f"({self.scalar(scope, depth - 1)} if {self.condition(scope)} "
                                       f"else {self.scalar(scope, depth - 1)})"))
        if self.has("reductions") and scope.vectors():
            options.append((2, lambda: self.reduction(scope)))
        if self.helpers["scalar"]:
            options.append((2, lambda: self.call(scope, depth)))
        if self.helpers["reduce"] and scope.vectors():
            options.append((1, lambda: f"{self.c.pick(self.helpers['reduce'])}({self.c.pick(scope.vectors()).name}, "
                                       f"{self.scalar(scope, 0)})"))
        return self.c.weighted(options)()

    def operand(self, scope: Scope, depth: int) -> str:
        text = self.scalar(scope, depth - 1)
        return text if " " not in text and text[0] != "-" else f"({text})"

    def bounded(self, scope: Scope, depth: int) -> str:
        return self.c.pick(BOUNDED).format(self.scalar(scope, depth - 1))

    def guarded(self, scope: Scope, depth: int) -> str:
        divisor = self.operand(scope, depth - 1)
        return f"{self.operand(scope, depth)} / (1.2 + {divisor} * {divisor})"

    def call(self, scope: Scope, depth: int) -> str:
        self.used.add("helper")
        helper = self.c.pick(self.helpers["scalar"])
        return f"{helper}({self.scalar(scope, depth - 1)}, {self.scalar(scope, depth - 1)})"

    def reduction(self, scope: Scope) -> str:
        v = self.c.pick(scope.vectors())
        other = self.c.pick(scope.vectors(v.length)).name
        return self.c.pick([f"np.sum({v.name})", f"{v.name}.sum()", f"np.sum({v.name} * {other})",
                            f"np.dot({v.name}, {other})", f"np.sum({self.vector(scope, v.length, 1)})"])

    # ------------------------------------------------------------------ conditions

    def condition(self, scope: Scope) -> str:
        test = self.comparison(scope)
        if self.has("compound-tests") and self.c.chance(0.35):
            other = self.comparison(scope)
            return self.c.pick([f"{test} and {other}", f"{test} or {other}", f"not {test}", f"not ({test} or {other})"])
        return test

    def comparison(self, scope: Scope) -> str:
        if scope.of("i") and self.c.chance(0.3):
            v = self.c.pick(scope.of("i"))
            return self.c.pick([f"{v.name} % 2 == 0", f"{v.name} > 1", f"{v.name} != 2"])
        booleans = scope.of("b")
        if booleans and self.c.chance(0.5):
            return self.c.pick(booleans).name
        left = self.scalar(scope, 1)
        if self.has("compound-tests") and self.c.chance(0.15):
            return f"-0.43 < {left} < 0.91"
        right = self.c.pick(["0.13", "-0.27", self.atom(scope)])
        return f"{left} {self.c.pick('<>')} {right}"

    # ------------------------------------------------------------------ vectors

    def part(self, scope: Scope, v: Var, length: int) -> str | None:
        """A slice of a vector with the given length; overlapping and reversed ones come out of this."""
        if v.length < length:
            return None
        options = [v.name] if v.length == length else []
        low = self.c.below(v.length - length + 1)
        if self.has("slices"):
            options.append(f"{v.name}[{low}:{low + length}]")
            high = low + length - v.length
            options.append(f"{v.name}[{low or ''}:{high or ''}]")
            if self.has("strides"):
                if v.length == length:
                    options.append(f"{v.name}[::-1]")
                if v.length == 2 * length or v.length == 2 * length - 1:
                    options.append(f"{v.name}[::2]")
                stop = low - 1
                options.append(f"{v.name}[{low + length - 1}:{stop if stop >= 0 else ''}:-1]")
        return self.c.pick(options) if options else None

    def source(self, scope: Scope, length: int) -> str:
        """An array of this length that is read, not computed."""
        found = [p for v in scope.vectors() if (p := self.part(scope, v, length)) is not None]
        if self.has("rows"):
            for w in scope.of("m"):
                if w.length == length:
                    found.append(f"{w.name}[{self.index(scope, w.rows)}]")
                if w.rows == length and self.has("strides"):
                    found.append(f"{w.name}[:, {self.index(scope, w.length)}]")
        return self.c.pick(found) if found else f"np.ones({length})"

    def vector(self, scope: Scope, length: int, depth: int = 2) -> str:
        if depth <= 0:
            return self.source(scope, length)

        def inner() -> str:
            text = self.vector(scope, length, depth - 1)
            return f"({text})" if " " in text else text

        return self.c.weighted([
            (2, lambda: self.source(scope, length)),
            (3, lambda: f"{inner()} {self.c.pick('+-')} {inner()}"),
            (2, lambda: f"{self.c.pick(CONSTANTS)} * {inner()}"),
            (2, lambda: f"{inner()} * {self.bounded(scope, 1)}"),
            (2, lambda: self.c.pick(ELEMENTWISE).format(inner())),
            (1, lambda: f"{inner()} * {self.source(scope, length)}"),
            (1, lambda: f"{inner()} / (1.3 + {self.source(scope, length)} ** 2)"),
        ])()
