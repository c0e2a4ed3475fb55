"""Gradients and directional derivatives of a function by evaluating it."""
from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from s2sad.api.arguments import Parameters, WrtLike, in_order
from s2sad.errors import BadCall
from s2sad.numeric import values
from s2sad.numeric.complex_copy import complex_copy, plain_function
from s2sad.numeric.complex_library import ComplexStepUnavailable, is_complex, real_part, widened
from s2sad.numeric.differences import ridders

Method: TypeAlias = Literal["ridders", "complex-step"]

STEPS = (1e-80, 3e-60)
"""Two lengths of complex steps; how well they agree is part of the error estimate."""


@dataclass(frozen=True)
class GradientEstimate:
    """A derivative found by evaluating the function.

    Attributes
    ----------
    value : float, ndarray or tuple
        The derivative.
    error : float, ndarray or tuple
        Estimate of the absolute error of each number in ``value``, of the same structure.
    method : str
        ``"ridders"`` or ``"complex-step"``.
    """

    value: Any
    error: Any
    method: str


def gradient(f: Callable, args: Sequence[Any], wrt: WrtLike = 0, method: Method = "ridders",
             kwargs: Mapping[str, Any] | None = None) -> GradientEstimate:
    """Gradient of a scalar function by evaluating it.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher or a function made by :func:`s2sad.differentiate`.
    args, kwargs : tuple, dict
        Its arguments. They are copied before each call and never changed.
    wrt : int, str or tuple of them
        Position or name of the parameters to differentiate by.
    method : {"ridders", "complex-step"}
        Extrapolated differences, which work for any function, or the complex step, which is precise to rounding but
        needs the function's source and analytic operations.

    Returns
    -------
    GradientEstimate
        ``value`` and ``error`` are shaped like the argument; tuples where ``wrt`` is a tuple.

    Raises
    ------
    ComplexStepUnavailable
        If the complex step is asked for and the function does not allow it.

    Examples
    --------
    >>> def f(x, a):
    ...     return a * np.sum(x ** 3)
    >>> g = gradient(f, (np.array([1.0, 2.0]), 0.5), wrt=("x", "a"), method="complex-step")
    >>> g.value[0].tolist(), round(g.value[1], 12)
    ([1.5, 6.0], 9.0)
    >>> g = gradient(f, (np.array([1.0, 2.0]), 0.5))
    >>> bool((abs(g.value - [1.5, 6.0]) <= g.error).all()), bool((g.error < 1e-9).all())
    (True, True)
    """
    parameters = Parameters.of(plain_function(f))
    bound: tuple[Any, ...] = parameters.bind(tuple(args), dict(kwargs or {}))
    chosen = parameters.wrt(wrt)
    evaluate = _evaluator(f, bound, method)
    values.require_number(evaluate.base, parameters.function)
    found: list[Any] = []
    errors: list[Any] = []
    for name in chosen.names:
        k = parameters.index(name)
        _require_floats(bound[k], name)
        both = [_by_leaf(evaluate, k, bound[k], at) for at, v in enumerate(values.leaves(bound[k]))]
        for column, into in enumerate((found, errors)):
            numbers = iter(both)
            into.append(values.each(bound[k], lambda v, n=numbers, c=column: next(n)[c]))
    if chosen.single:
        return GradientEstimate(found[0], errors[0], evaluate.method)
    return GradientEstimate(tuple(found), tuple(errors), evaluate.method)


def _by_leaf(evaluate: _Evaluator, k: int, argument: Any, at: int) -> tuple[Any, Any]:
    """Derivative and error by one leaf of an argument."""
    leaf = list(values.leaves(argument))[at]
    if not values.has_derivative(leaf):
        return None, None
    found = np.zeros(np.shape(leaf), np.result_type(leaf, np.float64))
    error = np.zeros(np.shape(leaf))
    # A tiny element of an array usually matters on the scale of the others.
    common = values.scales(leaf, np.ones_like(leaf))[1:]
    for where in np.ndindex(np.shape(leaf)):
        for unit in (1.0, 1j) if is_complex(leaf) else (1.0,):
            seed = np.zeros_like(found)
            seed[where] = unit
            count = iter(range(at + 1))
            beside = values.each(argument, lambda v, c=count, s=seed: s[()] if next(c, -1) == at else None)
            own = values.scales(np.asarray(leaf)[where], unit)
            d, e = evaluate.along({k: beside}, own + tuple(c for c in common if c not in own))
            found[where] += unit * d[0]
            error[where] += e[0]
    return (found, error) if found.ndim else (found.item(), error.item())


