"""Arguments' memory: the forms generated code is specialised for, copies, and overlap."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from s2sad.errors import BadCall
from s2sad.ir.trees import Node, built, container_of


def ordinary(value: object) -> object:
    """An equal value that is contiguous, writeable, aligned and of the machine's byte order; the same one where it is.

    Shadows and results are allocated contiguous, and a shadow must have its array's layout, so strided arguments are
    copied once here. Read-only ones are copied because their type in numba is another, which a writeable local of the
    same name could not share.
    """
    if type(value) is tuple:
        parts = tuple(ordinary(v) for v in value)
        return value if all(p is v for p, v in zip(parts, value)) else parts
    if not isinstance(value, np.ndarray):
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise BadCall("masked arrays are not supported", code="S2S043", hint="pass the data and the mask as two arrays")
    if value.dtype.names is not None:
        return value                       # its fields are passed, each made ordinary
    flags = value.flags
    if (type(value) is np.ndarray and flags.writeable and flags.aligned and value.dtype.isnative
            and (flags.c_contiguous or flags.f_contiguous)):
        return value
    order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    return np.array(value, dtype=value.dtype.newbyteorder("="), order=order, copy=True, subok=False)  # type: ignore


def is_strided(value: object) -> bool:
    """Whether :func:`ordinary` gives a copy with other strides."""
    found = container_of(value)
    if found is not None:
        return any(is_strided(v) for v in found[1])
    return isinstance(value, np.ndarray) and not (value.flags.c_contiguous or value.flags.f_contiguous)


def owned(value: object) -> object:
    """An ordinary value that shares no memory with the one given."""
    found = container_of(value)
    if found is not None and not isinstance(value, np.ndarray):
        return built(Node(tuple(range(len(found[1]))), found[0]), lambda k: owned(found[1][k]))
    new = ordinary(value)
    return np.array(new, order="K", copy=True) if new is value and isinstance(value, np.ndarray) else new


def apart(value: object, others: Sequence[np.ndarray]) -> object:
    """The value, with copies of those arrays in it that share memory with ``others``."""
    if isinstance(value, tuple):
        return tuple(apart(v, others) for v in value)
    if isinstance(value, np.ndarray) and any(np.may_share_memory(value, o) for o in others):
        return np.array(value, order="K", copy=True)
    return value


def arrays_in(value: object) -> Iterator[np.ndarray]:
    """The arrays in a value made of tuples."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for v in value:
            yield from arrays_in(v)


def refuse_overlap(function: str, names: Sequence[str], args: Sequence[object], mutated: Sequence[int]) -> None:
    """Raise where an array that the function writes to overlaps another argument in memory.

    Arguments count as separate storage. Overlap among arrays that are only read is harmless: they are independent
    values that happen to be equal.
    """
    for m in mutated:
        for a in arrays_in(args[m]):
            for k, other in enumerate(args):
                # Two arrays both written are met twice; once is enough.
                if k == m or (k in mutated and k < m):
                    continue
                if any(_overlap(a, b) for b in arrays_in(other)):
                    raise BadCall(f"arguments '{names[m]}' and '{names[k]}' of {function} overlap in memory, and "
                                  f"{function} writes to '{names[m]}'; that is not supported yet", code="S2S051",
                                  hint="pass a copy of one of them, if the function means separate arrays")


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    if not np.may_share_memory(a, b):
        return False
    try:
        # Address ranges meet; interleaved columns still share nothing. Deciding that is cheap but for rare strides.
        return np.shares_memory(a, b, max_work=1000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True
