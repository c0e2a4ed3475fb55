"""Derivatives of functions that launch kernels: adjoint kernels in place of kernels, in reverse order.

While the function runs, its launches are written down, and before a launch overwrites what an adjoint kernel will read,
that is copied. What the function does to decide which kernels to launch needs no reversal: it only leads to the list of
launches. That holds because nothing else can happen to the arrays: they are stand-ins that say how large they are, may
be passed to kernels and returned, and refuse all else.
"""
from __future__ import annotations

import ast
import functools
import linecache
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any, NoReturn

import numpy as np
from numba import types

from s2sad.api.arguments import Parameters, WrtLike, in_order
from s2sad.cuda.kernels import KernelCode
from s2sad.cuda.launch import CudaKernel, launch, recording, require_fit, type_of
from s2sad.errors import BadCall, UnsupportedSyntax
from s2sad.frontend.device import is_device_module
from s2sad.ir.nodes import Loc

ALLOCATES = ("device_array", "device_array_like", "to_device")


def vjp(host: Callable[..., object], *args: object, wrt: WrtLike = None) -> tuple[object, Pullback]:
    """What a function that launches kernels returns, and its pullback.

    Parameters
    ----------
    host : callable
        It allocates with ``cuda.device_array``, ``cuda.device_array_like`` or ``cuda.to_device``, launches kernels made
        by ``differentiate(target="cuda")``, and returns an array or a tuple of arrays.
    *args
        Arrays, on the device or not, and numbers. They are not changed: the function gets copies.
    wrt : int, str, or tuple of them, optional
        Parameters to differentiate by, the first by default: arrays of floating-point numbers, and floats that the
        function passes on to kernels as they are.

    Returns
    -------
    value
        Copies on the device of what the function returns.
    pullback : Pullback
        ``pullback(*cotangents)``, one for each array returned, gives the gradients by ``wrt``.
    """
    parameters = Parameters.of(host)
    chosen = parameters.wrt(0 if wrt is None else wrt)
    run = _Run()
    given = list(parameters.in_order(args))
    inputs: dict[str, _Array | _Number] = {}
    for k, name in enumerate(parameters.names):
        if name in chosen.names:
            if not (_is_array(given[k]) or isinstance(given[k], float | np.floating)) or not isinstance(
                    _element(given[k]), types.Float):
                raise BadCall(f"wrt names '{name}', which holds no floating-point numbers", code="S2S041",
                              hint="leave it out of wrt")
            made = run.argument(given[k], varied=True) if _is_array(given[k]) else _Number(given[k])
            given[k] = inputs[name] = made
        elif _is_array(given[k]):
            given[k] = run.argument(given[k], varied=False)
    run.file = getattr(getattr(host, "__code__", None), "co_filename", "")
    token = recording.set(run)
    try:
        positional, by_name = in_order(parameters.signature, tuple(given))
        result = _with_stand_ins(host, run)(*positional, **by_name)
    finally:
        recording.reset(token)
    outputs = result if isinstance(result, tuple) else (result,)
    for a in outputs:
        if not isinstance(a, _Array) or a._run is not run or a._moved is not None:
            raise BadCall(f"{host.__name__} returns something else than arrays that kernels write to", code="S2S042",
                          hint="return an array that it was given or has allocated, or a tuple of them")
    values = tuple(_copied(a._data) for a in outputs)
    on_host = {n for n, a in zip(parameters.names, args) if isinstance(a, np.ndarray)}
    pullback = Pullback(run, inputs, outputs, chosen.single, on_host)
    return values if isinstance(result, tuple) else values[0], pullback


def value_and_grad(host: Callable[..., object], wrt: WrtLike = None) -> Callable[..., tuple[float, Any]]:
    """The function that gives the one number that ``host`` computes, and its gradient.

    ``host`` is as for :func:`vjp` and returns an array with one element.
    """
    @functools.wraps(host)
    def both(*args: object) -> tuple[float, Any]:
        value, pullback = vjp(host, *args, wrt=wrt)
        if isinstance(value, tuple) or int(np.prod(value.shape)) != 1:  # type: ignore[attr-defined]
            raise BadCall(f"{host.__name__} does not return one number", code="S2S042",
                          hint="return an array with one element, or use vjp")
        number = float(value.copy_to_host().ravel()[0])  # type: ignore[attr-defined]
        return number, pullback(np.ones(value.shape, np.dtype(str(value.dtype))))  # type: ignore[attr-defined]

    return both