def directional(f: Callable, args: Sequence[Any], tangents: Sequence[Any], method: Method | None = None,
                outputs: Sequence[str] | None = None) -> GradientEstimate:
    """Derivative of everything a function returns, along one direction.

    Parameters
    ----------
    f, args
        As for :func:`gradient`; the result may be a number, an array or a tuple of them.
    tangents : sequence
        One entry per argument, ``None`` for zero.
    method : {"ridders", "complex-step"}, optional
        By default the complex step where the function allows it, else differences.
    outputs : sequence of str, optional
        Names of mutated parameters (and ``"return"``) to take as the result, as a tuple in this order.

    Returns
    -------
    GradientEstimate
        ``value`` has the structure of the result; parts that are no floating-point numbers are 0.

    Examples
    --------
    >>> def f(x, n):
    ...     x[0] = x[0] ** n
    ...     return x * 2.0, n
    >>> directional(f, (np.array([3.0, 1.0]), 2), (np.array([1.0, 0.0]), None)).value
    (array([12.,  0.]), 0.0)
    """
    parameters = Parameters.of(plain_function(f))
    bound: tuple[Any, ...] = parameters.in_order(tuple(args))
    if len(tangents) != len(bound):
        raise BadCall(f"{parameters.function} has {len(bound)} parameters, {len(tangents)} tangents are given",
                      hint="give one tangent per parameter; None is zero")
    seeds: dict[int, Any] = {}
    for k, (name, value, t) in enumerate(zip(parameters.names, bound, tangents)):
        if t is not None:
            _require_floats(value, name)
            seeds[k] = values.each(value, partial(_seed, name), t)
    keep = None if outputs is None else [o if o == "return" else parameters.index(o) for o in outputs]
    evaluate = _evaluator(f, bound, method or "complex-step", keep, optional=method is None)
    scale = values.scales(tuple(bound[k] for k in seeds), tuple(seeds.values()))
    try:
        d, e = evaluate.along(seeds, scale)
    except ComplexStepUnavailable:
        if method is not None:
            raise
        evaluate = _evaluator(f, bound, "ridders", keep)
        d, e = evaluate.along(seeds, scale)
    return GradientEstimate(values.shaped(evaluate.base, d), values.shaped(evaluate.base, e), evaluate.method)


