"""The same through the public interface and numba: compiling costs seconds, so on few programs."""
from __future__ import annotations

import ast
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING

import numba
import numpy as np
from numba.core.errors import NumbaError, UnsupportedBytecodeError

import s2sad
from s2sad.errors import BadCall
from tests.fuzz.program import PARAMS, WRT, define

if TYPE_CHECKING:
    from tests.fuzz.oracles import Check

FUSED = 1e-14
"""Compiled code may contract and reorder what Python does in order."""

UNLINKED = "numba jitted function aborted due to unresolved symbol"


def public(check: Check) -> None:
    """Values, gradients, tangents and pullbacks of compiled code."""
    check.shown = ""
    f = check.program.function()
    args = check.program.args
    allowed = FUSED * check.scale + check.tolerance
    compiled = check.program.args
    try:
        found = None if corrupts_memory(check.program.source) else jitted(check.program.source)(*compiled)
    except (NumbaError, UnsupportedBytecodeError, RuntimeError) as e:
        # The language is larger than numba's: functions as values, `nonlocal`, `a, *b = c`, lists given on after `:=`.
        # Of functions that call each other it compiles some to code that it then cannot link.
        if isinstance(e, RuntimeError) and UNLINKED not in str(e):
            raise
        check.without = f"{check.without} without numba".strip()
    else:
        if found is None:
            check.without = f"{check.without} without numba".strip()
        elif not drops_draws(check.program.source):
            check.agree("numba's value", found, check.value, allowed)
            check.agree("numba's arguments", list(compiled[:3]), list(check.after[:3]), allowed)
    value, gradient = s2sad.value_and_grad(f, wrt=WRT)(*args)
    check.agree("value beside the gradient", value, check.value, allowed)
    tangents = tuple(t if np.ndim(t) else float(t) for t in check.direction)
    primal, check.d_value = s2sad.jvp(f, args, (*tangents, None, None))
    check.agree("value of jvp", primal, check.value, allowed)
    check.is_gradient("gradient", gradient)
    if not check.near:
        check.agree("jvp", check.d_value, check.along(check.gradient))
    again, pull = s2sad.vjp(f, *args, wrt=WRT)
    check.agree("value of vjp", again, check.value, allowed)
    check.is_gradient("first pullback", pull(1.0))
    check.agree("second pullback", pull(1.0), pull(1.0), 0.0)
    check.unchanged(args)
    overlapping(check)


def corrupts_memory(source: str) -> bool:
    """Whether numba may write outside of a list: one that loses its first element and grows again (numba's issue
    4250)."""
    return ".pop(0)" in source


def drops_draws(source: str) -> bool:
    """Whether numba may leave out draws: it takes an array of them that nothing reads for dead where it inlines an
    inner function, and what is drawn next is another number."""
    inner = (ast.Lambda, ast.ListComp)
    return "np.random." in source and any(
        isinstance(n, inner) or isinstance(n, ast.FunctionDef) and n not in tree.body
        for tree in (ast.parse(source),) for n in ast.walk(tree))


class _Positional(ast.NodeTransformer):
    """numba 0.68 takes the last of the other arguments for a keyword-only one, or fails."""

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        defaults = [*node.defaults, *node.kw_defaults]
        if None in defaults:
            return node
        return ast.arguments(posonlyargs=node.posonlyargs, args=[*node.args, *node.kwonlyargs], vararg=node.vararg,
                             kwonlyargs=[], kw_defaults=[], kwarg=node.kwarg, defaults=defaults)


def jitted(source: str) -> Callable:
    """The program with all its functions compiled."""
    source = ast.unparse(_Positional().visit(ast.parse(source))) + "\n"
    space = dict(define(source).__globals__)
    for name, f in list(space.items()):
        if isinstance(f, FunctionType):
            copy = FunctionType(f.__code__, space, name, f.__defaults__)
            copy.__kwdefaults__ = f.__kwdefaults__
            space[name] = numba.njit(copy)
    return space["f"]


def overlapping(check: Check) -> None:
    """The same array twice: the gradient of separate arrays, or a refusal where one of them is written to."""
    args = list(check.program.args)
    args[PARAMS.index("y")] = args[0]
    try:
        gradient = s2sad.grad(check.program.function(), wrt=WRT)(*args)
    except BadCall as e:
        if e.code != "S2S051":
            raise
        return
    from tests.fuzz.sampled import of_separate
    of_separate(check, tuple(args), gradient)
