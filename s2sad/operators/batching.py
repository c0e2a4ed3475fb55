"""``batched``: a compiled loop over the leading axis of arguments.

Before::

    batched(f.grad, in_axes=(0, None))(X, a)

after::

    def batched_f_grad(x, a):
        first = f_grad(x[0], a)
        out = np.empty((x.shape[0], first.shape[0]))
        ...
        for i in range(1, x.shape[0]):
            result = f_grad(x[i], a)
            for j in range(result.shape[0]):
                out[i, j] = result[j]
        return out
"""
from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError
from numba.core.registry import cpu_target

from s2sad.api import modules
from s2sad.api.lazy import Implementation
from s2sad.api.memory import ordinary
from s2sad.api.program import FunctionProgram, Program, Types, program_of
from s2sad.driver import analyse
from s2sad.errors import BadCall, S2sadError
from s2sad.ir.names import Names
from s2sad.ir.types import is_array
from s2sad.kinds.blocks import Text, as_tuple, differ, dtype_of, item
from s2sad.operators.base import Compiled

Axes = int | None | tuple[int | None, ...]


def batched(f: Callable[..., object], in_axes: Axes = 0, parallel: bool = False) -> Batched:
    """A function of many arguments at once: a compiled loop over their leading axes.

    Parameters
    ----------
    f : callable
        A gradient, a Jacobian or another operator, an object made by :func:`differentiate`, a Python function or a
        numba dispatcher. It must not write to its arguments.
    in_axes : int, None, or tuple of them, optional
        The axis of each argument that is looped over; an argument with ``None`` is the same for all. One number stands
        for all arguments.
    parallel : bool, optional
        Run the loop in parallel threads (``numba.prange``).

    Returns
    -------
    Batched
        A callable with the parameters of ``f``. For each number that ``f`` returns there is an array, for each array
        one with an axis more, the first. It can be called from njit-compiled functions, with axes of 0 and ``None``.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> @s2sad.differentiate
    ... def f(x, a):
    ...     return a * np.sum(x ** 2)
    >>> s2sad.batched(f.grad, in_axes=(0, None))(np.array([[1.0, 2.0], [3.0, 4.0]]), 10.0)
    array([[20., 40.],
           [60., 80.]])
    """
    axes = tuple(in_axes) if isinstance(in_axes, (tuple, list)) else in_axes
    for axis in axes if isinstance(axes, tuple) else (axes,):
        if axis is not None and (isinstance(axis, bool) or not isinstance(axis, (int, np.integer))):
            raise BadCall(f"in_axes has {axis!r}, which is no axis", code="S2S043",
                          hint="give a number for each argument that is looped over, and None for the others")
    return Batched(f, axes, bool(parallel))


