"""The values of a function, in program order: one for each assignment and operation, and where paths meet.

This is what numba makes of the printed function by way of bytecode (``static single assignment``), made of the IR.
"""
from __future__ import annotations

import ast
import builtins
import dis
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from numba.core import types

from s2sad.emit.pyast import AS_ATTRIBUTE, AS_METHOD, AS_PART, TAKE_LISTS, ToPython
from s2sad.frontend.operations import BINARY, COMPARE, IN_PLACE, UNARY, Operations, Unresolved, is_plain_array
from s2sad.ir.draws import GENERATOR
from s2sad.ir.nodes import (
    Alloc,
    Arg,
    Assign,
    AugAssign,
    AugItem,
    Block,
    Call,
    Const,
    Dim,
    DType,
    Effect,
    ElementType,
    Ellipsis_,
    For,
    Function,
    GetItem,
    Grow,
    If,
    Increment,
    Index,
    Load,
    NewAxis,
    Op,
    Permute,
    Raise,
    Rhs,
    SetItem,
    ShapeOf,
    Slice,
    Stmt,
    Store,
    TupleArg,
    While,
)
from s2sad.ir.walk import all_names, binds, walk

NESTED = 15
"""Loops in loops: Python compiles 20, and says so."""

Held: TypeAlias = "dict[str, int]"
"""The value of each name at a point of the function."""

UNDEFINED = -1
"""What a name holds on a path that does not assign it."""
LOADS = {"RESUME", "LOAD_CONST", "LOAD_SMALL_INT", "RETURN_VALUE", "RETURN_CONST"}
"""The instructions of a literal."""


@dataclass(frozen=True)
class Rule:
    """The type of a value from those of others; without a function, of the values that meet in it."""

    target: int
    find: Callable[..., types.Type] | None
    args: tuple[int, ...]


