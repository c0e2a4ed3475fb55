"""Kernels with derivatives: ``kernel[blocks, threads](...)``, ``kernel.adjoint[...]``, ``kernel.tangent[...]``."""
from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from itertools import combinations
from types import FunctionType
from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import from_dtype

from s2sad import driver
from s2sad.api import modules
from s2sad.api.arguments import Parameters, Wrt, WrtLike
from s2sad.api.signatures import completed, parse_signature
from s2sad.cuda.kernels import KernelCode, adjoint_kernel, prepare_kernel, tangent_kernel
from s2sad.errors import BadCall
from s2sad.frontend.layout import layout_of
from s2sad.frontend.source import UserFunction
from s2sad.ir import walk as w

recording: ContextVar[Any] = ContextVar("recording", default=None)
"""The run of a host function whose launches are written down (:mod:`s2sad.cuda.host`)."""

MAKE = {"adjoint": adjoint_kernel, "tangent": tangent_kernel}


class CudaKernel:
    """A kernel that knows its derivatives; made by ``differentiate(target="cuda")``.

    ``kernel[blocks, threads](...)`` launches the primal. ``kernel.adjoint[blocks, threads](...)`` takes, after each
    active array and each scalar in ``wrt``, its shadow: on entry the cotangent of the array's content after the
    launch, on exit the gradient by its content before; for a scalar an array of one element, which is added to. The
    arrays themselves are given as they are *before* the primal launch; what the kernel writes to has unspecified
    content afterwards. ``kernel.tangent[blocks, threads](...)`` runs the primal with tangents beside the active
    arguments.
    """

    def __init__(self, f: Callable[..., object], wrt: WrtLike, options: Mapping[str, object]) -> None:
        self._f = getattr(f, "py_func", f)
        self._user = UserFunction.from_callable(self._f)
        self._parameters = Parameters.of(self._f)
        self._wrt: Wrt = self._parameters.wrt(0 if wrt is None else wrt)
        self._options = dict(options)
        self._made: dict[object, KernelCode] = {}
        self._spaces: dict[object, dict[str, Any]] = {}
        self._others: dict[tuple[str, ...], CudaKernel] = {}
        self.__name__, self.__doc__, self.__wrapped__ = self._f.__name__, self._f.__doc__, self._f

    def __getitem__(self, config: tuple[Any, ...]) -> Callable[..., None]:
        run = recording.get()
        if run is not None:
            return functools.partial(run.launch, self, config)
        return self._primal[config]

    def by(self, wrt: tuple[str, ...]) -> CudaKernel:
        """The same kernel, differentiated by other parameters."""
        if wrt == self._wrt.names:
            return self
        if wrt not in self._others:
            self._others[wrt] = CudaKernel(self._f, wrt, self._options)
        return self._others[wrt]

    def in_order(self, args: tuple[object, ...]) -> dict[str, object]:
        """The arguments of a launch by name."""
        return dict(zip(self._parameters.names, self._parameters.in_order(args)))

    @property
    def primal(self) -> Any:
        """The kernel as ``cuda.jit`` makes it."""
        return self._primal

    @property
    def wrt(self) -> tuple[str, ...]:
        """The parameters that it is differentiated by."""
        return self._wrt.names

    @property
    def options(self) -> Mapping[str, object]:
        """The options of ``cuda.jit``."""
        return self._options

    @functools.cached_property
    def _primal(self) -> Any:
        from numba import cuda
        f = with_device_helpers(self._f)
        return cuda.jit(**self._options)(f) if self._options else cuda.jit(f)

    @property
    def adjoint(self) -> Launchable:
        """The adjoint kernel."""
        return Launchable(self, "adjoint")

    @property
    def tangent(self) -> Launchable:
        """The tangent kernel."""
        return Launchable(self, "tangent")

    def source(self, kind: str, *example_args: object, signature: object = None) -> str:
        """The module with the kernel, as it runs, for arguments of these types."""
        if kind not in MAKE:
            raise BadCall(f"there is no source of kind {kind!r} of a kernel", hint="kinds are: adjoint, tangent")
        if signature is not None:
            argtypes = completed(parse_signature(signature), self._parameters.signature.parameters, self._user.name)
        else:
            argtypes = tuple(map(type_of, self._parameters.in_order(example_args)))
        return self.code(kind, tuple(argtypes)).source

    def code(self, kind: str, argtypes: tuple[Any, ...]) -> KernelCode:
        """What is generated for arguments of these types."""
        key = kind, argtypes
        if key not in self._made:
            kernel = prepare_kernel(self._user, argtypes, self._wrt.names)
            self._made[key] = MAKE[kind](kernel, options=self._options)
        return self._made[key]

    def written(self, argtypes: tuple[Any, ...]) -> tuple[str, ...]:
        """The parameters that are arrays the kernel writes to."""
        layout = layout_of(replace(self._user, target="cuda"), argtypes)
        fn = driver.prepared(layout.user, layout.types, False).fn
        found = {a for s in w.walk(fn.body) for a in w.written(s)}
        return tuple(n for n, p in zip(self._parameters.names, fn.params) if p in found)

    def space(self, code: KernelCode) -> dict[str, Any]:
        """The module that the code is, executed once."""
        if code.source not in self._spaces:
            self._spaces[code.source] = modules.load(code.source, code.name)
        return self._spaces[code.source]