class Batched(Compiled):
    """What :func:`batched` returns."""

    def __init__(self, f: Callable[..., Any], axes: Axes, parallel: bool) -> None:
        self._called, self._program = _compiled(f)
        self._axes, self._parallel = axes, parallel
        self.__name__ = self.__qualname__ = f"batched_{getattr(f, '__name__', 'function')}"
        self.__doc__ = f"{getattr(f, '__name__', 'A function')} of many arguments at once."
        self._loops: dict[Types, Dispatcher] = {}

    def __repr__(self) -> str:
        return f"<{self.__name__}>"

    def __call__(self, *args: object) -> object:
        moved = [self._moved(k, a, axis) for k, (a, axis) in enumerate(zip(args, self._axes_of(len(args))))]
        sizes = {a.shape[0] for a, axis in zip(moved, self._axes_of(len(args))) if axis is not None}  # type: ignore
        if len(sizes) > 1:
            raise BadCall(f"arguments of {self.__name__} are looped over together and have {sorted(sizes)} items",
                          code="S2S043", hint="give arrays of one length along these axes")
        loop = self._loop(tuple(map(numba.typeof, moved)))
        return loop(*moved)

    def _axes_of(self, count: int) -> tuple[int | None, ...]:
        axes = self._axes if isinstance(self._axes, tuple) else (self._axes,) * count
        if len(axes) != count:
            raise BadCall(f"{self.__name__} is called with {count} arguments, and in_axes has {len(axes)}",
                          code="S2S043", hint="give one axis, or None, per argument")
        if all(axis is None for axis in axes):
            raise BadCall(f"no argument of {self.__name__} is looped over", code="S2S043",
                          hint="give an axis for one argument at least")
        return axes

    def _moved(self, k: int, a: object, axis: int | None) -> object:
        """An argument with its axis in front, contiguous."""
        if axis is None:
            return ordinary(a)
        if not isinstance(a, np.ndarray) or not -a.ndim <= axis < a.ndim:
            what = f"an array of {a.ndim} axes" if isinstance(a, np.ndarray) else type(a).__name__
            raise BadCall(f"argument {k} of {self.__name__} is looped over along axis {axis}, and is {what}",
                          code="S2S043", hint="pass an array with this axis, or None for it in in_axes")
        return ordinary(np.ascontiguousarray(np.moveaxis(a, axis, 0)))

    def _options(self) -> dict[str, object]:
        return {}

    def _implementation(self, given: Types) -> Implementation:
        if any(axis not in (0, None) for axis in self._axes_of(len(given))):
            raise BadCall(f"{self.__name__} loops over other axes than the first: not supported in compiled code",
                          code="S2S043", hint="transpose the argument")
        return Implementation(self._loop(given), tuple(f"args[{k}]" for k in range(len(given))))

    def _loop(self, given: Types) -> Dispatcher:
        with global_compiler_lock:
            if given not in self._loops:
                self._loops[given] = self._made(given)
            return self._loops[given]

    def _made(self, given: Types) -> Dispatcher:
        axes = self._axes_of(len(given))
        for k, (t, axis) in enumerate(zip(given, axes)):
            if axis is not None and not (is_array(t) and t.ndim):
                raise BadCall(f"argument {k} of {self.__name__} is looped over, and is {t}", code="S2S043",
                              hint="pass an array, or None for it in in_axes")
        parts = tuple(t if axis is None else _element(t) for t, axis in zip(given, axes))
        self._refuse_writing(parts)
        try:
            cpu_target.typing_context.refresh()
            found = types.Dispatcher(self._called).get_call_type(cpu_target.typing_context, parts, {})
        except NumbaError as e:
            inner = e.__cause__ or e.__context__
            raise (inner if isinstance(inner, S2sadError) else e) from None
        node = _Loop(self.__name__, axes, found.return_type, self._parallel).build()
        text = f"import numpy as np\nfrom numba import prange\n\n\n{ast.unparse(node)}\n"
        space = modules.load(text, self.__name__)
        space[CALLED] = self._called
        return numba.njit(parallel=self._parallel)(space[self.__name__])

    def _refuse_writing(self, parts: Types) -> None:
        if self._program is None:
            return
        with global_compiler_lock:
            layout = self._program.layout(parts)
            written = analyse(layout.user, layout.types, ()).interface.mutated
        if written:
            raise BadCall(f"{self._program.name} writes to '{written[0]}', which a loop over many arguments shares",
                          code="S2S051", hint="let it work on a copy")


CALLED = "called"


def _compiled(f: Any) -> tuple[Dispatcher, Program | None]:
    """A compiled function, and the program of it where it may write to its arguments: operators never do."""
    if isinstance(f, Dispatcher):
        return f, program_of(f)
    program = None if isinstance(f, Compiled) else program_of(f)
    known = getattr(f, "_numba_type_", None)
    if isinstance(known, types.Dispatcher):
        return known.dispatcher, program if isinstance(program, FunctionProgram) else None
    assert isinstance(program, FunctionProgram)
    return program.primal, program  # type: ignore[return-value]  # a property


