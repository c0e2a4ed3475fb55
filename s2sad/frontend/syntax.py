"""The whitelist: which syntax the compiler takes. All else is refused where it stands, before anything is done."""
from __future__ import annotations

from dataclasses import dataclass

import gast

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.scopes import calls_or_assigns, declared, own_nodes
from s2sad.frontend.source import UserFunction

ALLOWED: tuple[type, ...] = (
    gast.Assign, gast.AnnAssign, gast.AugAssign, gast.If, gast.For, gast.While, gast.Break, gast.Continue, gast.Return,
    gast.Pass, gast.Assert, gast.Raise, gast.Expr, gast.FunctionDef, gast.Global, gast.Nonlocal, gast.Match,
    gast.match_case, gast.MatchValue, gast.MatchSingleton, gast.MatchSequence, gast.MatchAs, gast.MatchOr,
    gast.BinOp, gast.UnaryOp, gast.BoolOp, gast.Compare, gast.IfExp, gast.Call, gast.keyword, gast.Attribute,
    gast.Subscript, gast.Slice, gast.Tuple, gast.List, gast.Dict, gast.Name, gast.Constant, gast.Lambda, gast.NamedExpr,
    gast.Starred, gast.arguments, gast.ListComp, gast.comprehension,
    gast.expr_context, gast.operator, gast.unaryop, gast.boolop, gast.cmpop,
)


@dataclass(frozen=True)
class Refusal:
    """What a construct is called in an error, and what to write instead; ``never`` if it has no meaning here."""

    what: str
    hint: str
    never: bool = False

    @property
    def code(self) -> str:
        return "S2S001" if self.never else "S2S002"


REFUSED: dict[type, Refusal] = {
    gast.GeneratorExp: Refusal("a generator expression", "write a list, as in `sum([... for ... in ...])`, or a loop"),
    gast.DictComp: Refusal("a dict comprehension", "use arrays or names"),
    gast.SetComp: Refusal("a set comprehension", "use arrays or names"),
    gast.Set: Refusal("a set", "use arrays or names"),
    gast.JoinedStr: Refusal("an f-string", "write a plain string"),
    gast.Try: Refusal("'try'", "test the condition before it fails"),
    gast.TryStar: Refusal("'except*'", "test the condition before it fails", never=True),
    gast.TemplateStr: Refusal("a template string", "write a plain string", never=True),
    gast.With: Refusal("'with'", "call what it needs before and after"),
    gast.Import: Refusal("an import inside a function", "import at module level"),
    gast.ImportFrom: Refusal("an import inside a function", "import at module level"),
    gast.Delete: Refusal("'del'", "remove it"),
    gast.MatchStar: Refusal("'*' in a pattern", "match the elements one by one"),
    gast.MatchMapping: Refusal("a mapping pattern", "match numbers, strings or tuples of them"),
    gast.MatchClass: Refusal("a class pattern", "match numbers, strings or tuples of them"),
    gast.ClassDef: Refusal("a class inside a function", "use tuples, arrays or names", never=True),
    gast.AsyncFunctionDef: Refusal("an async function", "define it with 'def'", never=True),
    gast.AsyncFor: Refusal("'async for'", "write a plain loop", never=True),
    gast.AsyncWith: Refusal("'async with'", "call what it needs before and after", never=True),
    gast.Await: Refusal("'await'", "call a plain function", never=True),
    gast.Yield: Refusal("'yield'", "fill an array and return it", never=True),
    gast.YieldFrom: Refusal("'yield from'", "fill an array and return it", never=True),
    gast.TypeAlias: Refusal("a type alias inside a function", "define it at module level", never=True),
    gast.TypeVar: Refusal("a type parameter", "leave the type parameters out", never=True),
    gast.ParamSpec: Refusal("a type parameter", "leave the type parameters out", never=True),
    gast.TypeVarTuple: Refusal("a type parameter", "leave the type parameters out", never=True),
}
"""All constructs that are refused wherever they stand; the page of what is supported is made from it."""


