"""``vjp``: the value now, derivatives of it by everything later."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from s2sad.api.argtypes import fingerprint
from s2sad.api.arguments import Wrt, WrtLike
from s2sad.api.gradient import CASTS
from s2sad.api.memory import apart, arrays_in, ordinary, refuse_overlap
from s2sad.api.outputs import OutputsLike, leaves_written, resolve, spelled
from s2sad.api.program import Program, program_of
from s2sad.api.results import Shape, Tree, flat_cotangents, normal, shapes
from s2sad.api.shared import renamed, same_arrays, shared
from s2sad.api.statics import separate
from s2sad.api.structures import flat_arguments, gradient_form, raw_leaves, restored, shifted
from s2sad.errors import BadCall
from s2sad.frontend.layout import Layout
from s2sad.ir.trees import Node, built, mapped, plain


def vjp(f: Callable[..., object], *primals: object, wrt: WrtLike = None,
        outputs: OutputsLike = None, math: str | None = None) -> tuple[object, Pullback]:
    """The value of a function and its pullback (vector-Jacobian products, reverse mode).

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`.
    *primals
        The arguments.
    wrt : int, str, or tuple of them, optional
        Parameters to differentiate by. Default: the ``wrt`` given to :func:`differentiate`, else every floating-point
        argument.
    outputs : tuple of str, optional
        Names of parameters that ``f`` writes to, and ``"return"`` for the returned value: value and cotangent are then
        tuples in that order. Needed where ``f`` returns nothing.
    math : {"libm", "vector"}, optional
        As for :func:`grad`; the value is computed by the same functions.

    Returns
    -------
    value : object
        What ``f`` returns, or the tuple of outputs.
    pullback : Pullback
        ``pullback(cotangent)``, with a cotangent of the structure of ``value``, gives a tuple of gradients, one per
        entry of ``wrt``.

    Notes
    -----
    ``f`` runs once, here. The pullback owns all it needs: it may be called repeatedly and from several threads, and
    later changes to the arguments or to ``value`` do not reach it. Arguments are never changed.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return a * x * x
    >>> value, pullback = s2sad.vjp(f, np.array([1.0, 2.0]), 3.0)
    >>> value
    array([ 3., 12.])
    >>> pullback(np.array([1.0, 0.0]))
    (array([6., 0.]), 1.0)
    """
    program = program_of(f).with_math(math)
    program, args = separate(program, program.parameters.in_order(primals))
    names: WrtLike = None
    if wrt is not None:
        chosen = program.wrt(wrt)
        names = chosen.names[0] if chosen.single else chosen.names
    return _with_pullback(program, args, names, spelled(outputs))


def _with_pullback(program: Program, args: tuple[object, ...], names: WrtLike,
                   wanted: tuple[str, ...] | str | None) -> tuple[object, Pullback]:
    found = fingerprint(args)
    key = ("vjp", found, names, wanted)
    plan = program.plans.get(key)
    if plan is None:
        plan = program.plans[key] = _Plan(program, program.layout_for(args, found), names, wanted)
    assert isinstance(plan, _Plan)
    same = same_arrays(program.parameters.names, args, plan.written) if plan.may_share else {}
    return _of_one_array(program, same, args, plan.wrt, wanted) if same else plan(args)


def _of_one_array(program: Program, same: dict[str, str], args: tuple[object, ...], wrt: tuple[str, ...],
                  outputs: tuple[str, ...] | str | None) -> tuple[object, Pullback]:
    """Value and pullback where some parameters are given one array, which is written to."""
    chosen = renamed(program, same, wrt, "wrt")
    if outputs is not None:
        outputs = renamed(program, same, (outputs,) if isinstance(outputs, str) else outputs, "outputs")
    rest = tuple(a for n, a in zip(program.parameters.names, args) if n not in same)
    return _with_pullback(shared(program, same), rest, chosen, outputs)


class _Plan:
    """All that one call has to do for arguments of types met before."""

    def __init__(self, program: Program, layout: Layout, wrt: WrtLike, outputs: OutputsLike) -> None:
        self.program, self.layout = program, layout
        if wrt is None and program.chooses_freely:
            chosen = tuple(n for n in layout.names if layout.differentiable(n))
            if not chosen:
                raise BadCall(f"{program.name} has no floating-point argument to differentiate by", code="S2S041",
                          hint="pass floating-point numbers: 1.0, not 1")
        else:
            chosen = program.wrt(wrt).names
        program.require_differentiable(layout.argtypes, chosen)
        self.wrt = chosen
        interface = program.interface(layout.argtypes, chosen)
        resolved = resolve(program, layout, interface, outputs)
        leaves = leaves_written(layout, interface, resolved)
        made = program.specialise("vjp", layout.argtypes, chosen, **({} if leaves is None else {"outputs": leaves}))
        self.forward, self.reverse = made.entries
        self.written = program.written(layout, made.interface)
        self.may_share = bool(self.written) and layout.flat and program.has_source
        result, tree = normal(made.interface.result), program.result_tree(layout, made.interface)
        self.structure: Tree = result
        self.form: object = tree
        if leaves is not None and resolved is not None:
            self.structure = tuple(result if o == "return" else layout.types[layout.user.params.index(o)]
                                   for o in leaves)
            self.form = output_form(layout, resolved, leaves, tree, result)
        self.plain = plain(self.form) and layout.flat
        self.gradients = gradient_form(layout, Wrt(chosen, False))
        wanted = layout.positions(layout.leaves(chosen, floating=True))
        self.casts = tuple(CASTS.get(layout.types[k]) for k in wanted)

    def __call__(self, args: tuple[object, ...]) -> tuple[object, Pullback]:
        args = flat_arguments(self.layout, args)
        refuse_overlap(self.program.name, self.layout.user.params, args, self.written)
        self.program.last_types = self.layout.argtypes
        given = tuple(map(ordinary, args))
        value, saved = self.forward(*given)
        # What the reverse sweep reads may be an argument as it was given, or part of the value: it gets its own.
        saved = apart(saved, tuple(arrays_in(given)))
        value = apart(value, tuple(arrays_in(saved)))
        remembered = list(shapes(self.structure, value))
        if not self.plain:
            found = raw_leaves(value)
            value = built(self.form, lambda k: None if k is None else
                          ordinary(args[k.position]) if isinstance(k, Unwritten) else found[k])
        return value, Pullback(self, saved, remembered)


@dataclass(frozen=True)
class Unwritten:
    """A leaf of an output that the function does not write to: it is as it was given."""

    position: int


def output_form(layout: Layout, outputs: tuple[str, ...], written: tuple[str, ...], tree: Any, result: Tree) -> Node:
    """The structure of the tuple of outputs, its leaves numbered as in what the forward sweep returns."""
    first: dict[str, int] = {}
    count = 0
    for o in written:
        first[o] = count
        count += len(raw_leaves(result)) if o == "return" else 1
    params = layout.user.params

    def leaf(k: int | None) -> object:
        return None if k is None else first.get(params[k], Unwritten(k))

    return Node(tuple(shifted(tree, first[o]) if o == "return" else mapped(layout.tree(o), leaf) for o in outputs))


class Pullback:
    """Maps a cotangent of the value to gradients; made by :func:`vjp`."""

    def __init__(self, plan: _Plan, saved: object, leaves: list[Shape | None]) -> None:
        self._plan, self._saved, self._leaves = plan, saved, leaves

    def __repr__(self) -> str:
        return f"<pullback of {self._plan.program.name} to {', '.join(self._plan.wrt)}>"

    def __call__(self, cotangent: object) -> tuple[object, ...]:
        """Gradients in the order of ``wrt``; ``None`` anywhere in the cotangent means zero."""
        plan = self._plan
        given = tuple(flat_cotangents(cotangent, plan.form, self._leaves))
        gradients = tuple(g if c is None else c(g)
                          for g, c in zip(plan.reverse(self._saved, given), plan.casts))
        return gradients if plan.layout.flat else restored(plan.gradients, gradients)  # type: ignore[return-value]
