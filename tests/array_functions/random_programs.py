"""Random programs of array statements: broadcasting, types mixed, overlapping parts, reductions, functions of NumPy."""
from __future__ import annotations

from random import Random

import numpy as np

SHAPES = {"a": (3, 4), "b": (4,), "c": (3, 4), "k": (4,), "d": (3, 1), "e": (1, 4), "m": (3, 4), "s": (), "n": ()}
"""The parameters. Of them ``c`` and ``e`` are arrays of one more kind, ``k``, ``m`` and ``n`` integers."""

MATRIX = ["{}[::-1]", "{}[:, ::-1]", "{}[1]", "{}[:, 1:2]", "{}[2, ::-1]", "{}.T.T", "{}[1:2]"]
UNARY = ["np.sin", "np.exp", "np.abs", "np.cos", "np.tanh", "np.floor", "np.sign", "np.square", "np.arctan", "-"]
BINARY = ["np.maximum", "np.minimum", "np.hypot", "np.arctan2", "np.fmod"]
REDUCED = ["np.sum({})", "{}.sum()", "np.mean({})", "np.max({})", "{}.min()", "np.prod({})", "np.std({})", "np.var({})",
           "np.median({})", "{}.size", "np.argmax({})", "np.ptp({})"]
OF_VECTORS = {
    (4,): ["np.cumsum({})", "np.cumprod({})", "np.sort({})", "np.roll({}, 1)", "np.argsort({})", "np.nan_to_num({})",
           "np.arange(4) * {}", "np.rint({})", "{} // 2", "{} % 2", "{} > 0.5", "{}.astype(np.float64)",
           "({} > 0.5).astype(np.int32)", "np.logical_and({0} > 0, {0} < 2)",
           "np.interp({}, np.array([0.0, 1.0]), np.array([1.0, 3.0]))", "np.searchsorted(np.sort({0}), {0})"],
    (3,): ["np.diff({})", "np.histogram({}, 3)[0]"], (8,): ["np.concatenate(({0}, {0}))", "np.repeat({}, 2)"],
    (7,): ["np.convolve({0}, {0})"], (4, 4): ["np.outer({0}, {0})", "np.diag({})"], (2, 4): ["np.stack(({0}, {0}))"],
    (): ["np.dot({0}, {0})", "np.quantile({}, 0.3)", "np.trapezoid({})"], (2,): ["np.take({}, np.array([0, 2]))"],
    None: ["np.unique({})", "{0}[{0} > 0]"], (5,): ["np.append({}, 2.0)"],
}
OF_MATRICES = {
    (4,): ["np.sum({}, axis=0)"], (3,): ["{}.sum(1)"], (3, 4): ["np.clip({}, -1, 2)", "np.flip({})", "{}.copy()",
                                                             "np.tril({})", "np.isfinite({})", "np.zeros_like({})"],
    (12,): ["{}.ravel()", "{}.flatten()"], (4, 3): ["{}.T.copy()"], (2, 4): ["{}[np.array([0, 2])]"],
    (6, 4): ["np.vstack(({0}, {0}))"], (): ["np.count_nonzero({})", "np.nansum({})", "np.trace({})"],
}
PARTS = [("1:", ":-1"), (":-1", "1:"), ("::2", "1::2"), ("1::2", "::2"), ("::-1", ":"), (":", "::-1"), ("1:3", "0:2"),
         ("-1:0:-1", "1:")]
PLACED = ["{0}[1:] = {0}[:-1] * 2.0", "{0}[:, 1:] = {0}[:, :-1] + {0}[:, 1:]", "{0}[::-1] = {0} + 1.0",
          "{0}[1] += {0}[0]", "{0}[0] = {0}[2] * {0}[1]", "{0}[:, 0] = {0}[:, 2]", "{0}[:] = {0}[:, ::-1]",
          "{0}[:] = b", "{0}[...] = {0}[0]", "{0}[:2, :2] = {0}[1:, 1:3]", "{0}[:, :] = d", "{0}[:] = {0}[:, 1:2]",
          "{0}[0, :] = s",
          "{0}[1:, 0] = {0}[0, 1:3]"]


