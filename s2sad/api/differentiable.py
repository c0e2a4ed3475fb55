"""``differentiate``: a function together with its derivatives."""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, overload

from numba import types
from numba.core.dispatcher import Dispatcher

from s2sad.api.arguments import WrtLike
from s2sad.api.forward import jvp
from s2sad.api.gradient import Gradient, gradient_of
from s2sad.api.options import chosen_math
from s2sad.api.outputs import OutputsLike
from s2sad.api.program import Callee, FunctionProgram, program_of
from s2sad.api.reverse import Pullback, vjp
from s2sad.api.sources import source_of
from s2sad.api.statics import callable_by_numba
from s2sad.cuda.launch import CudaKernel
from s2sad.errors import BadCall

Function = Callable[..., object]


class Differentiable(Callee):
    """A compiled function that knows its derivatives; made by :func:`differentiate`.

    Calling it runs the function compiled by numba, and inside njit-compiled functions it is that compiled function.
    """

    __name__: str
    __wrapped__: Function
    _program: FunctionProgram

    def __init__(self, f: Function, options: dict[str, object], wrt: WrtLike) -> None:
        self._program = FunctionProgram(f, options, wrt)
        self._options = options
        # The attributes a user's function carries are its own affair.
        functools.update_wrapper(self, f, updated=())
        self.__signature__ = self._program.parameters.signature

    def __repr__(self) -> str:
        return f"<differentiable {self.__name__}{self.__signature__}>"

    def __call__(self, *args: object, **kwargs: object) -> object:
        given = tuple(callable_by_numba(a, _compiled) for a in args)
        result = self._program.call(given, {k: callable_by_numba(a, _compiled) for k, a in kwargs.items()})
        self._program.note_call(self._program.parameters.bind(args, kwargs))
        return result

    @property
    def _numba_type_(self) -> types.Type:
        # numba asks every object it does not know for its type: in compiled code we are the compiled primal.
        return types.Dispatcher(self._program.primal)

    @property
    def grad(self) -> Gradient:
        """The gradient by the decorator's ``wrt``; see :func:`s2sad.grad`."""
        return gradient_of(self._program, None, "grad")

    @property
    def value_and_grad(self) -> Gradient:
        """Value and gradient by the decorator's ``wrt``; see :func:`s2sad.value_and_grad`."""
        return gradient_of(self._program, None, "value_and_grad")

    def jvp(self, primals: Sequence[object], tangents: Sequence[object],
            outputs: OutputsLike = None) -> tuple[object, object]:
        """Value and derivative in one direction; see :func:`s2sad.jvp`."""
        return jvp(self, primals, tangents, outputs)

    def vjp(self, *primals: object, wrt: WrtLike = None, outputs: OutputsLike = None) -> tuple[object, Pullback]:
        """Value and pullback; see :func:`s2sad.vjp`."""
        return vjp(self, *primals, wrt=wrt, outputs=outputs)

    def source(self, kind: str, *example_args: object, signature: object = None, wrt: WrtLike = None,
               outputs: OutputsLike = None) -> str:
        """The source of the derivative code that runs; see :func:`s2sad.source`."""
        return source_of(self._program, kind, example_args, signature, wrt, outputs)


def _compiled(f: FunctionType) -> Dispatcher:
    program = program_of(f)
    assert isinstance(program, FunctionProgram)
    return program.primal  # type: ignore[return-value]  # a property


@overload
def differentiate(f: Function, *, wrt: WrtLike = None, target: str = "cpu", parallel: object = None,
                  fastmath: object = None, nogil: object = None, cache: object = None, boundscheck: object = None,
                  error_model: object = None, math: str | None = None,
                  memory: int | str | None = None) -> Differentiable: ...


@overload
def differentiate(f: None = None, *, wrt: WrtLike = None, target: str = "cpu", parallel: object = None,
                  fastmath: object = None, nogil: object = None, cache: object = None, boundscheck: object = None,
                  error_model: object = None, math: str | None = None,
                  memory: int | str | None = None) -> Callable[[Function], Differentiable]: ...


