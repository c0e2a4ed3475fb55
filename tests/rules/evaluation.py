"""Evaluates a rule's formulas in Python, with IEEE arithmetic, and finds the function a canonical name stands for."""
from __future__ import annotations

import ast
import builtins
import math
import operator
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import cache
from types import CodeType

import numpy as np

from s2sad.rules import RESULT, Rule
from s2sad.runtime import ieee
from s2sad.runtime.helpers import python_functions

_OPERATORS: dict[str, Callable] = {
    "div": operator.truediv, "not": operator.not_, "select": lambda c, a, b: a if c else b,
}


def function(name: str) -> Callable:
    """What a canonical name stands for, as plain Python code would call it."""
    space, _, attr = name.rpartition(".")
    if space:
        return getattr({"math": math, "np": np}[space], attr)
    if name in python_functions():
        return python_functions()[name]
    return _OPERATORS.get(name) or getattr(builtins, name, None) or getattr(operator, name)


def functions_in(formulas: Iterable[ast.expr]) -> set[str]:
    """Canonical names of the functions that formulas call."""
    calls = (n.func for f in formulas for n in ast.walk(f) if isinstance(n, ast.Call))
    return {func.id for func in calls if isinstance(func, ast.Name)}


def partial(rule: Rule, param: str, operands: Iterable[float], result: float) -> float:
    """The value of a partial derivative; integers stay integers, everything else is IEEE double precision."""
    space: dict[str, object] = {name: _double(name) for name in functions_in(rule.formulas())}
    space |= {p: x if isinstance(x, int) else np.float64(x) for p, x in zip(rule.params, operands)}
    space[RESULT] = np.float64(result)
    with np.errstate(all="ignore"):
        for term, formula in rule.where.items():
            space[term] = _value(formula, space)
        return float(_value(rule.partials[param], space))


def _value(formula: ast.expr, space: dict[str, object]) -> float:
    return eval(_compiled(formula), dict(space))  # noqa: S307


@cache
def _compiled(formula: ast.expr) -> CodeType:
    return compile(ast.Expression(_OfVariables().visit(deepcopy(formula))), "<formula>", "eval")


class _OfVariables(ast.NodeTransformer):
    """The case of a formula in which no operand is a literal."""

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        return ast.copy_location(ast.Constant(False), node) if isinstance(node.ops[0], ast.Is) else node


def _double(name: str) -> Callable:
    f = getattr(ieee, name[5:]) if name.startswith("math.") else function(name)

    def evaluate(*args):
        result = f(*args)
        return result if isinstance(result, int) else np.float64(result)

    return evaluate
