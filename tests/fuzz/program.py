"""A generated program: its text, its arguments, the live function."""
from __future__ import annotations

import ast
import hashlib
import linecache
import math
import random
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType

import numpy as np

PARAMS = ("x", "y", "W", "a", "b", "n", "m")
WRT = ("x", "y", "W", "a", "b")
LENGTH = 4
ROWS = 3


@dataclass(frozen=True)
class Program:
    """``f(x, y, W, a, b, n, m)``: two arrays, a matrix, two floats, two small integers; it returns a float."""

    source: str
    features: frozenset[str]
    seed: int
    n: int
    m: int

    @property
    def args(self) -> tuple:
        """Fresh arguments, the same every time."""
        return (*(v.copy() if isinstance(v, np.ndarray) else v for v in _drawn(self.seed)), self.n, self.m)

    def function(self) -> FunctionType:
        return define(self.source)

    def __str__(self) -> str:
        names = ", ".join(sorted(self.features))
        return f"# n = {self.n}, m = {self.m}, arguments by seed {self.seed}; features: {names}\n{self.source}"


@lru_cache(maxsize=16)
def _drawn(seed: int) -> tuple:
    r = random.Random(seed)

    def draw() -> float:
        # Away from 0, where abs and sign have their kinks.
        return r.choice((-1.0, 1.0)) * r.uniform(0.2, 1.4)

    x, y = (np.array([draw() for _ in range(LENGTH)]) for _ in "xy")
    w = np.array([[draw() for _ in range(LENGTH)] for _ in range(ROWS)])
    return x, y, w, draw(), draw()


REMEMBERED = 2000
_files: deque[str] = deque()


def remember(file: str, source: str) -> None:
    """Put a text where :mod:`inspect` and tracebacks look for files; a long run keeps only the last ones."""
    if file not in linecache.cache:
        _files.append(file)
        if len(_files) > REMEMBERED:
            linecache.cache.pop(_files.popleft(), None)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)


@lru_cache(maxsize=16)
def _code(source: str) -> tuple[str, CodeType]:
    file = f"<fuzz-{hashlib.sha256(source.encode()).hexdigest()[:12]}>"
    return file, compile(source, file, "exec")


def define(source: str, name: str = "f") -> FunctionType:
    """The function in a module's text, with its source where :mod:`inspect` looks for it."""
    file, code = _code(source)
    remember(file, source)
    namespace: dict = {"math": math, "np": np, "__name__": "fuzz_program"}
    exec(code, namespace)
    return namespace[name]


class _Margins(ast.NodeTransformer):
    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(ast.Name("__compared", ast.Load()), [node, node.left, *node.comparators], [])


def margin(program: Program) -> tuple[float, bool]:
    """How far the arguments are from where the program has a kink, or would take another branch by a rounding error;
    and whether all that is compared is finite.

    Equal operands of a comparison are no danger: they are equal in every copy of the program.
    """
    least, finite = math.inf, True

    def compared(result: bool, *values: object) -> bool:
        nonlocal least, finite
        if any(isinstance(v, (float, np.ndarray)) for v in values):
            gaps = [abs(v - w) for v, w in zip(values, values[1:], strict=False)]  # type: ignore[operator]
            least = min([least, *(float(gap) for g in gaps for gap in np.reshape(g, -1) if gap > 0.0)])
            finite &= all(bool(np.isfinite(v).all()) for v in values)  # type: ignore[call-overload]
        return result

    def recording(fn):
        def wrapped(*values):
            nonlocal least
            gap = abs(values[0] - (values[1] if len(values) > 1 else 0.0))
            least = min(least, gap)
            return fn(*values)
        return wrapped

    tree = ast.fix_missing_locations(_Margins().visit(ast.parse(program.source)))
    namespace = {"__compared": compared, "abs": recording(abs), "max": recording(max), "min": recording(min)}
    exec(compile(tree, "<margins>", "exec"), namespace)
    namespace["f"](*program.args)
    return least, finite
