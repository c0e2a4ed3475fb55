"""The cost model of the reverse sweep: what is computed again rather than put on a tape."""
from __future__ import annotations

CHEAP = frozenset({"add", "sub", "mul", "neg", "pos", "div", "floordiv", "mod", "lt", "le", "gt", "ge", "eq", "ne",
                   "not", "and_", "or_", "xor", "invert", "select", "max", "min", "abs", "nonzero", "zmul", "extent",
                   "clamp", "list_index", "math.fabs", "np.abs", "int", "float", "np.float64", "np.float32",
                   "math.sqrt", "np.sqrt",
                   "bool", "np.int64", "np.maximum", "np.minimum", "lshift", "rshift", "np.square", "stop_gradient",
                   "is_", "is_not", "np.real", "np.imag", "np.conj", "complex", "np.complex128", "np.complex64",
                   "np.divide", "times_i"})
"""The cost model: these are recomputed rather than taped; so are loads. The rest (transcendentals) is worth storing."""
