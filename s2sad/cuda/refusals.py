"""What kernels cannot do here, refused with the place in the author's source."""
from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod

import numpy as np

from s2sad.errors import UnsupportedSyntax
from s2sad.ir import Alloc, Assign, Call, Effect, Function, Grow, Increment, Invoke, Raise, Stmt
from s2sad.ir import walk as w
from s2sad.ir.intrinsics import BARRIER, Intrinsic
from s2sad.ir.types import is_array, is_complex


def refuse_in_kernels(fn: Function) -> None:
    """Raise a located error for the first statement that has no counterpart in a derivative kernel."""
    if fn.result is not None:
        raise UnsupportedSyntax("a kernel returns no value", loc=fn.loc, code="S2S080",
                                hint="write results into an array")
    for s in w.walk(fn.body):
        what = ""
        match s:
            case Raise():
                what = "an exception in a kernel is not supported: numba drops it unless it debugs"
            case Effect(Call(name)) if name != BARRIER:
                what = "a call for its effect is not supported in a kernel"
            case Invoke():
                what = f"a call of '{s.fn}', which is recursive or has a rule of its own, is not supported in a kernel"
            case Assign(_, Alloc()) | Grow():
                what = "an array made in a kernel is not supported"
            case Assign(_, Call(name)):
                what = f"`{name}` is not supported in a kernel"
            case Assign(target) if is_complex(fn.types.get(target)) or is_array(fn.types.get(target)):
                what = "a complex number or an array bound to a name is not supported in a kernel"
        if what:
            raise UnsupportedSyntax(what, loc=s.loc, code="S2S080",
                                    hint="use numbers, the arrays the kernel is given, and those of "
                                         "`cuda.local.array` and `cuda.shared.array`")


SHARED_MEMORY = 48 * 1024
"""Bytes that a block may have for arrays whose size the compiler knows, on every device."""


def require_memory(fn: Function, intrinsics: Mapping[str, Intrinsic]) -> None:
    """Raise if arrays in shared memory, those of derivatives included, are too large."""
    shared = [i for i in intrinsics.values() if i.space == "shared"]
    taken = sum(prod(i.shape) * np.dtype(str(i.type.dtype)).itemsize for i in shared)
    if taken > SHARED_MEMORY:
        raise UnsupportedSyntax(f"the arrays in shared memory and their derivatives take {taken} bytes", loc=fn.loc,
                                code="S2S080", why=f"a block has {SHARED_MEMORY}",
                                hint="use smaller arrays, or single precision")


def refuse_to_undo(fn: Function, saved: Collection[Stmt]) -> None:
    """Raise for atomic updates of what is needed as it was before: each thread would put back what it saw."""
    for s in saved:
        if isinstance(s, Increment) and s.atomic:
            raise UnsupportedSyntax(
                f"`{s.array}` is updated atomically where the derivative needs its earlier values", loc=s.loc,
                code="S2S081", why="several threads have changed an element, and none of them knows what it was before",
                hint="sum up in an array of its own")
