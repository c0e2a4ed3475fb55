"""Traversal of syntax trees, several times as fast as :func:`ast.walk`."""
from __future__ import annotations

from ast import AST, Del, Load, Name, Store
from collections.abc import Iterator
from typing import Any

CONTEXTS = (Load, Store, Del)


def nodes(tree: Any) -> Iterator[Any]:
    """Every node of a tree but the contexts of names, in no particular order.

    >>> import ast
    >>> sorted(type(n).__name__ for n in nodes(ast.parse("a + b", mode="eval")))
    ['Add', 'BinOp', 'Expression', 'Name', 'Name']
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Name):
            continue
        for value in node.__dict__.values():
            if isinstance(value, AST):
                if not isinstance(value, CONTEXTS):
                    pending.append(value)
            elif isinstance(value, list):
                pending += [v for v in value if isinstance(v, AST)]


def names(tree: AST) -> set[str]:
    """Every name in a tree."""
    return {n.id for n in nodes(tree) if isinstance(n, Name)}
