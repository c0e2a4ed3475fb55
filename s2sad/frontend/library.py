"""What a live object means to the compiler: a library function by canonical name, a constant, a module, a function."""
from __future__ import annotations

import builtins
import cmath
import math
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from s2sad import numerics, vmath
from s2sad.errors import UnsupportedFunction
from s2sad.frontend.device import device_module, is_device_module
from s2sad.frontend.source import (
    Constant,
    Library,
    Meaning,
    Module,
    Several,
    Static,
    TupleClass,
    UserFunction,
    frozen,
)
from s2sad.ir.nodes import Container
from s2sad.runtime.helpers import python_functions

# Names numba knows, for those NumPy gives several names.
PREFERRED = {
    "np.absolute": "np.abs", "np.conjugate": "np.conj", "np.amax": "np.max", "np.amin": "np.min",
    "np.around": "np.round", "np.true_divide": "np.divide", "np.mod": "np.remainder", "np.asin": "np.arcsin",
    "np.acos": "np.arccos", "np.atan": "np.arctan",
    "np.atan2": "np.arctan2", "np.asinh": "np.arcsinh", "np.acosh": "np.arccosh",
    "np.atanh": "np.arctanh", "np.pow": "np.power", "np.concat": "np.concatenate", "np.permute_dims": "np.transpose",
    "np.bitwise_not": "np.invert", "np.bitwise_invert": "np.invert", "np.alltrue": "np.all", "np.trapz": "np.trapezoid",
    "np.row_stack": "np.vstack",
}
BUILTINS = ("abs", "range", "len", "max", "min", "int", "float", "bool", "complex", "round", "print", "enumerate",
            "zip", "sum", "divmod", "pow", "tuple", "list", "reversed")
SPACES = {"np": np, "np.linalg": np.linalg, "np.random": np.random, "np.fft": np.fft, "math": math, "cmath": cmath}


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    for space, module in SPACES.items():
        for attr in sorted(vars(module)):
            obj = getattr(module, attr, None)
            if attr.startswith("_") or not callable(obj) or isinstance(obj, ModuleType):
                continue
            if isinstance(obj, type) and issubclass(obj, np.generic):
                continue
            name = f"{space}.{attr}"
            own = f"{space}.{getattr(obj, '__name__', attr)}"
            # An alias goes by the name the function gives itself, where that is a public one.
            name = PREFERRED.get(own if hasattr(module, own.rsplit(".", 1)[1]) else name, own)
            table.setdefault(id(obj), PREFERRED.get(name, name))
    for b in BUILTINS:
        table[id(getattr(builtins, b))] = b
    for b, obj in vars(builtins).items():
        if isinstance(obj, type) and issubclass(obj, Exception):
            table[id(obj)] = b
    table |= {id(f): name for name, f in (*numerics.ELEMENTWISE.items(), *vmath.TYPED.items())}
    import numba
    table |= {id(numba.prange): "numba.prange", id(numba.get_num_threads): "get_num_threads"}
    return table


def library_name(obj: object) -> str | None:
    """The canonical name of a function of a library, from the function itself."""
    return _table().get(id(obj))


def meaning(obj: object, name: str) -> Meaning:
    """The meaning of a live object that the program calls ``name``."""
    if isinstance(obj, ModuleType):
        return _module(obj)
    if isinstance(obj, np.generic) and not isinstance(obj, (np.float32, np.float16, np.complex64)):
        # NumPy's double-precision scalars compute like Python's numbers; the narrower ones keep their type.
        if isinstance(obj, (np.float64, np.complex128, np.int64, np.bool_)):
            return Constant(obj.item())
    if obj is None or isinstance(obj, (bool, int, float, complex, str, np.ndarray, np.generic)):
        return Constant(obj)
    if isinstance(obj, type) and issubclass(obj, tuple) and hasattr(obj, "_fields"):
        return TupleClass(Container("namedtuple", tuple(obj._fields), obj), dict(getattr(obj, "_field_defaults", {})))
    if isinstance(obj, tuple):
        parts = [meaning(o, f"{name}[{k}]") for k, o in enumerate(obj)]
        if all(isinstance(p, Constant) for p in parts):
            values = tuple(p.value for p in parts)  # type: ignore[union-attr]
            return Constant(type(obj)._make(values) if hasattr(obj, "_fields") else values)  # type: ignore[attr-defined]
        return Several(tuple(parts))
    if isinstance(obj, type) and issubclass(obj, np.generic):
        return Library("np.bool_" if obj is np.bool_ else f"np.{np.dtype(obj).name}")
    if isinstance(obj, np.dtype):
        return Library("np.bool_" if obj == np.bool_ else f"np.{obj.name}")
    if obj is np.newaxis:
        return Constant(None)
    known = _table().get(id(obj))
    if known is not None:
        return Library(known)
    from numba.core import types
    if isinstance(obj, types.Number | types.Boolean):
        return Library("np.bool_" if isinstance(obj, types.Boolean) else f"np.{obj.name}")
    inner: Any = getattr(obj, "py_func", obj)
    own = getattr(inner, "__name__", "")
    if own in ("stop_gradient", "checkpointed") and str(getattr(inner, "__module__", "")).startswith("s2sad"):
        return Library(own)
    if getattr(inner, "runs_when_compiling", False):
        return Static(inner)
    if _is_helper(inner):
        return Library(inner.__name__)
    if isinstance(obj, FunctionType) or any(hasattr(obj, a) for a in ("py_func", "user_function", "__wrapped__")):
        return UserFunction.from_callable(obj)
    if isinstance(obj, list):
        raise UnsupportedFunction(f"'{name}' is a list", hint="make it a tuple or an array")
    if callable(obj):
        raise UnsupportedFunction(f"the function '{name}' is not supported", hint="write it with operations that are")
    kind = type(obj).__name__
    raise UnsupportedFunction(f"'{name}' is a {kind}, which the compiler knows nothing about",
                              hint="pass what it holds as arguments")


def _is_helper(obj: object) -> bool:
    """Whether a function is one of ours that generated modules carry: the same code under the same name."""
    ours = python_functions().get(getattr(obj, "__name__", ""))
    code, own = getattr(obj, "__code__", None), getattr(ours, "__code__", None)
    return code is not None and own is not None and \
        (code.co_code, code.co_consts, code.co_names) == (own.co_code, own.co_consts, own.co_names)


def _module(module: ModuleType) -> Module:
    if is_device_module(module):
        return device_module()
    name = {"numpy": "np"}.get(module.__name__, module.__name__.replace("numpy.", "np.", 1))

    known: dict[str, Meaning] = {}

    def member(attr: str) -> Meaning:
        if attr not in known:
            try:
                known[attr] = meaning(frozen(getattr(module, attr)), f"{name}.{attr}")
            except AttributeError:
                raise LookupError(f"{name}.{attr}") from None
        return known[attr]

    return Module(name, member)
