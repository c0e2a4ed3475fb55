"""Python text with as few parentheses as precedence allows, and comments."""
from __future__ import annotations

import ast
import inspect
import math
from io import StringIO

from astunparse import Unparser

LIMIT = 120


class Comment(ast.stmt):
    """A comment on lines of its own, before what follows."""

    _fields = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


# Binding strength, weakest first.
NOTHING, TERNARY, OR, AND, NOT, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, PRODUCT, SIGN, POWER, ATOM = range(15)

STRENGTH: dict[type, int] = {
    ast.Add: SUM, ast.Sub: SUM, ast.Mult: PRODUCT, ast.Div: PRODUCT, ast.FloorDiv: PRODUCT, ast.Mod: PRODUCT,
    ast.MatMult: PRODUCT, ast.Pow: POWER, ast.BitOr: BIT_OR, ast.BitXor: BIT_XOR, ast.BitAnd: BIT_AND,
    ast.LShift: SHIFT, ast.RShift: SHIFT, ast.And: AND, ast.Or: OR, ast.Not: NOT, ast.USub: SIGN, ast.UAdd: SIGN,
    ast.Invert: SIGN,
}


def unparse(node: ast.AST) -> str:
    """The text of a syntax tree, without a leading blank line.

    >>> unparse(ast.parse("x = (a + (b * c)) * (-d) ** 2 if (a < b) else (not c)"))
    'x = (a + b * c) * (-d) ** 2 if a < b else not c'
    """
    out = StringIO()
    _Printer(node, out)
    return out.getvalue().strip("\n")


def strength(node: ast.AST) -> int:
    """How tightly an expression holds together when it stands in another."""
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.UnaryOp(op=op):
            return STRENGTH[type(op)]
        case ast.Compare():
            return COMPARE
        case ast.IfExp():
            return TERNARY
        case ast.Constant(value=bool()):
            return ATOM
        case ast.Constant(value=int() | float() as v) if v < 0 or (v == 0 and math.copysign(1.0, v) < 0):
            return SIGN
        case ast.Constant(value=complex() as v) if v.imag < 0:
            return SIGN
    return ATOM


class _Printer(Unparser):
    """The astunparse printer, except for parentheses, comments, and line breaks."""

    f: StringIO

    def operand(self, node: ast.AST, least: int) -> None:
        if strength(node) < least:
            self.write("(")
            self.dispatch(node)
            self.write(")")
        else:
            self.dispatch(node)

    def separated(self, nodes: list) -> None:
        for k, n in enumerate(nodes):
            if k:
                self.write(", ")
            self.dispatch(n)

    def _Module(self, tree: ast.Module) -> None:
        for k, s in enumerate(tree.body):
            if k and isinstance(s, ast.FunctionDef) and not isinstance(tree.body[k - 1], Comment):
                self.write("\n\n")
            self.dispatch(s)

    def _Comment(self, t: Comment) -> None:
        for line in t.text.split("\n"):
            self.fill(f"# {line}".rstrip())

    def _FunctionDef(self, t: ast.FunctionDef) -> None:
        for d in t.decorator_list:
            self.fill("@")
            self.dispatch(d)
        head = f"def {t.name}("
        names = StringIO()
        saved, self.f = self.f, names
        self.dispatch(t.args)
        self.f = saved
        self.fill(head + _wrapped(names.getvalue(), 4 * self._indent + len(head)) + ")")
        self.enter()
        self.dispatch(t.body)
        self.leave()

    def _Expr(self, t: ast.Expr) -> None:
        if isinstance(t.value, ast.Constant) and isinstance(t.value.value, str):
            self.docstring(t.value.value)
            return
        super()._Expr(t)

    def docstring(self, text: str) -> None:
        quoted = inspect.cleandoc(text).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        lines = quoted.split("\n")
        self.fill(f'"""{lines[0]}')
        for line in lines[1:]:
            if line.strip():
                self.fill(line.rstrip())
            else:
                self.write("\n")
        if len(lines) > 1:
            self.fill('"""')
        else:
            self.write('"""')

    def _Assign(self, t: ast.Assign) -> None:
        self.fill()
        for target in t.targets:
            self.bare(target)
            self.write(" = ")
        self.bare(t.value)

    def bare(self, node: ast.AST) -> None:
        """A tuple that needs no parentheses where it stands."""
        if isinstance(node, ast.Tuple) and len(node.elts) > 1:
            self.separated(node.elts)
        else:
            self.dispatch(node)

    def _Return(self, t: ast.Return) -> None:
        self.fill("return")
        if t.value is not None:
            self.write(" ")
            self.bare(t.value)

    def _Name(self, t: ast.Name) -> None:
        self.write(t.id)

    def _Constant(self, t: ast.Constant) -> None:
        self.write("..." if t.value is Ellipsis else repr(t.value))

    def _BinOp(self, t: ast.BinOp) -> None:
        s = STRENGTH[type(t.op)]
        power = isinstance(t.op, ast.Pow)
        # a ** b ** c groups to the right, all else to the left; the exponent may carry a sign.
        self.operand(t.left, s + 1 if power else s)
        self.write(f" {self.binop[type(t.op).__name__]} ")
        self.operand(t.right, SIGN if power else s + 1)

    def _UnaryOp(self, t: ast.UnaryOp) -> None:
        s = STRENGTH[type(t.op)]
        self.write("not " if isinstance(t.op, ast.Not) else self.unop[type(t.op).__name__])
        negative = isinstance(t.operand, ast.Constant) and strength(t.operand) == SIGN
        self.operand(t.operand, ATOM if negative else s)

    def _BoolOp(self, t: ast.BoolOp) -> None:
        s = STRENGTH[type(t.op)]
        for k, v in enumerate(t.values):
            if k:
                self.write(" and " if isinstance(t.op, ast.And) else " or ")
            self.operand(v, s + 1)

    def _Compare(self, t: ast.Compare) -> None:
        self.operand(t.left, COMPARE + 1)
        for o, e in zip(t.ops, t.comparators):
            self.write(f" {self.cmpops[type(o).__name__]} ")
            self.operand(e, COMPARE + 1)

    def _IfExp(self, t: ast.IfExp) -> None:
        self.operand(t.body, TERNARY + 1)
        self.write(" if ")
        self.operand(t.test, TERNARY + 1)
        self.write(" else ")
        self.operand(t.orelse, TERNARY)

    def _Attribute(self, t: ast.Attribute) -> None:
        # 1.T would be read as a number.
        self.operand(t.value, ATOM + isinstance(t.value, ast.Constant))
        self.write(f".{t.attr}")

    def _Subscript(self, t: ast.Subscript) -> None:
        self.operand(t.value, ATOM)
        self.write("[")
        if isinstance(t.slice, ast.Tuple) and t.slice.elts:
            self.separated(t.slice.elts)
            self.write("," if len(t.slice.elts) == 1 else "")
        else:
            self.dispatch(t.slice)
        self.write("]")

    def _Slice(self, t: ast.Slice) -> None:
        if t.lower is not None:
            self.operand(t.lower, TERNARY)
        self.write(":")
        if t.upper is not None:
            self.dispatch(t.upper)
        if t.step is not None:
            self.write(":")
            self.dispatch(t.step)


def _wrapped(text: str, indent: int) -> str:
    """A list of parameters broken into lines that fit."""
    lines, line = [], ""
    for part in text.split(", "):
        if line and indent + len(line) + len(part) + 3 > LIMIT:
            lines.append(line + ",")
            line = part
        else:
            line = f"{line}, {part}" if line else part
    return ("\n" + " " * indent).join([*lines, line])
