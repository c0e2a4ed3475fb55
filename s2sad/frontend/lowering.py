"""The frontend's passes, in order: whitelist, A-normal form with helpers inlined, one exit, webs, loops, tidying."""
from __future__ import annotations

from s2sad.errors import UnsupportedSyntax
from s2sad.frontend.constants import constant
from s2sad.frontend.device import with_intrinsics
from s2sad.frontend.exits import one_exit
from s2sad.frontend.flatten import Flattener
from s2sad.frontend.functions import function_of
from s2sad.frontend.layout import element_bases
from s2sad.frontend.loops import settle_loops
from s2sad.frontend.naming import LocalNames
from s2sad.frontend.recursion import recursive_functions
from s2sad.frontend.ruled_calls import calls_itself
from s2sad.frontend.scopes import assigned_names
from s2sad.frontend.source import Constant, UserFunction
from s2sad.frontend.syntax import check_syntax
from s2sad.frontend.tidy import tidy, without_dead
from s2sad.frontend.webs import split_webs
from s2sad.ir.names import RESERVED
from s2sad.ir.nodes import Arg, Function
from s2sad.ir.walk import result_leaves


def fixed_value(flat: Flattener, meaning: object) -> Arg:
    """What a parameter holds that is a function or a text."""
    if isinstance(meaning, Constant):
        return flat.as_value(constant(flat, meaning.value, flat.user.node))
    held = function_of(meaning, flat, flat.user.node)  # type: ignore[arg-type]
    assert held is not None
    return held


def lower_function(user: UserFunction) -> Function:
    """A user's function as IR: one exit, helpers inlined, one name per independent use of a variable.

    Examples
    --------
    >>> def f(x, n):
    ...     s = 0.0
    ...     for i in range(n):
    ...         if x[i] < 0.0: break
    ...         s += x[i] ** 2
    ...     return s
    >>> from s2sad.emit import to_python, unparse
    >>> print(unparse(to_python(lower_function(UserFunction.from_callable(f)))))
    def f(x, n):
        s = 0.0
        for i in range(n):
            stop = False
            t1 = x[i]
            t2 = t1 < 0.0
            if t2:
                stop = True
            else:
                t3 = x[i]
                t4 = t3 ** 2
                s += t4
            if stop:
                break
        return s
    """
    call = calls_itself(user)
    if call is not None:
        return call
    check_syntax(user)
    assigned = assigned_names(user.node)
    arguments = user.arguments or {}
    callees = recursive_functions(user)
    reserved = RESERVED | {c.name for c in callees.values()}
    own = assigned | set(user.params) | user.fixed.keys() | arguments.keys()
    names = LocalNames((own - reserved) | reserved)
    names.intrinsics = {} if user.target == "cuda" else None
    names.callees.update(callees)
    # What generated code means something else by goes by another name in it.
    bases = {n: n if n not in reserved else names.fresh(n if n in RESERVED else f"{n}_local")
             for n in (*user.params, *sorted(own - set(user.params)))}
    for p, held in arguments.items():
        bases |= element_bases(p, held)
    flat = Flattener(user, names, [], (user,), assigned, bases)
    if user.known is not None:
        names.known = {bases[p]: t for p, t in user.known.items()}
    flat.vars.update({p: bases[p] for p in user.params})
    flat.vars.update({p: fixed_value(flat, m) for p, m in user.fixed.items()})
    flat.vars.update(arguments)
    flat.statements(user.node.body)
    loc = user.loc(user.node)
    body, result = one_exit((*(s for _, s in flat.prologue), *flat.out), names, "result", loc)
    for leaf in result_leaves(result):
        if not (isinstance(leaf, str) or hasattr(leaf, "value")):
            raise UnsupportedSyntax("this cannot be returned", loc=loc, code="S2S007", hint="return its elements")
    fn = Function(user.name, tuple(bases[p] for p in user.params), body, result, loc,
                  callees={c.name: c.user for c in names.callees.values()})
    if names.intrinsics:
        fn = with_intrinsics(fn, names.intrinsics)
    fn = split_webs(tidy(fn, names), names)
    return settle_loops(without_dead(fn, names), names)