class Launchable:
    """A derivative kernel, to be given a launch configuration."""

    def __init__(self, kernel: CudaKernel, kind: str) -> None:
        self._kernel, self._kind = kernel, kind

    def __getitem__(self, config: tuple[Any, ...]) -> Callable[..., None]:
        if len(config) > 3:
            raise BadCall("dynamic shared memory is not supported", code="S2S082", hint="give blocks and threads only")
        return functools.partial(self._launch, config)

    def _launch(self, config: tuple[Any, ...], *args: object) -> None:
        code, given = self._match(args)
        require_fit(code, config, args)
        launch(self._kernel.space(code), code, config, args, given)

    def _match(self, args: tuple[object, ...]) -> tuple[KernelCode, dict[str, Any]]:
        """Which arguments are shadows: the reading that agrees with what is generated for it."""
        names, kernel = self._kernel._parameters.names, self._kernel
        wrt = set(kernel._wrt.names)
        others = [n for n in names if n not in wrt]
        for more in combinations(others, max(len(args) - len(names) - len(wrt), 0)):
            followed = wrt | set(more)
            if len(args) != len(names) + len(followed):
                break
            position, given = 0, {}
            for n in names:
                given[n] = args[position]
                if n in followed and not self._can_follow(args[position], args[position + 1]):
                    break
                position += 1 + (n in followed)
            if len(given) < len(names) or position != len(args):
                continue
            code = kernel.code(self._kind, tuple(type_of(given[n]) for n in names))
            if {n for n, p in zip(names, code.params) if p in code.shadowed} == followed:
                return code, {p: given[n] for n, p in zip(names, code.params)}
        raise BadCall(f"the arguments of the {self._kind} of {kernel._user.name} do not fit: {len(args)} are given",
                      code="S2S043", hint="give all parameters, each active one followed by its shadow")

    def _can_follow(self, value: Any, shadow: Any) -> bool:
        t, s = type_of(value), type_of(shadow)
        if isinstance(t, types.Array):
            return t == s and value.shape == shadow.shape
        if self._kind == "tangent":
            return isinstance(s, types.Float)
        return isinstance(s, types.Array) and s.ndim == 1 and s.dtype == t


def require_fit(code: KernelCode, config: tuple[Any, ...], args: Iterable[object]) -> None:
    """Raise unless a launch is one that the kernel's proofs are for."""
    blocks, threads = (_extents(c) for c in config[:2])
    extents = {**{f"gridDim.{a}": n for a, n in zip("xyz", blocks)},
               **{f"blockDim.{a}": n for a, n in zip("xyz", threads)}}
    for extent in code.ones:
        if extents[extent] != 1:
            raise BadCall(f"{code.name} is launched with {extent} = {extents[extent]}", code="S2S082",
                          why="the kernel does not look at this axis, so several threads would do the same",
                          hint=f"launch it with {extent} = 1")
    for extent, most in code.limits.extents.items():
        if extents[extent] > most:
            raise BadCall(f"{code.name} is launched with {extent} = {extents[extent]}", code="S2S082",
                          loc=code.limits.loc, why="in larger blocks threads may meet in shared memory here",
                          hint=f"launch it with {extent} of at most {most}")
    # an array is written to, or its shadow is
    ranges = sorted(r for a in args if isinstance(type_of(a), types.Array) and (r := _range(a)) is not None)
    for (_, end), (start, _) in zip(ranges, ranges[1:]):
        if start < end:
            raise BadCall(f"two arguments of {code.name} overlap in memory", code="S2S051",
                          hint="pass arrays that do not overlap")


