"""Printed code is folded back to what a person writes: ``and``, ``or``, ``a if c else b``, ``while c``, ``break``."""
from __future__ import annotations

import ast
import re
from collections import Counter

from s2sad.emit.syntax import nodes

OUR_TEMPORARY = re.compile(r"t\d+(_\d+)?")
WIDTH = 100


def refold(fn: ast.FunctionDef, invoked: frozenset[str] = frozenset()) -> ast.FunctionDef:
    """Fold in place what the frontend took apart; calls of ``invoked`` functions get no conditions as arguments.

    >>> text = '''
    ... def f(x, n):
    ...     for i in range(n):
    ...         stop = False
    ...         t1 = x[i] > 0.0
    ...         if t1:
    ...             t1 = x[i] < 1.0
    ...         if t1:
    ...             stop = True
    ...         else:
    ...             x[i] = 0.0
    ...         if stop:
    ...             break
    ... '''
    >>> print(ast.unparse(refold(ast.parse(text).body[0])))
    def f(x, n):
        for i in range(n):
            if x[i] > 0.0 and x[i] < 1.0:
                break
            x[i] = 0.0
    """
    _Refold(fn, invoked).run()
    return fn


class _Refold:
    def __init__(self, fn: ast.FunctionDef, invoked: frozenset[str]) -> None:
        self.fn, self.invoked = fn, invoked
        self.loads: Counter[str] = Counter()

    def run(self) -> None:
        self.count()
        self.fn.body = self.block(self.fn.body)
        self.count()
        self.fn.body = self.leaving(self.fn.body) or [ast.Pass()]

    def count(self) -> None:
        self.loads = Counter()
        for n in nodes(self.fn):
            if isinstance(n, ast.Name):
                if isinstance(n.ctx, ast.Load):
                    self.loads[n.id] += 1
            elif isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name):
                self.loads[n.target.id] += 1

    # -- expressions

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for s in body:
            for part in ("body", "orelse"):
                if getattr(s, part, None):
                    setattr(s, part, self.block(getattr(s, part)))
            s = self.conditional(s)
            if out and self.joined(out[-1], s):
                continue
            if out and self.moved(out[-1], s):
                out[-1] = s
            else:
                out.append(s)
            if isinstance(s, ast.While):
                self.tested(s)
        return out

    def conditional(self, s: ast.stmt) -> ast.stmt:
        """``if c: t = a`` / ``else: t = b`` is ``t = a if c else b``, for temporaries of ours."""
        match s:
            case ast.If(test=test, body=[ast.Assign(targets=[ast.Name(id=a)], value=x)],
                        orelse=[ast.Assign(targets=[ast.Name(id=b)], value=y)]) if (
                            a == b and _ours(a) and not _stays(x) and not _stays(y)):
                target, value = ast.Name(id=a, ctx=ast.Store()), ast.IfExp(test=test, body=x, orelse=y)
                return ast.copy_location(ast.Assign(targets=[target], value=value, type_comment=None), s)
        return s

    def joined(self, last: ast.stmt, s: ast.stmt) -> bool:
        """``t = a; if t: t = b`` is ``t = a and b``; with ``if not t`` it is ``or``."""
        match last, s:
            case (ast.Assign(targets=[ast.Name(id=t)]),
                  ast.If(test=test, body=[ast.Assign(targets=[ast.Name(id=u)], value=value)], orelse=[])) if (
                      t == u and not _stays(value) and not _stays(last.value)):
                match test:
                    case ast.Name(id=v) if v == t:
                        op: ast.boolop = ast.And()
                    case ast.UnaryOp(op=ast.Not(), operand=ast.Name(id=v)) if v == t:
                        op = ast.Or()
                    case _:
                        return False
                if any(isinstance(n, ast.Name) and n.id == t for n in nodes(value)):
                    return False
                assert isinstance(last, ast.Assign)
                first = last.value
                parts = first.values if isinstance(first, ast.BoolOp) and type(first.op) is type(op) else [first]
                last.value = ast.BoolOp(op=op, values=[*parts, value])
                self.loads[t] -= 1
                return True
        return False

    def moved(self, last: ast.stmt, s: ast.stmt) -> bool:
        """A folded condition goes into the one statement after it that reads it."""
        match last:
            case ast.Assign(targets=[ast.Name(id=t)], value=ast.BoolOp() | ast.IfExp() as value) if _ours(t):
                if self.loads[t] != 1 or isinstance(s, (ast.While, ast.For)) or len(ast.unparse(value)) > WIDTH:
                    return False
                if any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in self.invoked
                       for n in nodes(s)):
                    return False
                head = s.test if isinstance(s, ast.If) else s
                if sum(isinstance(n, ast.Name) and n.id == t for n in nodes(head)) != 1:
                    return False
                _replace(s, t, value)
                return True
        return False

    def tested(self, s: ast.While) -> None:
        """``while True: if not a: break`` at the head of the loop is ``while a``, where the head was a folded test."""
        match s:
            case ast.While(test=ast.Constant(value=True),
                           body=[ast.If(test=test, body=[ast.Break()], orelse=[]) as head, *rest]):
                if getattr(head, "is_test", False):
                    s.test, s.body = negated(test), rest or [ast.Pass()]

    # -- break

    def leaving(self, body: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for s in body:
            for part in ("body", "orelse"):
                if getattr(s, part, None):
                    setattr(s, part, self.leaving(getattr(s, part)))
            if isinstance(s, (ast.For, ast.While)):
                self.breaks(s, out)
            out.append(s)
        return out

    def breaks(self, s: ast.For | ast.While, before: list[ast.stmt]) -> None:
        """Break where the flag is set, if that is always the last thing an iteration does."""
        match s.body:
            case [*body, ast.If(test=ast.Name(id=flag), body=[ast.Break()], orelse=[])]:
                pass
            case _:
                return
        cleared = [b for b in body if _sets(b, flag, False)]
        rest = [b for b in body if not _sets(b, flag, False)]
        keep = self.loads[flag] > 1
        placed, stores = _placed(rest, flag, keep)
        everywhere = sum(isinstance(n, ast.Name) and n.id == flag for b in rest for n in nodes(b))
        if not stores or stores != everywhere or len(cleared) > 1:
            return
        # Once every way of setting the flag leaves, it still is what it was before the loop.
        known = any(_sets(b, flag, False) for b in before[-1:])
        start = cleared if keep and not known else []
        s.body = [*start, *placed]


def _stays(value: ast.expr) -> bool:
    """Whether an expression is a call that is a statement of its own."""
    return getattr(value, "stays", False)


def _ours(name: str) -> bool:
    return OUR_TEMPORARY.fullmatch(name) is not None


def negated(test: ast.expr) -> ast.expr:
    """The opposite condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(op=ast.Not(), operand=test)


def _replace(s: ast.stmt, name: str, value: ast.expr) -> None:
    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return value if node.id == name and isinstance(node.ctx, ast.Load) else node

    if isinstance(s, ast.If):
        s.test = Put().visit(s.test)
    else:
        Put().visit(s)


def _sets(s: ast.stmt, flag: str, to: bool) -> bool:
    match s:
        case ast.Assign(targets=[ast.Name(id=t)], value=ast.Constant(value=v)):
            return t == flag and v is to
    return False


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Break)


def _placed(body: list[ast.stmt], flag: str, keep: bool) -> tuple[list[ast.stmt], int]:
    """The block with ``break`` where it ends by setting the flag, and how many such places there are."""
    if not body:
        return body, 0
    *front, last = body
    if _sets(last, flag, True):
        return [*front, *([last] if keep else []), ast.copy_location(ast.Break(), last)], 1
    if not isinstance(last, ast.If):
        return body, 0
    then, a = _placed(last.body, flag, keep)
    orelse, b = _placed(last.orelse, flag, keep)
    if not a + b:
        return body, 0
    node = ast.copy_location(ast.If(test=last.test, body=then, orelse=orelse), last)
    if _leaves(then):
        node.orelse = []
        return [*front, node, *orelse], a + b
    return [*front, node], a + b