# ---------------------------------------------------------------------------- stand-ins

class _Array:
    """An array on the device, of which the function sees the size and nothing else."""

    def __init__(self, run: _Run, data: Any, varied: bool, from_host: bool = False) -> None:
        self._run, self._data, self._varied, self._from_host = run, data, varied, from_host
        self._read = False
        """Whether an adjoint kernel will read what it holds now."""
        self._moved: _Array | None = None
        """The array on the device, where this one is on the host and was copied there."""

    shape = property(lambda self: self._data.shape)
    dtype = property(lambda self: self._data.dtype)
    size = property(lambda self: self._data.size)
    ndim = property(lambda self: len(self._data.shape))

    def __len__(self) -> int:
        return int(self._data.shape[0])

    def __getattr__(self, name: str) -> NoReturn:
        _refuse(f"`.{name}` of an array on the device")


class _Number:
    """A number to differentiate by, which may be passed to kernels and nothing else."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __getattr__(self, name: str) -> NoReturn:
        _refuse("a number that is differentiated by")


def _refusing(what: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        _refuse(what)

    return refuse


USES = """add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul divmod iadd
isub imul itruediv neg pos abs lt le gt ge eq ne bool float int index complex round iter getitem setitem contains hash
array array_ufunc array_function copy deepcopy reduce_ex"""
"""The special methods that would use a value."""

for _name in USES.split():
    setattr(_Array, f"__{_name}__", _refusing("an array on the device"))
    setattr(_Number, f"__{_name}__", _refusing("a number that is differentiated by"))


def _refuse(what: str) -> NoReturn:
    frame: Any = sys._getframe(1)
    run = recording.get()
    at = frame
    while at is not None and at.f_code.co_filename != (run.file if run is not None else ""):
        at = at.f_back
    while at is None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    frame = at or frame
    file, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, line).rstrip("\n")
    raise UnsupportedSyntax(
        f"{what} is used for something else than a launch", code="S2S080",
        loc=Loc(file, line, len(text) - len(text.lstrip()), text), why="its derivative would be lost",
        hint="compute it in a kernel; only `shape`, `dtype`, `size`, `ndim` and `len` are known outside")


class _Device:
    """Stands for the module ``numba.cuda``: what it allocates is written down."""

    def __init__(self, module: ModuleType, run: _Run) -> None:
        self._module, self._run = module, run

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if name not in ALLOCATES:
            return found

        def allocate(*args: Any, **options: Any) -> _Array:
            if options.keys() - {"shape", "dtype", "ary", "obj"}:
                raise BadCall(f"`cuda.{name}` with {', '.join(sorted(options))} is not supported here", code="S2S080",
                              hint="allocate with a shape and a dtype only")
            if name == "device_array_like":
                (like,) = (*args, *options.values())
                return _Array(self._run, self._module.device_array(like.shape, np.dtype(str(like.dtype))), False)
            if name == "to_device" and isinstance(given := (*args, *options.values())[0], _Array):
                return _moved(given)
            return _Array(self._run, _plain(found(*args, **options)), False)

        return allocate


def _moved(a: _Array) -> _Array:
    """What ``cuda.to_device`` gives: the array itself if it is there, else a copy; the stand-in's data are one."""
    if not a._from_host:
        return a
    if a._moved is not None or a._read:
        _refuse("an array on the host")
    a._moved = _Array(a._run, a._data, a._varied)
    return a._moved


def _with_stand_ins(host: Any, run: _Run) -> Any:
    """The function with another ``cuda`` among its globals."""
    if not isinstance(host, FunctionType):
        raise BadCall(f"{getattr(host, '__name__', host)!r} is not a Python function", code="S2S040",
                      hint="pass a function that launches kernels")
    space = {n: _Device(v, run) if isinstance(v, ModuleType) and is_device_module(v) else v
             for n, v in host.__globals__.items()}
    made = FunctionType(host.__code__, space, host.__name__, host.__defaults__, host.__closure__)
    made.__kwdefaults__ = host.__kwdefaults__
    return made


