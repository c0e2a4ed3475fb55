"""What the derivatives of one specialisation share."""
from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from s2sad.analysis.activity import Activity
from s2sad.frontend import UserFunction
from s2sad.ir import Function
from s2sad.kinds.callees import Callees
from s2sad.optimise.parallelise import Wanted


@dataclass(frozen=True)
class Interface:
    """How a generated function relates to the user's.

    ``active`` parameters are followed by a tangent, or (arrays) by a shadow; ``mutated`` are array parameters the
    function writes to; ``result`` is the structure of the primal's result: ``None``, a numba type, or a nested tuple.
    ``tree`` is that structure with the containers the author returns, its leaves numbered. ``products_show``: see
    :func:`~s2sad.analysis.repeatable.shows_plain_products`.
    """

    params: tuple[str, ...]
    wrt: tuple[str, ...]
    active: tuple[str, ...]
    mutated: tuple[str, ...]
    result: object
    tree: object = None
    products_show: bool = False

    def of(self, params: tuple[str, ...]) -> Interface:
        """The same with the author's names of the parameters."""
        if params == self.params:
            return self
        own = dict(zip(self.params, params))
        wrt, active, mutated = (tuple(own[p] for p in names) for names in (self.wrt, self.active, self.mutated))
        return replace(self, params=params, wrt=wrt, active=active, mutated=mutated)


@dataclass(frozen=True)
class Analysed:
    """A user's function, lowered and analysed; ``author_names`` are the names its author chose."""

    user: UserFunction
    fn: Function
    interface: Interface
    active: Activity
    author_names: frozenset[str]
    callees: Callees | None = None
    optimised: bool = True
    parallel: Wanted = Wanted.NONE


Finish = Callable[[Function, Analysed, frozenset[str]], ast.FunctionDef]
"""Cleans up and prints a generated function; the names given are alive at its end."""

Built = tuple[list[ast.FunctionDef], str, tuple[str, ...]]
"""The functions of a module, the entry's name, and all entries' names."""
