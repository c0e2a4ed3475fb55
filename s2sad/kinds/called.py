"""The functions that a generated module calls by name, made until none is missing."""
from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace

from s2sad.analysis.activity import Activity
from s2sad.emit.primal import primal_text
from s2sad.emit.syntax import names, nodes
from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.source import UserFunction
from s2sad.ir import Function, Invoke, Stmt
from s2sad.ir import walk as w
from s2sad.kinds.adjoint import adjoint_functions
from s2sad.kinds.analysed import Analysed, Finish, Interface
from s2sad.kinds.callees import Callees, Wanted
from s2sad.kinds.tangent import tangent_functions


def callee_functions(callees: Callees, finish: Finish, callers: Sequence[ast.FunctionDef], *,
                     strong_zero: bool) -> list[ast.FunctionDef]:
    """Everything that has been asked for, and what that asks for in turn, as far as the callers still need it."""
    made: list[ast.FunctionDef] = []
    while callees.todo:
        wanted = callees.todo.pop(0)
        node = _function(wanted, callees, finish, strong_zero)
        node.name = wanted.name
        # the user's own text may stand for it
        node.stands_for_user = wanted.kind == "primal" and wanted.name == wanted.user.name  # type: ignore[attr-defined]
        made.append(node)
    if not made:
        return []
    needed: set[str] = set()
    todo = list(callers)
    while todo:
        called = names(todo.pop()) - needed
        needed |= called
        todo += [f for f in made if f.name in called]
    return [f for f in made if f.name in needed]


def carried_functions(texts: Mapping[str, UserFunction], callers: Sequence[ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The functions with rules of their own that are called, as they are written."""
    called = {name for f in callers for name in names(f)}
    taken = {f.name for f in callers} | texts.keys()
    out: list[ast.FunctionDef] = []
    for name, user in texts.items():
        if name in called:
            primal = primal_text(user, taken - {name})
            taken |= {f.name for f in primal.functions}
            node = ast.parse(primal.functions[-1].text).body[0]
            assert isinstance(node, ast.FunctionDef)
            node.carried, node.ruled = primal, user  # type: ignore[attr-defined]
            out.append(node)
    return out


def _function(wanted: Wanted, callees: Callees, finish: Finish, strong_zero: bool) -> ast.FunctionDef:
    if wanted.made is not None:
        return _called_as_is(wanted.user, wanted.made.fn, wanted.made.author_names, wanted.made.live, callees, finish)
    if wanted.kind == "primal":
        ready = callees.prepared(wanted.user, wanted.argtypes)
        return _called_as_is(wanted.user, ready.fn, ready.author_names, frozenset(ready.fn.params), callees, finish)
    a = replace(callees.analysed(wanted.user, wanted.argtypes, wanted.wrt), callees=callees)
    if wanted.kind == "tangent":
        (node,), *_ = tangent_functions(a, finish, strong_zero=strong_zero, flat=True)
    else:
        (node,), *_ = adjoint_functions(a, finish, value=False, strong_zero=strong_zero)
    return node


def _called_as_is(user: UserFunction, fn: Function, author_names: frozenset[str], live: frozenset[str],
                  callees: Callees, finish: Finish) -> ast.FunctionDef:
    """A function that is not differentiated, printed with the module's names of what it calls."""
    def visit(s: Stmt) -> tuple[Stmt, ...]:
        if isinstance(s, Invoke):
            name, pure = callees.primal(s, fn)
            s = replace(s, fn=name, before=(), pure=pure)
        return (s,)

    body = w.map_block(fn.body, visit)
    interface = Interface(fn.params, (), (), (), None)
    a = Analysed(user, fn, interface, Activity(frozenset(), frozenset()), author_names, callees)
    return finish(replace(fn, body=body), a, live)


def require_names(a: Analysed, functions: Sequence[ast.FunctionDef]) -> None:
    """No local of a function may hide a function of the module that it calls.

    Raises
    ------
    UnsupportedSyntax
        If one does.
    """
    wanted = {f.name for f in functions}
    for f in functions:
        stored = {n.id for n in nodes(f) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        hiding = wanted & (stored | {p.arg for p in f.args.args})
        called = {n.func.id for n in nodes(f) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)} \
            if hiding else set()
        for name in sorted(hiding & called):
            raise UnsupportedSyntax(f"the name '{name}' is needed for a generated function", loc=a.fn.loc,
                                    code="S2S009", hint=f"rename the variable '{name}'")
