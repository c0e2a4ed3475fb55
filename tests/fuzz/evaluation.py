"""A program executed over numbers of another kind: its own source, with allocations and functions that know them."""
from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.fuzz.program import Program

SPELLED = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "abs": "fabs", "absolute": "fabs", "angle": "phase"}
"""NumPy's names for functions that ``math`` and ``mpmath`` call otherwise."""
ALLOCATE = ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like")


class Arrays:
    """``np`` for arrays of such numbers: what is not listed here NumPy does for objects, too."""

    def __init__(self, lift: Callable[[Any], Any], functions: Mapping[str, Callable]) -> None:
        self.lift, self.functions = lift, functions

    def lifted(self, a: Any) -> Any:
        """Numbers of that kind in the place of floats; integers and booleans stay."""
        if isinstance(a, np.ndarray):
            if a.dtype.kind != "f":
                return a
            return self.each(self.lift, a)
        return self.lift(a) if isinstance(a, (float, np.floating)) else a

    @staticmethod
    def each(f: Callable, a: np.ndarray) -> np.ndarray:
        out = np.empty(a.shape, object)
        for where in np.ndindex(a.shape):
            out[where] = f(a[where])
        return out

    def __getattr__(self, name: str) -> Any:
        if name in ALLOCATE:
            return lambda *a, **k: self.allocated(name, *a, **k)
        if name in ("float32", "float64"):
            return self.lift            # the tolerance allows for the rounding
        if name == "array":
            return lambda *a, **k: self.lifted(np.array(*a, **k))
        if name in ("real", "imag"):
            return lambda x: part(x, name)
        if name == "random":
            return Draws()
        f = self.functions.get(SPELLED.get(name, name))
        if f is None:
            return getattr(np, name)

        def apply(x: Any) -> Any:
            return self.each(lambda e: f(self.lift(e)), x) if isinstance(x, np.ndarray) else f(self.lift(x))
        return apply

    def allocated(self, name: str, *args: Any, **options: Any) -> np.ndarray:
        if name.endswith("_like"):
            args = (np.shape(args[0]), *args[1:])
        dtype = options.get("dtype", args[-1] if len(args) > 1 + name.startswith("full") else None)
        if dtype is not None and dtype != self.lift and np.dtype(dtype).kind not in "fc":
            return getattr(np, name.removesuffix("_like"))(*args, **options)
        fill = args[1] if name.startswith("full") else 1.0 if name.startswith("ones") else 0.0
        out = np.empty(args[0], object)
        for where in np.ndindex(out.shape):
            out[where] = self.lift(fill)
        return out


def part(x: Any, which: str) -> Any:
    """The real or the imaginary part of a number of such a kind, or of an array of them."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return Arrays.each(lambda e: getattr(e, which), x)
    return getattr(x, which)


class Draws:
    """``np.random``: the draws are those of the program, what locates and scales them are numbers of that kind."""

    def __getattr__(self, name: str) -> Any:
        if name in ("normal", "laplace", "logistic", "gumbel"):
            return lambda loc, scale, size=None: self.scaled(getattr(np.random, name)(0.0, 1.0, size), loc, scale)
        if name == "uniform":
            return lambda low, high, size=None: self.scaled(np.random.random(size), low, high - low)
        if name == "exponential":
            return lambda scale, size=None: self.scaled(np.random.standard_exponential(size), 0.0, scale)
        return getattr(np.random, name)

    @staticmethod
    def scaled(drawn: Any, loc: Any, scale: Any) -> Any:
        return drawn.astype(object) * scale + loc if isinstance(drawn, np.ndarray) else loc + scale * drawn


class _Parts(ast.NodeTransformer):
    """NumPy takes an array of objects for real; their parts are their own."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if node.attr not in ("real", "imag") or not isinstance(node.ctx, ast.Load) or ast.unparse(node.value) == "np":
            return node
        return ast.Call(ast.Name("__part", ast.Load()), [node.value, ast.Constant(node.attr)], [])


def evaluate(program: Program, args: tuple, lift: Callable[[Any], Any], functions: Mapping[str, Callable],
             real: Callable[[Any], float]) -> Any:
    """The program's value for arguments that are numbers, and arrays, of another kind; arrays are written to."""
    arrays = Arrays(lift, functions)
    scalar = SimpleNamespace(**{n: lambda *x, f=f: f(*map(lift, x)) for n, f in functions.items()}, pi=np.pi, e=np.e)

    def converted(x: Any) -> Any:
        return lift(x)

    space: dict[str, Any] = {"float": converted, "int": lambda x: int(real(x)), "bool": lambda x: bool(real(x)),
                             "__builtins__": {**vars(__import__("builtins"))}}
    code = program.source.replace("import math\n", "\n").replace("import numpy as np\n", "\n")
    space |= {"math": scalar, "np": arrays, "__name__": "other_numbers"}
    made: Any = code
    if "complex(" in code or "complex128" in code or "cmath" in code:
        made = ast.fix_missing_locations(_Parts().visit(ast.parse(code.replace("import cmath\n", "\n"))))
        space |= {"cmath": scalar, "__part": part, "complex": lambda re, im=0.0: lift(re) + lift(im) * 1j}
    exec(compile(made, "<other numbers>", "exec"), space)
    return space["f"](*args)
