"""Jacobians: all derivatives of the outputs of a function, by tangents or by pullbacks, in one compiled function."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad.api.argtypes import fingerprint
from s2sad.api.arguments import Parameters, Wrt, WrtLike
from s2sad.api.gradient import CASTS, GradientProgram
from s2sad.api.lazy import Implementation
from s2sad.api.memory import ordinary, owned, refuse_overlap
from s2sad.api.outputs import OutputsLike, spelled
from s2sad.api.program import Callee, Program, Types, program_of
from s2sad.api.results import normal
from s2sad.api.specialisation import Specialisation
from s2sad.api.statics import separate
from s2sad.api.structures import flat_arguments, raw_leaves, written
from s2sad.driver import Interface, flattened
from s2sad.errors import BadCall
from s2sad.frontend.layout import Layout
from s2sad.ir.trees import Tree, built, plain, tree_of_type
from s2sad.ir.types import is_array
from s2sad.operators.base import Compiled, Operator, arguments
from s2sad.operators.forms import array_types, arrays_for, block_form, block_type, output_order

WIDEST = 64
MODES = {"forward": "jacfwd", "reverse": "jacrev"}


def jacobian(f: Callable[..., object], wrt: WrtLike = None, mode: str = "auto", outputs: OutputsLike = None,
             width: int | None = None) -> Jacobian:
    """The Jacobian of a function: the derivatives of all its outputs by all elements of arguments.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate`, :func:`grad` or this
        function.
    wrt : int, str, or tuple of them, optional
        Parameters to differentiate by: positions or names. Default: the ``wrt`` given to :func:`differentiate`, else
        the first parameter.
    mode : {"auto", "forward", "reverse"}, optional
        ``"forward"`` runs the tangent for all elements of the arguments, several at once, ``"reverse"`` the function
        once and the reverse sweep once per element of the outputs. ``"auto"`` takes what has fewer runs; for that it
        runs the function once for each new set of shapes.
    outputs : tuple of str, optional
        Names of parameters that ``f`` writes to, and ``"return"`` for the returned value, as in :func:`vjp`.
    width : int, optional
        How many directions a tangent has in forward mode. Default: 8, or the number of arguments if they are numbers.

    Returns
    -------
    Jacobian
        A callable with the parameters of ``f``. Its result has the structure of the outputs, with an array of shape
        ``output.shape + argument.shape`` for each number or array there; where ``wrt`` is a tuple, or names a
        structured argument, with that structure of arrays. What is not floating-point has ``None``. It can be called
        from njit-compiled functions as well. ``.into(out, *args)`` writes to arrays given for the result.

    Raises
    ------
    BadCall
        On the first call with arguments of a type, where they or the outputs are complex, or an argument in ``wrt`` is
        not floating-point.

    Notes
    -----
    In compiled code ``"auto"`` decides by the types alone: reverse where all outputs are numbers and an argument is an
    array, else forward. A function that draws random numbers or prints is refused in forward mode, which runs it
    several times.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return a * x * x
    >>> s2sad.jacobian(f)(np.array([1.0, 2.0]), 3.0)
    array([[ 6.,  0.],
           [ 0., 12.]])
    >>> s2sad.jacobian(f, wrt=("x", "a"))(np.array([1.0, 2.0]), 3.0)
    (array([[ 6.,  0.],
           [ 0., 12.]]), array([1., 4.]))
    """
    if mode != "auto" and mode not in MODES:
        raise BadCall(f"there is no mode {mode!r} of a Jacobian", hint='modes are: "auto", "forward", "reverse"')
    return jacobian_of(program_of(f), wrt, mode, spelled(outputs), width)


def jacfwd(f: Callable[..., object], wrt: WrtLike = None, outputs: OutputsLike = None,
           width: int | None = None) -> Jacobian:
    """The Jacobian in forward mode; see :func:`jacobian`.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def circle(t):
    ...     return np.cos(t), np.sin(t)
    >>> s2sad.jacfwd(circle)(0.0)
    (-0.0, 1.0)
    """
    return jacobian_of(program_of(f), wrt, "forward", spelled(outputs), width)


def jacrev(f: Callable[..., object], wrt: WrtLike = None, outputs: OutputsLike = None) -> Jacobian:
    """The Jacobian in reverse mode; see :func:`jacobian`.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x):
    ...     return np.sum(x ** 2), np.sum(x)
    >>> s2sad.jacrev(f)(np.array([1.0, 2.0]))
    (array([2., 4.]), array([1., 1.]))
    """
    return jacobian_of(program_of(f), wrt, "reverse", spelled(outputs))


def jacobian_of(program: Program, wrt: WrtLike, mode: str, outputs: tuple[str, ...] | str | None,
                width: int | None = None, name: str = "jacobian", doc: str = "") -> Jacobian:
    """The same object for the same request, so that what it has compiled is found again."""
    if width is not None and (isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= WIDEST):
        raise BadCall(f"the width of a tangent is {width!r}", code="S2S043",
                      hint=f"give a number of directions from 1 to {WIDEST}, or None")
    chosen = program.wrt(wrt)
    key = ("jacobian", chosen, wrt is None, mode, outputs, width, name)
    if key not in program.plans:
        program.plans.setdefault(key, Jacobian(program, chosen, wrt is None, mode, outputs, width, name, doc))
    return program.plans[key]  # type: ignore[return-value]


class Jacobian(Operator, Callee):
    """What :func:`jacobian`, :func:`jacfwd`, :func:`jacrev` and :func:`hessian` return; call it like its function."""

    def __init__(self, of: Program, wrt: Wrt, inherited: bool, mode: str, outputs: tuple[str, ...] | str | None,
                 width: int | None, name: str, doc: str) -> None:
        doc = doc or f"Jacobian of {of.name} by {', '.join(wrt.names)}."
        self._name = name
        super().__init__(of, wrt, inherited, f"{of.name}_{name}" if name == "jacobian" else name, doc)
        self._mode, self._outputs, self._width = mode, outputs, width
        parameters = Parameters(self.__name__, of.parameters.names, self.__signature__)
        self._program = GradientProgram(self, parameters, of.default if inherited else None)
        self._sizes: dict[object, int] = {}
        self._into = Into(self)

    @property
    def into(self) -> Into:
        """``into(out, *args)``: the same, written to arrays of the result's structure and shapes; numbers take arrays
        without axes. It is a callable of its own in compiled code: ``into = s2sad.jacobian(f).into``."""
        return self._into

    def __call__(self, *args: object, **kwargs: object) -> object:
        bound, args = self._at(args, kwargs)
        plan, flat = bound._plan(args)
        found = raw_leaves(plan.gradient(*map(ordinary, flat)))
        for k, cast in plan.casts:
            found[k] = cast(found[k])
        return built(plan.form, lambda k: None if k is None else found[k])

    def _at(self, args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[Jacobian, tuple[object, ...]]:
        of, rest = separate(self._of, self._of.parameters.bind(args, kwargs))
        return self if of is self._of else self._bound(of), rest

    def _bound(self, of: Program) -> Jacobian:
        """The same of the program with functions or texts for some parameters."""
        return jacobian_of(of, self._asked, self._mode, self._outputs, self._width, self._name,
                           self.__doc__ or "")

    # ------------------------------------------------------------------ plans

    def _plan(self, args: tuple[object, ...], into: bool = False) -> tuple[_Plan, tuple[object, ...]]:
        """All there is for arguments of these types, and the arguments of the generated function."""
        key = fingerprint(args)
        layout = self._of.layout_for(args, key)
        self._of.last_types = layout.argtypes
        flat = flat_arguments(layout, args)
        kind = self._kind(layout, flat, key)
        plan = self._plans.get((key, kind, into))
        if plan is None:
            plan = self._plans[key, kind, into] = _Plan(self, layout, self._specialise(layout.argtypes, kind, into))
        refuse_overlap(self._of.name, layout.user.params, flat, plan.written)
        return plan, flat

    def _kind(self, layout: Layout, flat: tuple[object, ...], key: object) -> str:
        """Forward or reverse, by the numbers of elements."""
        if self._mode != "auto":
            return MODES[self._mode]
        by_types = self._plans.get(("kind", key))
        if by_types is None:
            by_types = self._plans["kind", key] = self._kind_by_types(layout.argtypes)
        if by_types:
            return by_types
        positions = layout.positions(layout.leaves(self._wrt.names, floating=True))
        independent = sum(_size(flat[k]) for k in positions)
        shapes = key, tuple(getattr(a, "shape", ()) for a in flat)
        if shapes not in self._sizes:
            self._sizes[shapes] = self._count_outputs(layout, flat)
        return "jacfwd" if independent <= self._sizes[shapes] else "jacrev"

    def _kind_by_types(self, argtypes: Types) -> str:
        """The mode where types decide, else an empty text."""
        layout = self._of.layout(argtypes)
        self._of.require_differentiable(argtypes, self._wrt.names)
        interface = self._of.interface(argtypes, self._wrt.names)
        order = output_order(self._of, layout, interface, self._outputs)
        if self._of.runs_once(layout):
            return "jacrev"
        kinds = [layout.types[layout.user.params.index(o)] for o in order or () if o != "return"]
        if order is None or "return" in order:
            kinds += [t for t in flattened(normal(interface.result)) if t is not None]
        by = [layout.types[k] for k in layout.positions(layout.leaves(self._wrt.names, floating=True))]
        if not any(map(is_array, by)):
            return "jacfwd" if len(by) <= 1 or any(map(is_array, kinds)) else "jacrev" if len(kinds) == 1 else "jacfwd"
        return "" if any(map(is_array, kinds)) else "jacrev"

    def _count_outputs(self, layout: Layout, flat: tuple[object, ...]) -> int:
        names = (self._outputs,) if isinstance(self._outputs, str) else self._outputs or ("return",)
        count = sum(_size(flat[k]) for n in names if n != "return"
                    for k in layout.positions(layout.leaves((n,))))
        if "return" in names:
            made = self._of.specialise_leaves("flat", layout, ())
            count += sum(map(_size, raw_leaves(made.entry(*map(owned, flat)))))
        return count

    def _specialise(self, argtypes: Types, kind: str = "", into: bool = False) -> Specialisation:
        self._of.require_differentiable(argtypes, self._wrt.names)
        kind = kind or MODES.get(self._mode) or self._kind_by_types(argtypes) or "jacfwd"
        flags: dict[str, object] = {"into": True} if into else {}
        if kind == "jacfwd" and self._width is not None:
            flags["width"] = self._width
        if self._outputs is not None:
            interface = self._of.interface(argtypes, self._wrt.names)
            flags["outputs"] = output_order(self._of, self._of.layout(argtypes), interface, self._outputs)
        else:
            output_order(self._of, self._of.layout(argtypes), self._of.interface(argtypes, self._wrt.names), None)
        return self._of.specialise(kind, argtypes, self._wrt.names, **flags)

    def _blocks(self, argtypes: Types, interface: Interface) -> tuple[Tree, list[tuple[Any, Any]]]:
        return block_form(self._of, self._of.layout(argtypes), interface, self._outputs, self._wrt)

    def _form(self, argtypes: Types, interface: Interface) -> Tree | None:
        """The structure of the result, where it is not what generated code returns."""
        form, _ = self._blocks(argtypes, interface)
        return None if plain(form) and self._of.layout(argtypes).flat else form

    # ------------------------------------------------------------------ in compiled code

    def _implementation(self, given: Types) -> Implementation:
        argtypes, places, casts = arguments(self._of, self.__name__, given)
        made = self._specialise(argtypes)
        form, kinds = self._blocks(argtypes, made.interface)
        classes: dict[str, object] = {}
        texts = ["r"] if len(kinds) == 1 else [f"r[{k}]" for k in range(len(kinds))]
        return Implementation(made.entry, tuple(places), casts, written(form, texts, classes), classes)

    def _implementation_into(self, given: Types) -> Implementation:
        argtypes, places, casts = arguments(self._of, f"{self.__name__}_into", given, 1)
        made = self._specialise(argtypes, into=True)
        form, kinds = self._blocks(argtypes, made.interface)
        first = array_types(form, tree_of_type(given[0]), [block_type(*k) for k in kinds], "args[0]")
        return Implementation(made.entry, (*first, *places), {k + len(first): c for k, c in casts.items()})


def _size(value: object) -> int:
    return value.size if isinstance(value, np.ndarray) else value is not None


class _Plan:
    """All that one call has to know for arguments of types met before."""

    def __init__(self, operator: Jacobian, layout: Layout, made: Specialisation) -> None:
        self.made = made
        self.written = operator._of.written(layout, made.interface)
        self.form, kinds = operator._blocks(layout.argtypes, made.interface)
        self.arrays = [block_type(*k) for k in kinds]
        self.casts = [(k, CASTS[t.dtype]) for k, t in enumerate(self.arrays) if t.ndim == 0 and t.dtype in CASTS]

    @property
    def gradient(self) -> Callable[..., Any]:
        return self.made.gradient


class Into(Compiled):
    """A Jacobian that is written to arrays given first."""

    def __init__(self, of: Jacobian) -> None:
        self._jacobian = of
        self.__name__ = f"{of.__name__}_into"
        self.__doc__ = f"{of.__doc__} Written to the arrays given first."

    def __repr__(self) -> str:
        return f"<{self.__name__}>"

    def __call__(self, out: object, *args: object, **kwargs: object) -> object:
        bound, args = self._jacobian._at(args, kwargs)
        plan, flat = bound._plan(args, into=True)
        plan.made.entry(*arrays_for(plan.form, out, plan.arrays, flat), *map(ordinary, flat))
        return out

    def _options(self) -> dict[str, object]:
        return self._jacobian._options()

    def _implementation(self, given: Types) -> Implementation:
        return self._jacobian._implementation_into(given)
