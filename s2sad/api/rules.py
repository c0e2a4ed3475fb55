"""``rule_for`` and ``check_rule``: derivatives given by the user instead of derived."""
from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from types import FunctionType
from typing import Any, TypeVar

import numpy as np
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from s2sad.api.arguments import WrtLike
from s2sad.api.checking import check_grads
from s2sad.api.modules import load
from s2sad.api.program import program_of
from s2sad.array_functions import declared
from s2sad.errors import BadCall
from s2sad.frontend.calls import IN_ORDER, METHODS, NOT_SCALAR, PRODUCTS, TAKE_LISTS, arity
from s2sad.frontend.library import library_name, meaning
from s2sad.frontend.recursion import structure_of
from s2sad.frontend.ruled import declare, declare_for_library, declared_for
from s2sad.frontend.source import Library, UserFunction
from s2sad.ir.draws import NUMPY
from s2sad.lower.bindings import VIEWING
from s2sad.rules.calls import RESULT, CallRule, ElementwiseRule, Implicit, library_rule
from s2sad.rules.table import lookup, user_rule

OWN = frozenset({*METHODS.values(), *IN_ORDER, *PRODUCTS, *VIEWING, *TAKE_LISTS, *NOT_SCALAR, "np.divmod", "np.shape",
                 "np.size", "np.ndindex", "cmath.polar"})
"""Functions of libraries that the compiler itself knows, besides those in its tables."""

F = TypeVar("F", bound=Callable[..., object])
_numbers = count(1)


def rule_for(f: Callable[..., object], *, tangent: Callable[..., object] | None = None,
             adjoint: Callable[..., object] | None = None, constant: bool = False,
             constants: str | Sequence[str] = (), root_of: Callable[..., object] | None = None,
             fixed_point_of: Callable[..., object] | None = None, extents: object = None, pure: bool = False,
             where: Mapping[str, str] | None = None, **partials: str) -> Callable[[F], F]:
    """Declare the derivative of a function, instead of having it derived from the source.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or a function of numpy that numba compiles and that has no rule.
    tangent : callable, optional
        ``tangent(x, d_x, ...)`` returns ``(value, d_value)``. Its parameters are some of those of ``f``, and ``d_`` and
        the name of one.
    adjoint : callable, optional
        ``adjoint(x, b_x, ..., result, b_result)`` adds to ``b_x`` what the cotangent ``b_result`` contributes where
        ``x`` is an array, and returns the adjoints of the numbers among the arguments, in their order. Its parameters
        are found by name too: what it does not list need not be kept for it.
    constant : bool
        The derivative is zero.
    constants : str or sequence of str
        Parameters by which the derivative is zero.
    root_of, fixed_point_of : callable, optional
        The equation that the result ``x`` of ``f`` solves: ``g(x, ...)``, whose other parameters have names of
        parameters of ``f``, is zero, or is ``x`` again. Then the implicit function theorem gives the derivative, by one
        linear solve; by parameters that ``g`` does not have it is zero. ``x`` is a number or an array with one axis.
    extents : str, tuple or list of them, optional
        How long the axes of an array that ``f`` returns are: the name of a parameter it is as large as, or a tuple of
        axes such as ``("x", 0)``; of several results a list. Needed to call ``f`` in a loop.
    pure : bool
        Declares that ``f`` writes to none of its arguments and returns new arrays. Needed where ``f`` takes arrays and
        uses something the compiler cannot read.
    where, **partials : str
        One formula for each parameter of a function of numbers, as in ``x="cos(x)"``: over the parameters, ``Ω`` for
        the result, and the names in ``where``, which stand for shared terms.

    Returns
    -------
    callable
        A decorator: ``@rule_for(f)`` takes the function below as tangent (if it has parameters ``d_...``) or adjoint.

    Notes
    -----
    Declare rules before the first derivative of anything that calls ``f``. Rules are used in compiled code, in all
    modes that they have functions for. In formulas a zero adjoint wins over an infinite partial, as everywhere.

    Examples
    --------
    >>> import math, numpy as np, s2sad
    >>> def softplus(x):
    ...     return math.log(1.0 + math.exp(x))
    >>> _ = s2sad.rule_for(softplus, x="expit(x)")
    >>> s2sad.grad(softplus)(0.0)
    0.5
    >>> def total(x):
    ...     return np.sum(x)
    >>> @s2sad.rule_for(total)
    ... def _(b_x, b_result):
    ...     b_x += b_result
    >>> s2sad.grad(total)(np.ones(3))
    array([1., 1., 1.])
    >>> def cosine_point(a):
    ...     x = 0.5
    ...     for _ in range(200):
    ...         x = math.cos(a * x)
    ...     return x
    >>> _ = s2sad.rule_for(cosine_point, fixed_point_of=lambda x, a: math.cos(a * x))
    >>> s2sad.grad(cosine_point)(1.0).__round__(6)
    -0.297474
    """
    if partials or where:
        if tangent or adjoint or constant or root_of or fixed_point_of:
            raise BadCall("a rule is formulas, or functions, or constant", code="S2S024", hint="give one of them")
        _declare_formulas(f, partials, where or {})
    elif root_of or fixed_point_of:
        if tangent or adjoint or constant or constants or root_of and fixed_point_of:
            raise BadCall("a rule is by one equation, or by functions, or constant", code="S2S024",
                          hint="give one of them; the equation says which parameters count")
        _declare_implicit(f, root_of, fixed_point_of, extents, pure)
    elif tangent or adjoint or constant:
        _declare_call(f, tangent, adjoint, constant, constants, extents, pure)

    def decorate(given: F) -> F:
        as_tangent = any(p.startswith("d_") for p in inspect.signature(given).parameters)
        _declare_call(f, given if as_tangent else None, None if as_tangent else given, False, constants, extents, pure)
        return given

    return decorate


