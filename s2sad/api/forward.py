"""``jvp``: the derivative in one direction."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from s2sad.api.argtypes import fingerprint
from s2sad.api.memory import ordinary, owned, refuse_overlap
from s2sad.api.outputs import OutputsLike, resolve, spelled
from s2sad.api.program import Program, program_of
from s2sad.api.results import fitting, require_zero
from s2sad.api.shared import one_tangent, renamed, same_arrays, shared
from s2sad.api.statics import separate
from s2sad.api.structures import flat_arguments, given_for, like_layout, restored
from s2sad.errors import BadCall
from s2sad.frontend.layout import Layout
from s2sad.ir.trees import plain
from s2sad.ir.types import is_differentiable


def jvp(f: Callable[..., object], primals: Sequence[object], tangents: Sequence[object],
        outputs: OutputsLike = None, *, math: str | None = None) -> tuple[object, object]:
    """The value of a function and its derivative in one direction (Jacobian-vector product, forward mode).

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`.
    primals : tuple
        The arguments.
    tangents : tuple
        The direction: for each argument a number or array of its shape and dtype. ``None`` means zero, for any
        argument; those that are not floating-point take nothing else (or a zero).
    outputs : tuple of str, optional
        Names of parameters that ``f`` writes to, and ``"return"`` for the returned value. Value and tangent are then
        tuples in that order. Needed where ``f`` returns nothing.
    math : {"libm", "vector"}, optional
        As for :func:`grad`.

    Returns
    -------
    value : object
        What ``f`` returns, or the tuple of outputs.
    tangent : object
        Its derivative, of the same structure; zero for integers.

    Notes
    -----
    Neither primals nor tangents are ever changed: what ``f`` writes to is copied first.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return a * np.sum(x ** 2)
    >>> s2sad.jvp(f, (np.array([1.0, 2.0]), 3.0), (np.array([1.0, 0.0]), None))
    (15.0, 6.0)

    >>> def scale(y, a):
    ...     for i in range(y.shape[0]):
    ...         y[i] = a * y[i]
    >>> s2sad.jvp(scale, (np.array([1.0, 2.0]), 3.0), (None, 1.0), outputs=("y",))
    ((array([3., 6.]),), (array([1., 2.]),))
    """
    program = program_of(f).with_math(math)
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise BadCall(f"{what} has to be a tuple with one entry per argument, not {type(given).__name__}",
                          code="S2S043", hint="write `(x,)` for one argument")
    if len(tangents) != len(primals):
        raise BadCall(f"{len(primals)} primals and {len(tangents)} tangents given", code="S2S043",
                      hint="give one tangent per argument; None is zero")
    args = program.parameters.in_order(tuple(primals))
    # Parameters left to their defaults have no direction.
    given = tuple(tangents) + (None,) * (len(args) - len(tangents))
    bound, rest = separate(program, args)
    if bound is not program:
        for name, a, t in zip(program.parameters.names, args, given):
            if name not in bound.parameters.names and t is not None:
                raise BadCall(f"'{name}' of {program.name} has no tangent", code="S2S043",
                              hint="the tangent of a function or a text is None")
        given = tuple(t for name, t in zip(program.parameters.names, given) if name in bound.parameters.names)
        program, args = bound, rest
    return pushed(program, args, given, spelled(outputs))


def pushed(program: Program, args: tuple[object, ...], given: tuple[object, ...],
            wanted: tuple[str, ...] | str | None) -> tuple[object, object]:
    found = fingerprint(args)
    layout = program.layout_for(args, found)
    words = [f"the tangent of '{n}'" for n in layout.names]
    if not layout.flat:
        args = flat_arguments(layout, args)
        parts = [p for t, g, what in zip(layout.trees, given, words) for p in given_for(t, g, what)]
        for k, g, what in parts:
            if k is None:
                require_zero(g, what)
        given, words = tuple(g for k, g, _ in parts if k is not None), [what for k, _, what in parts if k is not None]
    moving = tuple(t is not None for t in given)
    key = ("jvp", found, moving, wanted)
    plan = program.plans.get(key)
    if plan is None:
        plan = program.plans[key] = _Plan(program, layout, given, wanted)
    assert isinstance(plan, _Plan)
    same = same_arrays(program.parameters.names, args, plan.written) if plan.may_share else {}
    return _of_one_array(program, same, args, given, wanted) if same else plan(args, given, words)


def _of_one_array(program: Program, same: dict[str, str], args: tuple[object, ...], tangents: tuple[object, ...],
                  outputs: tuple[str, ...] | str | None) -> tuple[object, object]:
    """Value and tangent where some parameters are given one array, which is written to."""
    names = program.parameters.names
    given = one_tangent(program, same, dict(zip(names, tangents)))
    if outputs is not None:
        outputs = renamed(program, same, (outputs,) if isinstance(outputs, str) else outputs, "outputs")
    rest = tuple(a for n, a in zip(names, args) if n not in same)
    return pushed(shared(program, same), rest, tuple(given.values()), outputs)


class _Plan:
    """All that one call has to do for arguments of types met before; arguments are those of the generated function."""

    def __init__(self, program: Program, layout: Layout, tangents: tuple[object, ...], outputs: OutputsLike) -> None:
        self.program, self.layout, self.types = program, layout, layout.types
        names = layout.user.params
        floating = [k for k, t in enumerate(self.types) if is_differentiable(t)]
        wrt = [k for k in floating if tangents[k] is not None] or floating
        if not wrt:
            raise BadCall(f"{program.name} has no floating-point argument to differentiate by", code="S2S041",
                          hint="pass floating-point numbers: 1.0, not 1")
        self.still = [k for k in range(len(names)) if k not in wrt]
        made = program.specialise_leaves("tangent", layout, tuple(names[k] for k in wrt))
        self.outputs = resolve(program, layout, made.interface, outputs)
        self.entry = made.entry
        self.mutated = layout.positions(made.interface.mutated)
        self.written = program.written(layout, made.interface)
        self.may_share = bool(self.written) and layout.flat and program.has_source
        self.active = layout.positions(made.interface.active)
        self.returns = made.interface.result is not None
        tree = program.result_tree(layout, made.interface)
        self.form = None if plain(tree) else tree

    def __call__(self, args: tuple[object, ...], tangents: tuple[object, ...],
                 words: list[str]) -> tuple[object, object]:
        program, layout = self.program, self.layout
        for k in self.still:
            if k not in self.active or not is_differentiable(self.types[k]):
                require_zero(tangents[k], words[k])
        refuse_overlap(program.name, layout.user.params, args, self.written)
        own: dict[int, object] = {}
        moved: dict[int, object] = {}
        flat: list[object] = []
        for k, (a, t) in enumerate(zip(args, self.types)):
            a = own[k] = owned(a) if k in self.mutated else ordinary(a)
            flat.append(a)
            if k in self.active:
                moved[k] = fitting(tangents[k], a, t, words[k])
                flat.append(moved[k])
        program.last_types = layout.argtypes
        result = self.entry(*flat)
        value, change = result if self.returns else (None, None)
        if self.form is not None:
            value, change = restored(self.form, value), restored(self.form, change)
        if self.outputs is None:
            return value, change
        return (tuple(value if name == "return" else like_layout(layout, name, own.__getitem__)
                      for name in self.outputs),
                tuple(change if name == "return" else like_layout(layout, name, lambda k: _tangent(moved, own, k))
                      for name in self.outputs))


def _tangent(moved: dict[int, Any], own: dict[int, Any], k: int) -> object:
    # Written, but with nothing that depends on what moves.
    if k in moved:
        return moved[k]
    return np.zeros_like(own[k]) if isinstance(own[k], np.ndarray) else type(own[k])(0)
