"""Functions that take part in their own call are not inlined: their calls stay calls, by name.

Before (``h`` calls ``power`` once more)::

    y = h(x) * power(x, n)

after, ``h`` inlined::

    t1 = power(x, 3)            # an Invoke
    t2 = t1 * x
    t3 = power(x, n)            # another
    y = t2 * t3
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gast

from s2sad.errors import S2sadError, UnsupportedSyntax
from s2sad.frontend.constants import constant
from s2sad.frontend.functions import Held
from s2sad.frontend.naming import LocalNames
from s2sad.frontend.ruled import rule_of
from s2sad.frontend.scopes import assigned_names, reassigned_inside
from s2sad.frontend.source import Module, UserFunction
from s2sad.ir.nodes import Arg, Atom, Const, ElementType, Invoke, ShapeOf, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions
    from s2sad.frontend.flatten import Flattener

Key = object
Shape = object
"""The structure of a result: ``None`` (nothing), ``()`` (one value), or a tuple of structures."""
VALUE: tuple = ("value",)


@dataclass(frozen=True)
class Callee:
    """A function whose calls stay calls, and the structure of what it returns."""

    user: UserFunction
    structure: Shape

    @property
    def name(self) -> str:
        return self.user.name


def recursive_functions(user: UserFunction) -> dict[Key, Callee]:
    """The functions, among those reachable from ``user``, that can reach themselves.

    >>> found = recursive_functions(UserFunction.from_callable(_example))
    >>> [c.name for c in found.values()]
    ['_example']
    """
    graph = _Graph()
    graph.visit(user)
    looping = [k for k in graph.functions if k in graph.reachable(k)]
    found = {k: Callee(graph.functions[k], graph.structure(graph.functions[k])) for k in looping}
    names: dict[str, Key] = {}
    for k, c in found.items():
        if names.setdefault(c.name, k) != k:
            raise UnsupportedSyntax(f"two recursive functions are called '{c.name}'", loc=c.user.loc(c.user.node),
                                    code="S2S004", hint="rename one of them")
    return found


def invoke(flat: Flattener, callee: Callee, given: dict[str, object], node: gast.Call) -> Arg:
    """Emit the call of a function that is not inlined; gives the names of what it returns."""
    if callee.user.fixed or set(given) != set(callee.user.params):
        flat.refuse(f"functions or '*' among the parameters of the recursive '{callee.name}': not supported yet", node,
                    code="S2S004", hint="call functions by their global names, with plain parameters")
    args = evaluated(flat, callee.user.params, given, node, f"the recursive function '{callee.name}'", "S2S004")
    target = names_of(flat.names, callee.structure)
    flat.emit(Invoke(target, callee.name, args, loc=flat.user.loc(node)))
    return Const(None) if target is None else target


def evaluated(flat: Expressions, params: tuple[str, ...], given: dict[str, object], node: gast.Call, called: str,
              code: str) -> tuple[Atom, ...]:
    """The arguments of a call that stays one, as atoms."""
    changing = reassigned_inside(node)
    values: dict[str, Atom] = {}
    for p, arg in given.items():
        match arg:
            case gast.AST():
                held = flat.value(arg)
            case Held(held):
                pass
            case _:
                held = flat.as_value(constant(flat, arg, node))
        if not isinstance(held, (str, Const)):
            kind = {TupleArg: "a tuple", ShapeOf: "a shape", ElementType: "a type"}.get(type(held), "a function")
            flat.refuse(f"{kind} as an argument of {called} is not supported yet",
                        arg if isinstance(arg, gast.AST) else node, code=code,
                        hint="call it by its global name" if kind == "a function" else "pass its elements")
        values[p] = flat.temporary(held) if changing and isinstance(held, str) else held
    return tuple(values[p] for p in params)


def names_of(names: LocalNames, structure: Shape) -> Arg | None:
    """Names for what a call returns."""
    if structure is None:
        return None
    if structure == VALUE:
        return names.temp()
    assert isinstance(structure, tuple)
    return TupleArg(tuple(names_of(names, s) or Const(None) for s in structure))


def structure_of(user: UserFunction) -> Shape:
    """The structure of what a function returns, as far as its source shows it."""
    graph = _Graph()
    graph.visit(user)
    return graph.structure(user)


class _Graph:
    """Which function calls which, by the names they mention."""

    def __init__(self) -> None:
        self.functions: dict[Key, UserFunction] = {}
        self.calls: dict[Key, dict[str, UserFunction]] = {}

    def visit(self, user: UserFunction) -> None:
        if user.key in self.functions:
            return
        self.functions[user.key] = user
        # what has a rule is called as it is, whatever it calls
        self.calls[user.key] = {} if rule_of(user) is not None else dict(_mentioned(user))
        for f in self.calls[user.key].values():
            self.visit(f)

    def reachable(self, key: Key) -> set[Key]:
        found: set[Key] = set()
        todo = [key]
        while todo:
            for f in self.calls[todo.pop()].values():
                if f.key not in found:
                    found.add(f.key)
                    todo.append(f.key)
        return found

    # -- what a function returns

    def structure(self, user: UserFunction, inside: frozenset[Key] = frozenset()) -> Shape:
        """The structure of the result, from a ``return`` that does not lead back to the function itself."""
        returns = [n for s in user.node.body for n in _nodes(s) if isinstance(n, gast.Return)]
        if not any(r.value is not None for r in returns):
            return None
        inside = inside | {user.key}
        known = [s for r in returns if (s := self._of(r.value, user, inside)) != "unknown"]
        return max(known, key=_size) if known else VALUE

    def _of(self, node: gast.AST | None, user: UserFunction, inside: frozenset[Key]) -> Shape:
        match node:
            case None | gast.Constant(value=None):
                return None
            case gast.Tuple(elts=elts):
                parts = [self._of(e, user, inside) for e in elts]
                return "unknown" if "unknown" in parts else tuple(parts)
            case gast.IfExp(body=a, orelse=b):
                first = self._of(a, user, inside)
                return self._of(b, user, inside) if first == "unknown" else first
            case gast.Call(func=func):
                f = self.calls[user.key].get(gast.unparse(func))
                if f is None:
                    return VALUE
                return "unknown" if f.key in inside else self.structure(f, inside)
            case gast.Name(id=name):
                for s in user.node.body:
                    for n in _nodes(s):
                        match n:
                            case gast.Assign(targets=[gast.Name(id=target)], value=gast.Tuple() | gast.Call() as value):
                                if target == name:
                                    return self._of(value, user, inside)
        return VALUE


def _size(structure: Shape) -> int:
    return 1 + sum(map(_size, structure)) if isinstance(structure, tuple) and structure != VALUE else 0


def _nodes(node: gast.AST) -> Iterator[gast.AST]:
    """A statement and what is in it, nested functions left out."""
    yield node
    for child in gast.iter_child_nodes(node):
        if not isinstance(child, (gast.FunctionDef, gast.Lambda, gast.AsyncFunctionDef)):
            yield from _nodes(child)


def _mentioned(user: UserFunction) -> Iterator[tuple[str, UserFunction]]:
    local = assigned_names(user.node) | set(user.params) | user.fixed.keys()
    seen: set[str] = set()

    def meaning(node: gast.AST) -> object:
        match node:
            case gast.Name(id=name) if name not in local:
                return user.lookup(name)
            case gast.Attribute(value=value, attr=attr):
                owner = meaning(value)
                return owner.member(attr) if isinstance(owner, Module) else None
        return None

    for s in user.node.body:
        for n in gast.walk(s):
            if isinstance(n, (gast.Name, gast.Attribute)) and (text := gast.unparse(n)) not in seen:
                seen.add(text)
                try:
                    found = meaning(n)
                except (S2sadError, LookupError):
                    continue                       # the frontend says what is wrong with it, if it gets there
                if isinstance(found, UserFunction):
                    yield text, found


def _example(x: float, n: int) -> float:
    return 1.0 if n == 0 else x * _example(x, n - 1)
