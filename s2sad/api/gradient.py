"""``grad`` and ``value_and_grad``: gradients of functions that return one number."""
from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher

from s2sad import driver
from s2sad.api.argtypes import fingerprint
from s2sad.api.arguments import Parameters, Wrt, WrtLike
from s2sad.api.lazy import Implementation, lazy_dispatcher
from s2sad.api.memory import ordinary, refuse_overlap
from s2sad.api.program import Callee, Program, Types, program_of
from s2sad.api.quick import quick_key
from s2sad.api.shared import renamed, same_arrays, shared
from s2sad.api.specialisation import Specialisation
from s2sad.api.statics import separate, static_type
from s2sad.api.structures import expressions, flat_arguments, raw_leaves, raw_tree, result_form, written
from s2sad.api.tape_memory import no_memory_for_tapes
from s2sad.errors import BadCall
from s2sad.frontend.layout import Layout
from s2sad.frontend.source import UserFunction
from s2sad.ir.trees import Tree, built, mapped, tree_of_type


def grad(f: Callable[..., object], wrt: WrtLike = None, has_aux: bool = False, *,
         math: str | None = None) -> Gradient:
    """The gradient of a function that returns one number.

    Parameters
    ----------
    f : callable
        A Python function, a numba dispatcher, an object made by :func:`differentiate`, or a gradient made by this
        function.
    wrt : int, str, or tuple of them, optional
        Parameters to differentiate by: positions or names. Default: the ``wrt`` given to :func:`differentiate`, else
        the first parameter.
    has_aux : bool, optional
        ``f`` returns a pair ``(value, aux)``, of which only ``value`` is differentiated; the result is then
        ``(gradient, aux)``.
    math : {"libm", "vector"}, optional
        Where elementary functions come from in the derivative: the C library, or :mod:`s2sad.vmath`, whose functions
        loops vectorise. Default: what was given to :func:`differentiate`, else ``"libm"``.

    Returns
    -------
    Gradient
        A callable with the parameters of ``f``. It returns an array or number of the argument's shape and dtype, or a
        tuple of them where ``wrt`` is a tuple; zeros where ``f`` does not depend on an argument. Arguments are never
        changed, even where ``f`` writes to them. It can be called from njit-compiled functions as well, which see the
        same values.

    Raises
    ------
    BadCall
        On the first call with arguments of a type, where ``f`` does not return one float, or an argument in ``wrt`` is
        not floating-point.

    Notes
    -----
    Code is generated and compiled on the first call for each combination of argument types. Globals and closure values
    are constants of that moment, as with numba.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x, a):
    ...     return a * np.sum(x ** 2)
    >>> s2sad.grad(f)(np.array([1.0, 2.0]), 3.0)
    array([ 6., 12.])
    >>> s2sad.grad(f, wrt=("a", "x"))(np.array([1.0, 2.0]), 3.0)
    (5.0, array([ 6., 12.]))

    Gradients compose:

    >>> def cube(x):
    ...     return x * x * x
    >>> s2sad.grad(s2sad.grad(cube))(2.0)
    12.0
    """
    return gradient_of(program_of(f).with_math(math), wrt, "grad", has_aux)


def value_and_grad(f: Callable[..., object], wrt: WrtLike = None, has_aux: bool = False, *,
                   math: str | None = None) -> Gradient:
    """The value of a function that returns one number, together with its gradient.

    Parameters
    ----------
    f, wrt
        As for :func:`grad`.
    has_aux : bool, optional
        ``f`` returns a pair ``(value, aux)``; the result is then ``((value, aux), gradient)``.
    math : {"libm", "vector"}, optional
        As for :func:`grad`; the value is computed by the same functions.

    Returns
    -------
    Gradient
        A callable with the parameters of ``f`` that returns ``(value, gradient)``.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> def f(x):
    ...     return np.sum(x ** 2)
    >>> s2sad.value_and_grad(f)(np.array([1.0, 2.0]))
    (5.0, array([2., 4.]))
    """
    return gradient_of(program_of(f).with_math(math), wrt, "value_and_grad", has_aux)


