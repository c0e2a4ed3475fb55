"""IR to a Python syntax tree, one statement for one statement."""
from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping
from typing import Any

from s2sad.emit.refold import negated, refold
from s2sad.emit.unparse import Comment
from s2sad.ir.draws import GENERATOR
from s2sad.ir.nodes import (
    NOWHERE,
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
    Invoke,
    Load,
    Loc,
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
from s2sad.ir.walk import walk

BINARY: dict[str, type[ast.operator]] = {
    "add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "div": ast.Div, "floordiv": ast.FloorDiv, "mod": ast.Mod,
    "pow": ast.Pow, "matmul": ast.MatMult, "and_": ast.BitAnd, "or_": ast.BitOr, "xor": ast.BitXor,
    "lshift": ast.LShift, "rshift": ast.RShift,
}
UNARY: dict[str, type[ast.unaryop]] = {"neg": ast.USub, "pos": ast.UAdd, "not": ast.Not, "invert": ast.Invert}
COMPARE: dict[str, type[ast.cmpop]] = {
    "lt": ast.Lt, "le": ast.LtE, "gt": ast.Gt, "ge": ast.GtE, "eq": ast.Eq, "ne": ast.NotEq, "is_": ast.Is,
    "is_not": ast.IsNot,
}
# Calls printed as methods or attributes of their first argument: numba has no such function, or it reads better.
AS_METHOD = {"np.copy": "copy", "np.flatten": "flatten", "np.astype": "astype", "np.item": "item",
             "dtype.type": "type"}
AS_ATTRIBUTE = {"np.size": "size", "np.ndim": "ndim"}
AS_PART = {"np.real": "real", "np.imag": "imag"}
TAKE_LISTS = {"np.array", "np.asarray"}


def to_python(fn: Function, folded: Mapping[str, Rhs] = {}, comments: Mapping[Stmt, str] = {}) -> ast.FunctionDef:  # noqa: B006
    """The function as Python.

    Parameters
    ----------
    fn : Function
    folded : mapping
        Names that are not assigned: the expression they stand for is written where they are read. With any of them,
        the branches made of ``and``, ``or`` and conditional expressions are folded back as well, and loops are left
        by ``break`` where their exit is set.
    comments : mapping
        Text to write before a statement.
    """
    node = ToPython(fn, folded, comments).function()
    return refold(node, frozenset(s.fn for s in walk(fn.body) if isinstance(s, Invoke))) if folded else node


def to_expression(fn: Function, value: Rhs, folded: Mapping[str, Rhs]) -> ast.expr:
    """One right-hand side of a function, with ``folded`` names replaced by their definitions."""
    return ToPython(fn, folded).rhs(value)


class ToPython:
    """The printer of one function; ``lines`` tells the user's position by the line number given to each statement."""

    def __init__(self, fn: Function, folded: Mapping[str, Rhs] = {}, comments: Mapping[Stmt, str] = {}) -> None:  # noqa: B006
        self.fn, self.folded, self.comments = fn, folded, comments
        self.lines: list[Loc] = [NOWHERE, fn.loc]

    def function(self) -> ast.FunctionDef:
        params = [ast.arg(arg=p) for p in self.fn.params]
        args = ast.arguments(posonlyargs=[], args=params, kwonlyargs=[], kw_defaults=[], defaults=[])
        body = self.block(self.fn.body)
        if self.fn.result is not None:
            body.append(self.at(ast.Return(value=self.arg(self.fn.result)), self.fn.loc))
        node = ast.FunctionDef(name=self.fn.name, args=args, body=body or [ast.Pass()], decorator_list=[], returns=None,
                               type_comment=None)
        node.lineno, node.col_offset = 1, 0
        if "type_params" in ast.FunctionDef._fields:
            node.type_params = []  # type: ignore[attr-defined]  # Python 3.12 and later
        return node

    def at(self, node: ast.stmt, loc: Loc) -> ast.stmt:
        node.lineno, node.col_offset = len(self.lines), 0
        node.end_lineno, node.end_col_offset = node.lineno, 0
        self.lines.append(loc)
        return node

    # -- expressions

    def arg(self, a: Arg | None) -> ast.expr:
        match a:
            case str():
                return self.rhs(self.folded[a]) if a in self.folded else name(a)
            case Const(value):
                return constant(value)
            case TupleArg(items):
                return ast.Tuple(elts=[self.arg(i) for i in items], ctx=ast.Load())
            case ShapeOf(array):
                return attribute(self.arg(array), "shape")
            case ElementType(array):
                return attribute(self.arg(array), "dtype")
            case DType(dtype):
                return dotted(f"np.{'bool_' if dtype == 'bool' else dtype}")
        raise AssertionError(f"not an argument: {a!r}")

    def args(self, items: Iterable[Arg]) -> list[ast.expr]:
        return [self.arg(a) for a in items]

    def rhs(self, rhs: Rhs) -> ast.expr:
        match rhs:
            case Op(fn, args):
                return self.op(fn, self.args(args))
            case Call():
                return self.call(rhs)
            case GetItem(base, index) | Load(base, index):
                return self.element(base, index, ast.Load())
            case Dim(array, axis):
                shape = attribute(self.arg(array), "shape")
                return ast.Subscript(value=shape, slice=ast.Constant(axis), ctx=ast.Load())
            case Alloc(kind, shape, dtype):
                sizes = self.args(shape)
                extent = sizes[0] if len(sizes) == 1 else ast.Tuple(elts=sizes, ctx=ast.Load())
                kinds = [] if dtype in ("float64", "np.float64") else [self.arg(DType(dtype.removeprefix("np.")))]
                return ast.Call(func=dotted(f"np.{kind.removeprefix('np.')}"), args=[extent, *kinds], keywords=[])
        return self.arg(rhs)

    def op(self, fn: str, args: list[ast.expr]) -> ast.expr:
        if fn in BINARY:
            return ast.BinOp(left=args[0], op=BINARY[fn](), right=args[1])
        if fn in UNARY:
            return ast.UnaryOp(op=UNARY[fn](), operand=args[0])
        if fn in COMPARE:
            return ast.Compare(left=args[0], ops=[COMPARE[fn]()], comparators=[args[1]])
        if fn == "select":
            return ast.IfExp(test=args[0], body=args[1], orelse=args[2])
        if fn in AS_PART:
            return attribute(args[0], AS_PART[fn])
        return ast.Call(func=dotted(fn.rpartition("@")[2]), args=args, keywords=[])

    def call(self, call: Call) -> ast.expr:
        if call.fn in AS_ATTRIBUTE and len(call.args) == 1:
            return attribute(self.arg(call.args[0]), AS_ATTRIBUTE[call.fn])
        args = self.args(call.args)
        keywords = [ast.keyword(arg=k, value=self.arg(v)) for k, v in call.kwargs]
        if call.fn.startswith(GENERATOR):
            method = attribute(args[0], call.fn.removeprefix(GENERATOR))
            return ast.Call(func=method, args=args[1:], keywords=keywords)
        if call.fn == "list":
            return ast.List(elts=args[0].elts, ctx=ast.Load())  # type: ignore[attr-defined]
        if call.fn.startswith("list."):
            return ast.Call(func=attribute(args[0], call.fn.removeprefix("list.")), args=args[1:], keywords=[])
        if call.fn in AS_METHOD:
            return ast.Call(func=attribute(args[0], AS_METHOD[call.fn]), args=args[1:], keywords=keywords)
        if call.fn in TAKE_LISTS and args and isinstance(args[0], ast.Tuple):
            args[0] = as_list(args[0])
        fn = "len" if call.fn == "iterated" else call.fn
        return ast.Call(func=dotted(fn), args=args, keywords=keywords)

    def element(self, base: str, index: tuple[Index, ...], ctx: ast.expr_context) -> ast.Subscript:
        parts = [self.index(i) for i in index]
        whole = parts[0] if len(parts) == 1 else ast.Tuple(elts=parts, ctx=ast.Load())
        return ast.Subscript(value=self.arg(base), slice=whole, ctx=ctx)

    def index(self, i: Index) -> ast.expr:
        match i:
            case Slice(lower, upper, step):
                return ast.Slice(*(None if e is None else self.arg(e) for e in (lower, upper, step)))
            case NewAxis():
                return ast.Constant(None)
            case Ellipsis_():
                return ast.Constant(...)
        return self.arg(i)

    # -- statements

    def block(self, block: Block) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for s in block:
            if s in self.comments:
                out.append(self.at(Comment(self.comments[s]), s.loc))
            out += self.statement(s)
        return out

    def body(self, block: Block) -> list[ast.stmt]:
        return self.block(block) or [ast.Pass()]

    def statement(self, s: Stmt) -> list[ast.stmt]:
        match s:
            case Assign(target, value):
                return [] if target in self.folded else [self.assign(target, self.rhs(value), s.loc)]
            case AugAssign(target, op, value):
                return [self.at(ast.AugAssign(target=store(target), op=BINARY[op](), value=self.arg(value)), s.loc)]
            case SetItem(base, index, value) | Store(base, index, value):
                target_ = self.element(base, index, ast.Store())
                return [self.at(ast.Assign(targets=[target_], value=self.arg(value), type_comment=None), s.loc)]
            case AugItem(base, index, op, value):
                target_ = self.element(base, index, ast.Store())
                return [self.at(ast.AugAssign(target=target_, op=BINARY[op](), value=self.arg(value)), s.loc)]
            case Increment(base, index, value, sign):
                if s.atomic:
                    return [self.atomic(s)]
                target_ = self.element(base, index, ast.Store())
                op_ = ast.Add() if sign > 0 else ast.Sub()
                return [self.at(ast.AugAssign(target=target_, op=op_, value=self.arg(value)), s.loc)]
            case Permute(targets, sources):
                left = ast.Tuple(elts=[store(t) for t in targets], ctx=ast.Store())
                right = ast.Tuple(elts=self.args(sources), ctx=ast.Load())
                return [self.at(ast.Assign(targets=[left], value=right, type_comment=None), s.loc)]
            case If():
                return self.branch(s)
            case For():
                return self.for_loop(s)
            case While():
                return self.while_loop(s)
            case Grow(array, needed):
                grown = ast.Call(func=name("grown"), args=[self.arg(array), self.arg(needed)], keywords=[])
                return [self.assign(array, grown, s.loc)]
            case Raise(exception, message):
                text: list[ast.expr] = [] if message is None else [ast.Constant(message)]
                raised: ast.expr = name(exception)
                if text:
                    raised = ast.Call(func=raised, args=text, keywords=[])
                return [self.at(ast.Raise(exc=raised, cause=None), s.loc)]
            case Effect(Call("cuda.syncthreads" as fn)):         # its arguments tell passes what it changes
                return [self.at(ast.Expr(value=ast.Call(func=dotted(fn), args=[], keywords=[])), s.loc)]
            case Effect(call):
                return [self.at(ast.Expr(value=self.call(call)), s.loc)]
            case Invoke():
                return [self.invoke(s)]
        raise AssertionError(f"not a statement: {s!r}")

    def invoke(self, s: Invoke) -> ast.stmt:
        call = ast.Call(func=dotted(s.fn), args=self.args(s.args), keywords=[])
        call.stays = True  # type: ignore[attr-defined]  # it may write to arrays: no other expression takes it in
        if s.result is None:
            return self.at(ast.Expr(value=call), s.loc)
        return self.at(ast.Assign(targets=[stored(s.result)], value=call, type_comment=None), s.loc)

    def atomic(self, s: Increment) -> ast.stmt:
        parts = self.args(s.index)
        at = parts[0] if len(parts) == 1 else ast.Tuple(elts=parts, ctx=ast.Load())
        value = self.arg(s.value)
        if s.sign < 0:
            value = ast.UnaryOp(op=ast.USub(), operand=value)
        return self.at(ast.Expr(value=ast.Call(func=dotted("cuda.atomic.add"), args=[self.arg(s.array), at, value],
                                               keywords=[])), s.loc)

    def assign(self, target: str, value: ast.expr, loc: Loc) -> ast.stmt:
        return self.at(ast.Assign(targets=[store(target)], value=value, type_comment=None), loc)

    def branch(self, s: If) -> list[ast.stmt]:
        node = ast.If(test=self.arg(s.test), body=[], orelse=[])
        self.at(node, s.loc)
        node.body, node.orelse = self.block(s.then), self.block(s.orelse)
        if not node.body:
            if not node.orelse:
                return []
            node.test, node.body, node.orelse = negated(node.test), node.orelse, []
        return [node]

    def for_loop(self, s: For) -> list[ast.stmt]:
        bounds = [self.arg(s.start), self.arg(s.stop), self.arg(s.step)]
        if s.step == Const(1):
            bounds = bounds[1:2] if s.start == Const(0) else bounds[:2]
        over = ast.Call(func=name("prange" if s.parallel else "range"), args=bounds, keywords=[])
        head = ast.For(target=store(s.var), iter=over, body=[], orelse=[], type_comment=None)
        self.at(head, s.loc)
        head.body = [*self.counting(s), *self.block(s.body), *self.ending(s)] or [ast.Pass()]
        return [*self.counted(s), head]

    def counted(self, s: For | While) -> list[ast.stmt]:
        return [] if s.trips is None else [self.assign(s.trips, ast.Constant(0), s.loc)]

    def counting(self, s: For | While) -> list[ast.stmt]:
        """The count of trips opens an iteration: numba types it there even if ``break`` ends the body."""
        if s.trips is None:
            return []
        return [self.at(ast.AugAssign(target=store(s.trips), op=ast.Add(), value=ast.Constant(1)), s.loc)]

    def ending(self, s: For | While) -> list[ast.stmt]:
        """The way out, which closes an iteration."""
        if s.exit is None:
            return []
        return [self.at(ast.If(test=self.arg(s.exit), body=[self.at(ast.Break(), s.loc)], orelse=[]), s.loc)]

    def while_loop(self, s: While) -> list[ast.stmt]:
        head = ast.While(test=ast.Constant(True), body=[], orelse=[])
        self.at(head, s.loc)
        cond = self.block(s.cond)
        test = self.arg(s.test)
        if not cond:
            head.test = test
        else:
            leave = self.at(ast.If(test=negated(test), body=[self.at(ast.Break(), s.loc)], orelse=[]), s.loc)
            leave.is_test = True  # type: ignore[attr-defined]
            cond.append(leave)
        head.body = [*cond, *self.counting(s), *self.block(s.body), *self.ending(s)] or [ast.Pass()]
        return [*self.counted(s), head]


def constant(value: Any) -> ast.expr:
    """A literal; infinities and NaN by their names in ``math``."""
    if isinstance(value, float) and not math.isfinite(value):
        named = dotted("math.nan" if math.isnan(value) else "math.inf")
        return ast.UnaryOp(op=ast.USub(), operand=named) if value < 0 else named
    if isinstance(value, float) and value in (math.pi, math.e):
        return dotted("math.pi" if value == math.pi else "math.e")
    if isinstance(value, complex) and not (math.isfinite(value.real) and math.isfinite(value.imag)):
        return ast.Call(func=name("complex"), args=[constant(value.real), constant(value.imag)], keywords=[])
    if isinstance(value, complex) and repr(value) != repr(complex(0.0, abs(value.imag))):
        # Only what has no real part has a literal; the sign of a zero decides on which side of a cut a number lies.
        if repr(-value) == repr(complex(0.0, abs(value.imag))):
            return ast.UnaryOp(op=ast.USub(), operand=ast.Constant(-value))
        return ast.Call(func=name("complex"), args=[constant(value.real), constant(value.imag)], keywords=[])
    return ast.Constant(value)


def as_list(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Tuple):
        return ast.List(elts=[as_list(e) for e in node.elts], ctx=ast.Load())
    return node


def name(text: str) -> ast.Name:
    return ast.Name(id=text, ctx=ast.Load())


def store(text: str) -> ast.Name:
    return ast.Name(id=text, ctx=ast.Store())


def stored(target: Arg) -> ast.expr:
    if isinstance(target, TupleArg):
        return ast.Tuple(elts=[stored(t) for t in target.items], ctx=ast.Store())
    assert isinstance(target, str)
    return store(target)


def attribute(value: ast.expr, attr: str) -> ast.Attribute:
    return ast.Attribute(value=value, attr=attr, ctx=ast.Load())


def dotted(text: str) -> ast.expr:
    first, *rest = text.split(".")
    node: ast.expr = name(first)
    for part in rest:
        node = attribute(node, part)
    return node
