"""numba types of actual arguments."""
from __future__ import annotations

from numba import typeof, types
from numba._dispatcher import compute_fingerprint

from s2sad.errors import BadCall
from s2sad.ir.types import is_differentiable

ALLOWED = (types.Number, types.Boolean, types.NoneType, types.UnicodeType, types.NumPyRandomGeneratorType)


def fingerprint(args: tuple[object, ...]) -> object:
    """A key that is equal for equal argument types; much cheaper than the types themselves."""
    try:
        return compute_fingerprint(args)  # type: ignore[arg-type]
    except NotImplementedError:
        # Strings and such have none; the types then serve.
        return tuple(_slow_key(a) for a in args)


def _slow_key(value: object) -> object:
    try:
        return typeof(value)
    except ValueError:
        return type(value)


def type_of(value: object, name: str, function: str) -> types.Type:
    """The numba type of one (ordinary) argument."""
    if isinstance(value, bool):
        return types.boolean
    if isinstance(value, int):
        return types.int64
    try:
        t = typeof(value)
    except ValueError:
        t = None
    if t is None or not _allowed(t):
        kind = type(value).__name__
        hint = "pass an array: np.asarray(...)" if isinstance(value, list) else "pass numbers, arrays or tuples of them"
        raise BadCall(f"argument '{name}' of {function} is of type {kind}, which is not supported", code="S2S043",
                      hint=hint)
    return t


def _allowed(t: types.Type) -> bool:
    if getattr(t, "dtype", t) == types.float16:
        return False                       # numba has it on CUDA only
    if isinstance(t, types.BaseTuple):
        return all(_allowed(item) for item in t)
    if isinstance(t, types.Array):
        return isinstance(t.dtype, (types.Number, types.Boolean))
    return isinstance(t, ALLOWED)


def require_differentiable(t: types.Type, name: str, function: str) -> None:
    """Raise unless a derivative by an argument of this type is defined and supported."""
    if is_differentiable(t):
        return
    element = t.dtype if isinstance(t, types.Array) else t
    what = f"{'an array of ' if element is not t else ''}{element}"
    if isinstance(element, (types.Integer, types.Boolean)):
        raise BadCall(f"wrt names argument '{name}' of {function}, which is {what}", code="S2S041",
                      why="derivatives are taken by floating-point arguments only",
                      hint=f"pass {'an array of floats' if element is not t else 'a float'} or leave it out of wrt")
    raise BadCall(f"wrt names argument '{name}' of {function}, which is {what}; that is not supported yet",
                  code="S2S041", hint="derivatives are taken by floating-point numbers, real or complex, and arrays of "
                                      "them")
