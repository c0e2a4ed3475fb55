"""What operators have in common: the program they belong to, calls from Python, and the compiled function."""
from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from numba import types

from s2sad.api.arguments import Wrt, WrtLike
from s2sad.api.lazy import Implementation, lazy_dispatcher
from s2sad.api.program import Program, Types
from s2sad.api.statics import static_type
from s2sad.api.structures import expressions
from s2sad.errors import BadCall
from s2sad.ir.trees import mapped, tree_of_type


class Compiled:
    """An object that is a compiled function to numba; ``implementation`` gives its code for some types."""

    __name__: str
    _entry: Any = None

    def _implementation(self, given: Types) -> Implementation:
        raise NotImplementedError

    def _options(self) -> dict[str, object]:
        raise NotImplementedError

    @property
    def _numba_type_(self) -> types.Type:
        # numba asks every object it does not know for its type.
        if self._entry is None:
            self._entry = lazy_dispatcher(self.__name__, self.__doc__ or "", self._implementation, self._options())
        return types.Dispatcher(self._entry)


class Operator(Compiled):
    """Base of operators: a derivative of ``of`` by ``wrt``."""

    def __init__(self, of: Program, wrt: Wrt, inherited: bool, name: str, doc: str) -> None:
        self._of, self._wrt, self._inherited = of, wrt, inherited
        self.__name__ = self.__qualname__ = name
        self.__doc__ = doc
        self.__signature__ = of.parameters.signature.replace(return_annotation=inspect.Signature.empty)
        self._plans: dict[object, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.__name__} by {', '.join(self._wrt.names)}>"

    def _options(self) -> dict[str, object]:
        return self._of.options

    @property
    def _asked(self) -> WrtLike:
        """``wrt`` as it was asked for."""
        return None if self._inherited else self._wrt.names[0] if self._wrt.single else self._wrt.names


def arguments(of: Program, name: str, given: Types, extra: int = 0) -> tuple[Types, list[str], dict[int, object]]:
    """Of arguments in compiled code: the types code is generated for, the expressions, and what converts them.

    As in calls from Python, strided arrays are taken as contiguous copies. ``extra`` arguments come first.
    """
    own = given[extra:]
    if len(own) != len(of.parameters.names):
        raise BadCall(f"{name} called from compiled code takes {len(of.parameters.names) + extra} arguments, not "
                      f"{len(given)}", code="S2S043", hint="give those with defaults, too")
    if any(static_type(t) is not None for t in own):
        raise BadCall(f"{name} called from compiled code takes no functions as arguments", code="S2S043",
                      hint="write a function that calls it with the function, and differentiate that")
    trees = tuple(map(tree_of_type, own))
    places = [place for k, t in enumerate(trees) for place in expressions(t, f"args[{k + extra}]")]
    casts: dict[int, object] = {k: np.ascontiguousarray for k, (t, _) in enumerate(places) if _strided(t)}
    argtypes = tuple(mapped(t, contiguous) for t in trees)
    if casts:
        of.require_no_ravel(argtypes)
    return argtypes, [text for _, text in places], casts


def _strided(t: Any) -> bool:
    return isinstance(t, types.Array) and t.layout == "A"


def contiguous(t: Any) -> Any:
    return t.copy(layout="C") if _strided(t) else t
