"""numba's typing context, with a memory of what calls of its own functions give.

Most of the time of type inference goes into finding, for each operation, the one of dozens of signatures that fits; a
program repeats a few of them (``float64 * float64``, an element of an array) over and over, and programs share them.
"""
from __future__ import annotations

from typing import Any

from numba.core import errors, types
from numba.core.types.misc import unliteral
from numba.core.typing import signature

from s2sad.frontend.ruled import rule_of_callable

PLAIN = (types.Number, types.Boolean, types.Array, types.Literal)
"""Arguments whose type says all there is to know: the answer for them never changes."""

MOST = 10_000
"""Literals are types of their own: without a limit a long-lived process would collect them."""


class Remembered:
    """A typing context that asks numba once a question. Everything but calls is passed on.

    Only numba's builtin functions are remembered, only for numbers and arrays, and only when they fit: a function that
    gets another signature becomes another type, hence another key.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._calls: dict[tuple, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, func: Any, args: tuple, kws: Any) -> Any:
        if kws or not isinstance(func, types.Function) or not all(isinstance(a, PLAIN) for a in args):
            return self._asked(func, args, kws)
        key = (func, args)
        found = self._calls.get(key)
        if found is None:
            found = _declared(func, args)
        if found is None:
            if len(self._calls) >= MOST:
                self._calls.clear()
            found = self._asked(func, args, kws)
        self._calls[key] = found
        return found

    def _asked(self, func: Any, args: tuple, kws: Any) -> Any:
        try:
            return self._context.resolve_function_type(func, args, kws)
        except AssertionError as e:             # how numba's methods of arrays refuse arguments that they do not take
            raise errors.TypingError("these arguments are not supported") from e


def _declared(func: types.Function, args: tuple) -> Any:
    """The signature of a library function whose rule says what it returns: numba would compile it to find out."""
    rule = rule_of_callable(func.typing_key)
    result = None if rule is None or rule.types is None else rule.types(*map(unliteral, args))
    return None if result is None else signature(result, *args)
