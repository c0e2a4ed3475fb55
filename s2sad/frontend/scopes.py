"""Which names belong to which scope of a function: Python's rules, by the syntax alone."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gast

FUNCTIONS = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda)
COMPREHENSIONS = (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)


def assigned_names(node: gast.AST) -> set[str]:
    """Names that the body of a function, or of a loop in it, makes its own, apart from its parameters.

    Functions and comprehensions inside have scopes of their own; what ``:=`` in a comprehension assigns belongs to the
    function, and so does a name declared ``nonlocal`` inside that the function binds, be it as a parameter.

    >>> text = "def f(x, d):\\n a = [k for k in x if (b := k)]\\n def g(c): nonlocal d, e; d = c\\n return g"
    >>> f = gast.parse(text).body[0]
    >>> sorted(assigned_names(f))
    ['a', 'b', 'd', 'g']
    """
    body = [node.body] if isinstance(node, gast.Lambda) else node.body
    found = {name for s in body for name in _bound(s, inside=False)}
    inside = {name for s in body for n in gast.walk(s) if isinstance(n, gast.Nonlocal) for name in n.names}
    found |= inside & _parameters(node)
    return found - declared(node, gast.Global) - declared(node, gast.Nonlocal)


def _parameters(node: gast.AST) -> set[str]:
    a = getattr(node, "args", None)
    return set() if a is None else {
        p.id for p in (*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg) if p is not None}


def declared(node: gast.AST, kind: Any) -> set[str]:
    """Names a function declares ``global`` or ``nonlocal`` itself."""
    body = [] if isinstance(node, gast.Lambda) else node.body
    return {name for s in body for n in own_nodes(s) if isinstance(n, kind) for name in n.names}


def reassigned_inside(node: gast.AST) -> set[str]:
    """Names that may be assigned while an expression is evaluated: by ``:=``, or by a function that says ``nonlocal``.

    Whoever reads such a name has to take its value at once.
    """
    found: set[str] = set()
    for n in gast.walk(node):
        if isinstance(n, gast.NamedExpr):
            found.add(n.target.id)
        elif isinstance(n, gast.Nonlocal):
            found |= set(n.names)
    return found


def read_inside(node: gast.AST) -> set[str]:
    """Names that functions inside a function read."""
    return {n.id for f in gast.walk(node) if f is not node and isinstance(f, FUNCTIONS)
            for n in gast.walk(f) if isinstance(n, gast.Name)}


def calls_or_assigns(node: gast.AST) -> bool:
    """Whether evaluating an expression may do more than give a value."""
    return any(isinstance(n, (gast.Call, gast.NamedExpr)) for n in gast.walk(node))


def own_nodes(node: gast.AST) -> Iterator[gast.AST]:
    """The nodes that are evaluated in the scope a statement stands in."""
    yield node
    for child in gast.iter_child_nodes(node):
        if isinstance(node, FUNCTIONS) and (child is node.body or isinstance(node.body, list) and child in node.body):
            continue
        yield from own_nodes(child)


def targets(node: gast.AST) -> set[str]:
    """Names in the targets of an assignment, a loop or a comprehension."""
    return {n.id for n in gast.walk(node) if isinstance(n, gast.Name) and isinstance(n.ctx, gast.Store)}


def _bound(node: gast.AST, inside: bool) -> Iterator[str]:
    """Names bound in a scope by a statement or expression; ``inside`` a comprehension only ``:=`` reaches it."""
    match node:
        case gast.NamedExpr():
            yield node.target.id
            yield from _bound(node.value, inside)
            return
        case gast.Name() if isinstance(node.ctx, (gast.Store, gast.Del)) and not inside:
            yield node.id
        case gast.FunctionDef() | gast.AsyncFunctionDef():
            if not inside:
                yield node.name
            for e in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None), *node.decorator_list):
                yield from _bound(e, inside)
            return
        case gast.Lambda():
            for e in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
                yield from _bound(e, inside)
            return
        case gast.ClassDef():
            yield node.name
            return
        case gast.MatchAs() | gast.MatchStar() if node.name is not None:
            yield node.name
        case gast.MatchMapping() if node.rest is not None:
            yield node.rest
        case gast.ExceptHandler() if isinstance(node.name, str):
            yield node.name
        case gast.alias():
            yield node.asname or node.name.partition(".")[0]
    inside = inside or isinstance(node, COMPREHENSIONS)
    for child in gast.iter_child_nodes(node):
        yield from _bound(child, inside)