def check_rule(f: Callable[..., object], *args: object, wrt: WrtLike = None, rtol: float | None = None) -> None:
    """Check the rule of a function at one point: against differences of the function, and its modes with one another.

    Parameters
    ----------
    f : callable
        A function with a rule.
    *args
        Where to check.
    wrt : int, str, or tuple of them, optional
        Parameters to differentiate by. Default: all that can be.
    rtol : float, optional
        As for :func:`check_grads`.

    Raises
    ------
    GradientMismatch
        An ``AssertionError`` with a table of what differs.

    Examples
    --------
    >>> import math, s2sad
    >>> def cube(x):
    ...     return x * x * x
    >>> _ = s2sad.rule_for(cube, x="3 * x * x")
    >>> s2sad.check_rule(cube, 1.5)
    """
    name = _library_name(f)
    if name is not None:
        found: object = library_rule(name) or lookup(name)
        f = _calling(name, len(args))
    else:
        found = declared_for(UserFunction.from_callable(f).identity)
    if found is None:
        raise BadCall(f"{getattr(f, '__name__', f)} has no derivative rule", code="S2S024",
                      hint="declare one: s2sad.rule_for")
    given = tuple(a.copy(order="K") if isinstance(a, np.ndarray) else a for a in args)
    f(*given)
    now: Any
    for p, a, now in zip(inspect.signature(getattr(f, "py_func", f)).parameters, args, given):
        if isinstance(a, np.ndarray) and not np.array_equal(a, now, equal_nan=a.dtype.kind in "fc"):
            raise BadCall(f"{f.__name__} writes to its argument '{p}', and has a rule", code="S2S024",
                          hint="let it return what it computes")
    modes: tuple[str, ...] = ("forward", "reverse")
    if isinstance(found, CallRule) and not found.constant:
        modes = tuple(m for m, g in zip(modes, (found.tangent, found.adjoint)) if g is not None)
    names = program_of(f).parameters.names
    if wrt is None:
        wrt = tuple(p for p, a in zip(names, args) if isinstance(a, (float, complex, np.floating, np.complexfloating))
                    or isinstance(a, np.ndarray) and a.dtype.kind in "fc")
    check_grads(f, args, wrt=wrt, modes=modes, rtol=rtol)


def _library_name(f: object) -> str | None:
    """The canonical name of a function of a library."""
    known = library_name(f)
    if known is not None or isinstance(f, FunctionType) or hasattr(f, "py_func"):
        return known
    found = meaning(f, getattr(f, "__name__", "this"))
    return found.name if isinstance(found, Library) else None


def _require_free(name: str, f: object) -> None:
    """Refuse a user's rule for a function of a library that has a derivative, or that numba does not compile."""
    known = library_rule(name)
    if lookup(name) is not None or declared(name) is not None or name in OWN or name.startswith(NUMPY) \
            or "." not in name or known is not None and not known.by_user:
        raise BadCall(f"{name} has a rule already", code="S2S024", hint="wrap it in a function of your own")
    context = cpu_target.typing_context
    with global_compiler_lock:
        context.refresh()
    if context._lookup_global(f) is None:
        raise BadCall(f"numba does not compile {name}", code="S2S024",
                      hint="give the rule to a function of your own that computes it")


def _calling(name: str, arguments: int) -> Callable[..., Any]:
    """A Python function that calls one of a library."""
    params = ", ".join(f"x{k}" for k in range(arguments))
    text = f"import math\n\nimport numpy as np\n\n\ndef called({params}):\n    return {name}({params})\n"
    return load(text, "called")["called"]  # type: ignore[return-value]


