"""``check``: derivatives of a function at random arguments, compared with evaluations of the function, as a table."""
from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba.core.errors import NumbaError

from s2sad.api import modules
from s2sad.api.stop import stop_gradient
from s2sad.cli.inputs import strided
from s2sad.cli.module import derivatives, primal_of
from s2sad.cli.request import Request
from s2sad.cli.spelling import spelled
from s2sad.driver import Interface, analyse
from s2sad.emit.module import assemble
from s2sad.errors import BadCall, TypeProblem
from s2sad.frontend.layout import layout_of
from s2sad.ir.types import is_array, is_differentiable
from s2sad.numeric import directional
from s2sad.numeric.values import copied, has_derivative, in_parts, leaves, precision

ELEMENTWISE = 6
"""Arguments of up to so many numbers are checked by every number, larger ones along random directions."""
DIRECTIONS = 3
MOST_DOUBT = 1e-3
"""However unsure the reference is, differences above this part of its size are a failure."""


@dataclass(frozen=True)
class Row:
    """The worst of some comparisons between numbers that should be equal."""

    by: str
    what: str
    found: float
    expected: float
    allowed: float

    @property
    def fails(self) -> bool:
        # Not ``>``: a NaN has to fail.
        return not abs(self.found - self.expected) <= self.allowed


@dataclass(frozen=True)
class Result:
    """All comparisons, and how the reference was found."""

    rows: list[Row]
    method: str

    @property
    def failed(self) -> bool:
        return any(r.fails for r in self.rows)

    def table(self) -> str:
        widths = max([len("by"), *(len(r.by) for r in self.rows)]), max(len(r.what) for r in self.rows)
        lines = [f"{'by':<{widths[0]}}  {'':<{widths[1]}}  {'found':>22}  {'expected':>22}  {'difference':>10}  "
                 f"{'allowed':>10}"]
        for r in self.rows:
            lines.append(f"{r.by:<{widths[0]}}  {r.what:<{widths[1]}}  {r.found:>22.15g}  {r.expected:>22.15g}  "
                         f"{abs(r.found - r.expected):>10.2g}  {r.allowed:>10.2g}  {'WRONG' if r.fails else 'ok'}")
        return "\n".join(lines)