# ---------------------------------------------------------------------------- the run

@dataclass(frozen=True)
class _Launch:
    """A launch of the forward run. ``code`` is ``None`` where nothing is to be differentiated."""

    kernel: CudaKernel
    code: KernelCode | None
    config: tuple[Any, ...]
    given: dict[str, Any]
    before: list[tuple[_Array, Any]] = field(default_factory=list)
    """What arrays held that it overwrites, where that is needed."""


class _Run:
    """The launches of one call of the function, in order."""

    def __init__(self) -> None:
        self.launches: list[_Launch] = []

    file = ""
    """Where the function is written."""

    def argument(self, a: Any, varied: bool) -> _Array:
        return _Array(self, _copied(a), varied, isinstance(a, np.ndarray))

    def launch(self, kernel: CudaKernel, config: tuple[Any, ...], *args: object) -> None:
        """Launch a kernel, and write it down."""
        if not isinstance(config, tuple) or len(config) != 2:
            raise BadCall(f"a launch of {kernel.__name__} with more than blocks and threads", code="S2S082",
                          hint="inside a function that is differentiated, give blocks and threads only")
        given = {n: self._own(v) for n, v in kernel.in_order(args).items()}
        raw = {n: _raw(v) for n, v in given.items()}
        argtypes = tuple(map(type_of, raw.values()))
        wrt = tuple(n for n, v in given.items() if isinstance(v, _Number) or isinstance(v, _Array) and v._varied)
        code = kernel.by(wrt).code("adjoint", argtypes) if wrt else None
        written = kernel.written(argtypes)
        read: set[str] = set()
        shadowed: set[str] = set()
        if code is not None:
            require_fit(code, config, raw.values())
            position = dict(zip(code.params, given))             # by the names in generated code: the author's
            read = {position[p] for p in contents_read(code)}
            shadowed = {position[p] for p in code.shadowed}
        before: list[tuple[_Array, Any]] = []
        for n in written:
            a = given[n]
            if not isinstance(a, _Array):
                raise BadCall(f"{kernel.__name__} writes to an array that is neither an argument nor allocated here",
                              code="S2S080", hint="pass it as an argument, or allocate it with `cuda.device_array`")
            if a._read or n in read:
                before.append((a, _copied(a._data)))
        self.launches.append(_Launch(kernel.by(wrt) if wrt else kernel, code, config, given, before))
        kernel.primal[config](*raw.values())
        for n, a in given.items():
            if isinstance(a, _Array) and (n in written or n in read):
                a._read = n not in written
                a._varied = a._varied or n in shadowed

    def _own(self, v: Any) -> Any:
        """What a launch is given; of arrays from elsewhere what they hold now."""
        if isinstance(v, _Array) and v._run is not self:
            raise BadCall("an array of another call is used", code="S2S080", hint="pass it as an argument")
        if isinstance(v, _Array) and v._moved is not None:
            _refuse("an array on the host")
        return _copied(v) if _is_array(v) else v


