"""``check_grads``: derivatives against evaluations of the function, and forward mode against reverse mode."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2sad.api.arguments import WrtLike
from s2sad.api.forward import jvp
from s2sad.api.gradient import gradient_of
from s2sad.api.memory import owned
from s2sad.api.outputs import OutputsLike
from s2sad.api.program import BoundProgram, Program, program_of
from s2sad.api.results import normal
from s2sad.api.reverse import vjp
from s2sad.api.statics import is_static, separate
from s2sad.errors import BadCall, S2sadError
from s2sad.ir.trees import Node, built, container_of
from s2sad.numeric import directional
from s2sad.numeric.values import each, has_derivative, in_parts
from s2sad.numeric.values import leaves as values_in

ELEMENTWISE = 6
"""Arguments of up to so many numbers are checked by every number, larger ones along random directions."""
DIRECTIONS = 2


class GradientMismatch(S2sadError, AssertionError):
    """Derivatives do not agree; the message has a table of what differs."""

    default_code = "S2S050"


@dataclass(frozen=True)
class _Row:
    """One comparison: what by what, two numbers, and how far apart they may be."""

    what: str
    found: float
    expected: float
    allowed: float

    @property
    def fails(self) -> bool:
        # Not ``>``: a NaN has to fail. Equal infinities agree.
        return self.found != self.expected and not abs(self.found - self.expected) <= self.allowed

    def __str__(self) -> str:
        difference = abs(self.found - self.expected)
        numbers = f"{self.found:>22.14g} {self.expected:>22.14g} {difference:>11.2g} {self.allowed:>11.2g}"
        return f"  {self.what:<34} {numbers}"


def check_grads(f: Callable[..., object], args: Sequence[object], wrt: WrtLike = None, order: int = 1,
                modes: Sequence[str] = ("forward", "reverse"), *, outputs: OutputsLike = None,
                rtol: float | None = None) -> None:
    """Check derivatives of a function at one point, and raise if they are wrong.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`. It may return
        numbers, arrays or tuples, or write to its arguments.
    args : tuple
        Where to check.
    wrt : int, str, or tuple of them, optional
        Parameters to differentiate by. Default: the ``wrt`` given to :func:`differentiate`, else the first.
    order : {1, 2}, optional
        2 also checks the derivatives of the gradient, for functions that return one number.
    modes : tuple of {"forward", "reverse"}, optional
        What to check; if both, they are compared with each other too.
    outputs : tuple of str, optional
        As for :func:`jvp`. Default: the returned value, or all that ``f`` writes to where it returns nothing.
    rtol : float, optional
        Relative difference allowed beyond the estimated error of the reference. Default: 1e-8, or 1e-3 in single
        precision.

    Raises
    ------
    GradientMismatch
        An ``AssertionError`` with a table of what differs.

    Notes
    -----
    The reference is the complex step where the function allows it, else Richardson extrapolation of differences; see
    :mod:`s2sad.numeric`. Directions are the same in every run.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return np.sin(a * x)
    >>> s2sad.check_grads(f, (np.array([0.3, 0.5]), 2.0), wrt=("x", "a"))
    """
    if not isinstance(args, (tuple, list)):
        raise BadCall("args is not a tuple of arguments", hint="check_grads(f, (x,))")
    modes = (modes,) if isinstance(modes, str) else modes
    unknown = [m for m in modes if m not in ("forward", "reverse")]
    if unknown or not modes:
        raise BadCall(f"modes has {unknown or 'nothing'}", hint='modes are "forward" and "reverse"')
    if order not in (1, 2):
        raise BadCall(f"order {order!r} cannot be checked", hint="orders are 1 and 2")
    program = program_of(f)
    bound = program.parameters.in_order(tuple(args))
    names = program.wrt(wrt).names
    rows = list(_rows(f, program, bound, names, tuple(modes), outputs, rtol))
    failed = [row for row in rows if row.fails]
    if failed:
        head = f"  {'':<34} {'found':>22} {'reference':>22} {'difference':>11} {'allowed':>11}"
        table = "\n".join([head, *map(str, failed)])
        raise GradientMismatch(f"derivatives of {program.name} differ in {len(failed)} of {len(rows)} comparisons\n"
                               + table, hint="check at a point where the function is smooth, or give a larger rtol if "
                                             "it is inexact; otherwise this is a bug of s2sad: please report it")
    if order == 2:
        for name in names:
            check_grads(gradient_of(program, name, "grad"), bound, names, 1, modes, rtol=rtol)


def _rows(f: Callable[..., object], program: Program, args: tuple[object, ...], wrt: tuple[str, ...],
          modes: tuple[str, ...], outputs: OutputsLike, rtol: float | None) -> Iterator[_Row]:
    inner, rest = separate(program, args)
    argtypes = inner.types_of(rest)
    inner.require_differentiable(argtypes, wrt)
    interface = inner.interface(argtypes, wrt)
    if outputs is None and normal(interface.result) is None and interface.mutated:
        outputs = interface.mutated
    kept = (outputs,) if isinstance(outputs, str) else None if outputs is None else tuple(outputs)
    random = np.random.default_rng(0)
    precision = max((np.finfo(np.asarray(a).dtype).eps for a in values_in(args) if has_derivative(a)), default=0.0)
    rtol = rtol if rtol is not None else 1e-3 if precision > 1e-10 else 1e-8
    # Given functions, the function itself is evaluated as Python, which takes any function.
    given, reference = (args, inner.whole.python) if isinstance(inner, BoundProgram) else (rest, inner.oracle(argtypes))
    places = [k for k, a in enumerate(args) if given is args or not is_static(a)]
    pullback = weights = None
    if "reverse" in modes:
        value, pullback = vjp(f, *args, wrt=wrt, outputs=kept)
        weights = _weights(value, random)
        gradients = pullback(weights)
    for position, name in enumerate(wrt):
        k = program.parameters.index(name)
        for label, direction in _directions(name, args[k], random):
            tangents = tuple(direction if i == k else None for i in range(len(args)))
            exact = directional(reference, tuple(map(owned, given)), tuple(tangents[i] for i in places), outputs=kept)
            along = None
            if "forward" in modes:
                value, d = jvp(f, args, tangents, outputs=kept)
                found = _numbers(d, value)
            expected, error = _numbers(exact.value, value), _numbers(exact.error, value)
            # A derivative of 0 is found to rounding errors of the value only.
            floor = (rtol * np.max(np.abs(expected), initial=0.0)
                     + 4 * precision * np.max(np.abs(_numbers(value, value)), initial=0.0))
            if "forward" in modes:
                for i, (a, b, e) in enumerate(zip(found, expected, error, strict=True)):
                    yield _Row(f"forward, {label}" + (f", result {i}" if len(found) > 1 else ""), a, b, 10 * e + floor)
                if weights is not None:
                    along = found @ _numbers(weights, value)
            if weights is not None:
                w = _numbers(weights, value)
                pairs = zip(values_in(gradients[position]), values_in(direction), strict=True)
                g = float(sum(np.vdot(in_parts(a), in_parts(b)) for a, b in pairs if b is not None))
                floor = floor * float(np.abs(w).sum())
                yield _Row(f"reverse, {label}", g, float(w @ expected), 10 * float(np.abs(w) @ error) + floor)
                if along is not None:
                    close = 1e-10 if precision < 1e-10 else 1e-3
                    yield _Row(f"reverse by forward, {label}", g, float(along),
                               close * float(np.abs(w) @ np.abs(found)) + floor)


def _directions(name: str, value: Any, random: np.random.Generator) -> Iterator[tuple[str, Any]]:
    """Unit directions by the numbers of a small argument (both parts of complex ones), random ones by a large one."""
    found = container_of(value)
    if found is not None:
        node = Node(found[1], found[0])
        still = {k: each(v, lambda leaf: np.zeros_like(leaf) if isinstance(leaf, np.ndarray) else None)
                 for k, v in enumerate(found[1])}
        for at, item in enumerate(found[1]):
            for label, direction in _directions(f"{name}{node.step(at)}", item, random):
                yield label, built(Node(tuple(range(len(found[1]))), found[0]),
                                   lambda k, at=at, d=direction: d if k == at else still[k])  # type: ignore[misc]
        return
    if not has_derivative(value):
        return
    parts: tuple[tuple[str, Any], ...] = (("", 1.0), (".imag", 1j)) if np.iscomplexobj(value) else (("", 1.0),)
    if not isinstance(value, np.ndarray):
        for part, one in parts:
            yield f"{name}{part}", type(value)(one) if isinstance(value, np.inexact) else one
        return
    for i in range(value.size if value.size <= ELEMENTWISE else 0):
        where = np.unravel_index(i, value.shape)
        for part, one in parts:
            unit = np.zeros(value.shape, value.dtype)
            unit[where] = one
            yield f"{name}[{', '.join(str(j) for j in where)}]{part}", unit
    for i in range(DIRECTIONS if value.size > ELEMENTWISE else 0):
        drawn: Any = sum(one * random.standard_normal(value.shape) for _, one in parts)
        yield f"{name}, direction {i}", np.asarray(drawn, value.dtype)


def _weights(value: object, random: np.random.Generator) -> object:
    """A random cotangent for a value."""
    def weight(v: Any) -> object:
        if not has_derivative(v):
            return None
        shape = np.shape(v)
        drawn: Any = random.uniform(0.5, 1.5, shape)
        if np.iscomplexobj(v):
            drawn = drawn + 1j * random.uniform(0.5, 1.5, shape)
        return np.asarray(drawn, v.dtype) if isinstance(v, np.ndarray) else np.asarray(drawn).item()

    return each(value, weight)


def _numbers(given: object, like: object) -> np.ndarray:
    """The numbers in a tangent, cotangent or error that belong to floating-point parts of a value: of complex ones the
    real and the imaginary parts, in turn."""
    pairs = zip(values_in(given), values_in(like), strict=True)
    parts = [in_parts(g, np.iscomplexobj(v)) for g, v in pairs if has_derivative(v)]
    return np.concatenate(parts) if parts else np.zeros(0)
