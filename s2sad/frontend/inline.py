"""Helper functions are inlined: their body, brought to one exit, with its locals renamed, in place of the call."""
from __future__ import annotations

from typing import TYPE_CHECKING

import gast
import numpy as np

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.constants import constant
from s2sad.frontend.exits import one_exit
from s2sad.frontend.functions import HELD, FunctionArg, Held, function_of, kept
from s2sad.frontend.library import meaning
from s2sad.frontend.lists import returned_lists
from s2sad.frontend.recursion import invoke
from s2sad.frontend.ruled import rule_of
from s2sad.frontend.ruled_calls import call_user
from s2sad.frontend.scopes import assigned_names, read_inside
from s2sad.frontend.source import UserFunction
from s2sad.frontend.syntax import check_syntax
from s2sad.ir.nodes import Arg, Const, Rhs, TupleArg

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions
    from s2sad.frontend.flatten import Flattener


DEEPEST = 30
"""So deep functions that call one another with ever new functions are inlined."""


def inline(flat: Flattener, helper: UserFunction, node: gast.Call) -> Arg:
    """Emit the body of ``helper`` into the caller and give the value it returns.

    ``y = square(a + b)`` with ``def square(x): return x * x`` becomes ``x = a + b; y = x * x``.
    """
    rule = rule_of(helper)
    if rule is not None:
        return call_user(flat, helper, rule, match_arguments(flat, helper, node), node)
    callee = flat.names.callees.get(helper.key)
    if callee is not None:
        return invoke(flat, callee, match_arguments(flat, helper, node), node)
    check_syntax(helper, called=True)
    given = match_arguments(flat, helper, node)
    assigned = assigned_names(helper.node)
    bases: dict[str, str] = {}
    for name in sorted(assigned | set(given)):
        free = name not in flat.names.used
        bases[name] = flat.names.fresh(name if free else f"{helper.name}_{name}")
        flat.names.again((helper.key, name), bases[name])
    inner = type(flat)(helper, flat.names, flat.prologue, (*flat.stack, helper), assigned, bases)
    inner.caller, inner.loc = flat, flat.user.loc(node)
    captured = read_inside(helper.node)
    for param, arg in given.items():
        match arg:
            case gast.AST():
                held = flat.rhs(arg)
            case Held(held):
                pass
            case _:
                held = inner.as_value(default_value(inner, arg, param))
                flat.out += inner.out
                inner.out = []
        if isinstance(held, HELD) and param not in assigned:
            # A function made inside may outlive the call, and what the caller's names hold now.
            inner.vars[param] = kept(flat, held) if param in captured else held
            continue
        inner.bind(param, held, flat.user.loc(node))
        flat.out += inner.out
        inner.out = []
    refuse_recursion(flat, inner, node)
    inner.statements(helper.node.body)
    body, result = one_exit(tuple(inner.out), flat.names, f"{helper.name}_result", helper.loc(helper.node))
    flat.out += body
    returned_lists(body, flat.names.lists)
    return Const(None) if result is None else result


def default_value(inner: Expressions, value: object, param: str) -> Rhs | Arg:
    """A default of a helper: a constant, or a function."""
    if callable(value) and not isinstance(value, np.generic):
        held = function_of(meaning(value, param), inner, inner.user.node)
        if held is not None:
            return held
    return constant(inner, value, inner.user.node)


def refuse_recursion(flat: Expressions, inner: Expressions, node: gast.Call) -> None:
    """A helper may be called by itself only with other functions as arguments, and not without end."""
    inner.handed = frozenset(v.key for v in inner.vars.values() if isinstance(v, FunctionArg))
    frame: Expressions | None = flat
    while frame is not None:
        if frame.user.key == inner.user.key and (frame.handed == inner.handed or len(flat.stack) > DEEPEST):
            raise UnsupportedSyntax(f"'{inner.user.name}' calls itself, which is not supported yet",
                                    loc=flat.user.loc(node), code="S2S004", hint="write it as a loop")
        frame = frame.caller


def match_arguments(flat: Expressions, helper: UserFunction, node: gast.Call) -> dict[str, object]:
    """What each parameter of a helper gets, in the order of evaluation: an expression, a value, or a default."""
    def bad(what: str) -> UnsupportedSyntax:
        return UnsupportedSyntax(f"{helper.name}() {what}", loc=flat.user.loc(node), code="S2S012",
                                 hint=f"its parameters are: {', '.join(helper.params) or 'none'}")

    a = helper.node.args
    keyword_only = {p.id for p in a.kwonlyargs}
    positional_only = {p.id for p in a.posonlyargs}
    positional = [p for p in helper.params if p not in keyword_only]
    listed = positional_arguments(flat, node)
    if len(listed) > len(positional) and a.vararg is None:
        raise bad(f"takes {len(positional)} arguments but {len(listed)} are given")
    given: dict[str, object] = dict(zip(positional, listed))
    if a.vararg is not None:
        rest = (flat.value(e) if isinstance(e, gast.AST) else e.value for e in listed[len(positional):])
        # Evaluated after those before it.
        given = {p: Held(flat.value(e)) if isinstance(e, gast.AST) else e for p, e in given.items()}
        given[a.vararg.id] = Held(TupleArg(tuple(rest)))
    for k in node.keywords:
        if k.arg is None:
            flat.refuse("'**' in a call is not supported yet", node, hint="write the arguments out")
        if k.arg not in helper.params or k.arg in positional_only:
            raise bad(f"has no parameter '{k.arg}'")
        if k.arg in given:
            raise bad(f"gets '{k.arg}' twice")
        given[k.arg] = k.value
    for p in helper.params:
        if p not in given:
            if p not in helper.defaults:
                raise bad(f"needs '{p}'")
            given[p] = helper.defaults[p]
    return given


def positional_arguments(flat: Expressions, node: gast.Call) -> list:
    """The positional arguments of a call, those of ``*t`` one by one: expressions, or what has been evaluated."""
    if not any(isinstance(e, gast.Starred) for e in node.args):
        return list(node.args)
    return [Held(v) for v in flat.spread(node.args)]