def gradient_of(program: Program, wrt: WrtLike, kind: str, has_aux: bool = False) -> Gradient:
    """The same object for the same request, so that what it has compiled is found again."""
    chosen = program.wrt(wrt)
    key = (kind, chosen, wrt is None, has_aux)
    if key not in program.plans:
        program.plans.setdefault(key, Gradient(program, chosen, wrt is None, kind, has_aux))
    return program.plans[key]  # type: ignore[return-value]


class Gradient(Callee):
    """What :func:`grad` and :func:`value_and_grad` return; call it like the function it belongs to."""

    def __init__(self, of: Program, wrt: Wrt, inherited: bool, kind: str, has_aux: bool) -> None:
        self._of, self._wrt, self._kind, self._has_aux = of, wrt, kind, has_aux
        self._inherited = inherited
        self._plans: dict[object, _Plan] = {}
        self._quick: dict[object, _Plan] = {}
        self.__name__ = self.__qualname__ = f"{of.name}_{kind}"
        what = "Value and gradient" if kind == "value_and_grad" else "Gradient"
        self.__doc__ = f"{what} of {of.name} by {', '.join(wrt.names)}."
        self.__signature__ = of.parameters.signature.replace(return_annotation=inspect.Signature.empty)
        parameters = Parameters(self.__name__, of.parameters.names, self.__signature__)
        self._program = GradientProgram(self, parameters, of.default if inherited else None)
        self._dispatcher: Dispatcher | None = None

    def __repr__(self) -> str:
        return f"<{self.__name__} by {', '.join(self._wrt.names)}>"

    def __call__(self, *args: object, **kwargs: object) -> object:
        key = None if kwargs else quick_key(args)
        plan = self._quick.get(key)
        if plan is not None:
            self._of.last_types = plan.types
            try:
                return plan.run(*args)
            except MemoryError as e:
                raise plan.out_of_memory(e)             # noqa: B904  # it may be this one
        given = self._of.parameters.bind(args, kwargs)
        of, rest = separate(self._of, given)
        if of is not self._of:
            return self._bound(of)._call(rest)
        result = self._call(given)
        if key is not None and given is args:
            self._remember(key, args)
        return result

    def _remember(self, key: object, args: tuple[object, ...]) -> None:
        """Take the quick way from now on, where calls with such arguments need nothing done to them or the result."""
        plan = self._plans[fingerprint(args)]
        if plan.plain and all(ordinary(a) is a for a in args):
            self._quick[key] = plan

    def _bound(self, of: Program) -> Gradient:
        """The same of the program with functions or texts for some parameters."""
        names = None if self._inherited else self._wrt.names[0] if self._wrt.single else self._wrt.names
        return gradient_of(of, names, self._kind, self._has_aux)

    def _call(self, args: tuple[object, ...]) -> object:
        key = fingerprint(args)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(args)
        self._of.last_types = plan.types
        if plan.mutated and self._of.has_source:
            same = same_arrays(self._of.parameters.names, args, plan.mutated)
            if same:
                return self._shared(same, args)
        return plan(args)

    def _shared(self, same: dict[str, str], args: tuple[object, ...]) -> object:
        """The gradient where some parameters are given one array: by all of that array."""
        wrt = renamed(self._of, same, self._wrt.names, "wrt")
        of = shared(self._of, same)
        rest = tuple(a for a, n in zip(args, self._of.parameters.names) if n not in same)
        return gradient_of(of, wrt[0] if self._wrt.single else wrt, self._kind, self._has_aux)._call(rest)

    def _plan(self, args: tuple[object, ...]) -> _Plan:
        argtypes = self._of.types_of(args)
        made = self._specialise(argtypes)
        return _Plan(self._of, made, argtypes, self._wrt, self._kind, self._form(argtypes, made.interface))

    def _form(self, argtypes: Types, interface: driver.Interface) -> Tree | None:
        """The structure of the result, where it is not what generated code returns."""
        layout = self._of.layout(argtypes)
        return result_form(layout, self._wrt, self._kind, self._has_aux, self._of.result_tree(layout, interface))

    def _specialise(self, argtypes: Types) -> Specialisation:
        self._of.require_differentiable(argtypes, self._wrt.names)
        flags: dict[str, object] = {"has_aux": True} if self._has_aux else {}
        return self._of.specialise(self._kind, argtypes, self._wrt.names, **flags)

    @property
    def _numba_type_(self) -> types.Type:
        # numba asks every object it does not know for its type: in compiled code we are a compiled function.
        if self._dispatcher is None:
            doc = self.__doc__ or ""
            self._dispatcher = lazy_dispatcher(self.__name__, doc, self._implementation, self._of.options)
        return types.Dispatcher(self._dispatcher)

    def _implementation(self, argtypes: Types) -> Implementation:
        if len(argtypes) != len(self._of.parameters.names):
            raise BadCall(f"{self.__name__} called from compiled code takes all {len(self._of.parameters.names)} "
                          f"arguments, not {len(argtypes)}", code="S2S043",
                          hint="give those with defaults, too")
        static = {k: f for k, t in enumerate(argtypes) if (f := static_type(t)) is not None}
        if static:
            of = self._of.bound({self._of.parameters.names[k]: f for k, f in static.items()})
            made = self._bound(of)._implementation(tuple(t for k, t in enumerate(argtypes) if k not in static))
            return made.without(static, len(argtypes))
        # As in calls from Python: gradients are contiguous, and a shadow has the layout of its array.
        given = tuple(map(tree_of_type, argtypes))
        argtypes = tuple(mapped(t, _contiguous) for t in given)
        places = [place for k, t in enumerate(given) for place in expressions(t, f"args[{k}]")]
        strided = [k for k, (t, _) in enumerate(places) if _contiguous(t) is not t]
        casts: dict[int, object] = {k: np.ascontiguousarray for k in strided}
        if strided:
            self._of.require_no_ravel(argtypes)
        found = self._specialise(argtypes)
        form = self._form(argtypes, found.interface)
        arguments = tuple(text for _, text in places)
        if form is not None:
            classes: dict[str, object] = {}
            layout = self._of.layout(argtypes)
            count = len(layout.leaves(self._wrt.names, floating=True))
            raw = raw_tree(self._kind, self._has_aux, count, self._of.result_tree(layout, found.interface))
            result = written(form, [text for _, text in expressions(raw, "r")], classes)
            return Implementation(found.entry, arguments, casts, result, classes)
        if self._wrt.single or len(self._wrt.names) > 1:
            return Implementation(found.entry, arguments, casts)
        part = {("grad", False): "(r,)", ("grad", True): "((r[0],), r[1])"}.get((self._kind, self._has_aux),
                                                                               "(r[0], (r[1],))")
        return Implementation(found.entry, arguments, casts, part)