def launch(space: Mapping[str, Any], code: KernelCode, config: tuple[Any, ...], args: tuple[object, ...],
           given: Mapping[str, Any]) -> None:
    """Launch a derivative kernel, its tapes made before; ``given`` are the primal's arguments by name."""
    from numba import cuda
    if code.trips is None:
        space[code.name][config](*args)
        return
    primal = [cuda.to_device(np.copy(_on_host(given[p]))) if p in code.trips_write else given[p]
              for p in code.params]
    needed = cuda.to_device(np.zeros(max(code.rows.values()) + 1, np.int64))
    space[code.trips][config](*primal, needed)
    rows = needed.copy_to_host()
    count = int(np.prod(_extents(config[0]))) * int(np.prod(_extents(config[1])))
    tapes = [cuda.device_array((max(int(rows[code.rows[t]]), 1), count), np.dtype(str(kind)))
             for t, kind in code.tapes.items()]
    told = cuda.to_device(np.zeros(len(rows), np.int64))
    space[code.name][config](*args, *tapes, told)
    if told.copy_to_host().any():
        raise RuntimeError(f"{code.name}: more iterations than were counted; the shadows are invalid")


def with_device_helpers(f: Any) -> Any:
    """The function with the plain functions it calls compiled for the device, which numba asks for there."""
    from numba import cuda
    plain = {n: g for n in f.__code__.co_names if type(g := f.__globals__.get(n)) is FunctionType and g is not f}
    if not plain:
        return f
    space = {**f.__globals__, **{n: cuda.jit(device=True)(with_device_helpers(g)) for n, g in plain.items()}}
    made = FunctionType(f.__code__, space, f.__name__, f.__defaults__, f.__closure__)
    made.__kwdefaults__ = f.__kwdefaults__
    return made


def _extents(n: Any) -> tuple[int, ...]:
    given = tuple(int(k) for k in n) if isinstance(n, (tuple, list)) else (int(n),)
    return given + (1,) * (3 - len(given))


def _on_host(a: Any) -> np.ndarray:
    return a.copy_to_host() if hasattr(a, "copy_to_host") else np.asarray(a)


def _range(a: Any) -> tuple[int, int] | None:
    interface = getattr(a, "__cuda_array_interface__", None)
    a = getattr(a, "_ary", a)
    if a.size == 0:
        return None
    start = a.ctypes.data if isinstance(a, np.ndarray) else interface["data"][0]  # type: ignore[index]
    strides = a.strides or (a.dtype.itemsize,) * a.ndim
    low = start + sum(min(0, (n - 1) * s) for n, s in zip(a.shape, strides))
    high = start + sum(max(0, (n - 1) * s) for n, s in zip(a.shape, strides)) + a.dtype.itemsize
    return low, high


def type_of(value: Any) -> Any:
    """The numba type of an argument of a launch."""
    value = getattr(value, "_ary", value)
    if isinstance(value, bool):
        return types.boolean
    if isinstance(value, int):
        return types.int64
    if isinstance(value, float) and not isinstance(value, np.generic):
        return types.float64
    dtype = getattr(value, "dtype", None)
    if dtype is None or np.dtype(str(dtype)).kind not in "fiub":
        raise BadCall(f"an argument of type {type(value).__name__} is not supported in a kernel", code="S2S043",
                      hint="pass numbers and arrays of them")
    kind = from_dtype(np.dtype(str(dtype)))
    ndim = getattr(value, "ndim", 0)
    if isinstance(value, np.generic) or ndim == 0:
        return kind
    expected = np.dtype(str(dtype)).itemsize
    contiguous = True
    for n, s in zip(reversed(value.shape), reversed(value.strides)):
        contiguous &= n <= 1 or s == expected
        expected *= n
    return types.Array(kind, ndim, "C" if contiguous else "A")