def _element(t: types.Array) -> types.Type:
    """The type of an item along the first axis."""
    return t.dtype if t.ndim == 1 else t.copy(ndim=t.ndim - 1, layout="C" if t.layout == "C" else "A")


class _Loop(Text):
    """Writes the loop for a type of result."""

    def __init__(self, name: str, axes: tuple[int | None, ...], result: types.Type, parallel: bool) -> None:
        self.params = [f"x{k}" for k in range(len(axes))]
        super().__init__(Names({name, CALLED, *self.params}))
        self.name, self.axes, self.parallel, self.result = name, axes, parallel, result
        self.parts = list(_parts(name, result, ""))
        self.outs = {path: self.names.fresh("out") for path, _ in self.parts}

    def build(self) -> ast.FunctionDef:
        looped = [x for x, axis in zip(self.params, self.axes) if axis is not None]
        size, first, one, i, ragged = map(self.names.fresh, ("n", "first", "result", "i", "ragged"))
        self(f"{size} = {looped[0]}.shape[0]")
        for x in looped[1:]:
            with self.block(f"if {x}.shape[0] != {size}:"):
                self('raise ValueError("arguments that are looped over together differ in length")')
        arrays = [path for path, t in self.parts if is_array(t)]
        if arrays:
            with self.block(f"if {size} == 0:"):
                self('raise ValueError("there is nothing to loop over, and the shape of the results is not known")')
            self(f"{first} = {self.call('0')}")
        for path, t in self.parts:
            shape = [size, *(f"{first}{path}.shape[{k}]" for k in range(t.ndim))] if is_array(t) else [size]
            self(f"{self.outs[path]} = np.empty({as_tuple(shape)}, {dtype_of(t)})")
        if arrays:
            self.store("0", first)
        self(f"{ragged} = 0")
        with self.block(f"for {i} in {'prange' if self.parallel else 'range'}({1 if arrays else 0}, {size}):"):
            self(f"{one} = {self.call(i)}")
            tests = [differ(f"{one}{p}", f"{first}{p}", t.ndim) for p, t in self.parts if is_array(t) and t.ndim]
            if tests:
                with self.block(f"if {' or '.join(tests)}:"):
                    self(f"{ragged} += 1")
                with self.block("else:"):
                    self.store(i, one)
            else:
                self.store(i, one)
        with self.block(f"if {ragged} > 0:"):
            self('raise ValueError("results differ in shape")')
        self(f"return {self.returned(self.result, '')}")
        return self.function(self.name, self.params)

    def call(self, i: str) -> str:
        given = [x if axis is None else f"{x}[{i}]" for x, axis in zip(self.params, self.axes)]
        return f"{CALLED}({', '.join(given)})"

    def store(self, i: str, result: str) -> None:
        for path, t in self.parts:
            rank = t.ndim if is_array(t) else 0
            with self.loops(f"{result}{path}", rank) as at:
                self(f"{self.outs[path]}[{', '.join([i, *at])}] = {item(f'{result}{path}', at, t)}")

    def returned(self, t: types.Type, path: str) -> str:
        if isinstance(t, types.BaseTuple):
            return as_tuple([self.returned(part, f"{path}[{k}]") for k, part in enumerate(t)])
        return "None" if isinstance(t, types.NoneType) else self.outs[path]


def _parts(name: str, t: types.Type, path: str) -> Iterator[tuple[str, Any]]:
    """The numbers and arrays of a result, with their subscripts."""
    if isinstance(t, types.BaseTuple):
        for k, part in enumerate(t):
            yield from _parts(name, part, f"{path}[{k}]")
    elif isinstance(t, types.Number | types.Boolean) or is_array(t):
        yield path, t
    elif not isinstance(t, types.NoneType):
        raise BadCall(f"{name} cannot collect results of type {t}", code="S2S043",
                      hint="return numbers, arrays and tuples of them")
