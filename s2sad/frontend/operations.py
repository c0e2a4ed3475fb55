"""What numba gives for one operation on operands of known types: asked once a question, remembered after."""
from __future__ import annotations

import builtins
import cmath
import math
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import permutations
from typing import Any, TypeAlias

import numpy as np
from numba.core import errors
from numba.core import types as numba_types

types: Any = numba_types
Type: TypeAlias = Any
"""A type of numba's, which declares little about them."""

BINARY: dict[str, Any] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow, "matmul": operator.matmul,
    "and_": operator.and_, "or_": operator.or_, "xor": operator.xor, "lshift": operator.lshift,
    "rshift": operator.rshift,
}
COMPARE: dict[str, Any] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
    "is_": operator.is_, "is_not": operator.is_not,
}
UNARY: dict[str, Any] = {"neg": operator.neg, "pos": operator.pos, "invert": operator.invert, "not": operator.not_}
IN_PLACE: dict[str, Any] = {
    "add": operator.iadd, "sub": operator.isub, "mul": operator.imul, "div": operator.itruediv,
    "floordiv": operator.ifloordiv, "mod": operator.imod, "pow": operator.ipow, "matmul": operator.imatmul,
    "and_": operator.iand, "or_": operator.ior, "xor": operator.ixor, "lshift": operator.ilshift,
    "rshift": operator.irshift,
}
MODULES = {"np": np, "math": math, "cmath": cmath}
LITERALS = (bool, int, float, complex, str, type(None))
TYPE_DEPENDENT = frozenset({"isinstance", "hasattr"})
"""Functions on which numba decides branches."""

MOST = 100_000
"""Literals are types of their own: without a limit a long-lived process would collect them."""


class Unresolved(Exception):
    """numba has no type for this, or it is nothing that is decided here."""


