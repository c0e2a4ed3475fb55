"""What numba asks of a function's text: each local name is assigned somewhere above its first use."""
from __future__ import annotations

import ast
from collections.abc import Iterator


def read_too_soon(tree: ast.Module) -> list[str]:
    """Names of locals that a function reads above all of its assignments to them.

    Examples
    --------
    >>> read_too_soon(ast.parse("def f(n):\\n    for i in range(n):\\n        if i: use(t)\\n        t = i"))
    ['t']
    """
    found: list[str] = []
    for f in tree.body:
        if not isinstance(f, ast.FunctionDef):
            continue
        local = {n.id for n in ast.walk(f) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        seen = {a.arg for a in ast.walk(f.args) if isinstance(a, ast.arg)}
        for name, stored in uses(f.body):
            if stored:
                seen.add(name)
            elif name in local and name not in seen:
                found.append(name)
    return found


def uses(node: object) -> Iterator[tuple[str, bool]]:
    """(name, whether assigned) in the order in which they are compiled."""
    match node:
        case list():
            for n in node:
                yield from uses(n)
        case ast.Name(id=name, ctx=context):
            yield name, not isinstance(context, ast.Load)
        case ast.Assign(targets=targets, value=value):
            yield from uses([value, *targets])
        case ast.AugAssign(target=target, value=value):
            if isinstance(target, ast.Name):
                yield target.id, False
            yield from uses([value, target])
        case ast.For(target=target, iter=over, body=body, orelse=orelse):
            yield from uses([over, target, *body, *orelse])
        case ast.FunctionDef() | ast.Lambda() | ast.ListComp() | ast.GeneratorExp():
            return              # other scopes
        case ast.AST():
            yield from uses(list(ast.iter_child_nodes(node)))
