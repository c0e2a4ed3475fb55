"""The functions a generated module calls by name: primals, tangents and adjoints of recursive functions.

A sweep that meets a call asks for the callee's derivative and gets its name and interface; the function itself is made
afterwards, by the driver, and may ask for more. Specialisations are by argument types and by which parameters carry a
derivative.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from numba import types as nbt

from s2sad.analysis.calls import argument_types
from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.frontend.ruled import rule_of
from s2sad.frontend.source import UserFunction
from s2sad.ir import Assign, Const, Effect, Function, Invoke
from s2sad.ir import walk as w
from s2sad.ir.draws import is_draw
from s2sad.ir.effects import has_effect
from s2sad.ir.names import Names
from s2sad.kinds.implicit import Generate
from s2sad.kinds.ruled import RuleFunction, rule_function

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
    made: RuleFunction | None = None
    """What there is already of the derivative of a function with a rule."""


@dataclass(frozen=True)
class Callee:
    """What a caller needs to know of a function it calls."""

    name: str
    interface: Interface
    pure: bool


class Callees:
    """Names and interfaces of what is called, and the list of what is still to be made."""

    def __init__(self, prepared: Callable[[UserFunction, Types], Prepared],
                 analysed: Callable[[UserFunction, Types, tuple[str, ...]], Analysed], generate: Generate,
                 taken: set[str]) -> None:
        self.analysed, self.generate = analysed, generate
        self._prepared = prepared
        self.names = Names(taken)
        self.known: dict[object, Wanted] = {}
        self.todo: list[Wanted] = []
        self._pure: dict[object, bool] = {}
        self._users: dict[object, UserFunction] = {}
        self._ruled: dict[object, RuleFunction] = {}
        self.texts: dict[str, UserFunction] = {}
        """Functions with rules of their own, which the module holds as they are written, if it calls them."""

    def prepared(self, user: UserFunction, argtypes: Types) -> Prepared:
        """A specialisation that is not differentiated here."""
        ready = self._prepared(user, argtypes)
        self.carry(ready.fn)
        return ready

    def reserve(self, kind: str, user: UserFunction, argtypes: Types, wrt: tuple[str, ...], name: str) -> None:
        """The module's own entry is this derivative: a recursive call may use it."""
        self.known[kind, user.key, argtypes, wrt] = Wanted(kind, self.one(user), argtypes, wrt, name)

    def carry(self, fn: Function) -> None:
        """Note the functions with rules among those that a function calls: their names are taken."""
        for name, user in fn.callees.items():
            rule, there = rule_of(user), self.texts.get(name)
            # a function and its copy in a generated module have one rule
            if rule is None or there is not None and (there.key == user.key or rule_of(there) is rule):
                continue
            if name in self.names.used:
                raise UnsupportedSyntax(f"the name '{name}' is needed for a generated function", loc=fn.loc,
                                        code="S2S009", hint=f"rename the function '{name}'")
            self.texts[name] = user
            self.names.used.add(name)

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
        if s.rule is not None:
            return s.fn, False
        user, argtypes = self.one(fn.callees[s.fn]), argument_types(s, fn.types)
        return self.wanted("primal", user, argtypes, ()).name, self.is_pure(user, argtypes)

    def rule_function(self, kind: str, s: Invoke, types: Mapping[str, Any], active: set[str]) -> RuleFunction:
        """The tangent or adjoint of a function with a rule, by the arguments that are active."""
        assert s.rule is not None
        literal = tuple(a if isinstance(a, Const) else None for a in s.args)
        results = tuple(types[t] for t in w.result_leaves(s.result) if isinstance(t, str))
        moving = tuple(isinstance(a, str) and a in active for a in s.args)
        key = kind, id(s.rule), literal, argument_types(s, types), results, moving
        if key not in self._ruled:
            name = self.names.fresh(s.fn.rpartition(".")[2] + KINDS[kind])
            made = self._ruled[key] = rule_function(kind, s, types, active, self.prepared, self.generate,
                                                          name)
            self.todo.append(Wanted("rule", made.user, (), (), name, made))
        return self._ruled[key]

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
                    if isinstance(s, Invoke) and s.rule is None:
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
    body = w.map_block(fn.body, lambda s: () if isinstance(s, Invoke) and s.rule is None else (s,))
    return has_effect(body)


