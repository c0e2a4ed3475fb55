"""``linearize``: the value now, its derivative in any direction later, as often as wanted."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s2sad.api.argtypes import fingerprint
from s2sad.api.arguments import WrtLike
from s2sad.api.forward import pushed
from s2sad.api.memory import apart, arrays_in, ordinary, owned, refuse_overlap
from s2sad.api.outputs import OutputsLike, leaves_written, resolve, spelled
from s2sad.api.program import Program, program_of
from s2sad.api.results import Shape, fitting, normal, require_zero, shapes
from s2sad.api.reverse import Unwritten, output_form
from s2sad.api.statics import separate
from s2sad.api.structures import flat_arguments, given_for, raw_leaves
from s2sad.errors import BadCall, UnsupportedFunction
from s2sad.frontend.layout import Layout
from s2sad.ir.trees import Node, built, plain
from s2sad.ir.types import is_differentiable
from s2sad.transform.splitting import NotSplit


def linearize(f: Callable[..., object], *primals: object, wrt: WrtLike = None,
              outputs: OutputsLike = None) -> tuple[object, Linear]:
    """The value of a function and its derivative as a function of the direction.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`.
    *primals
        The arguments.
    wrt : int, str, or tuple of them, optional
        The parameters that directions are for. Default: the ``wrt`` given to :func:`differentiate`, else every
        floating-point argument.
    outputs : tuple of str, optional
        Names of parameters that ``f`` writes to, and ``"return"`` for the returned value. Value and derivative are then
        tuples in that order. Needed where ``f`` returns nothing.

    Returns
    -------
    value : object
        What ``f`` returns, or the tuple of outputs.
    linear : Linear
        ``linear(*directions)``, with one direction per entry of ``wrt`` (``None`` is zero), gives the derivative of
        the value, of its structure.

    Notes
    -----
    ``f`` runs once, here, and the partial derivatives are kept: a call of ``linear`` only multiplies and adds. It owns
    what it needs: it may be called repeatedly and from several threads, and later changes to the arguments or to
    ``value`` do not reach it. Where the tangent calls other functions (recursion, derivative rules of your own,
    linear algebra), each call computes the values again; a function that draws random numbers or prints is refused
    then.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return a * np.sin(x)
    >>> value, linear = s2sad.linearize(f, np.array([0.0, 1.0]), 3.0)
    >>> linear(np.array([1.0, 0.0]), None)
    array([3., 0.])
    """
    program = program_of(f)
    program, args = separate(program, program.parameters.in_order(primals))
    chosen: WrtLike = None
    if wrt is not None:
        found = program.wrt(wrt)
        chosen = found.names[0] if found.single else found.names
    wanted = spelled(outputs)
    key = ("linearized", fingerprint(args), chosen, wanted)
    plan = program.plans.get(key)
    if plan is None:
        plan = program.plans[key] = _Plan(program, program.layout_for(args, key[1]), chosen, wanted)
    assert isinstance(plan, _Plan)
    return plan(args)


class _Plan:
    """All that one call has to do for arguments of types met before."""

    def __init__(self, program: Program, layout: Layout, wrt: WrtLike, outputs: tuple[str, ...] | str | None) -> None:
        self.program, self.layout, self.outputs = program, layout, outputs
        if wrt is None and program.chooses_freely:
            self.wrt = tuple(n for n in layout.names if layout.differentiable(n))
            if not self.wrt:
                raise BadCall(f"{program.name} has no floating-point argument to differentiate by", code="S2S041",
                              hint="pass floating-point numbers: 1.0, not 1")
        else:
            self.wrt = program.wrt(wrt).names
        program.require_differentiable(layout.argtypes, self.wrt)
        interface = program.interface(layout.argtypes, self.wrt)
        self.written = program.written(layout, interface)
        resolved = resolve(program, layout, interface, outputs)
        leaves = leaves_written(layout, interface, resolved)
        self.leaves = layout.positions(layout.leaves(self.wrt, floating=True))
        self.entries: tuple[Callable[..., Any], ...] | None
        try:
            made = program.specialise("linearized", layout.argtypes, self.wrt,
                                      **({} if leaves is None else {"outputs": leaves}))
            self.entries = made.entries
        except NotSplit:
            self.entries = None
            if program.runs_once(layout):
                raise UnsupportedFunction(f"{program.name} calls functions with code of their own, and draws random "
                                          "numbers or prints, which cannot be repeated", code="S2S010",
                                          hint="use vjp, or draw the numbers before") from None
            return
        result, tree = normal(made.interface.result), program.result_tree(layout, made.interface)
        self.structure: Any = result
        self.form: Any = tree
        if leaves is not None and resolved is not None:
            self.structure = tuple(result if o == "return" else layout.types[layout.user.params.index(o)]
                                   for o in leaves)
            self.form = output_form(layout, resolved, leaves, tree, result)
        self.plain = plain(self.form) and layout.flat

    def __call__(self, args: tuple[object, ...]) -> tuple[object, Linear]:
        self.program.last_types = self.layout.argtypes
        if self.entries is None:
            return self._repeated(args)
        flat = flat_arguments(self.layout, args)
        refuse_overlap(self.program.name, self.layout.user.params, flat, self.written)
        given = tuple(map(ordinary, flat))
        value, saved = self.entries[0](*given)
        saved = apart(saved, tuple(arrays_in(given)))
        value = apart(value, tuple(arrays_in(saved)))
        remembered = list(shapes(self.structure, value))
        if not self.plain:
            found = raw_leaves(value)
            value = built(self.form, lambda k: None if k is None else
                          ordinary(flat[k.position]) if isinstance(k, Unwritten) else found[k])
        like = tuple(getattr(flat[k], "shape", ()) for k in self.leaves)
        return value, Linear(self, lambda v: self._applied(saved, remembered, like, v))

    def _applied(self, saved: object, remembered: list[Shape | None], like: tuple[Any, ...],
                 directions: tuple[object, ...]) -> object:
        assert self.entries is not None
        given: dict[int, object] = {}
        trees = Node(tuple(self.layout.tree(n) for n in self.wrt))
        for k, v, what in given_for(trees, directions, "the direction"):
            if k is None or not is_differentiable(self.layout.types[k]):
                require_zero(v, what)
            else:
                given[k] = fitting(v, like[self.leaves.index(k)], self.layout.types[k], what)
        moved = iter(self.entries[1](saved, tuple(given[k] for k in self.leaves)))
        found = [next(moved) if leaf is not None and is_differentiable(leaf.type) else 0 for leaf in remembered]
        return built(self.form, lambda k: None if k is None or isinstance(k, Unwritten) else found[k])

    def _repeated(self, args: tuple[object, ...]) -> tuple[object, Linear]:
        args = tuple(map(owned, args))
        names = self.program.parameters.names

        def applied(directions: tuple[object, ...]) -> object:
            moving = dict(zip(self.wrt, directions))
            return pushed(self.program, args, tuple(moving.get(n) for n in names), self.outputs)[1]

        return pushed(self.program, args, (None,) * len(names), self.outputs)[0], Linear(self, applied)


class Linear:
    """The derivative of a function at a point, as a function of the direction; made by :func:`linearize`."""

    def __init__(self, plan: _Plan, applied: Callable[[tuple[object, ...]], object]) -> None:
        self._plan, self._apply = plan, applied

    def __repr__(self) -> str:
        return f"<derivative of {self._plan.program.name} by {', '.join(self._plan.wrt)}>"

    def __call__(self, *directions: object) -> object:
        """The derivative in a direction, one part per entry of ``wrt``; ``None`` is zero."""
        if len(directions) != len(self._plan.wrt):
            raise BadCall(f"{len(directions)} directions given for {', '.join(self._plan.wrt)}", code="S2S043",
                          hint="give one for each; None is zero")
        return self._apply(directions)
