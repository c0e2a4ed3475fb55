"""A rule's formula for one operation: operands put in, simplified, and emitted as IR.

``x**2`` with the rule ``y * x**(y - 1)`` gives ``2 * x``; a formula that reduces to a literal needs nothing from the
primal, which is what keeps linear code off the tape.
"""
from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from s2sad.ir import Atom, Const, Op, Rhs
from s2sad.rules.table import Rule

RESULT = "Ω"


@dataclass(frozen=True)
class Node:
    fn: str
    args: tuple[Formula, ...]


Formula: TypeAlias = "Node | str | Const"

_BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
           ast.FloorDiv: "floordiv", ast.Mod: "mod"}
_COMPARE = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}
_FOLD: dict[str, Callable] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "pow": lambda a, b: a ** b,
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "neg": lambda a: -a, "not": lambda a: not a,
    "and_": lambda a, b: a and b, "or_": lambda a, b: a or b,
}


def partials(rule: Rule, args: tuple[Atom, ...]) -> Mapping[int, Formula]:
    """The partial derivative by each operand that has one, over the operands' names, literals and ``Ω``.

    >>> from s2sad.rules.table import lookup
    >>> partials(lookup("math.pow"), ("x", Const(2)))[0]
    Node(fn='mul', args=(Const(value=2), 'x'))
    >>> partials(lookup("math.exp"), ("x",))
    {0: 'Ω'}
    """
    env: dict[str, Formula] = dict(zip(rule.params, args))
    for name, shared in getattr(rule, "where", {}).items():
        env[name] = _build(shared, env)
    return {k: _build(rule.partials[p], env) for k, p in enumerate(rule.params) if p in rule.partials and k < len(args)}


def needed(f: Formula) -> set[str]:
    """Names a formula reads, ``Ω`` among them.

    >>> needed(Node("mul", (Const(2), "x")))
    {'x'}
    """
    if isinstance(f, Node):
        return {n for a in f.args for n in needed(a)}
    return {f} if isinstance(f, str) else set()


def emit(f: Formula, result: Atom, temp: Callable[[Rhs], str]) -> Atom:
    """Emit the operations of a formula; ``result`` stands for ``Ω``."""
    if isinstance(f, Node):
        return temp(Op(f.fn, tuple(emit(a, result, temp) for a in f.args)))
    return result if f == RESULT else f


def _build(e: ast.expr, env: Mapping[str, Formula]) -> Formula:
    match e:
        case ast.Expression(body):
            return _build(body, env)
        case ast.Constant(value):
            return Const(value)
        case ast.Name("pi"):
            return Const(math.pi)
        case ast.Name(name):
            return RESULT if name == RESULT else env[name]
        case ast.UnaryOp(ast.USub(), x):
            return _simplify("neg", _build(x, env))
        case ast.UnaryOp(ast.Not(), x):
            return _simplify("not", _build(x, env))
        case ast.BinOp(a, op, b):
            return _simplify(_BINARY[type(op)], _build(a, env), _build(b, env))
        case ast.Compare(a, [ast.Is()], [ast.Constant(int(value))]):
            return Const(_is(_build(a, env), value))
        case ast.Compare(a, [op], [b]):
            return _simplify(_COMPARE[type(op)], _build(a, env), _build(b, env))
        case ast.BoolOp(op, values):
            name = "and_" if isinstance(op, ast.And) else "or_"
            out = _build(values[0], env)
            for v in values[1:]:
                out = _simplify(name, out, _build(v, env))
            return out
        case ast.IfExp(test, a, b):
            c = _build(test, env)
            if isinstance(c, Const):
                return _build(a if c.value else b, env)
            return _simplify("select", c, _build(a, env), _build(b, env))
        case ast.Call(ast.Name(name), args):
            return Node(_function(name), tuple(_build(a, env) for a in args))
    raise AssertionError(f"not a formula: {ast.dump(e)}")


def _function(name: str) -> str:
    return f"math.{name}" if hasattr(math, name) else name


def _is(f: Formula, value: float) -> bool:
    return isinstance(f, Const) and not isinstance(f.value, bool) and f.value == value


def _simplify(fn: str, *args: Formula) -> Formula:
    if fn in _FOLD and all(isinstance(a, Const) for a in args):
        return Const(_FOLD[fn](*(a.value for a in args)))  # type: ignore[union-attr]
    match fn, args:
        case "mul", (a, b) if _is(a, 1):
            return b
        case ("mul" | "div" | "pow"), (a, b) if _is(b, 1):
            return a
        case "mul", (a, b) if _is(a, -1):
            return _simplify("neg", b)
        case "mul", (Node("neg", (a,)), b):
            return _simplify("neg", _simplify("mul", a, b))
        case "pow", (_, b) if _is(b, 0):
            return Const(1.0)
        case ("add" | "sub"), (a, b) if _is(b, 0):
            return a
        case "add", (a, b) if _is(a, 0):
            return b
        case "neg", (Node("neg", (a,)),):
            return a
        case "select", (_, a, b) if a == b:
            return a
    return Node(fn, args)
