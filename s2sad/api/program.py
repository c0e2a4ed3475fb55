"""One function to differentiate, and everything that has been generated and compiled for it."""
from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from types import FunctionType
from typing import Any

import gast
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError

from s2sad import driver
from s2sad.api.argtypes import fingerprint, require_differentiable, type_of
from s2sad.api.arguments import Parameters, Wrt, WrtLike
from s2sad.api.memory import is_strided, ordinary
from s2sad.api.options import chosen_math, chosen_memory, merged
from s2sad.api.primal import compile_primal
from s2sad.api.specialisation import Specialisation
from s2sad.api.statics import MOST_BOUND, Same, is_static, meaning_of
from s2sad.api.structures import flat_arguments, numba_takes, of_python, restored
from s2sad.errors import BadCall, S2sadError, TypeProblem, UnsupportedFunction
from s2sad.frontend import lower_function
from s2sad.frontend.layout import Layout, layout_of
from s2sad.frontend.ruled import settling
from s2sad.frontend.source import UserFunction
from s2sad.frontend.type_errors import of_primal
from s2sad.ir import Assign, Call
from s2sad.ir.draws import repeated_effect
from s2sad.ir.trees import Tree, tree_of_type
from s2sad.ir.walk import walk

Types = tuple[Any, ...]
"""A numba type for each argument, or a tree of them for one that holds several values."""


