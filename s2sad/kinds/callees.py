"""The functions a generated module calls by name: primals, tangents and adjoints of recursive functions.

A sweep that meets a call asks for the callee's derivative and gets its name and interface; the function itself is made
afterwards, by the driver, and may ask for more. Specialisations are by argument types and by which parameters carry a
derivative.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from numba import types as nbt

from s2sad.analysis.calls import argument_types
from s2sad.errors import UnsupportedFunction
from s2sad.frontend.source import UserFunction
from s2sad.ir import Assign, Effect, Function, Invoke
from s2sad.ir import walk as w
from s2sad.ir.draws import is_draw
from s2sad.ir.effects import has_effect
from s2sad.ir.names import Names

if TYPE_CHECKING:
    from s2sad.kinds.analysed import Analysed, Interface

Types = tuple[nbt.Type, ...]


class Prepared(Protocol):
    """A specialisation ready for differentiation."""

    @property
    def fn(self) -> Function: ...

    @property
    def author_names(self) -> frozenset[str]: ...


KINDS = {"primal": "", "tangent": "_tangent", "adjoint": "_adjoint"}


@dataclass(frozen=True)
class Wanted:
    """One function of the module: a kind of derivative of a specialisation."""

    kind: str
    user: UserFunction
    argtypes: Types
    wrt: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Callee:
    """What a caller needs to know of a function it calls."""

    name: str
    interface: Interface
    pure: bool


class Callees:
    """Names and interfaces of what is called, and the list of what is still to be made."""

    def __init__(self, prepared: Callable[[UserFunction, Types], Prepared],
                 analysed: Callable[[UserFunction, Types, tuple[str, ...]], Analysed], taken: set[str]) -> None:
        self.prepared, self.analysed = prepared, analysed
        self.names = Names(taken)
        self.known: dict[object, Wanted] = {}
        self.todo: list[Wanted] = []
        self._pure: dict[object, bool] = {}
        self._users: dict[object, UserFunction] = {}

    def reserve(self, kind: str, user: UserFunction, argtypes: Types, wrt: tuple[str, ...], name: str) -> None:
        """The module's own entry is this derivative: a recursive call may use it."""
        self.known[kind, user.key, argtypes, wrt] = Wanted(kind, self.one(user), argtypes, wrt, name)

    def one(self, user: UserFunction) -> UserFunction:
        """The description of a function that all its callers share."""
        return self._users.setdefault(user.key, user)

    def wanted(self, kind: str, user: UserFunction, argtypes: Types, wrt: tuple[str, ...]) -> Wanted:
        key = kind, user.key, argtypes, wrt
        if key not in self.known:
            made = Wanted(kind, user, argtypes, wrt, self.names.fresh(user.name + KINDS[kind]))
            self.known[key] = made
            self.todo.append(made)
        return self.known[key]

    def primal(self, s: Invoke, fn: Function) -> tuple[str, bool]:
        """The name of the callee itself, and whether it is pure."""
        user, argtypes = self.one(fn.callees[s.fn]), argument_types(s, fn.types)
        return self.wanted("primal", user, argtypes, ()).name, self.is_pure(user, argtypes)

    def derivative(self, kind: str, s: Invoke, fn: Function, active: set[str]) -> Callee:
        """The callee's tangent or adjoint, by the arguments that are active."""
        user, argtypes = self.one(fn.callees[s.fn]), argument_types(s, fn.types)
        wrt = tuple(p for p, a in zip(user.params, s.args) if isinstance(a, str) and a in active)
        if kind == "adjoint":
            self._refuse_effects(user, argtypes)
        interface = self.analysed(user, argtypes, wrt).interface
        return Callee(self.wanted(kind, user, argtypes, wrt).name, interface, self.is_pure(user, argtypes))

    def is_pure(self, user: UserFunction, argtypes: Types) -> bool:
        """Whether neither the function nor what it calls raises or prints."""
        key = user.key, argtypes
        if key not in self._pure:
            self._pure[key] = all(not _effects(f) for f in self._reached(user, argtypes))
        return self._pure[key]

    def _reached(self, user: UserFunction, argtypes: Types) -> list[Function]:
        seen: dict[object, Function] = {}

        def visit(user: UserFunction, argtypes: Types) -> None:
            key = user.key, argtypes
            if key not in seen:
                fn = seen[key] = self.prepared(user, argtypes).fn
                for s in w.walk(fn.body):
                    if isinstance(s, Invoke):
                        visit(self.one(fn.callees[s.fn]), argument_types(s, fn.types))

        visit(user, argtypes)
        return list(seen.values())

    def _refuse_effects(self, user: UserFunction, argtypes: Types) -> None:
        for fn in self._reached(user, argtypes):
            for s in w.walk(fn.body):
                drawn = isinstance(s, Assign) and is_draw(s.value)
                if isinstance(s, Effect) or drawn:
                    what = "random draws" if drawn else "effects"
                    raise UnsupportedFunction(
                        f"{what} in a recursive function are not supported in reverse mode yet", loc=s.loc,
                        code="S2S004", why="its adjoint runs it again", hint="move it out of the recursion")


def _effects(fn: Function) -> bool:
    """Whether a function does more than compute and write to its arguments, calls left out."""
    body = w.map_block(fn.body, lambda s: () if isinstance(s, Invoke) else (s,))
    return has_effect(body)


