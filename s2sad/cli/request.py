"""What is asked for, settled: the function, the types of its arguments, and the parameters to differentiate by."""
from __future__ import annotations

import argparse
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from numba import types

from s2sad.api.argtypes import require_differentiable
from s2sad.api.arguments import WrtLike
from s2sad.api.options import OPTIONS, merged
from s2sad.api.signatures import completed, from_annotations, parse_signature
from s2sad.cli.target import Target, find
from s2sad.errors import BadCall, S2sadError


@dataclass(frozen=True)
class Request:
    """A function to differentiate and how."""

    target: Target
    argtypes: tuple[types.Type, ...]
    wrt: tuple[str, ...]
    options: Mapping[str, object]
    math: str = "libm"


def request(given: argparse.Namespace) -> Request:
    """Find the function and settle types and ``wrt``.

    Raises
    ------
    S2sadError
        Where something is missing or makes no sense.
    """
    target = find(given.target, execute=given.execute, kernels=getattr(given, "runs_on", "cpu") == "cuda")
    argtypes = _types(target, given.signature)
    wrt = _wrt(target, given.wrt)
    for name in wrt:
        require_differentiable(argtypes[target.parameters.index(name)], name, target.user.name)
    chosen = {name: value for name in OPTIONS if (value := getattr(given, name, None)) is not None}
    math = getattr(given, "math", None) or target.math
    return Request(target, argtypes, wrt, merged(None, {**target.options, **chosen}), math)


def _types(target: Target, signature: str | None) -> tuple[types.Type, ...]:
    parameters = target.parameters
    if signature is not None:
        return completed(parse_signature(signature), parameters.signature.parameters, parameters.function)
    found = from_annotations(parameters.signature)
    if found is None:
        raise BadCall(f"the argument types of {parameters.function} are not known", code="S2S044",
                      loc=target.user.loc(target.user.node),
                      why=f"its parameters are {', '.join(parameters.names)}, not all with annotations that name types",
                      hint='give --signature "float64[::1], float64, int64" with one type for each')
    return found


def _wrt(target: Target, text: str | None) -> tuple[str, ...]:
    if text is None:
        if isinstance(target.default_wrt, S2sadError):
            raise target.default_wrt
        chosen: WrtLike = target.default_wrt
        return target.parameters.wrt(0 if chosen is None else chosen).names
    parts = [p.strip() for p in unicodedata.normalize("NFKC", text).strip().strip("()").split(",")]
    return target.parameters.wrt(tuple(int(p) if p.lstrip("-").isdigit() else p for p in parts if p)).names
