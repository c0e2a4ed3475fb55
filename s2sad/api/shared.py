"""One array given for several parameters, one of which the function writes to: one storage, with one shadow.

Before::

    f(a, a, 3.0)                    # with `def f(x, y, n)`

after: the derivative of ``f`` with ``y`` as another name of ``x``::

    def f(x, n):
        y = x
        ...
"""
from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gast
import numpy as np

from s2sad.api.arguments import Parameters
from s2sad.api.program import Program, Types
from s2sad.errors import BadCall
from s2sad.frontend.source import UserFunction


def same_arrays(names: Sequence[str], args: Sequence[object], mutated: Sequence[int]) -> dict[str, str]:
    """For each parameter given an array that an earlier one was given too, and that is written to: the earlier one."""
    found: dict[str, str] = {}
    for j, b in enumerate(args):
        for i in range(j):
            if names[i] not in found and (i in mutated or j in mutated) and _same(args[i], b):
                found[names[j]] = names[i]
                break
    return found


def _same(a: object, b: object) -> bool:
    """Whether two arrays are the same elements of memory in the same order."""
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray) or not a.size:
        return False
    return a is b or (a.dtype == b.dtype and a.shape == b.shape and a.strides == b.strides
                      and a.__array_interface__["data"] == b.__array_interface__["data"])


def shared(whole: Program, same: Mapping[str, str]) -> Program:
    """The program of the other parameters: the same one for the same names."""
    key = ("shared", *same.items())
    if key not in whole.plans:
        whole.plans.setdefault(key, _SharedProgram(whole, same))
    return whole.plans[key]  # type: ignore[return-value]


def renamed(whole: Program, same: Mapping[str, str], names: Sequence[str], what: str) -> tuple[str, ...]:
    """What ``wrt`` or ``outputs`` names, for the program of the other parameters."""
    found = tuple(same.get(n, n) for n in names)
    for k, n in enumerate(found):
        if n in found[:k]:
            other = names[found.index(n)]
            raise BadCall(f"arguments '{other}' and '{names[k]}' of {whole.name} overlap: they are one array, which it "
                          f"writes to, and {what} names both", code="S2S051",
                          hint=f"name one of them in {what}: they are one array, whichever name it goes by")
    return found


def one_tangent(whole: Program, same: Mapping[str, str], tangents: Mapping[str, object]) -> dict[str, object]:
    """The tangents of the other parameters: that of an array is given under one of its names, or under all."""
    found = {n: t for n, t in tangents.items() if n not in same}
    for other, n in same.items():
        t = tangents[other]
        if found[n] is None:
            found[n] = t
        elif t is not None and not _same(t, found[n]):
            raise BadCall(f"arguments '{n}' and '{other}' of {whole.name} overlap: they are one array, which it writes "
                          "to, with two tangents", code="S2S051",
                          hint="give the tangent of the array once, and None for its other names")
    return found


class _SharedProgram(Program):
    """A program some of whose parameters are other names of others."""

    def __init__(self, whole: Program, same: Mapping[str, str]) -> None:
        kept = [p for n, p in whole.parameters.signature.parameters.items() if n not in same]
        signature = inspect.Signature([p.replace(default=p.empty, kind=p.KEYWORD_ONLY) for p in kept])
        super().__init__(Parameters(whole.name, tuple(p.name for p in kept), signature), whole.options, None,
                         whole.math)
        self.whole, self.same = whole, dict(same)
        self._user: UserFunction | None = None

    def user(self, argtypes: Types) -> UserFunction:
        if self._user is None:
            user = self.whole.user(argtypes)
            self._user = replace(user, node=self._with_names(user.node), params=self.parameters.names, identity=self)
        return self._user

    def _with_names(self, node: gast.FunctionDef) -> gast.FunctionDef:
        def name(n: str, ctx: gast.AST) -> gast.AST:
            return gast.copy_location(gast.Name(n, ctx, None, None), node)

        head: list[Any] = [gast.copy_location(gast.Assign([name(y, gast.Store())], name(x, gast.Load()), None), node)
                           for y, x in self.same.items()]
        return gast.copy_location(gast.FunctionDef(
            node.name, node.args, [*head, *node.body], node.decorator_list, node.returns, node.type_comment), node)
