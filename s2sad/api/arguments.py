"""Binding of calls to a function's parameters, and what ``wrt`` names among them."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from s2sad.errors import BadCall, UnsupportedSyntax
from s2sad.ir.nodes import Loc

WrtLike: TypeAlias = "int | str | tuple[int | str, ...] | list[int | str] | None"


@dataclass(frozen=True)
class Wrt:
    """The parameters a derivative is taken by; ``single`` where the caller gave one and not a tuple of them."""

    names: tuple[str, ...]
    single: bool


@dataclass(frozen=True)
class Parameters:
    """The parameters of one function."""

    function: str
    names: tuple[str, ...]
    signature: inspect.Signature

    @classmethod
    def of(cls, f: Callable[..., object]) -> Parameters:
        signature = inspect.signature(f, follow_wrapped=False)
        for p in signature.parameters.values():
            if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                code = getattr(f, "__code__", None)
                loc = Loc(code.co_filename, code.co_firstlineno, 0) if code is not None else None
                raise UnsupportedSyntax(f"the parameter '{p}' of '{f.__name__}' takes any number of arguments", loc=loc,
                                        hint="give every parameter a name")
        return cls(f.__name__, tuple(signature.parameters), signature)

    def bind(self, args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[object, ...]:
        """All arguments in the order of the parameters, defaults filled in."""
        if not kwargs and len(args) == len(self.names) and not self._has_keyword_only:
            return args
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as e:
            raise BadCall(f"{self.function}: {e}", code="S2S043", hint=f"its parameters are {self.signature}") from None
        bound.apply_defaults()
        return tuple(bound.arguments[name] for name in self.names)

    def in_order(self, args: tuple[object, ...]) -> tuple[object, ...]:
        """Arguments given in the order of the parameters, keyword-only ones too, with defaults for the rest.

        >>> def f(x, *, k, d=2.0): pass
        >>> Parameters.of(f).in_order((1.0, 3.0))
        (1.0, 3.0, 2.0)
        """
        positional, by_name = in_order(self.signature, args)
        return self.bind(positional, by_name)

    @cached_property
    def _has_keyword_only(self) -> bool:
        return any(p.kind is p.KEYWORD_ONLY for p in self.signature.parameters.values())

    def index(self, name: str) -> int:
        return self.names.index(name)

    def wrt(self, wrt: WrtLike) -> Wrt:
        """Resolve indices and names; errors name the parameters there are.

        Examples
        --------
        >>> def f(x, nu): pass
        >>> Parameters.of(f).wrt(("nu", 0))
        Wrt(names=('nu', 'x'), single=False)
        """
        if not isinstance(wrt, (tuple, list)):
            return Wrt((self._one(wrt),), True)
        names = tuple(self._one(w) for w in wrt)
        if not names:
            raise self._bad("wrt is empty")
        for k, name in enumerate(names):
            if name in names[:k]:
                raise self._bad(f"wrt names '{name}' twice")
        return Wrt(names, False)

    def _one(self, w: object) -> str:
        if isinstance(w, str):
            if w not in self.names:
                raise self._bad(f"'{w}' in wrt is not a parameter of {self.function}")
            return w
        # bool is an int in Python, but no one means a position by it.
        if isinstance(w, bool) or not hasattr(w, "__index__"):
            raise self._bad(f"wrt takes a position, a parameter's name or a tuple of them, not {w!r}")
        k = w.__index__()
        if not -len(self.names) <= k < len(self.names):
            raise self._bad(f"there is no parameter {k} of {self.function} for wrt")
        return self.names[k]

    def _bad(self, what: str) -> BadCall:
        names = ", ".join(self.names) or "none"
        return BadCall(what, hint=f"the parameters of {self.function} are: {names}")


def in_order(signature: inspect.Signature, args: tuple[object, ...]) -> tuple[tuple[object, ...], dict[str, object]]:
    """How arguments in the order of the parameters are passed: by position, and by name where there is no other way."""
    named = [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    count = len(signature.parameters) - len(named)
    if len(args) > len(signature.parameters):
        return args, {}                    # too many, as binding them says
    return args[:count], dict(zip(named, args[count:]))