class Program:
    """Base: where the user function comes from is the subclasses' affair."""

    def __init__(self, parameters: Parameters, options: Mapping[str, object], default: Wrt | None,
                 math: str = "libm") -> None:
        self.name = parameters.function
        self.parameters = parameters
        self.options = dict(options)
        self.math = math
        """Where elementary functions in generated code come from (:data:`~s2sad.api.options.MATH`)."""
        self.default = default
        """The ``wrt`` of the decorator."""
        self.plans: dict[object, object] = {}
        """What wrappers have worked out for argument types met before; each puts its own name in the key."""
        self.last_types: Types | None = None
        """Types of the arguments of the last call."""
        self._bound: OrderedDict[object, Program] = OrderedDict()
        self.last_bound: tuple[tuple[int, ...], tuple[object, ...], Program] | None = None
        """Positions of functions and texts in the last call, what they were, and the program bound to them."""
        self._done: dict[object, Specialisation] = {}
        self._noted: dict[object, Types | None] = {}
        self._layouts: dict[Types, Layout] = {}

    def user(self, argtypes: Types) -> UserFunction:
        raise NotImplementedError

    def bound(self, statics: Mapping[str, object]) -> Program:
        """The program of the other parameters, with functions or texts for some: the same one for the same ones."""
        key = tuple((name, Same(value)) for name, value in statics.items())
        with global_compiler_lock:
            found = self._bound.get(key)
            if found is None:
                found = self._bound[key] = self._bind(statics)
                while len(self._bound) > MOST_BOUND:
                    self._bound.popitem(last=False)
            else:
                self._bound.move_to_end(key)
            return found

    def _bind(self, statics: Mapping[str, object]) -> Program:
        raise NotImplementedError

    def with_math(self, given: str | None) -> Program:
        """The program whose derivatives take elementary functions from there: the same one for the same choice."""
        if given is None or chosen_math(given) == self.math:
            return self
        key = ("math", given)
        if key not in self.plans:
            self.plans.setdefault(key, WithMath(self, given))
        return self.plans[key]  # type: ignore[return-value]

    @property
    def chooses_freely(self) -> bool:
        """Whether neither a decorator nor the caller has said what derivatives are by."""
        return self.default is None

    @property
    def has_source(self) -> bool:
        """Whether the function is a user's own, rather than a generated one."""
        return True

    def layout(self, argtypes: Types) -> Layout:
        """How arguments of these types are passed to generated code."""
        with global_compiler_lock:
            if argtypes not in self._layouts:
                self._layouts[argtypes] = self._laid_out(argtypes)
            return self._layouts[argtypes]

    def _laid_out(self, argtypes: Types) -> Layout:
        return layout_of(self.user(argtypes), argtypes)

    def layout_for(self, args: tuple[object, ...], key: object) -> Layout:
        """The layout of a call's arguments, found by their fingerprint."""
        found = self.plans.get(("layout", key))
        if found is None:
            found = self.plans["layout", key] = self.layout(self.types_of(args))
        return found  # type: ignore[return-value]

    def result_tree(self, layout: Layout, interface: driver.Interface) -> Tree:
        """The structure of the result, its leaves numbered as in what generated code returns."""
        return interface.tree

    def written(self, layout: Layout, interface: driver.Interface) -> tuple[int, ...]:
        """Which leaves of the arguments the function writes to, be it in a copy that it makes of them."""
        return layout.positions(interface.mutated)

    def wrt(self, wrt: WrtLike) -> Wrt:
        """What ``wrt`` means: the decorator's where none is given, else the first parameter."""
        if wrt is None:
            return self.default or self.parameters.wrt(0)
        return self.parameters.wrt(wrt)

    def specialise(self, kind: str, argtypes: Types, wrt: tuple[str, ...], **flags: object) -> Specialisation:
        """Generate for these types and parameters, once."""
        layout = self.layout(argtypes)
        return self.specialise_leaves(kind, layout, layout.leaves(wrt, floating=True), **flags)

    def specialise_leaves(self, kind: str, layout: Layout, wrt: tuple[str, ...], **flags: object) -> Specialisation:
        """Generate for a layout and some of the generated function's parameters, once."""
        key = (kind, layout.argtypes, wrt, tuple(flags.items()))
        found = self._done.get(key)
        if found is not None:
            return found
        # numba's own lock, and no other: we are called from inside numba's compilation too, so a second lock could be
        # waited for while this one is held, and the other way round in another thread.
        with global_compiler_lock:
            if key not in self._done:
                def made(options: Mapping[str, object]) -> driver.Generated:
                    with settling():
                        return driver.generate(layout.user, kind, layout.types, wrt, numba_options=options,
                                               math=self.math, **flags)  # type: ignore[arg-type]

                generated = made(self.options)
                optimistic = not self.options.get("fastmath") and self.products_show(layout.argtypes,
                                                                                     generated.interface)
                again = partial(made, {**self.options, "parallel": "marked"}) if "parallel" in self.options else None
                self._done[key] = Specialisation(generated, bool(self.options.get("cache")), optimistic, again)
            return self._done[key]

    def interface(self, argtypes: Types, wrt: tuple[str, ...]) -> driver.Interface:
        """What the function returns and writes to, without generating anything."""
        with global_compiler_lock, settling():
            layout = self.layout(argtypes)
            found = driver.analyse(layout.user, layout.types, layout.leaves(wrt, floating=True)).interface
            return found.of(layout.user.params)

    def products_show(self, argtypes: Types, interface: driver.Interface) -> bool:
        """Whether a derivative may be tried with plain products first (:mod:`s2sad.api.optimistic`)."""
        return interface.products_show

    def runs_once(self, layout: Layout) -> bool:
        """Whether running the function twice is not what running it once is: it prints or draws random numbers."""
        with global_compiler_lock, settling():
            return repeated_effect(driver.analyse(layout.user, layout.types, ()).fn) is not None

    def oracle(self, argtypes: Types) -> Callable[..., object]:
        """The function itself, for derivatives found by evaluating it."""
        raise NotImplementedError

    def note_call(self, args: tuple[object, ...]) -> None:
        """Remember the types of a call of the primal, which takes more than can be differentiated."""
        if any(map(is_static, args)):
            return
        key = fingerprint(args)
        if key not in self._noted:
            try:
                self._noted[key] = self.types_of(args)
            except S2sadError:
                self._noted[key] = None
        self.last_types = self._noted[key]

    def types_of(self, args: tuple[object, ...]) -> Types:
        """Types of the arguments, in the form they are passed on."""
        names = self.parameters.names
        found = tuple(tree_of_type(type_of(ordinary(a), n, self.name)) for a, n in zip(args, names))
        if any(is_strided(a) for a in args):
            self.require_no_ravel(found)
        return found

    def require_no_ravel(self, argtypes: Types) -> None:
        """For strided arguments, used as contiguous copies: ``ravel`` copies the one and is a view of the other."""
        for s in walk(lower_function(self.layout(argtypes).user).body):
            if isinstance(s, Assign) and isinstance(s.value, Call) and s.value.fn == "np.ravel":
                raise BadCall(f"{self.name} calls ravel, which copies strided arrays only, and an argument is "
                              "strided: not supported yet", loc=s.loc, code="S2S043",
                              hint="pass np.ascontiguousarray(...), or call flatten or reshape instead")

    def require_differentiable(self, argtypes: Types, wrt: tuple[str, ...]) -> None:
        for name in wrt:
            require_differentiable(argtypes[self.parameters.index(name)], name, self.name)


