"""``tangent`` and ``adjoint``: the generated functions themselves, without copies and without checks of memory."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from numba import types
from numba.core.dispatcher import Dispatcher

from s2sad.api.arguments import WrtLike
from s2sad.api.lazy import Implementation, lazy_dispatcher
from s2sad.api.program import Program, Types, program_of
from s2sad.api.results import leaves, normal
from s2sad.api.specialisation import Specialisation
from s2sad.api.statics import static_type
from s2sad.api.structures import expressions
from s2sad.errors import BadCall, S2sadError
from s2sad.frontend.layout import Layout
from s2sad.ir.trees import Node, tree_of_type
from s2sad.ir.trees import leaves as leaves_of
from s2sad.ir.types import is_array, is_complex, is_differentiable


def tangent(f: Callable[..., object], wrt: WrtLike = None) -> Dispatcher:
    """The tangent of a function as a compiled function.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`.
    wrt : int, str, or tuple of them, optional
        Independent parameters. Default: the ``wrt`` given to :func:`differentiate`, else the first.

    Returns
    -------
    numba dispatcher
        ``tangent(..., x, d_x, nu, d_nu, ...)`` returns ``(value, d_value)``. Every active argument is followed by its
        tangent; active are those in ``wrt`` and those ``f`` writes values to that depend on them. ``d_value`` has the
        structure of ``value``, with zeros for integers. Where ``f`` returns nothing, so does the tangent, and the
        tangents of what ``f`` writes to are updated in place.

    Notes
    -----
    It can be called from Python and from njit-compiled functions, and takes all arguments by position. No copies are
    made: what ``f`` writes to is written to. The caller guarantees that a tangent has the shape and memory layout of
    its array, and that no array the function writes to, nor its tangent, overlaps another argument.

    Examples
    --------
    >>> import s2sad
    >>> def f(x, a):
    ...     return a * x * x
    >>> s2sad.tangent(f, wrt=("x", "a"))(3.0, 1.0, 2.0, 0.0)
    (18.0, 12.0)
    """
    return _low_level(program_of(f), wrt, "tangent", False)


def adjoint(f: Callable[..., object], wrt: WrtLike = None, value: bool = False) -> Dispatcher:
    """The adjoint of a function as a compiled function.

    Parameters
    ----------
    f, wrt
        As for :func:`tangent`.
    value : bool, optional
        Return the primal value too: ``(value, gradients)``, or ``value`` where there are no scalar gradients.

    Returns
    -------
    numba dispatcher
        ``adjoint(..., x, b_x, nu, ..., cotangents)``. Every active *array* is followed by its shadow: on entry the
        cotangent of its final content, on exit the gradient by its initial content. So shadows of arrays that ``f``
        does not write to accumulate, and those of overwritten ones end at 0. One cotangent per floating-point result,
        in the order of return, comes last; it is not overwritten. It returns the gradients by the scalars in ``wrt``:
        nothing, a float, or a tuple in the order of ``wrt``.

    Notes
    -----
    It can be called from Python and from njit-compiled functions, and takes all arguments by position. No copies are
    made: arrays that ``f`` writes to have unspecified content on exit. The caller guarantees that a shadow has the
    shape and memory layout of its array, and that no array the function writes to, nor any shadow, overlaps another
    argument.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return a * np.sum(x ** 2)
    >>> x = np.array([1.0, 2.0])
    >>> b_x = np.zeros(2)
    >>> s2sad.adjoint(f, wrt=("x", "a"))(x, b_x, 3.0, 1.0)
    5.0
    >>> b_x
    array([ 6., 12.])
    """
    return _low_level(program_of(f), wrt, "adjoint", value)


def _low_level(program: Program, wrt: WrtLike, kind: str, value: bool) -> Dispatcher:
    names = program.wrt(wrt).names
    key = (kind, names, value)
    if key not in program.plans:
        flags: dict[str, object] = {"value": True} if value else {}
        doc = f"{kind.capitalize()} of {program.name} by {', '.join(names)}; see s2sad.{kind}."
        made = lazy_dispatcher(f"{program.name}_{kind}", doc,
                               lambda given: _implementation(program, kind, names, flags, given), program.options)
        program.plans.setdefault(key, made)
    return program.plans[key]  # type: ignore[return-value]


def _implementation(program: Program, kind: str, wrt: tuple[str, ...], flags: dict[str, object],
                    given: Types) -> Implementation:
    """Find which arguments are shadows.

    Which parameters are active follows from the types, and which arguments are parameters from which are active. So the
    ways to read the arguments are tried, fewest shadows first, until one agrees with what is generated for it.
    """
    if any(static_type(t) is not None for t in given):
        raise BadCall(f"{program.name}_{kind} takes no functions as arguments", code="S2S043",
                      hint=f"write a function that calls {program.name} with the function, and take its {kind}")
    refusal: S2sadError | None = None
    known: Specialisation | None = None
    trees = tuple(map(tree_of_type, given))
    for argtypes, active, rest in sorted(_readings(program, kind, wrt, trees), key=lambda r: len(r[1])):
        program.require_differentiable(argtypes, wrt)
        try:
            made = program.specialise(kind, argtypes, wrt, **flags)
        except S2sadError as e:
            refusal = refusal or e
            continue
        known = known or made
        wanted = [t for t in leaves(normal(made.interface.result)) if is_differentiable(t)] if kind == "adjoint" else []
        layout = program.layout(argtypes)
        if active == _followed(layout, kind, made.interface.active) and _fit(rest, wanted):
            passed = [*_passed(layout, kind, made.interface.active, trees),
                      *((f"args[{len(trees) - len(rest) + k}]", r, t) for k, (r, t) in enumerate(zip(rest, wanted)))]
            # Scalar tangents and cotangents in the type of their value, so that ``1`` may be written for ``1.0``.
            casts: dict[int, object] = {k: t for k, (_, have, t) in enumerate(passed)
                                        if t is not None and not is_array(t) and have != t}
            return Implementation(made.entry, tuple(text for text, _, _ in passed), casts)
    if known is None and refusal is not None:
        raise refusal
    raise BadCall(f"the arguments of {program.name}_{kind} do not fit: {', '.join(map(str, given))}", code="S2S043",
                  hint=_expected(program, kind, wrt, known))


def _followed(layout: Layout, kind: str, active: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of the parameters that are followed by a tangent or a shadow."""
    companions = {k for k in layout.positions(active) if kind == "tangent" or is_array(layout.types[k])}
    return tuple(i for i, tree in enumerate(layout.trees) if not companions.isdisjoint(leaves_of(tree)))


def _passed(layout: Layout, kind: str, active: tuple[str, ...],
            given: tuple[Any, ...]) -> Iterator[tuple[str, Any, Any]]:
    """Arguments of the generated function: expression, type, and for tangents the type wanted."""
    companions = {k for k in layout.positions(active) if kind == "tangent" or is_array(layout.types[k])}
    followed = _followed(layout, kind, active)
    position = 0
    for i, tree in enumerate(layout.trees):
        own = [text for _, text in expressions(layout.argtypes[i], f"args[{position}]")]
        numbers = [k for k in leaves_of(tree) if k is not None]
        beside: dict[str, Any] = {}
        if i in followed:
            beside = {text: t for t, text in expressions(given[position + 1], f"args[{position + 1}]")}
        for k, text in zip(numbers, own, strict=True):
            yield text, layout.types[k], None
            if k in companions:
                shadow = text.replace(f"args[{position}]", f"args[{position + 1}]", 1)
                yield shadow, beside[shadow], layout.types[k]
        position += 1 + (i in followed)


def _readings(program: Program, kind: str, wrt: tuple[str, ...],
              given: Types) -> Iterator[tuple[Types, tuple[int, ...], Types]]:
    """All ways to read arguments: types of the parameters, positions of those with a shadow, and what is left."""
    count, chosen = len(program.parameters.names), tuple(map(program.parameters.index, wrt))

    def read(argtypes: Types, active: tuple[int, ...], rest: Types) -> Iterator[tuple[Types, tuple[int, ...], Types]]:
        k = len(argtypes)
        if k == count:
            yield argtypes, active, rest
            return
        if not rest:
            return
        t = rest[0]
        follows = len(rest) > 1 and _shadows(t, rest[1])
        arrays = any(is_array(leaf) and is_differentiable(leaf) for leaf in leaves_of(t))
        if k not in chosen or kind == "adjoint" and not arrays:
            yield from read((*argtypes, t), active, rest[1:])
            follows = follows and arrays
        if follows:
            yield from read((*argtypes, t), (*active, k), rest[2:])

    for reading in read((), (), given):
        # A tangent takes nothing after its parameters, an adjoint cotangents only.
        if not reading[2] or kind == "adjoint":
            yield reading


def _shadows(t: Any, s: Any) -> bool:
    """Whether ``s`` can be the shadow or tangent of ``t``: for arrays the same element type, rank and layout.

    Where ``t`` is structured, ``s`` is structured alike; what stands in it for a value without derivative is not looked
    at.
    """
    if isinstance(t, Node):
        return isinstance(s, Node) and len(s.items) == len(t.items) and all(
            _shadows(a, b) if isinstance(a, Node) or is_array(a) and is_differentiable(a) else True
            for a, b in zip(t.items, s.items))
    if is_array(t):
        return is_array(s) and (s.dtype, s.ndim, s.layout) == (t.dtype, t.ndim, t.layout)
    return _fits(t, s)


def _fits(t: types.Type, s: types.Type) -> bool:
    """Whether a scalar of type ``s`` can be the tangent or cotangent of one of type ``t``."""
    return isinstance(s, (types.Float, types.Integer)) or isinstance(s, types.Complex) and is_complex(t)


def _fit(rest: tuple[Any, ...], wanted: list[Any]) -> bool:
    """Whether these arguments can be the cotangents of results of the types wanted."""
    return len(rest) == len(wanted) and all(
        is_array(r) and (r.dtype, r.ndim) == (t.dtype, t.ndim) if is_array(t) else _fits(t, r)
        for r, t in zip(rest, wanted))


def _expected(program: Program, kind: str, wrt: tuple[str, ...], known: Specialisation | None) -> str:
    names = program.parameters.names
    if known is None:
        return (f"pass {', '.join(names)}, each active {'array' if kind == 'adjoint' else 'argument'} followed by its "
                f"{'shadow' if kind == 'adjoint' else 'tangent'}, of the same type"
                + (", and the cotangents of the results last" if kind == "adjoint" else ""))
    head = next(line for line in known.generated.source.splitlines() if line.startswith(f"def {known.generated.name}("))
    return f"the arguments are {head.removeprefix('def ').rstrip(':')}"
