"""Constant expressions in source that is not executed: a whitelist, with bounds on what evaluating may cost."""
from __future__ import annotations

import ast
import builtins
import cmath
import math
import operator
import warnings
from collections.abc import Callable
from typing import NoReturn

import numpy as np

from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.frontend.calls import arity
from s2sad.frontend.library import meaning
from s2sad.frontend.source import Constant, Library, Meaning, Module

MOST_BITS = 4096
"""Integers may grow to this; what is longer is no constant of a numerical program."""
MOST_ELEMENTS = 4096

BINARY: dict[type, Callable] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}
UNARY: dict[type, Callable] = {
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_, ast.Invert: operator.invert,
}
COMPARE: dict[type, Callable] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
CALLED_BUILTINS = frozenset({"abs", "bool", "complex", "float", "int", "len", "max", "min", "round"})
# Of these the result grows with the value of an argument, not with its length.
LARGEST_ARGUMENT = {"math.factorial": 300, "math.comb": 1000, "math.perm": 300, "round": 400}
OVER_SEQUENCES = frozenset({"math.fsum", "math.prod", "math.dist", "math.sumprod"})


class NotFoldable(Exception):
    """An expression, or a part of it, is not one of the constant expressions."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def fold(node: ast.expr, lookup: Callable[[str], Meaning]) -> Meaning:
    """What an expression stands for: a constant, or a library function or module it merely names.

    ``lookup`` gives the meaning of names. Nothing is called but functions of ``math`` and elementwise functions of
    NumPy, on numbers, short tuples and small arrays.

    Examples
    --------
    >>> def lookup(name):
    ...     return meaning({"math": math, "N": 3}[name], name)
    >>> fold(ast.parse("math.sqrt(2.0) * N", mode="eval").body, lookup).value
    4.242640687119286
    >>> try: fold(ast.parse("2 ** 10 ** 10", mode="eval").body, lookup)
    ... except NotFoldable as e: print(e.why)
    an integer with more than 4096 bits
    """
    named = _named(node, lookup)
    if named is not None:
        return named
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = _Evaluator(lookup).value(node)
            return meaning(value, "this")
    except NotFoldable:
        raise
    except RecursionError:
        raise NotFoldable("an expression nested too deeply") from None
    except (ArithmeticError, ValueError, TypeError, LookupError) as e:
        raise NotFoldable(f"evaluating it raises {type(e).__name__}: {e}") from None
    except UnsupportedFunction:
        raise NotFoldable(f"`{_text(node)}` is neither a number nor a tuple or array of numbers") from None


def _named(node: ast.expr, lookup: Callable[[str], Meaning]) -> Meaning | None:
    """The meaning of a plain or dotted name; ``None`` for anything else."""
    if isinstance(node, ast.Name):
        try:
            return lookup(node.id)
        except LookupError:
            raise NotFoldable(f"the name '{node.id}' is not known") from None
        except (UnsupportedFunction, UnsupportedSyntax) as e:
            raise NotFoldable(f"it uses '{node.id}'; {e.why or e.what}") from None
    if isinstance(node, ast.Attribute):
        owner = _named(node.value, lookup)
        if isinstance(owner, Module):
            try:
                return owner.member(node.attr)  # type: ignore[return-value]
            except (LookupError, UnsupportedFunction):
                raise NotFoldable(f"'{_text(node)}' is not known") from None
        if owner is not None:
            raise NotFoldable(f"the attribute '.{node.attr}' of a value")
    return None


class _Evaluator:
    def __init__(self, lookup: Callable[[str], Meaning]) -> None:
        self.lookup = lookup

    def value(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=bool() | int() | float() | complex() | str() | None as v):
                return _bounded(v)
            case ast.Name() | ast.Attribute():
                return self.constant(node)
            case ast.Tuple(elts=elts):
                return tuple(self.value(e) for e in elts)
            case ast.UnaryOp(op=op, operand=operand):
                return _bounded(UNARY[type(op)](_number(self.value(operand), node)))
            case ast.BinOp(op=op, left=left, right=right) if type(op) in BINARY:
                return self.binary(type(op), self.value(left), self.value(right), node)
            case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(o) in COMPARE for o in ops):
                values = [_number(self.value(v), node) for v in (left, *comparators)]
                return all(COMPARE[type(o)](a, b) for o, a, b in zip(ops, values, values[1:]))
            case ast.BoolOp(op=op, values=operands):
                result: object = None
                for operand in operands:
                    result = self.value(operand)
                    if bool(result) is isinstance(op, ast.Or):
                        break
                return result
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.value(body if self.value(test) else orelse)
            case ast.Subscript(value=base, slice=index):
                return self.element(self.value(base), self.value(index), node)
            case ast.Call():
                return self.call(node)
        _refuse(node)

    def constant(self, node: ast.expr) -> object:
        found = _named(node, self.lookup)
        if isinstance(found, Constant):
            return found.value
        _refuse(node)

    def binary(self, op: type, a: object, b: object, node: ast.expr) -> object:
        if op is ast.Add and isinstance(a, tuple) and isinstance(b, tuple) and len(a) + len(b) <= MOST_ELEMENTS:
            return a + b
        a, b = _number(a, node), _number(b, node)
        if isinstance(a, int) and isinstance(b, int):
            # Refused before it is computed: the result may be astronomically long.
            sizes: dict[type, int] = {ast.Pow: a.bit_length() * max(b, 0), ast.LShift: a.bit_length() + max(b, 0),
                                      ast.Mult: a.bit_length() + b.bit_length()}
            _short(sizes.get(op, 0))
        return _bounded(BINARY[op](a, b))

    def element(self, base: object, index: object, node: ast.expr) -> object:
        indices = index if isinstance(index, tuple) else (index,)
        if not isinstance(base, (tuple, np.ndarray)) or not all(isinstance(i, int) for i in indices):
            _refuse(node)
        return base[index]  # type: ignore[call-overload]

    def call(self, node: ast.Call) -> object:
        f = _named(node.func, self.lookup)
        if not isinstance(f, Library):
            _refuse(node)
        if f.name == "np.array":
            return self.array(node)
        if node.keywords:
            _refuse(node)
        args = [self.sequence(a) if f.name in OVER_SEQUENCES else self.value(a) for a in node.args]
        for a in args:
            if isinstance(a, int) and abs(a) > LARGEST_ARGUMENT.get(f.name, math.inf):
                raise NotFoldable(f"the argument of '{_text(node)}' is too large")
        space, _, short = f.name.partition(".")
        if not short and f.name in CALLED_BUILTINS:
            return _bounded(getattr(builtins, f.name)(*args))
        if space == "cmath" and not short.startswith("_"):
            return getattr(cmath, short)(*args)
        if space == "math" and not short.startswith("_"):
            return _bounded(getattr(math, short)(*args))
        if space == "np" and len(args) in arity(f.name):
            if any(isinstance(_number(a, node), int) and a.bit_length() > 63 for a in args):  # type: ignore[attr-defined]
                # NumPy would compute with Python's integers, and those with no bound.
                raise NotFoldable(f"an argument of '{_text(node)}' does not fit into 64 bits")
            return _bounded(getattr(np, short)(*args))
        _refuse(node)

    def array(self, node: ast.Call) -> np.ndarray:
        """``np.array`` of a nest of lists and tuples, perhaps with a dtype."""
        if len(node.args) != 1 or any(k.arg != "dtype" for k in node.keywords):
            _refuse(node)
        dtype: object = None
        for k in node.keywords:
            found = _named(k.value, self.lookup)
            if not isinstance(found, Library):
                _refuse(k.value)
            dtype = found.name.removeprefix("np.")
        made = np.array(self.sequence(node.args[0]), dtype=dtype)  # type: ignore[call-overload]
        if made.dtype.kind not in "bifc":
            _refuse(node)
        return _bounded(made)  # type: ignore[return-value]

    def sequence(self, node: ast.expr) -> object:
        if isinstance(node, (ast.List, ast.Tuple)):
            return tuple(self.sequence(e) for e in node.elts)
        return self.value(node)


def _number(value: object, node: ast.expr) -> object:
    """Operators are for numbers: of strings and tuples they make long ones, or format."""
    if isinstance(value, (bool, int, float, complex, np.generic, np.ndarray)):
        return value
    _refuse(node)


def _bounded(value: object) -> object:
    if isinstance(value, int):
        _short(value.bit_length())
    if isinstance(value, np.ndarray) and value.size > MOST_ELEMENTS:
        raise NotFoldable(f"an array with more than {MOST_ELEMENTS} elements")
    return value


def _short(bits: int) -> None:
    if bits > MOST_BITS:
        raise NotFoldable(f"an integer with more than {MOST_BITS} bits")


def _refuse(node: ast.expr) -> NoReturn:
    raise NotFoldable(f"`{_text(node)}` is not a constant expression")


def _text(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else text[:37] + "..."