def differentiate(f: Function | None = None, *, wrt: WrtLike = None, target: str = "cpu", parallel: object = None,
                  fastmath: object = None, nogil: object = None, cache: object = None, boundscheck: object = None,
                  error_model: object = None, math: str | None = None,
                  memory: int | str | None = None) -> Any:
    """Compile a function and make its derivatives available; a decorator, with or without arguments.

    Parameters
    ----------
    f : callable
        A Python function that numba can compile, or a numba dispatcher. Plain Python functions it calls need no
        decorator of their own.
    wrt : int, str, or tuple of them, optional
        Parameters that derivatives are taken by where a call does not say otherwise: positions or names.
        Default: the first.
    target : {"cpu", "cuda"}, optional
        Where the code runs. With ``"cuda"`` the function is a kernel of ``numba.cuda``, and the result a
        :class:`~s2sad.cuda.CudaKernel`.
    parallel, fastmath, nogil, cache, boundscheck, error_model : optional
        Options of :func:`numba.njit`, for the function and its derivatives. Those not given are taken from ``f`` if it
        is a dispatcher. With ``parallel`` loops of derivatives run in parallel where the function has ``prange`` and no
        iteration needs what another one did; with ``"auto"`` others that do, too. :func:`explain` tells which.
    math : {"libm", "vector"}, optional
        Where elementary functions come from in derivatives: the C library, or :mod:`s2sad.vmath`, whose functions loops
        vectorise. The function itself is compiled as it is written. Default: ``"libm"``.
    memory : int or str, optional
        How many bytes gradients may keep in loops, as a number or as in ``"500MB"``. A loop whose tapes would take more
        than its share keeps snapshots of its state instead, as if it was :func:`checkpointed`.

    Returns
    -------
    Differentiable
        A callable that computes what ``f`` does, compiled, with its name, docstring and signature, and with the methods
        ``grad``, ``value_and_grad``, ``jvp``, ``vjp`` and ``source``. It can be called from njit-compiled functions.

    Raises
    ------
    BadCall
        If ``wrt`` names no parameter.

    Examples
    --------
    >>> import numpy as np, s2sad
    >>> @s2sad.differentiate(wrt=("x", "a"))
    ... def f(x, a):
    ...     return a * np.sum(x ** 2)
    >>> f(np.array([1.0, 2.0]), 3.0)
    15.0
    >>> f.grad(np.array([1.0, 2.0]), 3.0)
    (array([ 6., 12.]), 5.0)
    """
    options = {"parallel": parallel, "fastmath": fastmath, "nogil": nogil, "cache": cache, "boundscheck": boundscheck,
               "error_model": error_model, "math": math, "memory": memory}
    given = {name: value for name, value in options.items() if value is not None}

    def decorate(g: Function) -> Any:
        if target == "cuda" and chosen_math(given.get("math", "libm")) == "vector":
            raise BadCall('kernels take elementary functions from CUDA: math="vector" is not for them',
                          hint='leave it out, or write math="libm"')
        if target == "cuda":
            if "memory" in given:
                raise BadCall("kernels have no budget of memory", hint="leave `memory` out")
            return CudaKernel(g, wrt, {k: v for k, v in given.items() if k != "math"})
        if target != "cpu":
            raise BadCall(f"there is no target {target!r}", hint='targets are: "cpu", "cuda"')
        if isinstance(g, Gradient):
            raise BadCall(f"{g.__name__} is a gradient already", hint="call s2sad.grad on it")
        if isinstance(g, Differentiable):
            kept = g._program.default
            again = wrt if wrt is not None or kept is None else kept.names[0] if kept.single else kept.names
            return Differentiable(g.__wrapped__, {**g._options, **given}, again)
        return Differentiable(g, given, wrt)

    return decorate if f is None else decorate(f)