def _declare_formulas(f: Callable[..., object], partials: Mapping[str, str], where: Mapping[str, str]) -> None:
    name = _library_name(f)
    if name is not None:
        _require_free(name, f)
    try:
        if name is not None:
            if len(partials) not in arity(name):
                raise ValueError(f"{name} is no function of {len(partials)} numbers")
            user_rule(f"{name.rpartition('.')[2]}({', '.join(partials)})", name, where, partials)
            return
        user = UserFunction.from_callable(f)
        op = f"{user.name}@{next(_numbers)}"
        user_rule(f"{user.name}({', '.join(user.params)})", op, where, partials)
    except (ValueError, SyntaxError) as e:
        text = f"a formula is no Python expression: {e.msg}" if isinstance(e, SyntaxError) else str(e)
        raise BadCall(text, code="S2S024", hint="give one formula for each parameter, over the parameters, Ω and "
                                                  "functions of math") from None
    declare(user.identity, ElementwiseRule(op, user.params))


def _declare_implicit(f: Callable[..., object], root_of: Callable[..., object] | None,
                      fixed_point_of: Callable[..., object] | None, extents: object, pure: bool) -> None:
    if _library_name(f) is not None:
        raise BadCall("a function of a library has no rule by an equation", code="S2S024",
                      hint="wrap it in a function of your own")
    params = UserFunction.from_callable(f).params
    equation = UserFunction.from_callable(root_of or fixed_point_of)
    if not equation.params:
        raise BadCall(f"the equation {equation.name} has no unknown", code="S2S024",
                      hint="its first parameter is what the function returns")
    for p in equation.params[1:]:
        if p not in params:
            raise BadCall(f"the parameter '{p}' of {equation.name} stands for nothing", code="S2S024",
                          hint=f"after the unknown, parameters are found by name: {', '.join(params)}")
    made = Implicit(f, equation, root_of is None)
    if declared_for(UserFunction.from_callable(f).identity) is not None:
        raise BadCall(f"{equation.name} is not the only rule for this function", code="S2S024",
                      hint="declare the equation, or a tangent and an adjoint")
    fixed = tuple(p for p in params if p not in made.params)
    _declare_call(f, made, made, False, fixed, extents, pure)


def _declare_call(f: Callable[..., object], tangent: Callable[..., object] | Implicit | None,
                  adjoint: Callable[..., object] | Implicit | None, constant: bool, constants: str | Sequence[str],
                  extents: object, pure: bool) -> None:
    name = _library_name(f)
    user = None if name is not None else UserFunction.from_callable(f)
    params = tuple(inspect.signature(f).parameters) if user is None else user.params
    called = name or user.name  # type: ignore[union-attr]
    _require_parameters(called, params, tangent, "d_", ())
    _require_parameters(called, params, adjoint, "b_", (RESULT, f"b_{RESULT}"))
    fixed = (constants,) if isinstance(constants, str) else tuple(constants)
    unknown = set(fixed) - set(params)
    if unknown:
        raise BadCall(f"{called} has no parameter '{min(unknown)}'", code="S2S024", hint=f"it has {', '.join(params)}")
    given: dict[str, Any] = {k: g if isinstance(g, Implicit) else UserFunction.from_callable(g)
                             for k, g in (("tangent", tangent), ("adjoint", adjoint)) if g is not None}
    known: object = declared_for(user.identity) if user is not None else library_rule(called)
    if user is None:
        _require_free(called, f)
    if isinstance(known, CallRule) and not constant:
        made = replace(known, **given, constants=fixed or known.constants,
                       extents=_extents(extents) or known.extents, constant=False,
                       pure=pure or known.pure)
    else:
        structure = ("value",) if user is None else structure_of(user)
        made = CallRule(called, params, tangent=given.get("tangent"), adjoint=given.get("adjoint"), constant=constant,
                        constants=fixed, structure=structure, extents=_extents(extents), library=user is None,
                        by_user=True, pure=pure)
    if user is None:
        declare_for_library(made)
    else:
        declare(user.identity, made)


def _extents(given: object) -> tuple[Any, ...]:
    if given is None:
        return ()
    if isinstance(given, list):
        return tuple(given)
    return (given,)


def _require_parameters(called: str, params: tuple[str, ...], given: Callable[..., object] | Implicit | None,
                        prefix: str, others: tuple[str, ...]) -> None:
    """Refuse a tangent or adjoint with a parameter that stands for nothing."""
    if given is None:
        return
    if set(params) & set(others):
        raise BadCall(f"a parameter of {called} is called '{RESULT}', which stands for its result in an adjoint",
                      code="S2S024", hint="rename the parameter")
    if isinstance(given, Implicit):
        return
    for p in inspect.signature(given).parameters:
        if p not in (*params, *others) and not (p.startswith(prefix) and p[2:] in params):
            allowed = ", ".join((*params, *others, *(f"{prefix}{q}" for q in params)))
            raise BadCall(f"the parameter '{p}' of the rule for {called} stands for nothing", code="S2S024",
                          hint=f"parameters are found by name: {allowed}")
