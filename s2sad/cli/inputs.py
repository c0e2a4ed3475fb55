"""Random arguments of given types, for ``check``."""
from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype

from s2sad.cli.spelling import spelled
from s2sad.errors import BadCall


def settings(texts: Sequence[str], names: Sequence[str]) -> dict[str, object]:
    """``NAME=VALUE`` from the command line; values are literals."""
    found: dict[str, object] = {}
    for name, value in _named("--set", texts, names):
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            raise BadCall(f"--set {name}={value}: the value is not a literal", code="S2S060",
                          hint="write a number, or a list of numbers for an array") from None
    return found


def shapes(texts: Sequence[str], names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """``NAME=3x4`` from the command line."""
    found: dict[str, tuple[int, ...]] = {}
    for name, value in _named("--shape", texts, names):
        extents = value.lower().split("x")
        if not all(e.isdecimal() for e in extents):
            raise BadCall(f"--shape {name}={value} is not a shape", code="S2S060", hint="write it as 3x4")
        found[name] = tuple(int(e) for e in extents)
    return found


def _named(option: str, texts: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadCall(f"{option} {text!r} is not NAME=VALUE", code="S2S060",
                          hint=f"write {option} {next(iter(names), 'x')}=...")
        if name.strip() not in names:
            raise BadCall(f"{option} names '{name.strip()}', which is no parameter", code="S2S060",
                          hint=f"they are: {', '.join(names)}")
        yield name.strip(), value.strip()


def arguments(parameters: Mapping[str, inspect.Parameter], argtypes: Sequence[types.Type], wrt: Sequence[str], *,
              size: int, seed: int, given: Mapping[str, object],
              shaped: Mapping[str, tuple[int, ...]] | None = None) -> tuple[object, ...]:
    """One argument for each parameter: what is given, else (outside ``wrt``) its default, else a random one.

    Floats are between 0.5 and 1.5, where few functions have singularities; integers are small and valid indices of the
    arrays, whose axes all have the same extent but for those ``shaped`` otherwise.
    """
    random = np.random.default_rng(seed)
    made = []
    for (name, p), t in zip(parameters.items(), argtypes):
        drawn = _random(t, name, size, random, (shaped or {}).get(name))
        if name in given:
            made.append(_converted(given[name], t, name))
        elif p.default is not p.empty and name not in wrt and not isinstance(t, types.Array):
            made.append(_converted(p.default, t, name))
        else:
            made.append(drawn)
    return tuple(made)


def _random(t: types.Type, name: str, size: int, random: np.random.Generator,
            shape: tuple[int, ...] | None = None) -> object:
    if shape is not None and (not isinstance(t, types.Array) or t.ndim != len(shape)):
        raise BadCall(f"--shape gives '{name}' {len(shape)} axes, its type is {spelled(t)}", code="S2S060",
                      hint="give one length for each axis, as in 3x4 for a matrix")
    if isinstance(t, types.BaseTuple):
        return tuple(_random(item, name, size, random) for item in t)
    if isinstance(t, types.NoneType):
        return None
    if isinstance(t, types.Array):
        shape = (size,) * t.ndim if shape is None else shape
        if t.layout == "A" and t.ndim:
            return strided(_numbers(t.dtype, shape, size, random))
        return np.array(_numbers(t.dtype, shape, size, random), order="F" if t.layout == "F" else "C")
    return _plain(_numbers(t, (), size, random)[()], t)


def strided(value: np.ndarray) -> np.ndarray:
    """A copy that is not contiguous: every other element along the last axis of a wider array."""
    return np.repeat(value, 2, axis=-1)[..., ::2]


def _numbers(t: types.Type, shape: tuple[int, ...], size: int, random: np.random.Generator) -> np.ndarray:
    if isinstance(t, types.Boolean):
        return np.ones(shape, np.bool_)
    if isinstance(t, types.Integer):
        # As the extent of an array and as the number of steps of a loop, two or three show what one does not.
        low, high = (0, size) if shape else (min(2, size), min(3, size) + 1)
        return np.asarray(random.integers(low, high, shape), as_dtype(t))
    if isinstance(t, types.Float):
        return np.asarray(random.uniform(0.5, 1.5, shape), as_dtype(t))
    if isinstance(t, types.Complex):
        return np.asarray(random.uniform(0.5, 1.5, shape) + 1j * random.uniform(0.5, 1.5, shape), as_dtype(t))
    raise BadCall(f"no random values of type {t} are known", code="S2S060", hint="give the value: --set NAME=VALUE")


def _plain(value: Any, t: types.Type) -> object:
    return value.item() if t in (types.float64, types.int64, types.boolean, types.complex128) else value


def _converted(value: object, t: types.Type, name: str) -> object:
    """A literal as an argument of the type."""
    try:
        if isinstance(t, types.Array):
            made = np.array(value, as_dtype(t.dtype), order="F" if t.layout == "F" else "C")
            if made.ndim != t.ndim:
                raise ValueError(f"an array of {t.ndim} dimensions is needed")
            return made
        if isinstance(t, types.Integer) and not isinstance(value, int) or isinstance(value, str | list):
            raise ValueError(f"not of type {t}")
        if isinstance(t, types.Number | types.Boolean):
            return _plain(as_dtype(t).type(value), t)
        return value
    except (TypeError, ValueError, OverflowError) as e:
        raise BadCall(f"the value {value!r} for '{name}' does not fit: {e}", code="S2S060",
                      hint=f"give a value of type {spelled(t)}") from None
