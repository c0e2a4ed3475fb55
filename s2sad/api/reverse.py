"""``vjp``: the value now, derivatives of it by everything later."""
from __future__ import annotations

from collections.abc import Callable

from s2sad.api.argtypes import fingerprint
from s2sad.api.arguments import WrtLike
from s2sad.api.gradient import CASTS
from s2sad.api.memory import apart, arrays_in, ordinary, refuse_overlap
from s2sad.api.outputs import OutputsLike, resolve, spelled, types_of_outputs
from s2sad.api.program import Program, program_of
from s2sad.api.results import ShapeTree, flat_cotangents, shapes
from s2sad.api.statics import separate
from s2sad.errors import BadCall
from s2sad.ir.types import is_differentiable


def vjp(f: Callable[..., object], *primals: object, wrt: WrtLike = None,
        outputs: OutputsLike = None) -> tuple[object, Pullback]:
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
    program = program_of(f)
    program, args = separate(program, program.parameters.bind(primals, {}))
    names: WrtLike = None
    if wrt is not None:
        chosen = program.wrt(wrt)
        names = chosen.names[0] if chosen.single else chosen.names
    wanted = spelled(outputs)
    key = ("vjp", fingerprint(args), names, wanted)
    plan = program.plans.get(key)
    if plan is None:
        plan = program.plans[key] = _Plan(program, args, names, wanted)
    return plan(args)  # type: ignore[operator]


class _Plan:
    """All that one call has to do for arguments of types met before."""

    def __init__(self, program: Program, args: tuple[object, ...], wrt: WrtLike, outputs: OutputsLike) -> None:
        self.program = program
        self.types = program.types_of(args)
        names = program.parameters.names
        if wrt is None and program.chooses_freely:
            chosen = tuple(n for n, t in zip(names, self.types) if is_differentiable(t))
            if not chosen:
                raise BadCall(f"{program.name} has no floating-point argument to differentiate by", code="S2S041")
        else:
            chosen = program.wrt(wrt).names
        program.require_differentiable(self.types, chosen)
        self.wrt = chosen
        resolved = resolve(program, program.interface(self.types, chosen), outputs)
        made = program.specialise("vjp", self.types, chosen, **({} if resolved is None else {"outputs": resolved}))
        self.forward, self.reverse = made.entries
        self.mutated = program.positions(made.interface.mutated)
        self.structure = types_of_outputs(program, made.interface, self.types, resolved)
        self.casts = tuple(CASTS.get(self.types[k]) for k in program.positions(chosen))

    def __call__(self, args: tuple[object, ...]) -> tuple[object, Pullback]:
        refuse_overlap(self.program.name, self.program.parameters.names, args, self.mutated)
        self.program.last_types = self.types
        given = tuple(map(ordinary, args))
        value, saved = self.forward(*given)
        # What the reverse sweep reads may be an argument as it was given, or part of the value: it gets its own.
        saved = apart(saved, tuple(arrays_in(given)))
        value = apart(value, tuple(arrays_in(saved)))
        return value, Pullback(self, saved, shapes(self.structure, value))


class Pullback:
    """Maps a cotangent of the value to gradients; made by :func:`vjp`."""

    def __init__(self, plan: _Plan, saved: object, structure: ShapeTree) -> None:
        self._plan, self._saved, self._structure = plan, saved, structure

    def __repr__(self) -> str:
        return f"<pullback of {self._plan.program.name} to {', '.join(self._plan.wrt)}>"

    def __call__(self, cotangent: object) -> tuple[object, ...]:
        """Gradients in the order of ``wrt``; ``None`` anywhere in the cotangent means zero."""
        given = tuple(flat_cotangents(cotangent, self._structure))
        gradients = self._plan.reverse(self._saved, given)
        casts = self._plan.casts
        return tuple(g if c is None else c(g) for g, c in zip(gradients, casts))