def check_syntax(user: UserFunction, *, called: bool = False) -> None:
    """Refuse a function that holds syntax outside the whitelist; one that is ``called`` may take ``*args``.

    >>> def f(x):
    ...     with x: pass
    >>> try: check_syntax(UserFunction.from_callable(f))
    ... except UnsupportedSyntax as e: print(e.what, e.code)
    'with' is not supported yet S2S002
    """
    node = user.node
    if isinstance(node, gast.AsyncFunctionDef):
        refuse_kind(user, node)
    vararg = node.args.vararg
    if vararg is not None and not called:
        raise UnsupportedSyntax(f"the parameter '*{vararg.id}' is supported only in functions called by others",
                                loc=user.loc(vararg), hint="write the parameters out")
    _check_function(user, node)


def _check_function(user: UserFunction, node: gast.AST) -> None:
    """A function, whose decorators and annotations are never evaluated here, or a lambda."""
    for parameter in getattr(node, "type_params", ()):
        refuse_kind(user, parameter)
    if node.args.kwarg is not None:
        raise UnsupportedSyntax(f"the parameter '**{node.args.kwarg.id}' is not supported yet",
                                loc=user.loc(node.args.kwarg), hint="write the parameters out")
    body = [node.body] if isinstance(node, gast.Lambda) else node.body
    written = {n.id: n for s in body for n in own_nodes(s)
               if isinstance(n, gast.Name) and not isinstance(n.ctx, gast.Load)}
    for name in sorted(declared(node, gast.Global) & written.keys()):
        raise UnsupportedSyntax(f"the global '{name}' is assigned", loc=user.loc(written[name]), code="S2S001",
                                why="globals are constants, as with numba", hint="return the value")
    for statement in body:
        _check(user, statement)


def _check(user: UserFunction, node: gast.AST) -> None:
    if not isinstance(node, ALLOWED):
        refuse_kind(user, node)
    if isinstance(node, gast.comprehension) and node.is_async:
        raise UnsupportedSyntax("'async for' is not supported", loc=user.loc(node.target), code="S2S001",
                                hint="write a plain loop")
    if isinstance(node, (gast.FunctionDef, gast.Lambda)):
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                _check(user, default)
        _check_function(user, node)
        return
    for child in _children(node):
        _check(user, child)


def _children(node: gast.AST) -> list[gast.AST]:
    # Annotations are never evaluated, so anything may stand in them.
    if isinstance(node, gast.AnnAssign):
        return [node.target, *([node.value] if node.value is not None else [])]
    if isinstance(node, gast.Assert):
        return _without_texts([node.test, node.msg])
    if isinstance(node, gast.Raise) and isinstance(node.exc, gast.Call):
        return _without_texts([node.exc.func, *node.exc.args, *node.exc.keywords, node.cause])
    return list(gast.iter_child_nodes(node))


def _without_texts(nodes: list) -> list[gast.AST]:
    """The parts of a statement that raises, without an f-string, of which the text is kept."""
    return [n for n in nodes if n is not None and not (isinstance(n, gast.JoinedStr) and not calls_or_assigns(n))]


def refuse_kind(user: UserFunction, node: gast.AST) -> None:
    """Refuse a construct by what it is."""
    loc = user.loc(node)
    for kind, refusal in REFUSED.items():
        if isinstance(node, kind):
            ending = "" if refusal.never else " yet"
            raise UnsupportedSyntax(f"{refusal.what} is not supported{ending}", loc=loc, code=refusal.code,
                                    hint=refusal.hint, why="it has no meaning for derivatives" if refusal.never else "")
    raise UnsupportedSyntax(f"'{type(node).__name__}' is not supported", loc=loc, code="S2S001",
                            why="it has no meaning for derivatives", hint="take it out of the function")