class Writer:
    """Writes statements one after the other; knows the shape of every name."""

    def __init__(self, random: Random) -> None:
        self.random, self.shapes, self.own, self.written = random, dict(SHAPES), [], []

    def program(self, statements: int) -> str:
        lines = [self.statement(k) for k in range(statements)]
        results = ", ".join(self.own) + "," * (len(self.own) == 1)
        body = "\n    ".join(lines)
        return f"import numpy as np\n\n\ndef f({', '.join(SHAPES)}):\n    {body}\n    return {results}\n"

    def statement(self, k: int) -> str:
        kind = self.random.choice(["expression", "expression", "function", "function", "array", "in place", "part"])
        mine = [v for v in self.written if self.shapes[v] in ((3, 4), (4,))]
        if kind == "expression":
            shape = self.random.choice([(3, 4), (4,)])
            text = f"{self.array(shape)} {self.random.choice('+-*')} {self.expression(shape, 3)}"
            return self.bind(f"t{k}", shape, text)
        if kind == "function":
            table, shape = self.random.choice([(OF_VECTORS, (4,)), (OF_MATRICES, (3, 4))])
            result = self.random.choice(list(table))
            return self.bind(f"t{k}", result, self.random.choice(table[result]).format(self.array(shape)))
        if kind == "array" or not mine:
            shape = self.random.choice([(3, 4), (4,)])
            self.written.append(f"w{k}")
            return self.bind(f"w{k}", shape, f"{self.array(shape)} * {self.random.choice(['1.0', '2.5'])}")
        v = self.random.choice(mine)
        if kind == "in place":
            return f"{v} {self.random.choice(['+=', '-=', '*='])} {self.expression(self.shapes[v], 2)}"
        if self.shapes[v] == (4,):
            to, of = self.random.choice(PARTS)
            other = self.random.choice(["2.0", "s", f"{v}[{of}]"])
            return f"{v}[{to}] {self.random.choice(['=', '=', '+='])} {v}[{of}] {self.random.choice('+-*')} {other}"
        return self.random.choice(PLACED).format(v)

    def bind(self, name: str, shape: tuple[int, ...] | None, text: str) -> str:
        self.own.append(name)
        if shape is not None:
            self.shapes[name] = shape
        return f"{name} = {text}"

    def array(self, shape: tuple[int, ...]) -> str:
        return self.random.choice([v for v, s in self.shapes.items() if s == shape])

    def expression(self, shape: tuple[int, ...], depth: int) -> str:
        def inner() -> str:
            return self.expression(shape, depth - 1)

        kind = self.random.choice(["operator"] * 6 + ["unary", "binary", "root", "where", "power", "number"])
        if depth == 0:
            return self.leaf(shape)
        if kind == "operator":
            return f"({inner()} {self.random.choice('++-**/')} {inner()})"
        if kind == "unary":
            return f"{self.random.choice(UNARY)}({inner()})"
        if kind == "binary":
            return f"{self.random.choice(BINARY)}({inner()}, {inner()})"
        if kind == "root":
            return f"np.sqrt(np.abs({inner()}))"
        if kind == "where":
            return f"np.where({self.array(shape)} > {self.leaf(shape)}, {inner()}, {inner()})"
        if kind == "power":
            return f"({inner()}) ** {self.random.choice(['2', '3', '2.0'])}"
        return self.random.choice(REDUCED).format(self.random.choice([v for v, s in self.shapes.items() if s]))

    def leaf(self, shape: tuple[int, ...]) -> str:
        names = [v for v, s in self.shapes.items() if s and _fits(s, shape)]
        if not names or self.random.random() < 0.2:
            return self.random.choice(["s", "n", "2.0", "0.5"])
        v = self.random.choice(names)
        if self.random.random() < 0.6:
            return v
        return self.random.choice(MATRIX if self.shapes[v] == (3, 4) else ["{}[:]"]).format(v)


def _fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, into) == into
    except ValueError:
        return False


def arguments(random: Random, other: type = float, integer: type = np.int64) -> list:
    """Values for the parameters, in one of four memory layouts; ``c`` and ``e`` have the type ``other``."""
    rng = np.random.default_rng(random.randrange(2 ** 32))
    layout = random.choice(["C", "C", "F", "A"])
    kinds = {"c": other, "e": other, "k": integer, "m": integer}

    def array(shape: tuple[int, ...], kind: type) -> np.ndarray:
        x = np.asarray(rng.integers(1, 6, shape) if np.issubdtype(kind, np.integer) else rng.normal(size=shape), kind)
        if layout == "A":
            wide = np.zeros((*shape[:-1], 2 * shape[-1]), kind)
            wide[..., ::2] = x
            return wide[..., ::2]
        return np.asfortranarray(x) if layout == "F" else x

    made = [array(shape, kinds.get(v, float)) for v, shape in SHAPES.items() if shape]
    return [*made, 0.7, 3 if np.issubdtype(integer, np.integer) else 3.0]