class Values:
    """The values of a function in program order, and what their types follow from."""

    def __init__(self, fn: Function, argtypes: Mapping[str, types.Type], helpers: Mapping[str, object],
                 operations: Operations) -> None:
        self.fn, self.helpers, self.operations = fn, helpers, operations
        self.names = all_names(fn)
        if fn.callees or not self.names.isdisjoint(("np", "math", "cmath")):
            raise Unresolved
        self.types: list[types.Type | None] = []
        self.named: dict[int, str] = {}
        self.rules: list[Rule] = []
        self.joins: dict[int, list[int]] = {}
        self.literals: dict[Const | None, int] = {}
        self.decisions: dict[int, tuple[int, ...]] = {}     # copies, and operators of two operands
        self.constants: set[int] = set()
        self.tests: list[int] = []
        self.depth = 0
        self.truth = operations.function("bool", {})
        env: Held = {}
        for p in fn.params:
            if not is_plain(argtypes[p]):
                raise Unresolved
            env[p] = self.value(argtypes[p], p)
        after = self.block(fn.body, env)
        if after is None:
            raise Unresolved
        self.result = None if fn.result is None else self.arg(fn.result, after)

    # -- values and rules

    def value(self, known: types.Type | None = None, name: str | None = None) -> int:
        self.types.append(known)
        k = len(self.types) - 1
        if name is not None:
            self.named[k] = name
        return k

    def rule(self, find: Callable[..., types.Type], args: Sequence[int], name: str | None = None) -> int:
        """A new value, whose type follows from those of others."""
        k = self.value(name=name)
        self.rules.append(Rule(k, find, tuple(args)))
        return k

    def join(self, values: Iterable[int], name: str | None = None) -> int:
        """A new value, which is one of others."""
        k = self.value(name=name)
        self.joins[k] = list(values)
        self.rules.append(Rule(k, None, ()))
        return k

    def copy(self, of: int, name: str) -> int:
        k = self.rule(_same, (of,), name)
        self.decisions[k] = (of,)
        return k

    def literal(self, const: Const) -> int:
        found = self.literals.get(const)
        if found is None:
            found = self.literals[const] = self.value(self.operations.literal(const.value))
            self.constants.add(found)
        return found

    def atom(self, a: str | Const, env: Held) -> int:
        if isinstance(a, Const):
            return self.literal(a)
        found = env.get(a)
        if found is None:
            raise Unresolved
        return found

    # -- expressions

    def function(self, name: str) -> types.Type:
        root = name.split(".")[0]
        if root in self.names or root == self.fn.name and root not in self.helpers:
            raise Unresolved
        return self.operations.function(name, self.helpers)

    def call(self, name: str, args: Sequence[int], keywords: tuple[str, ...] = ()) -> int:
        function, call = self.function(name), self.operations.call
        return self.rule(lambda *t: call(function, t, keywords), args)

    def method(self, name: str, args: Sequence[int], keywords: tuple[str, ...] = ()) -> int:
        call, attribute = self.operations.call, self.operations.attribute
        return self.rule(lambda this, *t: call(attribute(this, name), t, keywords), args)

    def attribute(self, name: str, of: int) -> int:
        attribute = self.operations.attribute
        return self.rule(lambda t: attribute(t, name), (of,))

    def arg(self, a: Arg, env: Held) -> int:
        match a:
            case str() | Const():
                return self.atom(a, env)
            case TupleArg(items):
                return self.tuple_of([self.arg(i, env) for i in items])
            case ShapeOf(array):
                return self.attribute("shape", self.atom(array, env))
            case ElementType(array):
                return self.attribute("dtype", self.atom(array, env))
            case DType(name):
                return self.value(self.function(f"np.{'bool_' if name == 'bool' else name}"))
        raise Unresolved

    def tuple_of(self, items: Sequence[int]) -> int:
        of = self.operations.tuple_of
        return self.rule(lambda *t: of(t), items)

    def list_of(self, a: Arg, env: Held) -> int:
        if not isinstance(a, TupleArg):
            return self.arg(a, env)
        of = self.operations.list_of
        return self.rule(lambda *t: of(t), [self.list_of(i, env) for i in a.items])

    def rhs(self, rhs: Rhs, env: Held) -> int:
        match rhs:
            case Op():
                return self.op(rhs, env)
            case Call():
                return self.library(rhs, env)
            case GetItem(base, index) | Load(base, index):
                return self.rule(self.operations.element, (self.atom(base, env), self.index(index, env)))
            case Dim(array, axis):
                return self.rule(lambda t: _extent(t, axis), (self.atom(array, env),))
            case Alloc(kind, shape, dtype):
                sizes = [self.atom(a, env) for a in shape]
                args = [sizes[0] if len(sizes) == 1 else self.tuple_of(sizes)]
                if dtype not in ("float64", "np.float64"):
                    args.append(self.arg(DType(dtype.removeprefix("np.")), env))
                return self.call(f"np.{kind.removeprefix('np.')}", args)
        raise Unresolved

    def op(self, rhs: Op, env: Held) -> int:
        fn = rhs.fn
        args = [self.atom(a, env) for a in rhs.args]
        if fn == "select":
            self.test(rhs.args[0], env)
            return self.join(args[1:])
        if fn in AS_PART:
            return self.attribute(AS_PART[fn], args[0])
        by_operator = BINARY.get(fn) or COMPARE.get(fn) or UNARY.get(fn)
        if by_operator is None:
            return self.call(fn, args)
        if fn not in COMPARE and all(isinstance(a, Const) for a in rhs.args):
            folded = _folded(rhs)
            if folded is not None:
                return self.literal(folded)
        operator = self.operations.operator
        k = self.rule(lambda *t: operator(by_operator, t), args)
        if len(args) == 2:
            self.decisions[k] = tuple(args)
        return k

    def library(self, call: Call, env: Held) -> int:
        fn = call.fn
        if fn == "np.ndim" or fn == "list" or fn.startswith("list."):
            raise Unresolved                                     # numba knows the number of axes of an argument
        first, *rest = call.args or (Const(None),)
        if fn in AS_ATTRIBUTE and not rest:
            return self.attribute(AS_ATTRIBUTE[fn], self.arg(first, env))
        of = self.list_of if fn in TAKE_LISTS else self.arg
        args = [] if not call.args else [of(first, env), *(self.arg(a, env) for a in rest)]
        args += [self.arg(v, env) for _, v in call.kwargs]
        keywords = tuple(k for k, _ in call.kwargs)
        if fn.startswith(GENERATOR):
            return self.method(fn.removeprefix(GENERATOR), args, keywords)
        if fn in AS_METHOD:
            return self.method(AS_METHOD[fn], args, keywords)
        if fn == "print" and keywords:
            raise Unresolved
        return self.call("len" if fn == "iterated" else fn, args, keywords)

    def index(self, index: tuple[Index, ...], env: Held) -> int:
        parts = [self.part(i, env) for i in index]
        return parts[0] if len(parts) == 1 else self.tuple_of(parts)

    def part(self, i: Index, env: Held) -> int:
        match i:
            case Slice(lower, upper, step):
                bounds = [self.atom(Const(None) if e is None else e, env) for e in (lower, upper)]
                if step is not None:
                    bounds.append(self.atom(step, env))
                function, call = self.operations.function("slice", {}), self.operations.call
                return self.rule(lambda *t: call(function, t), bounds)
            case NewAxis():
                return self.literal(Const(None))
            case Ellipsis_():
                return self.value(types.ellipsis)
        return self.atom(i, env)

    # -- statements

    def block(self, block: Block, env: Held) -> Held | None:
        """The values at the end; ``None`` if the end is never reached."""
        for s in block:
            after = self.statement(s, env)
            if after is None:
                return None
            env = after
        return env

    def statement(self, s: Stmt, env: Held) -> Held | None:
        match s:
            case Assign(target, str() as source):
                env[target] = self.copy(self.atom(source, env), target)
            case Assign(target, Const() as const):
                k = self.literal(const)
                env[target] = self.value(self.types[k], target)
                self.constants.add(env[target])
            case Assign(target, value):
                env[target] = self.copy(self.rhs(value, env), target)
            case AugAssign(target, op, value):
                env[target] = self.in_place(op, self.atom(target, env), self.atom(value, env), target)
            case SetItem(base, index, value) | Store(base, index, value):
                self.rule(self.operations.set_element,
                          (self.atom(base, env), self.index(index, env), self.atom(value, env)))
            case AugItem(base, index, op, value):
                self.update(base, index, op, value, env)
            case Increment(base, index, value, sign):
                self.update(base, index, "add" if sign > 0 else "sub", value, env)
            case Permute(targets, sources):
                values = [self.atom(a, env) for a in sources]
                for t, v in zip(targets, values):
                    env[t] = self.copy(v, t)
            case Grow(array, needed):
                env[array] = self.copy(self.call("grown", [self.atom(array, env), self.atom(needed, env)]), array)
            case Effect(call):
                self.rhs(call, env)
            case Raise():
                self.exception(s)
                return None
            case If():
                return self.branch(s, env)
            case For():
                return self.for_loop(s, env)
            case While():
                return self.while_loop(s, env)
            case _:
                raise Unresolved
        return env

    def in_place(self, op: str, target: int, value: int, name: str | None = None) -> int:
        operator, by_operator = self.operations.operator, IN_PLACE[op]
        return self.rule(lambda *t: operator(by_operator, t), (target, value), name)

    def update(self, base: str, index: tuple[Index, ...], op: str, value: str | Const, env: Held) -> None:
        array, where = self.atom(base, env), self.index(index, env)
        held = self.rule(self.operations.element, (array, where))
        self.rule(self.operations.set_element, (array, where, self.in_place(op, held, self.atom(value, env))))

    def exception(self, s: Raise) -> None:
        kind = getattr(builtins, s.exception, None)
        if not isinstance(kind, type) or not issubclass(kind, Exception):
            raise Unresolved
        self.function(s.exception)
        if s.message is not None:
            self.call(s.exception, [self.literal(Const(s.message))])

    def test(self, test: str | Const, env: Held) -> None:
        if isinstance(test, Const):
            raise Unresolved
        k = self.atom(test, env)
        self.tests.append(k)
        call, truth = self.operations.call, self.truth
        self.rule(lambda t: call(truth, (t,)), (k,))

    def branch(self, s: If, env: Held) -> Held | None:
        if _silent((s,)):
            return env
        self.test(s.test, env)
        return self.merged(self.block(s.then, dict(env)), self.block(s.orelse, dict(env)))

    def merged(self, a: Held | None, b: Held | None) -> Held | None:
        """The values after two paths meet."""
        if a is None or b is None:
            return a if b is None else b
        out = dict(a)
        for name, v in b.items():
            u = a.get(name)
            if u is None:
                out[name] = self.join((UNDEFINED, v), name)
            elif u != v:
                out[name] = self.join((u, v), name)
        for name in a.keys() - b.keys():
            out[name] = self.join((a[name], UNDEFINED), name)
        return out

    def opened(self, s: For | While, env: Held) -> dict[str, int]:
        """What a loop assigns holds at its head what it held before, or at the end of an iteration."""
        self.depth += 1
        if self.depth > NESTED:
            raise Unresolved
        nested = (*s.cond, *s.body) if isinstance(s, While) else s.body
        assigned = dict.fromkeys((*binds(s), *(n for inner in walk(nested) for n in binds(inner))))
        heads = {n: self.join((env.get(n, UNDEFINED),), n) for n in assigned}
        env.update(heads)
        return heads

    def counted(self, s: For | While, env: Held) -> None:
        if s.trips is not None:
            self.statement(AugAssign(s.trips, "add", Const(1)), env)

    def closed(self, s: For | While, heads: Mapping[str, int], env: Held | None) -> None:
        self.depth -= 1
        if env is None:
            return
        if s.exit is not None:
            self.test(s.exit, env)
        for n, k in heads.items():
            if n in env:
                self.joins[k].append(env[n])

    def for_loop(self, s: For, env: Held) -> Held | None:
        bounds = [self.atom(a, env) for a in (s.start, s.stop, s.step)]
        if s.step == Const(1):
            bounds = bounds[1:2] if s.start == Const(0) else bounds[:2]
        self.function("range")
        if s.trips is not None:
            self.statement(Assign(s.trips, Const(0)), env)
        heads = self.opened(s, env)
        inside = dict(env)
        counter = self.operations.counter
        inside[s.var] = self.rule(lambda *t: counter(t), bounds, s.var)
        self.counted(s, inside)
        end = self.block(s.body, inside)
        self.closed(s, heads, end)
        return env if s.exit is None else self.merged(env, end)

    def while_loop(self, s: While, env: Held) -> Held | None:
        if s.trips is not None:
            self.statement(Assign(s.trips, Const(0)), env)
        heads = self.opened(s, env)
        tested = self.block(s.cond, dict(env))
        if tested is None:
            raise Unresolved
        endless = s.test == Const(True)
        if not endless:
            self.test(s.test, tested)
        inside = dict(tested)
        self.counted(s, inside)
        end = self.block(s.body, inside)
        self.closed(s, heads, end)
        leaving = end if s.exit is not None else None
        return leaving if endless else self.merged(tested, leaving)


def _same(t: types.Type) -> types.Type:
    return t


def is_plain(t: types.Type) -> bool:
    if isinstance(t, types.Literal):
        return False
    return isinstance(t, (types.Number, types.Boolean, types.NumPyRandomGeneratorType)) or is_plain_array(t)


def _extent(t: types.Type, axis: int) -> types.Type:
    if not isinstance(t, types.Array) or not 0 <= axis < t.ndim:
        raise Unresolved
    return types.intp


def _silent(block: Block) -> bool:
    """Whether nothing of a block is printed."""
    return all(isinstance(s, If) and _silent(s.then) and _silent(s.orelse) for s in block)


@lru_cache(maxsize=1000)
def _folded(rhs: Op) -> Const | None:
    """What Python makes of an operator on literals when it compiles it, if that is a literal."""
    printer = ToPython(Function("f", (), (), None))
    code = compile(ast.fix_missing_locations(ast.Expression(printer.rhs(rhs))), "<literals>", "eval")
    return Const(eval(code)) if {i.opname for i in dis.get_instructions(code)} <= LOADS else None
