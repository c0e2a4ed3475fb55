"""Fresh names that collide with nothing the user or a pass has named."""
from __future__ import annotations

import keyword
from collections.abc import Iterable

from s2sad.runtime.helpers import HELPERS

RESERVED = frozenset({"np", "math", "njit", "numba", "range", "len", "max", "min", "abs", "int", "float", "bool",
                      "round", "print", "tuple", "pow", "ZeroDivisionError", "ValueError", "prange", "divmod", "sum",
                      "complex", "cmath", "IndexError", "cuda", "get_num_threads", "MemoryError", *HELPERS})
"""Names that generated modules use themselves."""


class Names:
    """A supply of names not yet used in one function.

    >>> names = Names({"b_x"})
    >>> names.fresh("b_x"), names.fresh("b_y")
    ('b_x_1', 'b_y')
    """

    def __init__(self, used: Iterable[str] = ()) -> None:
        self.used = set(used) | RESERVED

    def fresh(self, base: str) -> str:
        name, k = base, 0
        while name in self.used or keyword.iskeyword(name):
            k += 1
            name = f"{base}_{k}"
        self.used.add(name)
        return name