class Pullback:
    """The gradients of a function that launched kernels, for cotangents of the arrays it returned."""

    def __init__(self, run: _Run, inputs: dict[str, _Array | _Number], outputs: tuple[_Array, ...], single: bool,
                 on_host: set[str]) -> None:
        self._run, self._inputs, self._outputs = run, inputs, outputs
        self._single, self._on_host = single, on_host

    def __call__(self, *cotangents: Any) -> Any:
        """Gradients: on the device for arguments that were there, numbers for numbers."""
        if len(cotangents) != len(self._outputs):
            raise BadCall(f"{len(cotangents)} cotangents for {len(self._outputs)} arrays", code="S2S043",
                          hint="give one for each array returned")
        shadows: dict[int, Any] = {}
        arrays = {id(a): a for s in self._run.launches for a in s.given.values() if isinstance(a, _Array)}
        final = [(a, _copied(a._data)) for a in arrays.values() if a._read]
        for a, c in zip(self._outputs, cotangents):
            if tuple(c.shape) != tuple(a.shape):
                raise BadCall(f"a cotangent of shape {c.shape} for an array of shape {a.shape}", code="S2S043",
                              hint="give it the shape of the array")
            total = _to_host(c).astype(np.dtype(str(a.dtype)))
            if id(a) in shadows:
                total = total + shadows[id(a)].copy_to_host()
            shadows[id(a)] = _to_device(total)
        for s in reversed(self._run.launches):
            for a, held in s.before:
                a._data.copy_to_device(held)
            if s.code is not None:
                self._back(s, s.code, shadows)
            for a, held in s.before:
                a._data.copy_to_device(held)
        for a, held in final:
            a._data.copy_to_device(held)
        found = tuple(self._gradient(n, a, shadows) for n, a in self._inputs.items())
        return found[0] if self._single else found

    def _back(self, s: _Launch, code: KernelCode, shadows: dict[int, Any]) -> None:
        args: list[Any] = []
        given: dict[str, Any] = {}
        for p, v in zip(code.params, s.given.values()):
            given[p] = _raw(v)
            args.append(given[p])
            if p in code.shadowed:
                if id(v) not in shadows:
                    shape, kind = (v.shape, v.dtype) if isinstance(v, _Array) else ((1,), np.asarray(given[p]).dtype)
                    shadows[id(v)] = _to_device(np.zeros(shape, np.dtype(str(kind))))
                args.append(shadows[id(v)])
        launch(s.kernel.space(code), code, s.config, tuple(args), given)

    def _gradient(self, name: str, a: _Array | _Number, shadows: dict[int, Any]) -> Any:
        if isinstance(a, _Array) and a._moved is not None:
            a = a._moved
        found = shadows.get(id(a))
        if isinstance(a, _Number):
            return 0.0 if found is None else float(found.copy_to_host()[0])
        data = np.zeros(a.shape, np.dtype(str(a.dtype))) if found is None else found.copy_to_host()
        return data if name in self._on_host else _to_device(data)


def contents_read(code: KernelCode) -> frozenset[str]:
    """The arrays whose elements an adjoint kernel, or the kernel that counts for it, reads."""
    stored = {id(t.value) for f in code.functions for n in ast.walk(f) if isinstance(n, ast.Assign)
              for t in n.targets if isinstance(t, ast.Subscript)}
    shapes = {id(n.value) for f in code.functions for n in ast.walk(f)
              if isinstance(n, ast.Attribute) and n.attr == "shape"}
    return frozenset(n.id for f in code.functions for n in ast.walk(f) if isinstance(n, ast.Name)
                     and n.id in code.params and id(n) not in stored | shapes)


# ---------------------------------------------------------------------------- data

def _is_array(v: Any) -> bool:
    return not isinstance(v, _Array | _Number) and (isinstance(v, np.ndarray) or hasattr(v, "copy_to_host"))


def _raw(v: Any) -> Any:
    return v._data if isinstance(v, _Array) else v._value if isinstance(v, _Number) else v


def _element(v: Any) -> Any:
    t = type_of(_raw(v))
    return t.dtype if isinstance(t, types.Array) else t


def _to_device(a: np.ndarray) -> Any:
    from numba import cuda
    return cuda.to_device(np.ascontiguousarray(a))


def _to_host(a: Any) -> np.ndarray:
    return a.copy_to_host() if hasattr(a, "copy_to_host") else np.asarray(a)


def _plain(a: Any) -> Any:
    """A device array in the order of C."""
    return a if isinstance(t := type_of(a), types.Array) and t.layout == "C" else _copied(a)


def _copied(a: Any) -> Any:
    """A copy on the device."""
    from numba import cuda
    if not hasattr(a, "copy_to_host") or type_of(a).layout != "C":
        return _to_device(np.array(_to_host(a)))
    new = cuda.device_array(a.shape, np.dtype(str(a.dtype)))
    new.copy_to_device(a)
    return new