def _contiguous(t: types.Type) -> types.Type:
    return t.copy(layout="C") if isinstance(t, types.Array) and t.layout == "A" else t


class Derived(Protocol):
    """What can be differentiated again: its generated code has the leaves of the function's arguments as parameters."""

    _of: Program
    _program: Program

    def _specialise(self, argtypes: Types) -> Specialisation: ...

    def _form(self, argtypes: Types, interface: driver.Interface) -> Tree | None: ...

    def _bound(self, of: Program) -> Derived: ...

    def __call__(self, *args: object) -> object: ...


class GradientProgram(Program):
    """A gradient as a function to differentiate: the user function is the generated one, different for other types."""

    def __init__(self, gradient: Derived, parameters: Parameters, default: Wrt | None) -> None:
        # Where the function raises for a zero divisor, the text of its gradient says so; other divisions are IEEE.
        super().__init__(parameters, {**gradient._of.options, "error_model": "numpy"}, default,
                         gradient._of.math)
        self._gradient = gradient

    @property
    def has_source(self) -> bool:
        return False

    def user(self, argtypes: Types) -> UserFunction:
        return UserFunction.from_callable(self._gradient._specialise(argtypes).to_differentiate)

    def _bind(self, statics: Mapping[str, object]) -> Program:
        return self._gradient._bound(self._gradient._of.bound(statics))._program

    def oracle(self, argtypes: Types) -> Callable[..., object]:
        if self.layout(argtypes).flat:
            return self._gradient._specialise(argtypes).entry

        def gradient(*args: object) -> object:
            return self._gradient(*args)

        gradient.__signature__ = self.parameters.signature  # type: ignore[attr-defined]
        return gradient

    def _laid_out(self, argtypes: Types) -> Layout:
        # The generated function has the leaves as its parameters already.
        inner = self._gradient._of.layout(argtypes)
        return replace(inner, user=replace(self.user(argtypes), arguments={}))

    def products_show(self, argtypes: Types, interface: driver.Interface) -> bool:
        # The strong zeros in a gradient are all its own. What they make of its values is added and multiplied in the
        # derivative too, and decides no branch there: a NaN that a plain product makes reaches the result.
        gradient = self._gradient
        return gradient._of.has_source and gradient._specialise(argtypes).interface.products_show

    def written(self, layout: Layout, interface: driver.Interface) -> tuple[int, ...]:
        # A gradient copies what its function writes to; that arrays given twice are one array holds all the same.
        of = self._gradient._of
        inner = of.written(of.layout(layout.argtypes), self._gradient._specialise(layout.argtypes).interface)
        return tuple(sorted({*super().written(layout, interface), *inner}))

    def result_tree(self, layout: Layout, interface: driver.Interface) -> Tree:
        of = self._gradient._specialise(layout.argtypes).interface
        form = self._gradient._form(layout.argtypes, of)
        return interface.tree if form is None else form


