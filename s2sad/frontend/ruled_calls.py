"""Calls of functions with a rule of their own are not inlined: an :class:`Invoke` that carries the rule.

Before::

    y = np.sum(np.linalg.solve(a, b))

after::

    t1 = np.linalg.solve(a, b)          # an Invoke
    y = np.sum(t1)
"""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import gast

from s2sad.frontend.naming import LocalNames
from s2sad.frontend.recursion import VALUE, Callee, evaluated, names_of
from s2sad.frontend.ruled import rule_of
from s2sad.frontend.source import UserFunction
from s2sad.ir.nodes import Arg, Assign, Const, Function, Invoke, Op
from s2sad.rules.calls import CallRule, ElementwiseRule

if TYPE_CHECKING:
    from s2sad.frontend.expressions import Expressions


def call_library(flat: Expressions, rule: CallRule, node: gast.Call) -> Arg:
    """Emit the call of a library function that has a rule."""
    given = _matched(flat, rule, node)
    params = tuple(p for p in rule.params if p in given)
    args = evaluated(flat, params, given, node, f"'{rule.name}'", "S2S011")
    return _emit(flat, rule, rule.name, args, node)


def call_user(flat: Expressions, helper: UserFunction, rule: CallRule | ElementwiseRule, given: dict[str, object],
              node: gast.Call) -> Arg:
    """Emit the call of a user's function that has a rule."""
    if helper.fixed or set(given) != set(helper.params):
        flat.refuse(f"'*' among the parameters of '{helper.name}', which has a derivative rule: not supported", node,
                    code="S2S012", hint="give it plain parameters")
    args = evaluated(flat, helper.params, given, node, f"'{helper.name}', which has a derivative rule,", "S2S012")
    callee = flat.names.callees.get(helper.key)
    if callee is None:
        structure = rule.structure if isinstance(rule, CallRule) else VALUE
        callee = Callee(replace(helper, name=flat.names.fresh(helper.name)), structure)
        flat.names.callees[helper.key] = callee
    if isinstance(rule, ElementwiseRule):
        return flat.temporary(Op(f"{rule.op}@{callee.name}", args))
    return _emit(flat, rule, callee.name, args, node)


def calls_itself(user: UserFunction) -> Function | None:
    """A function with a rule, as one that does no more than call it."""
    rule = rule_of(user)
    if rule is None:
        return None
    loc = user.loc(user.node)
    names = LocalNames(user.params)
    called = names.fresh(user.name)
    callees = {called: replace(user, name=called)}
    if isinstance(rule, ElementwiseRule):
        value = names.temp()
        call = Assign(value, Op(f"{rule.op}@{called}", user.params), loc)
        return Function(user.name, user.params, (call,), value, loc, callees=callees)
    result = names_of(names, rule.structure)
    body = (Invoke(result, called, user.params, rule=rule, loc=loc),)
    return Function(user.name, user.params, body, result, loc, callees=callees)


def _emit(flat: Expressions, rule: CallRule, name: str, args: tuple, node: gast.Call) -> Arg:
    target = names_of(flat.names, rule.structure)
    flat.emit(Invoke(target, name, args, rule=rule, loc=flat.user.loc(node)))
    return Const(None) if target is None else target


def _matched(flat: Expressions, rule: CallRule, node: gast.Call) -> dict[str, object]:
    """The arguments of a library function by its parameters; those that are left out at the end stay out."""
    listed = list(node.args)
    if any(isinstance(e, gast.Starred) for e in listed) or len(listed) > len(rule.params):
        flat.refuse(f"'{rule.name}' takes {', '.join(rule.params)}", node, code="S2S011", hint="pass these")
    given: dict[str, object] = dict(zip(rule.params, listed))
    for k in node.keywords:
        if k.arg not in rule.params or k.arg in given:
            flat.refuse(f"'{rule.name}' has no parameter '{k.arg}' here", node, code="S2S011",
                        hint=f"its parameters are: {', '.join(rule.params)}")
        given[k.arg] = k.value
    last = max((k for k, p in enumerate(rule.params) if p in given), default=-1)
    for k, p in enumerate(rule.params):
        if p not in given and p not in rule.defaults:
            flat.refuse(f"'{rule.name}' needs '{p}'", node, code="S2S011", hint=f"pass '{p}'")
        if p not in given and k < last:
            given[p] = rule.defaults[p]
    return given
