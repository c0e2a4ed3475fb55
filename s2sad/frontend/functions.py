"""Functions as values: held in names, passed on, chosen, defined inside.

They live in what names *hold* and never in the IR: a call of one is inlined where it stands. A nested function finds
the variables of the function around it in that function's frame, at the moment it is called, as in Python and numba.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import gast

from s2sad.frontend.constants import constant
from s2sad.frontend.source import Constant, Library, Meaning, Several, UserFunction, as_definition, parameters
from s2sad.ir.nodes import Arg, Assign, Atom, Const, DType, ElementType, If, Loc, Opaque, Rhs, ShapeOf, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions


@dataclass(frozen=True)
class Choice:
    """One of two functions, by a flag in the IR that was set where the choice was made."""

    flag: str
    then: FunctionArg
    orelse: FunctionArg


@dataclass(frozen=True, eq=False)
class FunctionArg(Opaque):
    """A function that an expression stands for or that a name holds."""

    of: Callee

    @property
    def key(self) -> object:
        return self.of.key if isinstance(self.of, UserFunction) else self.of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionArg) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


Callee: TypeAlias = "Library | UserFunction | Choice"

HELD = (str, Const, TupleArg, ShapeOf, DType, ElementType, Opaque)
"""What a name can hold: what needs no statement to be there."""


@dataclass(frozen=True)
class Held:
    """An argument or default that has been evaluated already."""

    value: Arg


# ---------------------------------------------------------------------------- making them

def define(flat: Expressions, node: gast.FunctionDef) -> None:
    """``def`` inside a function: its name holds the function from here on."""
    if node.decorator_list:
        flat.refuse("a decorator of a function inside a function is not supported", node.decorator_list[0],
                    hint="remove it: the function is compiled with the one around it")
    flat.bind(node.name, nested(flat, node, node.name), flat.user.loc(node))


def lambda_value(flat: Expressions, node: gast.Lambda) -> FunctionArg:
    return nested(flat, as_definition(node), "lambda_")


def nested(flat: Expressions, made: gast.FunctionDef, name: str) -> FunctionArg:
    """A function of this frame. Its defaults are evaluated here and now, its free names when it is called."""
    a = made.args
    positional = [*a.posonlyargs, *a.args]
    with_default = [*zip(positional[len(positional) - len(a.defaults):], a.defaults),
                    *((p, d) for p, d in zip(a.kwonlyargs, a.kw_defaults) if d is not None)]
    defaults: dict[str, object] = {p.id: Held(kept(flat, flat.value(d))) for p, d in with_default}
    outer = flat.user
    user = UserFunction(name, made, outer.file, outer.first_line, outer.lines, parameters(made), defaults, {}, None,
                        outer.scope)
    return FunctionArg(replace(user, frame=flat, identity=object()))


def kept(flat: Expressions, value: Arg) -> Arg:
    """The value as it is now, whatever is assigned to the names in it later."""
    match value:
        case TupleArg(items):
            return replace(value, items=tuple(kept(flat, i) for i in items))
        case ShapeOf(array) | ElementType(array):
            return replace(value, array=flat.temporary(array))
        case str():
            return flat.temporary(value)
    return value


def function_of(meaning: Meaning, flat: Expressions, node: gast.AST) -> Arg | None:
    """What a global that is no number holds: a function, or a tuple with functions in it."""
    match meaning:
        case UserFunction():
            return FunctionArg(meaning)
        case Library(name):
            return flat.library_value(name, node)
        case Several(parts):
            items = []
            for p in parts:
                held = function_of(p, flat, node)  # type: ignore[arg-type]
                if held is None and isinstance(p, Constant):
                    held = flat.as_value(constant(flat, p.value, node))
                if held is None:
                    return None
                items.append(held)
            return TupleArg(tuple(items))
    return None


# ---------------------------------------------------------------------------- calling them

def apply(flat: Expressions, of: Callee, node: gast.Call) -> Rhs | Arg:
    """Lower a call of a function that is known."""
    match of:
        case Library(name):
            from s2sad.frontend.calls import library_call
            return library_call(flat, name, node)
        case UserFunction() as helper:
            from s2sad.frontend.inline import inline
            return inline(flat, helper, node)  # type: ignore[arg-type]  # the class that has statements too
        case Choice(flag, then, orelse):
            return either(flat, flag, lambda: apply(flat, then.of, node), lambda: apply(flat, orelse.of, node), node)


def either(flat: Expressions, test: Atom, then: Callable[[], Rhs | Arg], orelse: Callable[[], Rhs | Arg],
           node: gast.AST, into: str | None = None) -> Arg:
    """The value of one of two expressions, which may go into the scalar ``into``."""
    target, loc = into or flat.names.temp(), flat.loc
    seen: list[Arg] = []

    def side(value: Callable[[], Rhs | Arg]) -> None:
        seen.append(flat._bind(target, target, value(), loc))

    a, b = flat.alternatives(lambda: side(then), lambda: side(orelse), loc)
    if seen[0] != seen[1]:
        first, second = seen
        if not isinstance(first, FunctionArg) or not isinstance(second, FunctionArg):
            flat.refuse("the two sides must be of the same kind", node, code="S2S007", hint="compare their elements")
        held, a, b = chosen(flat, first, second, a, b, loc)
        flat.emit(If(test, a, b, loc))
        return held
    flat.emit(If(test, a, b, loc))
    return seen[0]


def chosen(flat: Expressions, then: FunctionArg, orelse: FunctionArg, a: tuple, b: tuple,
           loc: Loc) -> tuple[FunctionArg, tuple, tuple]:
    """The function held after two blocks of which one runs, and the blocks, which note which one it is."""
    flag = flat.names.flag("first")
    held = FunctionArg(Choice(flag, then, orelse))
    return held, (*a, Assign(flag, Const(True), loc)), (*b, Assign(flag, Const(False), loc))


def without_functions(flat: Expressions, value: Arg, node: gast.AST) -> Arg:
    """The value, refused where a function is in it: functions of libraries take numbers and arrays."""
    if isinstance(value, FunctionArg):
        flat.refuse("a function cannot be an argument here", node, code="S2S023",
                    hint="pass functions to functions of your own")
    if isinstance(value, TupleArg):
        for item in value.items:
            without_functions(flat, item, node)
    return value
