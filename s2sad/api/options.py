"""numba options a user gives or a dispatcher already has, in the one form the compiler passes on."""
from __future__ import annotations

from collections.abc import Mapping

from numba.core.caching import NullCache

from s2sad.errors import BadCall
from s2sad.frontend.checkpoints import bytes_of

OPTIONS = ("parallel", "fastmath", "nogil", "cache", "boundscheck", "error_model")


MATH = ("libm", "vector")
"""Where elementary functions come from: the C library, or :mod:`s2sad.vmath`."""


def chosen_math(given: object) -> str:
    """What the option ``math`` says, which is ours and not numba's.

    Raises
    ------
    BadCall
        If there is no such choice.
    """
    if given not in MATH:
        raise BadCall(f"math is {given!r}", hint='it is "libm" or "vector"')
    return str(given)


def chosen_memory(given: object) -> int | None:
    """What the option ``memory`` says, in bytes; ours and not numba's, too.

    Raises
    ------
    BadCall
        If it is no amount of memory.
    """
    found = None if given is None else bytes_of(given)
    if given is not None and found is None:
        raise BadCall(f"memory is {given!r}", hint='write a number of bytes, or "500MB"')
    return found


def merged(f: object, given: Mapping[str, object]) -> dict[str, object]:
    """The options of ``f``, if it is a numba dispatcher, overridden by those given (``None`` is not given).

    Only what differs from numba's defaults is kept, in a fixed order: generated text is the same from run to run.

    Examples
    --------
    >>> import numba
    >>> merged(numba.njit(nogil=True, fastmath={"nsz", "arcp"})(lambda x: x), {"parallel": True, "nogil": False})
    {'parallel': True, 'fastmath': {'arcp': True, 'nsz': True}}
    """
    wanted = dict(getattr(f, "targetoptions", {}))
    wanted["cache"] = not isinstance(getattr(f, "_cache", None), (NullCache, type(None)))
    wanted |= {name: value for name, value in given.items() if value is not None}
    result: dict[str, object] = {}
    if wanted.get("error_model", "python") not in ("python", "numpy"):
        raise BadCall(f"error_model is {wanted['error_model']!r}", hint='it is "python" or "numpy"')
    if isinstance(wanted.get("parallel"), str) and wanted["parallel"] != "auto":
        raise BadCall(f"parallel is {wanted['parallel']!r}", hint='it is True, False or "auto"')
    for name in OPTIONS:
        value = wanted.get(name)
        # A falsy value is the default for all of them ('python' is the default error model).
        if not value or (name == "error_model" and value == "python"):
            continue
        if isinstance(value, (set, frozenset)):
            value = {flag: True for flag in sorted(value)}
        result[name] = value
    return result