class Checked:
    """A function and its derivatives, compiled, with the conventions for calling them."""

    def __init__(self, asked: Request) -> None:
        # Wrong indices shall be errors here, not wrong numbers; code in memory has no file to be cached beside.
        options = {k: v for k, v in asked.options.items() if k != "cache"} | {"boundscheck": True}
        asked = replace(asked, options=options)
        self.user = user = asked.target.user
        if not layout_of(user, asked.argtypes).flat:
            raise BadCall(f"{user.name} takes structured arguments, for which no values are made here", code="S2S060",
                          hint="check it from Python: s2sad.check_grads(f, args)")
        functions = derivatives(asked, ("tangent", "adjoint"), companions=False)
        primal = primal_of(asked, functions)
        *callees, last = primal.functions
        strict = [replace(f, options={**f.options, "cache": False, "boundscheck": True}) for f in callees]
        primal = replace(primal, functions=(*strict, last))
        space = modules.load(assemble(functions, options=options, primal=primal), user.name)
        if "stop_gradient" in space:
            # The reference takes a copy of the function apart and has to know this one.
            space["stop_gradient"] = stop_gradient
        self.interface: Interface = analyse(user, asked.argtypes, asked.wrt).interface.of(user.params)
        self.types = dict(zip(user.params, asked.argtypes))
        self.primal: Callable = space[user.name]  # type: ignore[assignment]
        self._tangent: Callable = space[f"{user.name}_tangent"]  # type: ignore[assignment]
        self._adjoint: Callable = space[f"{user.name}_adjoint"]  # type: ignore[assignment]
        written = tuple(p for p in self.interface.mutated if is_differentiable(self.types[p]))
        self.outputs = written + ("return",) * (self.interface.result is not None)

    def _own(self, args: Sequence[object]) -> dict[str, Any]:
        return {p: self._like(p, a) for p, a in zip(self.types, args)}

    def _like(self, p: str, value: Any, times: int = 1) -> Any:
        """A copy of an argument, tangent or cotangent, in the memory layout of the parameter's type; or zeros."""
        if not times:
            value = np.zeros_like(value) if isinstance(value, np.ndarray) else type(value)(0)
        return strided(value) if getattr(self.types[p], "layout", "") == "A" else copied(value)

    def value(self, args: Sequence[object]) -> tuple[object, ...]:
        """Everything the function computes: the arrays it writes to, and what it returns."""
        own = self._own(args)
        try:
            result = self.primal(*own.values())
        except NumbaError as e:
            user = self.user
            raise TypeProblem(f"numba cannot compile '{user.name}' itself", loc=user.loc(user.node),
                              why=next((line for line in str(e).splitlines()[1:] if line.strip()), ""),
                              hint="its derivatives can be shown; to check them it has to run") from e
        return tuple(result if o == "return" else own[o] for o in self.outputs)

    def forward(self, args: Sequence[object], by: str, direction: object) -> tuple[tuple, tuple]:
        """The outputs and their tangents, in a direction of one argument."""
        own = self._own(args)
        moved = {p: self._like(p, direction) if p == by else self._like(p, own[p], 0) for p in self.interface.active}
        flat = [x for p in own for x in ((own[p], moved[p]) if p in moved else (own[p],))]
        result = self._tangent(*flat)
        value, change = result if "return" in self.outputs else (None, None)
        zero = {p: np.zeros_like(own[p]) for p in self.interface.mutated if p not in moved}
        return (tuple(value if o == "return" else own[o] for o in self.outputs),
                tuple(change if o == "return" else (moved | zero)[o] for o in self.outputs))

    def reverse(self, args: Sequence[object], weights: Mapping[str, object]) -> dict[str, object]:
        """Gradients of the outputs' sum, weighted."""
        own = self._own(args)
        shadows = {p: self._like(p, weights[p]) if p in weights else self._like(p, own[p], 0)
                   for p in self.interface.active if is_array(self.types[p])}
        flat = [x for p in own for x in ((own[p], shadows[p]) if p in shadows else (own[p],))]
        cotangents = [copied(c) for c in leaves(weights.get("return")) if c is not None]
        result = self._adjoint(*flat, *cotangents)
        scalars = [p for p in self.interface.wrt if p not in shadows]
        given = dict(zip(scalars, result if len(scalars) > 1 else (result,)))
        return {p: shadows.get(p, given.get(p)) for p in self.interface.wrt}


def check(asked: Request, args: tuple[object, ...], *, seed: int = 0, rtol: float | None = None) -> Result:
    """Compare both modes with the reference, and with each other.

    Raises
    ------
    S2sadError
        If the function is not supported, or fails at these arguments itself.
    """
    user = asked.target.user
    if user.node.args.kwonlyargs:
        raise BadCall("functions are called by position here, and this one has keyword-only parameters",
                      code="S2S060", loc=user.loc(user.node), hint="remove the '*' to check it")
    with warnings.catch_warnings():
        # numba's remarks on performance have no place in the table.
        warnings.simplefilter("ignore")
        f = Checked(asked)
        value = _value(f, args)
        random = np.random.default_rng(seed + 1)
        weights = {o: _weights(v, random) for o, v in zip(f.outputs, value)}
        w = _numbers(tuple(weights.values()), value)
        gradients = f.reverse(args, weights)
        eps = precision(args)
        rtol = rtol if rtol is not None else 1e-3 if eps > 1e-10 else 1e-8
        numbers = _numbers(value, value)
        noise = 4 * eps * np.max(np.abs(numbers), initial=0.0)
        close = np.full(numbers.shape, rtol * np.max(np.abs(numbers), initial=0.0))
        rows: list[Row] = []
        methods: set[str] = set()
        for name in f.interface.wrt:
            found: dict[str, list[Row]] = {}
            for direction in _directions(args[f.interface.params.index(name)], random):
                tangents = [direction if p == name else None for p in f.interface.params]
                exact = directional(f.primal, args, tangents, outputs=f.outputs)
                methods.add(exact.method)
                expected, error = _numbers(exact.value, value), _numbers(exact.error, value)
                size = np.max(np.abs(expected), initial=0.0)
                allowed = np.minimum(10 * error, MOST_DOUBT * size) + rtol * size + noise
                again, change = f.forward(args, name, direction)
                d = _numbers(change, value)
                g = float(np.vdot(in_parts(gradients[name]), in_parts(direction)))
                scale = float(np.abs(w) @ np.abs(d)) + float(np.abs(w).max(initial=0.0)) * noise
                comparisons = {
                    "value in forward mode": zip(_numbers(again, value), numbers, close),
                    "forward mode and reference": zip(d, expected, allowed),
                    "reverse mode and reference": [(g, float(w @ expected), float(np.abs(w) @ allowed))],
                    "reverse mode and forward mode": [(g, float(w @ d), rtol * scale + noise)],
                }
                for what, triples in comparisons.items():
                    found.setdefault(what, []).extend(Row(name, what, *map(float, t)) for t in triples)
            rows += [max(r, key=_badness) for r in found.values() if r]
    return Result(rows, " and ".join(sorted(methods)))