class _Evaluator:
    """Derivatives along seeds (a tangent by position of the argument) of a function at fixed arguments."""

    method: str

    def __init__(self, f: Callable, args: tuple[Any, ...], keep: list[int | str] | None) -> None:
        # An object of ours would be checked against itself: what it wraps runs instead.
        while not hasattr(f, "py_func") and not hasattr(f, "__code__"):
            f = f.__wrapped__  # type: ignore[attr-defined]
        self.f, self.args, self.keep = f, args, keep
        code = plain_function(f).__code__
        self.signature = inspect.signature(plain_function(f)) if code.co_kwonlyargcount else None
        self.base = self.call(f, values.copied(args))

    def call(self, f: Callable, args: tuple[Any, ...]) -> Any:
        by_position, by_name = (args, {}) if self.signature is None else in_order(self.signature, args)
        result = f(*by_position, **by_name)
        if self.keep is None:
            return result
        return tuple(result if k == "return" else args[k] for k in self.keep)  # type: ignore[index]

    def along(self, seeds: dict[int, Any], scales: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError


class _Differences(_Evaluator):
    method = "ridders"

    def along(self, seeds: dict[int, Any], scales: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        base = values.flat(self.base)

        def phi(h: float) -> np.ndarray:
            args = list(values.copied(self.args))
            for k, seed in seeds.items():
                args[k] = values.each(args[k], partial(_moved, h), seed)
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore", RuntimeWarning)
                    result = values.flat(self.call(self.f, tuple(args)))
            except (ArithmeticError, ValueError, np.linalg.LinAlgError):
                # The base point is fine; this one is outside the domain.
                return np.full(base.shape, np.nan)
            return result if result.shape == base.shape else np.full(base.shape, np.nan)

        return ridders(phi, scales, eps=values.precision(self.args))


class _ComplexStep(_Evaluator):
    method = "complex-step"

    def __init__(self, f: Callable, args: tuple[Any, ...], keep: list[int | str] | None) -> None:
        super().__init__(f, args, keep)
        self.copy = complex_copy(f)
        if any(is_complex(v) for v in (*values.leaves(args), *values.leaves(self.base))):
            raise ComplexStepUnavailable("the function computes with complex numbers itself")
        for v in args:
            if any(getattr(a, "dtype", None) is not None and a.dtype.names is not None for a in values.outermost(v)):
                raise ComplexStepUnavailable("there are no complex records")
        for v in values.leaves(args):
            widened(v)

    def along(self, seeds: dict[int, Any], scales: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        first, second = (self.step(seeds, h) for h in STEPS)
        return first, np.abs(first - second) + 16.0 * np.finfo(float).eps * np.abs(first)

    def step(self, seeds: dict[int, Any], h: float) -> np.ndarray:
        args = [values.each(v, widened) for v in values.copied(self.args)]
        for k, seed in seeds.items():
            args[k] = values.each(args[k], lambda v, s=None: v if s is None else v + 1j * (h * s), seed)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                # Storing a complex number in a real array drops the derivative.
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                result = self.call(self.copy, tuple(args))
        except ComplexStepUnavailable:
            raise
        except Exception as e:
            # The function itself ran at this point, so whatever failed is the copy's doing.
            raise ComplexStepUnavailable(f"the complex copy of the function fails: {type(e).__name__}: {e}") from e
        return self.tangent(result, h)

    def tangent(self, result: Any, h: float) -> np.ndarray:
        """The imaginary parts, after a check that the real ones are what the function gives."""
        expected = [v for v in values.leaves(self.base)]
        found = [v for v in values.leaves(result)]
        parts = []
        if len(expected) != len(found):
            raise ComplexStepUnavailable("the complex copy of the function has another result")
        for e, v in zip(expected, found):
            if e is None or not values.has_derivative(e):
                continue
            real = np.asarray(real_part(v), np.float64)
            size = np.max(np.abs(e), initial=0.0)
            if real.shape != np.shape(e) or not (np.abs(real - e) <= 1e-9 * size).all():
                raise ComplexStepUnavailable("the complex copy of the function has another value")
            parts.append(np.broadcast_to(np.imag(v), real.shape).reshape(-1) / h)
        d = np.concatenate(parts) if parts else np.zeros(0)
        # At a singular point (the root of 0) the quotient depends on the step instead of being infinite.
        if not (np.abs(d) < 1e30).all():
            raise ComplexStepUnavailable("the derivative is infinite or undefined at this point")
        return d


def _seed(name: str, value: Any, t: Any = None) -> Any:
    """The direction of one leaf, zeros where none is given; ``None`` for what has no derivative."""
    if not values.has_derivative(value):
        return None
    kind = np.result_type(value, np.float64)
    if t is None:
        return np.zeros(np.shape(value), kind)[()]
    if np.shape(t) != np.shape(value):
        raise BadCall(f"the tangent of '{name}' is of shape {np.shape(t)}, its value of {np.shape(value)}",
                      hint="give it the shape of its value; None is zero")
    return np.asarray(t, kind)[()]


def _moved(h: float, value: Any, seed: Any = None) -> Any:
    """A leaf moved along its seed, in its own type: the function may be compiled for it."""
    if seed is None:
        return value
    moved = value + h * seed
    if isinstance(value, (float, complex)):
        return moved
    return moved.astype(value.dtype) if isinstance(value, np.ndarray) else value.dtype.type(moved)


def _evaluator(f: Callable, args: tuple[Any, ...], method: str, keep: list[int | str] | None = None, *,
               optional: bool = False) -> _Evaluator:
    if method == "ridders":
        return _Differences(f, args, keep)
    if method != "complex-step":
        raise BadCall(f"method is 'ridders' or 'complex-step', not {method!r}",
                      hint="write 'ridders', which takes any function")
    try:
        return _ComplexStep(f, args, keep)
    except ComplexStepUnavailable:
        if not optional:
            raise
        return _Differences(f, args, keep)


def _require_floats(value: Any, name: str) -> None:
    if not any(map(values.has_derivative, values.leaves(value))):
        raise BadCall(f"'{name}' is no floating-point number or array", code="S2S041",
                      hint="derivatives are taken by real floating-point numbers and arrays of them")
