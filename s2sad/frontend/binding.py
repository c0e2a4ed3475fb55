"""What statements at module level bind and change, by their syntax alone."""
from __future__ import annotations

import ast
from collections.abc import Iterator


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement that are evaluated with it: bodies of functions defined in it are not."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and child in _body(node):
            continue
        yield from outside_functions(child)


def _body(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list:
    return [node.body] if isinstance(node, ast.Lambda) else node.body


def bound_names(s: ast.stmt) -> list[str]:
    """Names a statement may bind at module level."""
    names: dict[str, None] = {}
    for n in outside_functions(s):
        match n:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names[name] = None
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names[name] = None
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                names[name] = None
            case ast.MatchStar(name=str() as name):
                names[name] = None
            case ast.MatchMapping(rest=str() as name):
                names[name] = None
            case ast.alias(name=name, asname=asname):
                names[asname or name.partition(".")[0]] = None
    return list(names)


def global_stores(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Names of the module that functions declare ``global``, or whose elements they set."""
    for f in ast.walk(tree):
        if not isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        inside = [n for s in f.body for n in ast.walk(s)]
        own = {a.arg for a in ast.walk(f.args) if isinstance(a, ast.arg)}
        own |= {n.id for n in inside if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        declared = {name: n.lineno for n in inside if isinstance(n, ast.Global) for name in n.names}
        yield from declared.items()
        for n in inside:
            if isinstance(n, (ast.Subscript, ast.Attribute)) and not isinstance(n.ctx, ast.Load):
                root = n.value
                while isinstance(root, (ast.Subscript, ast.Attribute)):
                    root = root.value
                if isinstance(root, ast.Name) and root.id not in own:
                    yield root.id, n.lineno


def never_true_on_import(test: ast.expr) -> bool:
    """``if __name__ == "__main__"`` and ``if TYPE_CHECKING``."""
    match test:
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return True
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(value=ast.Name(id="typing"), attr="TYPE_CHECKING"):
            return True
    return False