class Operations:
    """numba's typing context, one operation at a time. Only answers are remembered, never failures.

    Raises
    ------
    Unresolved
        By every method, where numba does not take the operands.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._known: dict[tuple, Type] = {}
        self._alive: list[Sequence[Type]] = []     # codes are those of the types that exist
        self._functions: dict[str, Any] = {}

    def _remembered(self, key: tuple, args: Sequence[Type], find: Callable[[], Type | None]) -> Type:
        try:
            with warnings.catch_warnings():                      # who compiles the result will be warned
                warnings.simplefilter("ignore", errors.NumbaWarning)
                found = find()
        except (errors.NumbaError, AttributeError, NotImplementedError) as e:
            raise Unresolved from e
        if found is None or not found.is_precise():
            raise Unresolved
        if len(self._known) >= MOST:
            self._known.clear()
            self._alive.clear()
        self._alive.append(args)
        self._known[key] = found
        return found

    def literal(self, value: object) -> Type:
        if type(value) not in LITERALS:
            raise Unresolved
        try:
            return self._context.resolve_value_type_prefer_literal(value)
        except ValueError as e:
            raise Unresolved from e

    # -- calls

    def call(self, function: Type, args: tuple[Type, ...], keywords: tuple[str, ...] = ()) -> Type:
        """The result of a call; the last arguments are those with keywords."""
        key = (function._code, keywords, *[a._code for a in args])
        known = self._known.get(key)
        if known is not None:
            return known

        def find() -> Type | None:
            callee = function.instance_type if isinstance(function, types.TypeRef) else function
            plain = len(args) - len(keywords)
            signature = self._context.resolve_function_type(callee, args[:plain], dict(zip(keywords, args[plain:])))
            return None if signature is None else signature.return_type

        return self._remembered(key, (function, *args), find)

    def function(self, name: str, helpers: Mapping[str, object]) -> Type:
        """The type of a function by its dotted name."""
        first, *rest = name.split(".")
        if first in helpers:
            return self._value(helpers[first])
        known = self._functions.get(name)
        if known is None:
            if first in TYPE_DEPENDENT or first not in MODULES and not hasattr(builtins, first):
                raise Unresolved
            known = self._value(MODULES[first] if first in MODULES else getattr(builtins, first))
            for attribute in rest:
                known = self.attribute(known, attribute)
            self._functions[name] = known
        return known

    def _value(self, value: object) -> Type:
        try:
            return self._context.resolve_value_type(value)
        except ValueError as e:
            raise Unresolved from e

    def operator(self, fn: Any, args: tuple[Type, ...]) -> Type:
        """The result of an operator of :mod:`operator`, or of another of numba's named operations."""
        key = (fn, *[a._code for a in args])
        known = self._known.get(key)
        return self._remembered(key, args, lambda: self._resolved(fn, args)) if known is None else known

    def _resolved(self, fn: Any, args: tuple[Type, ...]) -> Type | None:
        callee = fn if isinstance(fn, str) else self._value(fn)
        signature = self._context.resolve_function_type(callee, args, {})
        return None if signature is None else signature.return_type

    def attribute(self, value: Type, name: str) -> Type:
        key = ("attribute", name, value._code)
        known = self._known.get(key)
        return known if known is not None else self._remembered(
            key, (value,), lambda: self._context.resolve_getattr(value, name))

    # -- elements

    def element(self, array: Type, index: Type) -> Type:
        if not is_plain_array(array):
            raise Unresolved
        return self.operator(operator.getitem, (array, index))

    def set_element(self, array: Type, index: Type, value: Type) -> Type:
        if not is_plain_array(array):
            raise Unresolved
        return self.operator(operator.setitem, (array, index, value))

    def counter(self, bounds: tuple[Type, ...]) -> Type:
        """The variable of a loop over ``range``."""
        key = ("counter", *[b._code for b in bounds])
        known = self._known.get(key)
        return known if known is not None else self._remembered(key, bounds, lambda: self._counter(bounds))

    def _counter(self, bounds: tuple[Type, ...]) -> Type:
        over = self.call(self.function("range", {}), bounds)
        pair = self.operator("iternext", (self.operator("getiter", (over,)),))
        if not isinstance(pair, types.Pair):
            raise Unresolved
        return pair.first_type

    # -- several types at once

    def tuple_of(self, items: tuple[Type, ...]) -> Type:
        key = ("tuple", *[t._code for t in items])
        known = self._known.get(key)
        if known is not None:
            return known
        same = bool(items) and all(t == items[0] for t in items)
        return self._remembered(
            key, items, lambda: types.UniTuple(items[0], len(items)) if same else types.Tuple(items))

    def list_of(self, items: tuple[Type, ...]) -> Type:
        key = ("list", *[t._code for t in items])
        known = self._known.get(key)
        return known if known is not None else self._remembered(key, items, lambda: self._list(items))

    def _list(self, items: tuple[Type, ...]) -> Type | None:
        one = self._context.unify_types(*items) if items else None
        if one is None:
            return None
        literal = all(isinstance(t, types.Literal) for t in items)
        return types.List(one, initial_value=[t.literal_value for t in items] if literal else None)

    def both(self, a: Type, b: Type) -> Type:
        """The type of a value that is of one type or of the other."""
        if a is b:
            return a
        key = ("both", a._code, b._code)
        known = self._known.get(key)
        return known if known is not None else self._remembered(
            key, (a, b), lambda: self._context.unify_pairs(a, b))

    def one(self, of: Iterable[Type]) -> Type:
        """The type of a name that has values of all these types, where their order does not matter."""
        kinds = tuple(dict.fromkeys(of))
        if len(kinds) == 1:
            return kinds[0]
        if not kinds:
            raise Unresolved
        key = ("one", *[t._code for t in kinds])
        known = self._known.get(key)
        return known if known is not None else self._remembered(key, kinds, lambda: self._one(kinds))

    def _one(self, kinds: tuple[Type, ...]) -> Type | None:
        if len(kinds) > 4:
            return None
        found = {self._context.unify_types(*order) for order in permutations(kinds)}
        for first, *rest in permutations(kinds):
            for t in rest:
                first = self.both(first, t)
            found.add(first)
        return found.pop() if len(found) == 1 else None


def is_plain_array(t: Type) -> bool:
    """Whether a type is an array of numbers or truth values."""
    return isinstance(t, types.Array) and isinstance(t.dtype, (types.Number, types.Boolean))
