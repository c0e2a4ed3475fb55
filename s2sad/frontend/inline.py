"""Helper functions are inlined: their body, brought to one exit, with its locals renamed, in place of the call."""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.exits import one_exit
from s2sad.frontend.source import UserFunction
from s2sad.frontend.syntax import check_syntax
from s2sad.ir.nodes import Arg, Const, DType, ShapeOf, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions
    from s2sad.frontend.flatten import Flattener


def assigned_names(node: gast.FunctionDef) -> set[str]:
    """Locals a function assigns."""
    return {n.id for s in node.body for n in gast.walk(s) if isinstance(n, gast.Name) and isinstance(n.ctx, gast.Store)}


def inline(flat: Flattener, helper: UserFunction, node: gast.Call) -> Arg:
    """Emit the body of ``helper`` into the caller and give the value it returns.

    ``y = square(a + b)`` with ``def square(x): return x * x`` becomes ``x = a + b; y = x * x``.
    """
    if any(helper.key == outer.key for outer in flat.stack):
        raise UnsupportedSyntax(f"'{helper.name}' calls itself, which is not supported yet", loc=flat.user.loc(node),
                                code="S2S004", hint="write it as a loop")
    check_syntax(helper)
    given = match_arguments(flat, helper, node)
    assigned = assigned_names(helper.node)
    bases: dict[str, str] = {}
    for name in sorted(assigned | set(helper.params)):
        free = name not in flat.names.used
        bases[name] = flat.names.fresh(name if free else f"{helper.name}_{name}")
        flat.names.again((helper.key, name), bases[name])
    inner = type(flat)(helper, flat.names, flat.prologue, (*flat.stack, helper), assigned, bases)
    inner.loc = flat.user.loc(node)
    for param in helper.params:
        arg = given[param]
        if isinstance(arg, gast.AST):
            held = flat.rhs(arg)
            simple = isinstance(held, (str, Const, TupleArg, ShapeOf, DType))
        else:
            held, simple = inner.as_value(inner.constant(arg, helper.node)), True
            flat.out += inner.out
            inner.out = []
        if simple and param not in assigned:
            inner.vars[param] = held
            continue
        inner.bind(param, held, flat.user.loc(node))
        flat.out += inner.out
        inner.out = []
    inner.statements(helper.node.body)
    body, result = one_exit(tuple(inner.out), flat.names, f"{helper.name}_result", helper.loc(helper.node))
    flat.out += body
    return Const(None) if result is None else result


def match_arguments(flat: Expressions, helper: UserFunction, node: gast.Call) -> dict[str, object]:
    """Which expression (or default) each parameter of a helper gets."""
    def bad(what: str) -> UnsupportedSyntax:
        return UnsupportedSyntax(f"{helper.name}() {what}", loc=flat.user.loc(node), code="S2S012")

    keyword_only = {p.id for p in helper.node.args.kwonlyargs}
    positional = [p for p in helper.params if p not in keyword_only]
    if len(node.args) > len(positional):
        raise bad(f"takes {len(positional)} arguments but {len(node.args)} are given")
    given: dict[str, object] = dict(zip(positional, node.args))
    for k in node.keywords:
        if k.arg is None:
            flat.refuse("'**' in a call is not supported yet", node, hint="write the arguments out")
        if k.arg not in helper.params:
            raise bad(f"has no parameter '{k.arg}'")
        if k.arg in given:
            raise bad(f"gets '{k.arg}' twice")
        given[k.arg] = k.value
    for p in helper.params:
        if p not in given:
            if p not in helper.defaults:
                raise bad(f"needs '{p}'")
            given[p] = helper.defaults[p]
    # Keyword arguments are evaluated in the order of the call, which matters only if they have effects.
    return given
