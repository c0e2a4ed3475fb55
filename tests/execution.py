"""Running generated source in plain Python, where mistakes raise: undefined names, indices out of range."""
import inspect
import itertools
import linecache
import math
import random
import sys
import types
from functools import cache

import numba
import numpy as np

from s2sad import driver
from s2sad.frontend.source import UserFunction
from s2sad.runtime import ieee


def _ieee_math():
    """``math`` as numba has it: IEEE results, and as NumPy numbers, whose division does not raise either."""
    module = types.ModuleType("math")
    for name, f in vars(ieee).items():
        if callable(f) and hasattr(math, name):
            setattr(module, name, lambda *a, f=f: np.float64(r) if isinstance(r := f(*a), float) else r)
        elif isinstance(f, float):
            setattr(module, name, f)
    return module


IEEE_MATH = _ieee_math()


def _filled(shape, dtype=float):
    """``np.empty`` whose elements cannot be taken for values: what is read before it is written is noticed."""
    out = np.empty(shape, dtype)
    out.fill(np.nan if out.dtype.kind in "fc" else 77)
    return out


def _numpy_filled():
    """``numpy``, whose new arrays are not zero by chance."""
    module = types.ModuleType("numpy")
    vars(module).update(vars(np), empty=_filled, empty_like=lambda a, dtype=None: _filled(a.shape, dtype or a.dtype))
    return module


NUMPY = _numpy_filled()


def copied(args):
    return [a.copy(order="K") if isinstance(a, np.ndarray) else a for a in args]


@cache
def user_function(f):
    return UserFunction.from_callable(f)


def generate(f, args, kind, wrt, **options):
    """The generated module for these arguments, with the IR verified after every pass."""
    driver.check_ir = True
    return driver.generate(user_function(f), kind, tuple(numba.typeof(a) for a in args), wrt, **options)


def execute(generated, threads=1):
    """The functions of a generated module, by name, as plain Python with IEEE arithmetic of scalars.

    Iterations of parallel loops come in random order, and must not change what others change.
    """
    plain = types.ModuleType("numba")
    plain.njit = lambda *a, **k: a[0] if a else (lambda f: f)
    plain.prange, plain.get_num_threads = in_any_order, lambda: threads
    namespace = {}
    stand_ins = {"math": IEEE_MATH, "numba": plain, "numpy": NUMPY}
    saved = {name: sys.modules.get(name) for name in stand_ins}
    sys.modules.update(stand_ins)
    try:
        exec(compile(generated.source, f"<{generated.name}>", "exec"), namespace)
    finally:
        sys.modules.update(saved)
    return namespace


def in_any_order(*bounds):
    """``prange``: iterations in random order, none of which changes an element that another one has changed."""
    caller = sys._getframe(1)
    order = list(range(*bounds))
    random.Random(len(order)).shuffle(order)
    changed = set()
    for k in order:
        arrays = {id(a): (a, a.copy()) for a in caller.f_locals.values() if isinstance(a, np.ndarray)}
        yield k
        mine = set()
        for a, before in arrays.values():
            for at in np.argwhere((a != before) & ((a == a) | (before == before))):
                mine.add(a.__array_interface__["data"][0] + int(np.dot(at, a.strides)))
        assert not mine & changed, "two iterations of a parallel loop change one element"
        changed |= mine


_serial = itertools.count()


def as_input(generated):
    """The function of a generated module with its source where it is looked for, so that it is input again."""
    file = f"<generated {next(_serial)}>"
    linecache.cache[file] = (len(generated.source), None, generated.source.splitlines(keepends=True), file)
    space = {"__name__": "generated"}
    exec(compile(generated.source, file, "exec"), space)
    return space[generated.name]


def second_order(f, args, direction):
    """The gradient by the first argument along a direction, forward over reverse and by differences of the gradient."""
    p = next(iter(inspect.signature(f).parameters))
    backward = generate(f, args, "grad", (p,))
    gradient = execute(backward)[backward.name]
    twice = generate(as_input(backward), args, "tangent", (p,))
    value, product = execute(twice)[twice.name](*tangent_arguments(twice, args, {p: direction}))
    h = 1e-5
    ahead, behind = (gradient(args[0] + k * direction, *copied(args[1:])) for k in (h, -h))
    return value, product, (ahead - behind) / (2 * h)


def tangent_arguments(generated, args, tangents):
    """Arguments of a tangent function: each active parameter followed by its tangent (zero unless given)."""
    out = []
    for p, a in zip(generated.interface.params, copied(args)):
        out.append(a)
        if p in generated.interface.active:
            d = tangents.get(p)
            out.append(np.zeros_like(a) if d is None and isinstance(a, np.ndarray) else 0.0 if d is None else np.copy(d)
                       if isinstance(a, np.ndarray) else d)
    return out
