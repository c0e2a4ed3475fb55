"""The whitelist: which syntax the compiler takes. All else is refused where it stands, before anything is done."""
from __future__ import annotations

import gast

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.source import UserFunction
from s2sad.ir.names import RESERVED

ALLOWED: tuple[type, ...] = (
    gast.Assign, gast.AnnAssign, gast.AugAssign, gast.If, gast.For, gast.While, gast.Break, gast.Continue, gast.Return,
    gast.Pass, gast.Assert, gast.Raise, gast.Expr,
    gast.BinOp, gast.UnaryOp, gast.BoolOp, gast.Compare, gast.IfExp, gast.Call, gast.keyword, gast.Attribute,
    gast.Subscript, gast.Slice, gast.Tuple, gast.List, gast.Name, gast.Constant,
    gast.expr_context, gast.operator, gast.unaryop, gast.boolop, gast.cmpop,
)

# What has a meaning for derivatives and may come, with what to write until then.
NOT_YET: dict[type, tuple[str, str]] = {
    gast.Lambda: ("a lambda inside a function", "define a function at module level"),
    gast.FunctionDef: ("a function inside a function", "define it at module level"),
    gast.ListComp: ("a list comprehension", "fill an array in a loop"),
    gast.GeneratorExp: ("a generator expression", "accumulate in a loop"),
    gast.NamedExpr: ("':='", "assign in a statement of its own"),
    gast.Match: ("'match'", "write if/elif"),
    gast.Try: ("'try'", "test the condition before it fails"),
    gast.With: ("'with'", "call what it needs before and after"),
    gast.Starred: ("'*' unpacking", "write the elements out"),
    gast.JoinedStr: ("an f-string", "write a plain string"),
    gast.Dict: ("a dict", "use arrays or names"),
    gast.Set: ("a set", "use arrays or names"),
    gast.DictComp: ("a dict comprehension", "use arrays or names"),
    gast.SetComp: ("a set comprehension", "use arrays or names"),
    gast.Import: ("an import inside a function", "import at module level"),
    gast.ImportFrom: ("an import inside a function", "import at module level"),
    gast.In: ("'in'", "compare in a loop"),
    gast.NotIn: ("'not in'", "compare in a loop"),
    gast.Delete: ("'del'", "remove it"),
}


def check_syntax(user: UserFunction) -> None:
    """Refuse a function that holds syntax outside the whitelist.

    >>> def f(x):
    ...     with x: pass
    >>> try: check_syntax(UserFunction.from_callable(f))
    ... except UnsupportedSyntax as e: print(e.what, e.code)
    'with' is not supported yet S2S002
    """
    node = user.node
    if isinstance(node, gast.AsyncFunctionDef):
        _refuse(user, node)
    for extra in (node.args.vararg, node.args.kwarg):
        if extra is not None:
            raise UnsupportedSyntax(f"the parameter '*{extra.id}' is not supported yet", loc=user.loc(extra),
                                    hint="write the parameters out")
    for p in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        if p.id in RESERVED:
            raise UnsupportedSyntax(f"a parameter cannot be called '{p.id}'", loc=user.loc(p), code="S2S009",
                                    why="generated code uses that name", hint="rename the parameter")
    for statement in node.body:
        _check(user, statement)


def _check(user: UserFunction, node: gast.AST) -> None:
    if not isinstance(node, ALLOWED):
        _refuse(user, node)
    for child in _children(node):
        # Operators have no position of their own.
        if isinstance(child, (gast.In, gast.NotIn)):
            what, hint = NOT_YET[type(child)]
            raise UnsupportedSyntax(f"{what} is not supported yet", loc=user.loc(node), hint=hint)
        _check(user, child)


def _children(node: gast.AST) -> list[gast.AST]:
    # Annotations are never evaluated, so anything may stand in them.
    if isinstance(node, gast.AnnAssign):
        return [node.target, *([node.value] if node.value is not None else [])]
    return list(gast.iter_child_nodes(node))


def _refuse(user: UserFunction, node: gast.AST) -> None:
    loc = user.loc(node)
    for kind, (what, hint) in NOT_YET.items():
        if isinstance(node, kind):
            raise UnsupportedSyntax(f"{what} is not supported yet", loc=loc, hint=hint)
    raise UnsupportedSyntax(f"'{type(node).__name__}' is not supported", loc=loc, code="S2S001",
                            why="it has no meaning for derivatives")
