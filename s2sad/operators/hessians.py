"""Second derivatives of functions that return one number: Hessians, and products of a Hessian with a direction."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from s2sad.api.argtypes import fingerprint
from s2sad.api.arguments import Wrt, WrtLike
from s2sad.api.gradient import CASTS, gradient_of
from s2sad.api.lazy import Implementation
from s2sad.api.memory import ordinary, refuse_overlap
from s2sad.api.program import Program, Types, program_of
from s2sad.api.specialisation import Specialisation
from s2sad.api.statics import separate
from s2sad.api.structures import flat_arguments, gradient_form, raw_leaves, written
from s2sad.errors import BadCall
from s2sad.frontend.layout import Layout
from s2sad.ir.trees import Node, built, tree_of_type
from s2sad.ir.types import is_array, is_differentiable
from s2sad.operators.base import Compiled, Operator, arguments
from s2sad.operators.forms import array_types, arrays_for, directions
from s2sad.operators.jacobians import Jacobian, jacobian_of


def hessian(f: Callable[..., object], wrt: WrtLike = None, width: int | None = None) -> Jacobian:
    """The second derivatives of a function that returns one number, forward over reverse.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, or an object made by :func:`differentiate` or :func:`grad`.
    wrt : int, str, or tuple of them, optional
        Parameters to differentiate by: positions or names. Default: the ``wrt`` given to :func:`differentiate`, else
        the first parameter.
    width : int, optional
        How many directions at once, as for :func:`jacobian`.

    Returns
    -------
    Jacobian
        A callable with the parameters of ``f``. It returns an array of shape ``argument.shape + argument.shape``; where
        ``wrt`` is a tuple, a tuple with, for each argument, a tuple of blocks by each. It can be called from
        njit-compiled functions as well, and ``.into(out, *args)`` writes to arrays given for the result.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return a * x[0] * x[0] * x[1]
    >>> s2sad.hessian(f)(np.array([1.0, 2.0]), 3.0)
    array([[12.,  6.],
           [ 6.,  0.]])
    >>> s2sad.hessian(f, wrt=("x", "a"))(np.array([1.0, 2.0]), 3.0)[1]
    (array([4., 1.]), 0.0)
    """
    program = program_of(f)
    chosen = program.wrt(wrt)
    gradient = gradient_of(program, wrt, "grad")
    names: Any = chosen.names[0] if chosen.single else chosen.names
    return jacobian_of(gradient._program, names, "forward", None, width, f"{program.name}_hessian",
                       f"Hessian of {program.name} by {', '.join(chosen.names)}.")


def hvp(f: Callable[..., object], wrt: WrtLike = None) -> HessianVectorProduct:
    """The product of the Hessian of a function with a direction, forward over reverse, for a few gradients' cost.

    Parameters
    ----------
    f, wrt
        As for :func:`hessian`.

    Returns
    -------
    HessianVectorProduct
        A callable with the parameters of ``f`` and a last one, the direction ``v``: of the argument's shape and type, a
        tuple where ``wrt`` is one; ``None`` anywhere stands for zeros. It returns the same structure. It can be called
        from njit-compiled functions as well, and ``.into(out, *args, v)`` writes to arrays given for the result.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return a * x[0] * x[0] * x[1]
    >>> s2sad.hvp(f)(np.array([1.0, 2.0]), 3.0, np.array([1.0, 0.0]))
    array([12.,  6.])
    >>> s2sad.hvp(f, wrt=("x", "a"))(np.array([1.0, 2.0]), 3.0, (None, 1.0))
    (array([4., 1.]), 0.0)
    """
    return _hvp_of(program_of(f), wrt)


def _hvp_of(program: Program, wrt: WrtLike) -> HessianVectorProduct:
    chosen = program.wrt(wrt)
    key = ("hvp", chosen, wrt is None)
    if key not in program.plans:
        program.plans.setdefault(key, HessianVectorProduct(program, chosen, wrt is None))
    return program.plans[key]  # type: ignore[return-value]


class HessianVectorProduct(Operator):
    """What :func:`hvp` returns: call it with the arguments of the function and a direction."""

    def __init__(self, of: Program, wrt: Wrt, inherited: bool) -> None:
        super().__init__(of, wrt, inherited, f"{of.name}_hvp",
                         f"Product of the Hessian of {of.name} by {', '.join(wrt.names)} with a direction.")
        self._gradient = gradient_of(of, self._asked, "grad")._program
        self._into = Into(self)

    @property
    def into(self) -> Into:
        """``into(out, *args, v)``: the same, written to arrays; numbers take arrays without axes."""
        return self._into

    def __call__(self, *args: object, **kwargs: object) -> object:
        plan, flat, given = self._split(args, kwargs, False)
        found = raw_leaves(plan.made.gradient(*map(ordinary, flat), *given))
        for k, cast in plan.casts:
            found[k] = cast(found[k])
        return built(plan.form, lambda k: None if k is None else found[k])

    def _split(self, args: tuple[object, ...], kwargs: dict[str, object],
               into: bool) -> tuple[_Plan, tuple[object, ...], list[object]]:
        """The plan, the arguments of the generated function, and the directions."""
        if not args:
            raise BadCall(f"{self.__name__} takes the arguments of {self._of.name} and a direction", code="S2S043",
                          hint="the direction is the last argument by position")
        *own, v = args
        of, rest = separate(self._of, self._of.parameters.bind(tuple(own), kwargs))
        if of is not self._of:
            return _hvp_of(of, self._asked)._planned(rest, v, into)
        return self._planned(rest, v, into)

    def _planned(self, args: tuple[object, ...], v: object,
                 into: bool) -> tuple[_Plan, tuple[object, ...], list[object]]:
        key = fingerprint(args), into
        plan = self._plans.get(key)
        if plan is None:
            layout = self._gradient.layout(self._of.types_of(args))
            plan = self._plans[key] = _Plan(self, layout, self._specialise(layout.argtypes, into))
        self._of.last_types = plan.layout.argtypes
        flat = flat_arguments(plan.layout, args)
        refuse_overlap(self._of.name, plan.layout.user.params, flat, plan.written)
        return plan, flat, list(directions(plan.layout, self._wrt, v, flat))

    def _specialise(self, argtypes: Types, into: bool) -> Specialisation:
        self._of.require_differentiable(argtypes, self._wrt.names)
        return self._gradient.specialise("pushed", argtypes, self._wrt.names, **({"into": True} if into else {}))

    def _implementation(self, given: Types) -> Implementation:
        return self._compiled_form(given, 0)

    def _compiled_form(self, given: Types, extra: int) -> Implementation:
        """``extra`` arguments come first: the arrays for the result."""
        if len(given) < 2:
            raise BadCall(f"{self.__name__} takes the arguments of {self._of.name} and a direction", code="S2S043",
                          hint="the direction is the last argument")
        argtypes, places, casts = arguments(self._of, self.__name__, given[:-1], extra)
        layout = self._gradient.layout(argtypes)
        made = self._specialise(argtypes, bool(extra))
        form = gradient_form(layout, self._wrt)
        kinds = [layout.types[k] for k in layout.positions(layout.leaves(self._wrt.names, floating=True))]
        moving = self._directions(layout, tree_of_type(given[-1]), f"args[{len(given) - 1}]")
        first = array_types(form, tree_of_type(given[0]), list(map(_array_of, kinds)), "args[0]") if extra else []
        casts = {k + len(first): c for k, c in casts.items()}
        for k, (_, have, want) in enumerate(moving, len(first) + len(places)):
            if not is_array(want):
                casts[k] = want
            elif have.layout != want.layout:
                casts[k] = np.asfortranarray if want.layout == "F" else np.ascontiguousarray
        passed = (*first, *places, *(text for text, _, _ in moving))
        if extra:
            return Implementation(made.entry, passed, casts)
        classes: dict[str, object] = {}
        texts = ["r"] if len(kinds) == 1 else [f"r[{k}]" for k in range(len(kinds))]
        return Implementation(made.entry, passed, casts, written(form, texts, classes), classes)

    def _directions(self, layout: Layout, given: Any, text: str) -> list[tuple[str, Any, Any]]:
        """The directions in a structure of types: expression, type, and the type of what it belongs to."""
        found: list[tuple[str, Any, Any]] = []

        def visit(tree: Any, given: Any, text: str) -> None:
            if isinstance(tree, Node):
                if not isinstance(given, Node) or len(given.items) != len(tree.items):
                    raise BadCall(f"the direction of {self.__name__} has to be a tuple of {len(tree.items)}, not "
                                  f"{given}", code="S2S043", hint="it has the structure of what it is by")
                for k, (t, g) in enumerate(zip(tree.items, given.items)):
                    visit(t, g, f"{text}[{k}]")
            elif tree is not None and is_differentiable(layout.types[tree]):
                want = layout.types[tree]
                fits = is_differentiable(given) or not is_array(want) and not is_array(given)
                if is_array(want) != is_array(given) or not fits or is_array(want) and (
                        (want.dtype, want.ndim) != (given.dtype, given.ndim)):
                    raise BadCall(f"the direction of {self.__name__} has {given} for {want}", code="S2S043",
                                  hint="give it the type of its argument")
                found.append((text, given, want))

        trees = tuple(layout.tree(n) for n in self._wrt.names)
        visit(trees[0] if self._wrt.single else Node(trees), given, text)
        return found


def _array_of(t: Any) -> Any:
    return t if is_array(t) else types.Array(t, 0, "C")


class _Plan:
    """All that one call has to know for arguments of types met before."""

    def __init__(self, operator: HessianVectorProduct, layout: Layout, made: Specialisation) -> None:
        self.layout, self.made = layout, made
        self.written = operator._gradient.written(layout, made.interface)
        self.form = gradient_form(layout, operator._wrt)
        kinds = [layout.types[k] for k in layout.positions(layout.leaves(operator._wrt.names, floating=True))]
        self.arrays = list(map(_array_of, kinds))
        self.casts = [(k, CASTS[t]) for k, t in enumerate(kinds) if t in CASTS]


class Into(Compiled):
    """Products of a Hessian that are written to arrays given first."""

    def __init__(self, of: HessianVectorProduct) -> None:
        self._of = of
        self.__name__ = f"{of.__name__}_into"
        self.__doc__ = f"{of.__doc__} Written to the arrays given first."

    def __repr__(self) -> str:
        return f"<{self.__name__}>"

    def __call__(self, out: object, *args: object, **kwargs: object) -> object:
        plan, flat, given = self._of._split(args, kwargs, True)
        arrays = arrays_for(plan.form, out, plan.arrays, (*flat, *given))
        plan.made.entry(*arrays, *map(ordinary, flat), *given)
        return out

    def _options(self) -> dict[str, object]:
        return self._of._options()

    def _implementation(self, given: Types) -> Implementation:
        return self._of._compiled_form(given, 1)