class _Plan:
    """All that one call has to do for arguments of types met before."""

    def __init__(self, of: Program, made: Specialisation, argtypes: Types, wrt: Wrt, kind: str,
                 form: Tree | None) -> None:
        self.types = argtypes
        self.run = made.gradient
        self._of = of
        self._layout = of.layout(argtypes)
        self._mutated = of.written(self._layout, made.interface)
        self.mutated = self._mutated if self._layout.flat else ()
        self._aux_last = kind == "grad" and isinstance(made.interface.result, tuple)
        self._kind = kind
        self._tuple = not wrt.single
        leaves = self._leaves = self._layout.leaves(wrt.names, floating=True)
        casts = [CASTS.get(self._layout.types[k]) for k in self._layout.positions(leaves)]
        self._casts = casts if any(casts) else None
        self._wraps = self._tuple and len(wrt.names) == 1
        self._form = form
        self._first = len(raw_leaves(made.interface.result)) if kind == "value_and_grad" else 0
        self.plain = self._layout.flat and not (self._mutated or self._casts or self._wraps or form is not None)
        """Whether :attr:`run` is all there is to a call."""

    def __call__(self, args: tuple[object, ...]) -> object:
        if not self._layout.flat:
            args = flat_arguments(self._layout, args)
        if self._mutated:
            refuse_overlap(self._of.name, self._layout.user.params, args, self._mutated)
        try:
            result = self.run(*map(ordinary, args))
        except MemoryError as e:
            raise self.out_of_memory(e)                 # noqa: B904  # it may be this one
        if self._form is not None:
            return self._restored(result)
        if self._casts is None and not self._wraps:
            return result
        if self._kind == "grad" and not self._aux_last:
            return self._gradients(result)
        first, second = result
        return (self._gradients(first), second) if self._kind == "grad" else (first, self._gradients(second))

    def out_of_memory(self, error: MemoryError) -> MemoryError:
        """What to say of this error."""
        return no_memory_for_tapes(self._of, self._layout, self._leaves, self._kind == "value_and_grad") or error

    def _restored(self, result: object) -> object:
        found = raw_leaves(result)
        for k, c in enumerate(self._casts or ()):
            if c is not None:
                found[self._first + k] = c(found[self._first + k])
        return built(self._form, lambda k: None if k is None else found[k])

    def _gradients(self, g: Any) -> object:
        parts = (g,) if self._wraps or not self._tuple else g
        if self._casts is not None:
            parts = tuple(p if c is None else c(p) for p, c in zip(parts, self._casts))
        return parts if self._tuple else parts[0]


CASTS: dict[types.Type, Callable[..., object]] = {types.float32: np.float32, types.float16: np.float16,
                                                  types.complex64: np.complex64}
"""numba gives every scalar back as Python's double precision."""