class FunctionProgram(Program):
    """A function the user wrote."""

    def __init__(self, f: Callable[..., object], given: Mapping[str, object], wrt: WrtLike) -> None:
        self.python = _python_function(f)
        parameters = Parameters.of(self.python)
        super().__init__(parameters, merged(f, given), None if wrt is None else parameters.wrt(wrt),
                         chosen_math(given.get("math", "libm")))
        self.memory = chosen_memory(given.get("memory"))
        # A dispatcher given without other options is used as it is.
        as_it_is = isinstance(f, Dispatcher) and self.options == merged(f, {})
        self._primal: Dispatcher | None = f if as_it_is else None  # type: ignore[assignment]
        self._user: UserFunction | None = None
        self._more_than_numba: set[Types] = set()
        """Types for which the function uses what numba lacks and the compiler has."""
        self._frozen = False

    def user(self, argtypes: Types) -> UserFunction:
        self._freeze()
        if self._user is None:
            self._user = self._written()
        return self._user

    def _written(self) -> UserFunction:
        return replace(UserFunction.from_callable(self.python), memory=self.memory)

    def _freeze(self) -> None:
        """Primal and derivatives see the globals and closure values of the same moment: of whichever is first used."""
        if self._frozen:
            return
        with global_compiler_lock:
            if not self._frozen:
                self._primal = self._primal or compile_primal(self.python, self.options)
                # Where there is no source, only derivatives are an error.
                with suppress(S2sadError):
                    self._user = self._written()
                    self._user.freeze()
                self._frozen = True

    def oracle(self, argtypes: Types) -> Callable[..., object]:
        if argtypes in self._more_than_numba:
            return self.python
        return self.python if any(map(of_python, argtypes)) else self.primal

    def call(self, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """The primal, compiled; where numba knows no such arguments, from the form that takes their leaves.

        That form also serves functions which use what numba lacks and the compiler has (``np.tile``).
        """
        if not self._returns_dict and all(map(numba_takes, (*args, *kwargs.values()))):
            known = self._more_than_numba and self.types_of(self.parameters.bind(args, kwargs)) in self._more_than_numba
            try:
                if not known:
                    return self.primal(*args, **kwargs)
            except NumbaError as e:
                problem = self._type_problem(e, args, kwargs)
                if problem is not None:
                    raise problem from e
        bound = self.parameters.bind(args, kwargs)
        layout = self.layout_for(bound, fingerprint(bound))
        made = self.specialise_leaves("flat", layout, ())
        return restored(made.interface.tree, made.entry(*flat_arguments(layout, bound)))

    def _type_problem(self, e: NumbaError, args: tuple[object, ...], kwargs: dict[str, object]) -> TypeProblem | None:
        """What numba has against the function: as inference for derivatives finds it, else in numba's words.

        ``None`` if the compiler, which has bodies of its own for functions of NumPy, has nothing against it.
        """
        try:
            types = self.types_of(self.parameters.bind(args, kwargs))
            if driver.uses_array_functions(self.layout(types).user):
                self.specialise_leaves("flat", self.layout(types), ())
                self._more_than_numba.add(types)
                return None
            self.interface(types, self.wrt(None).names)
        except TypeProblem as found:
            return found
        except S2sadError:
            pass                               # something else is not supported, which is not the question
        return of_primal(e, self.name)

    @cached_property
    def _returns_dict(self) -> bool:
        try:
            return any(isinstance(n, gast.Dict) for n in gast.walk(self.user(()).node))
        except S2sadError:
            return False                   # without source there is nothing but what numba makes of it

    def _bind(self, statics: Mapping[str, object]) -> Program:
        return BoundProgram(self, statics)

    @property
    def primal(self) -> Dispatcher:
        """The primal as a numba dispatcher."""
        self._freeze()
        assert self._primal is not None
        return self._primal


class BoundProgram(Program):
    """A program whose function has been given functions or texts for some of its parameters."""

    def __init__(self, whole: FunctionProgram, statics: Mapping[str, object]) -> None:
        given = {name: meaning_of(value, name, whole.name) for name, value in statics.items()}
        rest = [p for name, p in whole.parameters.signature.parameters.items() if name not in statics]
        # Which parameters are called by position is settled already.
        signature = inspect.Signature([p.replace(default=p.empty, kind=p.KEYWORD_ONLY) for p in rest])
        names = tuple(p.name for p in rest)
        super().__init__(Parameters(whole.name, names, signature), whole.options, None, whole.math)
        self.whole, self.statics, self._given = whole, dict(statics), given
        self._user: UserFunction | None = None

    def user(self, argtypes: Types) -> UserFunction:
        if self._user is None:
            user = self.whole.user(argtypes)
            self._user = replace(user, params=self.parameters.names, fixed=self._given)
        return self._user

    def wrt(self, wrt: WrtLike) -> Wrt:
        chosen = self.whole.wrt(wrt)
        for name in chosen.names:
            if name in self.statics:
                what = "a text" if isinstance(self.statics[name], str) else "a function"
                raise BadCall(f"wrt names argument '{name}' of {self.name}, which is {what}", code="S2S041",
                              hint=f"choose among {', '.join(self.parameters.names) or 'none'}")
        return chosen

    @property
    def chooses_freely(self) -> bool:
        return self.whole.chooses_freely

    def oracle(self, argtypes: Types) -> Callable[..., object]:
        raise AssertionError("evaluated through the whole program")


class WithMath(Program):
    """A program with another choice of elementary functions in its derivatives."""

    def __init__(self, whole: Program, math: str) -> None:
        super().__init__(whole.parameters, whole.options, whole.default, math)
        self.whole = whole

    def user(self, argtypes: Types) -> UserFunction:
        return self.whole.user(argtypes)

    def _bind(self, statics: Mapping[str, object]) -> Program:
        return self.whole.bound(statics).with_math(self.math)

    def with_math(self, given: str | None) -> Program:
        return self if given is None else self.whole.with_math(given) if given != self.math else self

    def wrt(self, wrt: WrtLike) -> Wrt:
        return self.whole.wrt(wrt)

    @property
    def chooses_freely(self) -> bool:
        return self.whole.chooses_freely

    @property
    def has_source(self) -> bool:
        return self.whole.has_source

    def _laid_out(self, argtypes: Types) -> Layout:
        return self.whole.layout(argtypes)

    def result_tree(self, layout: Layout, interface: driver.Interface) -> Tree:
        return self.whole.result_tree(layout, interface)

    def written(self, layout: Layout, interface: driver.Interface) -> tuple[int, ...]:
        return self.whole.written(layout, interface)

    def products_show(self, argtypes: Types, interface: driver.Interface) -> bool:
        return self.whole.products_show(argtypes, interface)

    def oracle(self, argtypes: Types) -> Callable[..., object]:
        return self.whole.oracle(argtypes)


def _python_function(f: object) -> FunctionType:
    if isinstance(f, FunctionType):
        return f
    if isinstance(f, Dispatcher):
        return f.py_func
    what = getattr(f, "__name__", None) or type(f).__name__
    if type(f).__module__.startswith("numba.cuda"):
        raise UnsupportedFunction(f"'{what}' is a CUDA kernel; kernels are not supported yet",
                                  hint="differentiate the same computation written for numba.njit")
    if inspect.ismethod(f):
        raise BadCall(f"'{what}' is a method", hint="write a function that takes what it needs as arguments")
    raise BadCall(f"'{what}' is not a Python function with source",
                  hint="pass a function written in Python, or one compiled by numba's njit")


class Callee:
    """Base of our objects that stand for a function and can be differentiated themselves."""

    _program: Program


class _Slot:
    """Keeps, on a user's function, the program made for it, so that both live equally long.

    The owner is checked because ``functools.wraps`` copies attributes to functions that compute something else. It
    pickles as an empty slot: whoever pickles the function by value wants none of this.
    """

    def __init__(self, owner: object = None, program: Program | None = None) -> None:
        self.owner, self.program = owner, program

    def __reduce__(self) -> tuple[object, ...]:
        return _Slot, ()


def program_of(f: object) -> Program:
    """The program of whatever a user may pass as a function: repeated calls with one function find the same one."""
    if isinstance(f, Callee):
        return f._program
    found = _kept(f)
    if found is None:
        with global_compiler_lock:
            found = _kept(f)
            if found is None:
                found = FunctionProgram(f, {}, None)  # type: ignore[arg-type]
                f._s2sad_slot = _Slot(f, found)  # type: ignore[attr-defined]
    return found


def _kept(f: object) -> Program | None:
    slot = getattr(f, "_s2sad_slot", None)
    return slot.program if isinstance(slot, _Slot) and slot.owner is f else None
