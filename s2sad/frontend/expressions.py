"""Expressions to A-normal form, with the names of one function and what they hold."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NoReturn

import gast
import numpy as np

from s2sad.array_functions import declared
from s2sad.errors import UnsupportedFunction, UnsupportedSyntax
from s2sad.frontend import functions, known, lists, structures
from s2sad.frontend.comparisons import compared
from s2sad.frontend.comprehensions import list_comprehension
from s2sad.frontend.conditionals import conditional, short_circuit
from s2sad.frontend.constants import constant
from s2sad.frontend.device import device_value
from s2sad.frontend.functions import HELD, FunctionArg
from s2sad.frontend.indexing import indices
from s2sad.frontend.naming import LocalNames
from s2sad.frontend.scopes import reassigned_inside
from s2sad.frontend.source import (
    Constant,
    Library,
    Meaning,
    Module,
    Several,
    TupleClass,
    UserFunction,
    parameters,
)
from s2sad.ir.nodes import (
    Arg,
    Assign,
    Atom,
    AugAssign,
    AugItem,
    Call,
    Const,
    Dim,
    DType,
    Effect,
    ElementType,
    GetItem,
    Invoke,
    Loc,
    Op,
    Opaque,
    Rhs,
    SetItem,
    ShapeOf,
    TupleArg,
)
from s2sad.ir.walk import walk

BINARY = {
    gast.Add: "add", gast.Sub: "sub", gast.Mult: "mul", gast.Div: "div", gast.FloorDiv: "floordiv", gast.Mod: "mod",
    gast.Pow: "pow", gast.MatMult: "matmul", gast.BitAnd: "and_", gast.BitOr: "or_", gast.BitXor: "xor",
    gast.LShift: "lshift", gast.RShift: "rshift",
}
UNARY = {gast.USub: "neg", gast.UAdd: "pos", gast.Not: "not", gast.Invert: "invert"}


class Conflict:
    """What a name holds where one path gives it a tuple and another something else."""


CONFLICT = Conflict()


def memory_written(block: Iterable) -> bool:
    """Whether statements write into arrays, or do anything else that outlives them."""
    return any(isinstance(s, (SetItem, AugItem, AugAssign, Effect, Invoke)) or lists.changes_memory(s)
               for s in walk(tuple(block)))


class Expressions:
    """Lowers expressions of one function; statements go to ``self.out``."""

    def __init__(self, user: UserFunction, names: LocalNames, prologue: list, stack: tuple[UserFunction, ...],
                 assigned: set[str], bases: dict[str, str]) -> None:
        self.user, self.names, self.prologue, self.stack = user, names, prologue, stack
        self.locals = assigned | set(parameters(user.node)) | user.fixed.keys() | {
            n for n in bases if "." not in n and n not in user.params}
        self.bases = bases
        self.outer: Expressions | None = user.frame  # type: ignore[assignment]
        """The frame of the function around this one."""
        self.caller: Expressions | None = None
        self.handed: frozenset[object] = frozenset()
        """The functions this one got as arguments."""
        self.fleeting = reassigned_inside(user.node)
        self.vars: dict[str, object] = {}
        self.out: list = []
        self.loc: Loc = user.loc(user.node)

    # -- statements under construction

    def emit(self, s: object) -> None:
        self.out.append(s)
        if isinstance(s, Assign) and lists.yields_list(s.value, self.names.lists):
            self.names.lists.add(s.target)
        if isinstance(s, Assign) and self.names.known is not None:
            known.note(self.names.known, s)

    def nested(self, body: Callable[[], object]) -> tuple:
        saved, self.out = self.out, []
        try:
            body()
            return tuple(self.out)
        finally:
            self.out = saved

    def alternatives(self, then: Callable[[], object], orelse: Callable[[], object], loc: Loc) -> tuple[tuple, tuple]:
        """Two blocks of which one runs: what names hold afterwards is what both agree on."""
        before = dict(self.vars)
        a = self.nested(then)
        after_then, self.vars = self.vars, before
        b = self.nested(orelse)
        for name, held in after_then.items():
            other = self.vars.setdefault(name, held)
            if isinstance(held, FunctionArg) and isinstance(other, FunctionArg) and held != other:
                self.vars[name], a, b = functions.chosen(self, held, other, a, b, loc)
            elif other != held:
                self.vars[name] = CONFLICT
        return a, b

    def same_structure(self, before: dict[str, object], loc: Loc) -> None:
        """A loop must leave what a name holds (a number, a tuple of two, ...) as it was."""
        for name, held in before.items():
            if self.vars.get(name) != held:
                what = "one function" if isinstance(held, FunctionArg) else "a tuple"
                raise UnsupportedSyntax(f"'{name}' holds {what} on one path and something else on another", loc=loc,
                                        code="S2S007", hint="use two names")

    def temporary(self, rhs: Rhs) -> str:
        name = self.names.temp()
        self.emit(Assign(name, rhs, self.loc))
        return name

    def refuse(self, what: str, node: gast.AST, hint: str = "", code: str = "", why: str = "") -> NoReturn:
        raise UnsupportedSyntax(what, loc=self.user.loc(node), hint=hint, code=code, why=why)

    # -- names

    def owner(self, name: str) -> Expressions | None:
        """The frame that a variable lives in: this one, or that of a function around this one."""
        frame: Expressions | None = self
        while frame is not None and name not in frame.locals:
            frame = frame.outer
        return frame

    def base(self, name: str) -> str:
        """The IR's name of a local of this function."""
        return self.bases[name]

    def element_names(self, name: str) -> set[str]:
        base = self.base(name)
        return {v for k, v in self.bases.items() if k.startswith(f"{base}.")}

    def element(self, key: str, base: str) -> str:
        if key not in self.bases:
            self.bases[key] = self.names.fresh(base)
        return self.bases[key]

    def bind(self, name: str, value: Rhs | Arg, loc: Loc) -> None:
        """Make a local hold a value: assign it, or its elements."""
        owner = self.owner(name)
        assert owner is not None
        base = owner.base(name)
        if owner is self:
            held = known.fixed(self, name, value)
            self.vars[name] = held if held is not None else self._bind(base, base, value, loc)
            return
        if owner.vars.get(name, base) != base or not isinstance(value, str | Const) and isinstance(value, HELD):
            raise UnsupportedSyntax(f"'{name}' of another function gets a tuple or function here", loc=loc,
                                    code="S2S007", hint="assign it in its own function")
        self._bind(base, base, value, loc)

    def _bind(self, key: str, base: str, value: Rhs | Arg, loc: Loc) -> Arg:
        match value:
            case TupleArg(items):
                parts: list[Arg] = []
                clobbered: set[str] = set()
                for k, item in enumerate(items):
                    parts.append(self.protected(item, clobbered))
                    place = f"{key}.{k}"
                    clobbered |= {own for p, own in self.bases.items() if p == place or p.startswith(f"{place}.")}
                out: list[Arg] = []
                for k, item in enumerate(parts):
                    if item == Const(None):
                        out.append(item)
                        continue
                    mine = self.element(f"{key}.{k}", f"{base}_{k}")
                    out.append(self._bind(f"{key}.{k}", mine, item, loc))
                return replace(value, items=tuple(out))
            case ShapeOf(array) | ElementType(array):
                mine = self.element(f"{key}.shape", f"{base}_of")
                self.emit(Assign(mine, array, loc))
                return replace(value, array=mine)
            case DType() | Opaque():
                return value
        if value != base:
            self.emit(Assign(base, value, self.loc if self.loc.line else loc))
        return base

    def protected(self, value: Arg, clobbered: set[str]) -> Arg:
        """The value, copied where a name in it is about to be assigned."""
        match value:
            case TupleArg(items):
                return replace(value, items=tuple(self.protected(i, clobbered) for i in items))
            case ShapeOf(array) | ElementType(array) if array in clobbered:
                return replace(value, array=self.temporary(array))
            case str() if value in clobbered:
                return self.temporary(value)
        return value

    def meaning(self, node: gast.AST) -> Meaning | None:
        """What a global or dotted name stands for; ``None`` if the expression is a value of this function."""
        loc = self.user.loc(node)
        try:
            match node:
                case gast.Name():
                    return None if self.owner(node.id) is not None else self.user.lookup(node.id, loc)
                case gast.Attribute():
                    owner = self.meaning(node.value)
                    if isinstance(owner, Module):
                        try:
                            return owner.member(node.attr)  # type: ignore[return-value]
                        except LookupError:
                            what = f"'{owner.name}' has no '{node.attr}'"
                            raise UnsupportedSyntax(what, loc=loc, code="S2S003",
                                                    hint="look the name up, or pass the value in the call") from None
                    if isinstance(owner, Library) and declared(f"{owner.name}.{node.attr}") is not None:
                        return Library(f"{owner.name}.{node.attr}")
                    if isinstance(owner, (Library, UserFunction)):
                        raise UnsupportedFunction(f"'{owner.name}.{node.attr}' is not supported", loc=loc,
                                                  hint="pass its value in the call, or write out what it computes")
        except UnsupportedFunction as e:
            if e.loc is None:
                e.loc = loc
            raise
        return None

    # -- expressions

    def atom(self, node: gast.AST) -> Atom:
        return self.as_atom(self.value(node), node)

    def as_atom(self, value: Arg, node: gast.AST) -> Atom:
        if isinstance(value, (str, Const)):
            return value
        if isinstance(value, FunctionArg):
            self.refuse("a function cannot be used as a value here", node, code="S2S023", hint="call it")
        what = {TupleArg: "a tuple", ShapeOf: "a shape", DType: "a type", ElementType: "a type"}[type(value)]
        hint = "pass it to what makes an array: `np.zeros(n, x.dtype)`" if what == "a type" else "use its elements"
        self.refuse(f"{what} cannot be used here", node, code="S2S007", hint=hint)

    def condition(self, node: gast.AST) -> Atom:
        """The value of an expression that decides something."""
        return lists.truth(self, self.atom(node))

    def array(self, node: gast.AST) -> str:
        value = self.value(node)
        if not isinstance(value, str):
            self.refuse("an array is needed here", node, hint="give an array: `np.array(...)`")
        return value

    def value(self, node: gast.AST) -> Arg:
        """The value of an expression as an atom, or a tuple of them."""
        held = self.rhs(node)
        if isinstance(held, HELD):
            return held
        loc, self.loc = self.loc, self.user.loc(node)
        name = self.temporary(held)
        self.loc = loc
        return name

    def argument(self, node: gast.AST) -> Arg:
        return self.value(node)

    def rhs(self, node: gast.AST, into: str | None = None) -> Rhs | Arg:
        """An expression as a right-hand side (its operands are emitted), or a tuple, shape or type.

        ``into`` names a scalar that is about to get the value and may get it early.
        """
        match node:
            case gast.Constant():
                return constant(self, node.value, node)
            case gast.Name() | gast.Attribute():
                return self.named(node)
            case gast.List(elts=[]):
                return lists.empty_list()
            case gast.Tuple() | gast.List():
                return TupleArg(tuple(self.spread(node.elts)))
            case gast.Dict():
                return structures.dict_of(self, node)
            case gast.BinOp():
                left, right = self.operand(node.left), self.operand(node.right)
                if isinstance(left, TupleArg) or isinstance(right, TupleArg):
                    if isinstance(node.op, gast.Mult):
                        return self.repeated(left, right, node)
                    if not isinstance(node.op, gast.Add):
                        self.refuse("this operation on a tuple is not supported yet", node, code="S2S007",
                                    hint="use its elements")
                    return self.concatenated(left, right, node)
                folded = known.folded(self, BINARY[type(node.op)], left, right)
                if folded is not None:
                    return folded
                return Op(BINARY[type(node.op)], (self.as_atom(left, node.left), self.as_atom(right, node.right)))
            case gast.UnaryOp():
                operand = self.atom(node.operand)
                if isinstance(node.op, gast.Not):
                    operand = lists.truth(self, operand)
                if isinstance(operand, Const):
                    if isinstance(node.op, gast.USub) and type(operand.value) in (int, float, complex):
                        return Const(-operand.value)
                    if isinstance(node.op, gast.Not):
                        return Const(not operand.value)
                return Op(UNARY[type(node.op)], (operand,))
            case gast.Compare():
                return compared(self, node)
            case gast.BoolOp():
                return short_circuit(self, node)
            case gast.IfExp():
                return conditional(self, node, into)
            case gast.Subscript():
                return self.subscript(node)
            case gast.Call():
                from s2sad.frontend.calls import call
                return call(self, node)
            case gast.Lambda():
                return functions.lambda_value(self, node)
            case gast.ListComp():
                return list_comprehension(self, node)  # type: ignore[arg-type]  # the class that has statements too
            case gast.NamedExpr():
                self.bind(node.target.id, self.value(node.value), self.user.loc(node))
                return self.named(node.target)
        self.refuse("this expression is not supported yet", node, hint="compute it before, and pass it in")

    def operand(self, node: gast.AST) -> Arg:
        """The value of an operand of ``+`` or ``*``, where a display is a list."""
        held = lists.listed(self, node)
        return self.value(node) if held is None else self.as_value(held)

    def as_value(self, rhs: Rhs | Arg) -> Arg:
        return rhs if isinstance(rhs, HELD) else self.temporary(rhs)

    def spread(self, nodes: Iterable[gast.AST]) -> list[Arg]:
        """The values of expressions in a row, those of ``*t`` one by one."""
        out: list[Arg] = []
        for node in nodes:
            if not isinstance(node, gast.Starred):
                out.append(self.value(node))
                continue
            held = self.value(node.value)
            if not isinstance(held, TupleArg):
                self.refuse("'*' needs a tuple", node, code="S2S007", hint="write the elements out")
            out += held.items
        return out

    def named(self, node: gast.AST) -> Rhs | Arg:
        owner = self.owner(node.id) if isinstance(node, gast.Name) else None
        if owner is not None:
            held = owner.vars.get(node.id, owner.base(node.id))
            if held is CONFLICT:
                self.refuse(f"'{node.id}' holds a tuple on one path and something else on another", node, code="S2S007",
                            hint="use two names")
            if isinstance(held, ShapeOf):
                held = known.shape(self, held)
            elif isinstance(held, ElementType):
                held = known.attribute(self, held.array, "dtype") or held
            # What the rest of the statement may change is read now.
            return functions.kept(self, held) if node.id in owner.fleeting else held  # type: ignore[return-value, arg-type]
        meaning = self.meaning(node)
        match meaning:
            case Constant(value):
                return constant(self, value, node)
            case Library(name):
                return self.library_value(name, node)
            case TupleClass():
                self.refuse("a class as a value is not supported", node, hint="call it by its name")
            case UserFunction() | Several():
                held = functions.function_of(meaning, self, node)
                if held is None:
                    self.refuse("this tuple is not supported", node, hint="make it of numbers or functions")
                return held
            case Module():
                self.refuse("a module is not a value", node, hint="name what you mean of it")
        assert isinstance(node, gast.Attribute)
        return self.attribute(node)

    def library_value(self, name: str, node: gast.AST) -> Arg:
        if name.startswith("cuda.") and isinstance(node, gast.Attribute):
            return device_value(self, name, node)
        plain = {"float": "float64", "int": "int64", "bool": "bool_", "complex": "complex128"}
        if name in plain:
            return DType(plain[name])
        short = name.removeprefix("np.")
        kind = getattr(np, short, None) if name.startswith("np.") else None
        if isinstance(kind, type) and issubclass(kind, np.generic):
            return DType(short)
        return FunctionArg(Library(name))

    def attribute(self, node: gast.Attribute) -> Rhs | Arg:
        held = self.value(node.value)
        if isinstance(held, TupleArg):
            return structures.attribute_of(self, held, node)
        match node.attr:
            case "real" | "imag":
                return Op(f"np.{node.attr}", (self.as_atom(held, node),))
            case "shape" if isinstance(held, str):
                return known.shape(self, ShapeOf(held))
            case "ndim" | "dtype" if (found := known.attribute(self, held, node.attr)) is not None:
                return found
            case "dtype" if isinstance(held, str) and held not in self.names.lists:
                return ElementType(held)
            case "size" | "ndim" if isinstance(held, str):
                return Call(f"np.{node.attr}", (held,))
            case "T" if isinstance(held, str):
                return Call("np.transpose", (held,))
        self.refuse(f"the attribute '.{node.attr}' is not supported yet", node,
                    hint="write `.ravel()`" if node.attr == "flat" else "use indices and '.shape'")

    def elements(self, value: Arg, count: int, node: gast.AST) -> list[Arg]:
        """The elements of something unpacked into ``count`` targets."""
        match value:
            case TupleArg(items):
                if len(items) != count:
                    self.refuse(f"{len(items)} values are unpacked into {count} targets", node,
                                hint="give as many targets as values")
                return list(items)
            case ShapeOf(array):
                return [self.temporary(Dim(array, k)) for k in range(count)]
            case str():
                return [self.temporary(GetItem(value, (Const(k),))) for k in range(count)]
        self.refuse("this cannot be unpacked", node, hint="unpack a tuple or a shape, or index it")

    def repeated(self, left: Arg, right: Arg, node: gast.AST) -> TupleArg:
        items, count = (left, right) if isinstance(left, TupleArg) else (right, left)
        if not isinstance(items, TupleArg) or items.container is not None or not isinstance(count, Const) \
                or type(count.value) is not int:
            self.refuse("a tuple is repeated a literal number of times only", node, code="S2S007",
                        hint="use an array, or write the elements out")
        return TupleArg(items.items * count.value)

    def concatenated(self, left: Arg, right: Arg, node: gast.AST) -> TupleArg:
        if not isinstance(left, TupleArg) or not isinstance(right, TupleArg):
            self.refuse("a tuple and something else cannot be joined", node, code="S2S007",
                        hint="join tuples: `t + (a,)`")
        kinds = {t.container.what if t.container is not None else "tuple" for t in (left, right)}
        if kinds - {"tuple", "namedtuple"}:
            self.refuse("only tuples can be joined", node, code="S2S007", hint="make a tuple of the elements")
        return TupleArg(left.items + right.items)

    # -- elements

    def subscript(self, node: gast.Subscript) -> Rhs | Arg:
        held = self.value(node.value)
        match held:
            case TupleArg():
                return structures.subscript_of(self, held, node)
            case ShapeOf(array):
                k = self.value(node.slice)
                if not isinstance(k, Const) or not isinstance(k.value, int):
                    self.refuse("a shape is indexed by a literal number only", node, code="S2S007",
                                hint="write the axis out: `x.shape[0]`")
                return Dim(array, int(k.value))
            case str():
                return GetItem(held, indices(self, node.slice))
        self.refuse("this cannot be indexed", node, hint="index an array or a tuple")
