"""A generated program: its text, its arguments, the live function."""
from __future__ import annotations

import ast
import hashlib
import linecache
import math
import operator
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

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


COMPARISONS: dict[type, Callable] = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
                                     ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne}


class _Margins(ast.NodeTransformer):
    """Each operand is still computed once: it may pop from a list, or draw."""

    made = 0

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if any(type(op) not in COMPARISONS for op in node.ops):
            return node
        tests: list[ast.expr] = []
        left = node.left
        for k, (op, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            again = right
            if k < len(node.ops) - 1:
                self.made += 1
                name = f"__middle_{self.made}"
                right, again = ast.NamedExpr(ast.Name(name, ast.Store()), right), ast.Name(name, ast.Load())
            kind = ast.Constant(type(op).__name__)
            tests.append(ast.Call(ast.Name("__compared", ast.Load()), [kind, left, right], []))
            left = again
        return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)


def margin(program: Program) -> tuple[float, bool]:
    """How far the arguments are from where the program has a kink, or would take another branch by a rounding error;
    and whether all that is compared is finite.

    Equal operands of a comparison are no danger: they are equal in every copy of the program.
    """
    least, finite = math.inf, True

    def compared(op: str, left: Any, right: Any) -> Any:
        nonlocal least, finite
        if isinstance(left, (float, np.ndarray)) or isinstance(right, (float, np.ndarray)):
            gaps = np.reshape(abs(left - right), -1)
            least = min([least, *(float(gap) for gap in gaps if gap > 0.0)])
            finite &= bool(np.isfinite(gaps).all())
        return compare[op](left, right)

    def recording(fn):
        def wrapped(*values):
            nonlocal least
            found = sorted(values[0]) if isinstance(values[0], list) else (*values, 0.0)[:max(len(values), 2)]
            least = min([least, *(abs(v - w) for v, w in zip(found, found[1:], strict=False))])
            return fn(*values)
        return wrapped

    compare = {op.__name__: f for op, f in COMPARISONS.items()}
    tree = ast.fix_missing_locations(_Margins().visit(ast.parse(program.source)))
    namespace: dict[str, Any] = {"__compared": compared, "__name__": "margins",
                                 "abs": recording(abs), "max": recording(max), "min": recording(min)}
    exec(compile(tree, "<margins>", "exec"), namespace)
    namespace["f"](*program.args)
    return least, finite
