"""Where a file that is only read declares derivative rules.

A rule is found in a statement at module level of one of these forms; any other mention of ``rule_for`` may mean any
function::

    s2sad.rule_for(f, x="cos(x)")
    _ = rule_for(f)(adjoint)
    @s2sad.rule_for(f)
    def _(b_x, b_result): ...
"""
from __future__ import annotations

import ast
from collections.abc import Iterator

NAME = "rule_for"


class RuleMentions:
    """The functions that the statements of a module declare rules for.

    >>> tree = ast.parse("from s2sad import rule_for as r; r(f, x='1'); register(r)")
    >>> found = RuleMentions(tree)
    >>> [list(found.of(s)) for s in tree.body]
    [[], ['f'], [None]]
    """

    def __init__(self, tree: ast.Module) -> None:
        self._names = {NAME} | {a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)
                                for a in n.names if a.name == NAME}

    def of(self, s: ast.stmt) -> Iterator[str | None]:
        """The names of the functions that a statement declares rules for, ``None`` for one that is not told."""
        known: set[int] = set()
        for call in _calls(s):
            if self._is_mention(call.func) and call.args and isinstance(call.args[0], ast.Name):
                known.add(id(call.func))
                yield call.args[0].id
        if any(self._is_mention(n) and id(n) not in known for n in ast.walk(s)):
            yield None

    def _is_mention(self, n: ast.AST) -> bool:
        match n:
            case ast.Name(id=name):
                return name in self._names
            case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                return name == NAME
        return False


def _calls(s: ast.stmt) -> Iterator[ast.Call]:
    """The calls that a statement consists of, and those in what they call."""
    match s:
        case ast.FunctionDef(decorator_list=found):
            heads = found
        case ast.Expr(value=value) | ast.Assign(value=value):
            heads = [value]
        case _:
            heads = []
    for e in heads:
        while isinstance(e, ast.Call):
            yield e
            e = e.func