def _value(f: Checked, args: tuple[object, ...]) -> tuple[object, ...]:
    hint = "try another --seed or --size, or give values: --set NAME=VALUE"
    try:
        value = f.value(args)
    except (ArithmeticError, ValueError, IndexError, RuntimeError, AssertionError) as e:
        what = f"the function raises {type(e).__name__} at the random arguments: {e}"
        raise BadCall(what, code="S2S043", hint=hint) from e
    numbers = _numbers(value, value)
    if not numbers.size:
        raise BadCall("the function returns no floating-point number and writes to no array of them", code="S2S042",
                      hint="return the number that is to be differentiated")
    if not np.isfinite(numbers).all():
        raise BadCall("the function's value is not finite at the random arguments", code="S2S043", hint=hint)
    return value


def _badness(r: Row) -> float:
    difference = abs(r.found - r.expected)
    return np.inf if np.isnan(difference) else difference / r.allowed if r.allowed else difference and np.inf


def _directions(value: Any, random: np.random.Generator) -> Iterator[object]:
    """Unit directions by the numbers of a small argument (both parts of complex ones), random ones by a large one."""
    parts = (1.0, 1j) if np.iscomplexobj(value) else (1.0,)
    if not isinstance(value, np.ndarray):
        for one in parts:
            yield type(value)(one)
        return
    for k in range(value.size if value.size <= ELEMENTWISE else 0):
        for one in parts:
            direction = value * 0
            direction[np.unravel_index(k, value.shape)] = one
            yield direction
    for _ in range(DIRECTIONS if value.size > ELEMENTWISE else 0):
        drawn = sum(one * random.standard_normal(value.shape) for one in parts)
        yield value * 0 + np.asarray(drawn, value.dtype)


def _weights(value: Any, random: np.random.Generator) -> object:
    """A random cotangent for a value: ``None`` for what is not floating-point."""
    if isinstance(value, tuple):
        return tuple(_weights(v, random) for v in value)
    if not has_derivative(value):
        return None
    drawn = random.uniform(0.5, 1.5, np.shape(value))
    if np.iscomplexobj(value):
        drawn = drawn + 1j * random.uniform(0.5, 1.5, np.shape(value))
    return np.asarray(drawn, value.dtype) if isinstance(value, np.ndarray) else type(value)(drawn)


def _numbers(given: object, like: object) -> np.ndarray:
    """The numbers of a tangent, cotangent or error that belong to floating-point parts of a value."""
    pairs = zip(leaves(given), leaves(like), strict=True)
    parts = [in_parts(g, np.iscomplexobj(v)) for g, v in pairs if has_derivative(v)]
    return np.concatenate(parts) if parts else np.zeros(0)


def summary(asked: Request, args: tuple[object, ...], result: Result) -> str:
    """The table with what was checked above and the verdict below."""
    user = asked.target.user
    lines = [f"{user.name}({', '.join(map(spelled, asked.argtypes))}) by {', '.join(asked.wrt)}",
             f"at {_at(user.params, args)}", "", result.table(), ""]
    wrong = sum(r.fails for r in result.rows)
    reference = f"reference: {result.method}"
    lines.append(f"{wrong} of {len(result.rows)} comparisons WRONG; {reference}" if wrong else
                 f"all {len(result.rows)} comparisons agree; {reference}")
    return "\n".join(lines)


def _at(names: Sequence[str], args: Sequence[object]) -> str:
    texts = []
    for name, a in zip(names, args):
        if isinstance(a, np.ndarray):
            # Enough to see what was given; --seed repeats what was drawn.
            short = a.ndim == 1 and a.size <= ELEMENTWISE
            text = np.array2string(a, precision=4) if short else f"array of shape {a.shape}"
        else:
            text = f"{a:.6g}" if isinstance(a, float | np.floating) else str(a)
        texts.append(f"{name} = {text}")
    return ", ".join(texts)
